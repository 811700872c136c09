"""A filmed person in their usual clothes: whole, carried by the bones, covered in every pose."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from gltf_twin import validate
from scipy.spatial import cKDTree

from studio.core.types import Character, Part
from studio.document.project import Asset, AvatarItem, Recipe
from studio.human.character import bones_world, character, skinned
from studio.human.person import Shape
from studio.human.rig import BONE_NAMES
from studio.human.wardrobe.layers import Below
from studio.media.formats.gltf import write_glb
from studio.media.formats.vrm import write_vrm
from studio.render.scene import vertex_normals
from studio.synth.cloth import border
from studio.synth.designed import USUAL, filmed, person_of, soles_m
from studio.vision.triangles import Triangles

Pose = dict[str, tuple[float, float, float]]
SHAPES = {
    "long legs": Shape.of({"thigh": 1.05}, height=0.6, gender=0.3),
    "small and heavy": Shape.of({"torso": 0.97}, height=0.35, gender=0.8, weight=0.8),
}
POSES: dict[str, Pose] = {
    "rest": {},
    "arms out": {"upperarm01.L": (0, -45, 0), "upperarm01.R": (0, 45, 0)},
    "arms up": {
        "clavicle.L": (0, -18, 0), "clavicle.R": (0, 18, 0),
        "upperarm01.L": (0, -110, 0), "upperarm01.R": (0, 110, 0),
    },
    "squat": {
        "upperleg01.L": (-80, 0, 0), "upperleg01.R": (-80, 0, 0), "spine05": (25, 0, 0),
        "lowerleg01.L": (90, 0, 0), "lowerleg01.R": (90, 0, 0),
    },
    "step": {"upperleg01.L": (-40, 0, 0), "lowerleg01.L": (35, 0, 0), "spine03": (0, 0, 15)},
}  # fmt: skip


@pytest.fixture(params=SHAPES.values(), ids=SHAPES.keys(), scope="module")
def clothed(request: pytest.FixtureRequest) -> Character:
    return person_of(filmed(request.param))


def part(of: Character, name: str) -> Part:
    return next(part for part in of.parts if part.name == name)


def bones(of: Character, pose: Pose) -> np.ndarray:
    turns = np.zeros((1, len(BONE_NAMES), 3))
    for bone, degrees in pose.items():
        turns[0, BONE_NAMES.index(bone)] = np.radians(degrees)
    return bones_world(of.armature, turns, of.armature.rest_world[:1, :3, 3])[0]


def test_everything_is_worn_and_hangs_on_four_bones(clothed: Character) -> None:
    names = [part.name for part in clothed.parts]
    assert len(set(names)) == len(names)
    assert {"body", "eyes", "lashes", *(one.item for one in USUAL)} <= {*names}
    for one in clothed.parts:
        assert one.joints.shape == one.weights.shape == (len(one.mesh.vertices_m), 4)
        np.testing.assert_allclose(one.weights.sum(axis=1), 1, atol=1e-9)
        assert one.mesh.faces.max() < len(one.mesh.vertices_m)
        assert one.material.metallic == 0
    for name in ("tshirt", "jeans"):
        cloth = part(clothed, name)
        assert cloth.material.roughness >= 0.9
        assert cloth.material.texture is not None
        assert cloth.mesh.uv is not None
        assert (cloth.mesh.uv >= 0).all()
        assert (cloth.mesh.uv <= 1).all()


def test_what_clothes_hide_is_not_drawn(clothed: Character) -> None:
    plain = character(SHAPES["long legs"])
    assert len(part(clothed, "body").mesh.faces) < 0.75 * len(part(plain, "body").mesh.faces)


def test_soles_are_as_thick_as_they_reach_below_the_feet(clothed: Character) -> None:
    assert 0.01 < soles_m(clothed) < 0.04
    low = part(clothed, "trainers").mesh.vertices_m[:, 2].min()
    assert soles_m(clothed) == pytest.approx(-low)
    assert soles_m(person_of(filmed(SHAPES["long legs"], clothed=False))) < 0.002


def test_lids_and_lashes_blink_together(clothed: Character) -> None:
    for name in ("body", "lashes"):
        assert np.abs(part(clothed, name).morphs["eyeBlinkLeft"]).max() > 0.004


def pokes_mm(of: Character, pose: Pose, inner: str, outer: str, tight_m: float = 0.0) -> float:
    """How far what lies under a garment at rest gets out of it in a pose, -1000 if nothing does.

    Measured along the garment's normal at the nearest vertex, away from its hems; ``tight_m``
    shrinks the garment once it is posed.
    """
    cloth, below = part(of, outer), part(of, inner)
    faces = cloth.mesh.faces
    at_rest = cloth.mesh.vertices_m
    by_hem = cKDTree(at_rest[np.unique(border(faces))]).query(at_rest)[0] < 0.015

    def outside(bones_now: np.ndarray, tight_m: float) -> tuple[np.ndarray, np.ndarray]:
        skin, worn = (skinned(one, of.armature, bones_now) for one in (below, cloth))
        normals = vertex_normals(worn, faces)
        worn = worn - tight_m * normals
        away, nearest = cKDTree(worn).query(skin)
        off = np.einsum("ij,ij->i", skin - worn[nearest], normals[nearest])
        return off, (away < 0.04) & ~by_hem[nearest] & (np.abs(off) > 0.5 * away)

    off, near = outside(bones(of, {}), 0.0)
    under = near & (off < 0)
    assert under.sum() > 30
    off, near = outside(bones(of, pose), tight_m)
    return 1000 * float(off[under & near].max(initial=-1.0))


@pytest.mark.parametrize("pose", POSES.values(), ids=POSES.keys())
def test_nothing_pokes_through(clothed: Character, pose: Pose) -> None:
    for outer in ("tshirt", "jeans"):
        assert pokes_mm(clothed, pose, "body", outer) < 2.5, outer


@pytest.mark.parametrize("pose", ["rest", "arms out", "arms up"])
def test_trousers_stay_under_the_shirt(clothed: Character, pose: str) -> None:
    assert pokes_mm(clothed, POSES[pose], "jeans", "tshirt") < 1.0


def before_mm2(of: Character, pose: Pose) -> float:
    """How much skin comes before the shirt in a pose, of what lies closely under it at rest."""
    skin, shirt = part(of, "body"), part(of, "tshirt")

    def before(bones_now: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        skin_m, cloth_m = (skinned(one, of.armature, bones_now) for one in (skin, shirt))
        corners = skin_m[skin.mesh.faces]
        out = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        area = np.linalg.norm(out, axis=1)
        ways = out / np.maximum(area, 1e-12)[:, None]
        rays = np.hstack([corners.mean(axis=1) + 0.1 * ways, -ways]).astype(np.float32)
        return Triangles.of(cloth_m, shirt.mesh.faces).hits(rays).far > 0.1, area / 2

    cloth = Below(shirt.mesh.vertices_m, shirt.mesh.faces)
    middles = skin.mesh.vertices_m[skin.mesh.faces].mean(axis=1)
    hem = cKDTree(cloth.vertices_m[cloth.hems]).query(middles)[0]
    first, _ = before(bones(of, {}))
    now, area = before(bones(of, pose))
    under = (cloth.nearest(middles)[2] < 0.006) & (hem > 0.011) & ~first
    return 1e6 * float(area[under & now].sum())


def test_no_skin_comes_through_a_collar_when_the_arms_rise(clothed: Character) -> None:
    assert before_mm2(clothed, POSES["arms up"]) < 60  # 1,500 to 2,200 where the skin stays


def test_clothes_too_tight_would_be_noticed() -> None:
    of = person_of(filmed(SHAPES["long legs"]))
    assert pokes_mm(of, POSES["step"], "body", "tshirt", 0.03) > 5
    assert pokes_mm(of, POSES["arms up"], "jeans", "tshirt", 0.03) > 5


def test_the_same_shape_is_dressed_once() -> None:
    shape = SHAPES["long legs"]
    one = person_of(filmed(shape), "A")
    two = person_of(filmed(Shape(shape.phenotypes.clone(), shape.scales)), "B")
    assert [p.name for p in one.parts] == [p.name for p in two.parts]
    assert all(a.mesh is b.mesh for a, b in zip(one.parts, two.parts, strict=True))
    assert (one.name, two.name) == ("A", "B")


def test_the_switch_undresses() -> None:
    plain = person_of(filmed(SHAPES["long legs"], clothed=False))
    assert [one.name for one in plain.parts] == ["body", "eyes", "tongue", "lashes", "teeth"]
    data = Asset(sha256="0" * 64, suffix=".npz")
    assert AvatarItem(name="A", data=data).dressed
    off = Recipe(feature="avatar", params={"dressed": False})
    assert not AvatarItem(name="A", data=data, recipe=off).dressed


def test_the_first_edit_changes_no_clothes() -> None:
    design = filmed(SHAPES["long legs"])
    one, two = person_of(design), person_of(design.but(expression={"jawOpen": 0.5}))
    assert [p.name for p in one.parts] == [p.name for p in two.parts]
    assert all(a.mesh is b.mesh for a, b in zip(one.parts, two.parts, strict=True))


def test_exported_files_are_valid_and_small(tmp_path: Path) -> None:
    of = person_of(filmed(SHAPES["long legs"]))
    for path, write in ((tmp_path / "a.glb", write_glb), (tmp_path / "a.vrm", write_vrm)):
        write(path, of)
        assert path.stat().st_size < 6_000_000
        assert validate(path) == []
