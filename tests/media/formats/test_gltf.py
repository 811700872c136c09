"""GLB: valid for Khronos, right for an independent skinning, right in size for trimesh."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import pyvista
import trimesh
from gltf_twin import Glb, validate
from hypothesis import given, settings
from hypothesis import strategies as st
from synthetic_people import box_part, person, posed_triangles, tree

from studio.core.errors import StudioError
from studio.core.types import Character, Material, Mesh, Part
from studio.media.formats.gltf import write_glb
from studio.media.formats.rights import Rights


def y_up(xyz: np.ndarray) -> np.ndarray:
    """World (Z up, facing -Y) as glTF (Y up, facing +Z), spelled out."""
    return np.stack([xyz[..., 0], xyz[..., 2], -xyz[..., 1]], -1)


@settings(max_examples=12, deadline=None)
@given(st.integers(1, 20), st.integers(1, 9), st.integers(0, 99))
def test_skinning_is_the_same_in_the_file(
    tmp_path_factory: pytest.TempPathFactory, bones: int, frames: int, seed: int
) -> None:
    character = person(bones, frames, seed=seed)
    path = tmp_path_factory.mktemp("glb") / "person.glb"
    write_glb(path, character)
    glb = Glb(path)
    for frame in (None, 0, frames // 2, frames - 1):
        for part, theirs in zip(character.parts, glb.posed(frame), strict=True):
            ours = y_up(posed_triangles(character, part, frame))
            assert np.abs(ours - theirs).max() < 1e-5


@pytest.mark.parametrize(
    "character",
    [
        person(),
        person(bones=1, frames=1),
        person(frames=0, morphs=()),
        person(bones=300, frames=2),
        replace(person(), parts=()),
        Character("empty", tree(0), ()),
    ],
    ids=["person", "one bone", "still", "many bones", "bones only", "nothing"],
)
def test_the_khronos_validator_agrees(tmp_path: Path, character: Character) -> None:
    path = tmp_path / "person.glb"
    write_glb(path, character)
    assert validate(path) == []


def test_the_validator_is_awake(tmp_path: Path) -> None:
    path = tmp_path / "person.glb"
    write_glb(path, person())
    raw = path.read_bytes()
    path.write_bytes(raw.replace(b'"joints":[1,', b'"joints":[2,', 1))
    assert any("DUPLICATE" in issue or "SKIN" in issue for issue in validate(path))


def test_textures_targets_and_rights(tmp_path: Path) -> None:
    path = tmp_path / "person.glb"
    character = person()
    cut = np.zeros((8, 8, 4), np.uint8)
    cut[:4] = 255
    lashes = replace(box_part(character.armature, "lashes"), material=Material("hair", texture=cut))
    character = replace(character, parts=(*character.parts, lashes))
    write_glb(path, character, rights=Rights(("Zoë",), "CC-BY-4.0"))
    document = Glb(path).json
    assert document["asset"]["copyright"] == "Zoë. CC-BY-4.0."
    assert "Apache-2.0" in str(document["asset"]["extras"]["rights"])
    assert document["meshes"][0]["extras"]["targetNames"] == ["jawOpen", "eyeBlinkLeft"]
    assert document["meshes"][1]["extras"]["targetNames"] == ["eyeBlinkLeft"]
    assert [image["mimeType"] for image in document["images"]] == [
        "image/jpeg", "image/jpeg", "image/png"]  # fmt: skip
    assert document["materials"][2]["alphaMode"] == "MASK"
    picture = cv2.imdecode(np.frombuffer(Glb(path).view(document["images"][2]["bufferView"]),
                                         np.uint8), cv2.IMREAD_UNCHANGED)  # fmt: skip
    np.testing.assert_array_equal(picture, cut)
    assert validate(path) == []


def test_texture_coordinates_start_at_the_top(tmp_path: Path) -> None:
    character = person(bones=1, morphs=())
    write_glb(tmp_path / "p.glb", character)
    glb = Glb(tmp_path / "p.glb")
    primitive = glb.json["meshes"][0]["primitives"][0]
    uv = glb.accessor(primitive["attributes"]["TEXCOORD_0"])
    corners = uv[glb.accessor(primitive["indices"]).reshape(-1, 3)]
    expected = character.parts[0].mesh.uv * (1, -1) + (0, 1)
    np.testing.assert_allclose(corners, expected, atol=1e-7)


def test_trimesh_sees_a_person_of_the_right_height(tmp_path: Path) -> None:
    heads = tree(1)
    box = box_part(heads)
    corners = box.mesh.vertices_m - box.mesh.vertices_m.min(0)
    mesh = replace(box.mesh, vertices_m=corners / corners.max(0) * (0.5, 0.3, 1.83))
    write_glb(tmp_path / "p.glb", Character("p", heads, (replace(box, mesh=mesh),)))
    scene = trimesh.load(tmp_path / "p.glb")
    np.testing.assert_allclose(scene.extents, (0.5, 1.83, 0.3), atol=1e-6)


def test_morphs_that_do_not_move_are_left_out(tmp_path: Path) -> None:
    character = person(morphs=())
    part = replace(character.parts[0], morphs={"still": np.zeros((96, 3)),
                                               "jawOpen": np.full((96, 3), 0.01)})  # fmt: skip
    character = replace(character, parts=(part,), morph_names=("still", "jawOpen"))
    write_glb(tmp_path / "p.glb", character)
    assert Glb(tmp_path / "p.glb").json["meshes"][0]["extras"]["targetNames"] == ["jawOpen"]


def test_few_moved_vertices_make_a_small_file(tmp_path: Path) -> None:
    sides = 100
    grid = np.stack(np.meshgrid(*[np.linspace(0, 1, sides)] * 2, indexing="ij"), -1).reshape(-1, 2)
    vertices = np.column_stack([grid, np.zeros(len(grid))])
    corner = (np.arange(sides - 1)[:, None] * sides + np.arange(sides - 1)).ravel()
    faces = np.column_stack([corner, corner + sides, corner + 1])
    offset = np.zeros_like(vertices)
    offset[:100] = 0.01
    part = Part("grid", Mesh(vertices, faces), Material("m"), np.zeros((len(vertices), 4), int),
                np.tile([1.0, 0, 0, 0], (len(vertices), 1)),
                {f"target {k}": offset for k in range(52)})  # fmt: skip
    character = Character("grid", tree(1), (part,), tuple(part.morphs))
    write_glb(tmp_path / "p.glb", character)
    write_glb(tmp_path / "plain.glb", character, morphs=False)
    extra = (tmp_path / "p.glb").stat().st_size - (tmp_path / "plain.glb").stat().st_size
    assert extra < 52 * (100 * 16 + 1000)
    assert validate(tmp_path / "p.glb") == []


def test_vtk_reads_the_dense_form(tmp_path: Path) -> None:
    character = person(frames=4)
    write_glb(tmp_path / "p.glb", character, sparse=False)
    assert validate(tmp_path / "p.glb") == []
    meshes = pyvista.read(tmp_path / "p.glb").combine().extract_surface(algorithm=None)
    ours = np.concatenate([y_up(posed_triangles(character, p)) for p in character.parts])
    np.testing.assert_allclose(np.array(meshes.bounds).reshape(3, 2).T,
                               [ours.min((0, 1)), ours.max((0, 1))], atol=1e-5)  # fmt: skip
    for frame in (0, 3):
        for part, theirs in zip(character.parts, Glb(tmp_path / "p.glb").posed(frame), strict=True):
            assert np.abs(y_up(posed_triangles(character, part, frame)) - theirs).max() < 1e-5


def test_missing_values_are_refused_and_nothing_is_left(tmp_path: Path) -> None:
    character = person()
    assert character.animation is not None
    character.animation.bones_world[3, 2, 0, 3] = np.nan
    with pytest.raises(StudioError, match="missing values"):
        write_glb(tmp_path / "p.glb", character)
    assert list(tmp_path.iterdir()) == []


def test_an_unwritable_place_is_explained(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StudioError, match="could not be written"):
        write_glb(tmp_path / "file" / "p.glb", person())
