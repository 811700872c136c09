"""OBJ, PLY and USD, read back by trimesh and by Pixar's own library."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import trimesh
from anny_people import anny_person
from pxr import Gf, Usd, UsdGeom, UsdSkel, UsdValidation
from synthetic_people import box_part, person, posed_triangles, tree

from studio.core import frames
from studio.core.errors import StudioError
from studio.core.types import Character, Material
from studio.media.formats.obj import write_obj
from studio.media.formats.ply import write_ply
from studio.media.formats.still import joined, posed_mesh
from studio.media.formats.usd import write_usd


@pytest.mark.parametrize("frame", [None, 0, 7])
def test_obj_is_where_the_skin_is(tmp_path: Path, frame: int | None) -> None:
    character = person()
    write_obj(tmp_path / "p.obj", character, frame=frame, unit="cm")
    scene = trimesh.load(tmp_path / "p.obj", split_object=True, group_material=False)
    theirs = np.concatenate([m.triangles.reshape(-1, 3) for m in scene.geometry.values()])
    ours = np.concatenate([posed_triangles(character, p, frame) for p in character.parts])
    ours = frames.points_from_world(ours, "y", "cm").reshape(-1, 3)
    order = [np.lexsort(np.round(points, 3).T) for points in (theirs, ours)]
    np.testing.assert_allclose(theirs[order[0]].mean(0), ours[order[1]].mean(0), atol=1e-4)
    np.testing.assert_allclose(theirs.min(0), ours.min(0), atol=2e-6)
    np.testing.assert_allclose(theirs.max(0), ours.max(0), atol=2e-6)


def test_obj_text_is_exact(tmp_path: Path) -> None:
    character = person(bones=2, morphs=())
    write_obj(tmp_path / "p.obj", character)
    lines = (tmp_path / "p.obj").read_text("utf-8").splitlines()
    v, vt, vn = ([line.split()[1:] for line in lines if line.startswith(f"{key} ")]
                 for key in ("v", "vt", "vn"))  # fmt: skip
    faces = np.array([[corner.split("/") for corner in line.split()[1:]]
                      for line in lines if line.startswith("f ")], int) - 1  # fmt: skip
    ours = np.concatenate([posed_triangles(character, part) for part in character.parts])
    points = np.array(v, float)[faces[..., 0]]
    np.testing.assert_allclose(points, frames.points_from_world(ours, "y"), atol=1e-6)
    uv = np.concatenate([part.mesh.uv for part in character.parts if part.mesh.uv is not None])
    np.testing.assert_allclose(np.array(vt, float)[faces[..., 1]], uv, atol=1e-6)
    assert (faces[..., 2] == faces[..., 0]).all()
    assert len(vn) == len(v)
    assert sum(line.startswith("newmtl") for line in
               (tmp_path / "p.mtl").read_text("utf-8").splitlines()) == 2  # fmt: skip
    assert len(list(tmp_path.glob("*.png"))) == 2


def test_ply_of_a_person_stands_in_metres(tmp_path: Path) -> None:
    mesh = joined(anny_person(), None)
    write_ply(tmp_path / "p.ply", mesh)
    back = trimesh.load(tmp_path / "p.ply", process=False)
    np.testing.assert_allclose(back.vertices, mesh.vertices_m, atol=1e-6)
    np.testing.assert_array_equal(back.faces, mesh.faces)
    np.testing.assert_array_equal(back.visual.vertex_colors[:, :3], mesh.colours)
    used = back.vertices[np.unique(back.faces)]
    assert 1.5 < np.ptp(used[:, 2]) < 2.0
    body = (tmp_path / "p.ply").read_bytes().partition(b"end_header\n")[2]
    rows = np.frombuffer(body[: 27 * len(mesh.vertices_m)], np.uint8).reshape(-1, 27)
    normals = np.ascontiguousarray(rows[:, 12:24]).view("<f4")
    faces = mesh.faces[:2000]
    flat = back.face_normals[:2000]
    assert (np.einsum("fj,fj->f", normals[faces[:, 0]], flat) > 0).mean() > 0.97


def test_colours_of_a_texture_reach_the_vertices() -> None:
    picture = np.zeros((4, 4, 3), np.uint8)
    picture[:2] = (255, 0, 0)  # the upper half
    part = replace(box_part(tree(1)), material=Material("m", texture=picture))
    assert part.mesh.uv is not None
    high = np.full_like(part.mesh.uv, 0.9)
    mesh = joined(Character("p", tree(1), (replace(part, mesh=replace(part.mesh, uv=high)),)), None)
    assert mesh.colours is not None
    assert (mesh.colours == (255, 0, 0)).all()


def test_a_frame_that_is_not_there_is_said() -> None:
    with pytest.raises(StudioError, match="no frame 99"):
        posed_mesh(person(), person().parts[0], 99)
    with pytest.raises(StudioError, match="no mesh"):
        joined(Character("p", tree(1), ()), None)


@pytest.mark.parametrize("suffix", [".usdc", ".usdz", ".usda"])
@pytest.mark.parametrize("up", ["y", "z"])
def test_usd_skeleton_and_skin_by_pixars_own_query(tmp_path: Path, suffix: str, up) -> None:
    character = person(bones=6, frames=4)
    path = tmp_path / f"person{suffix}"
    write_usd(path, character, up=up)
    stage = Usd.Stage.Open(str(path))
    assert UsdGeom.GetStageUpAxis(stage) == up.upper()
    assert UsdGeom.GetStageMetersPerUnit(stage) == 1.0
    assert stage.GetTimeCodesPerSecond() == 30
    assert (stage.GetStartTimeCode(), stage.GetEndTimeCode()) == (0, 3)
    rules = UsdValidation.ValidationRegistry().GetOrLoadAllValidators()
    found = UsdValidation.ValidationContext(rules).Validate(stage)
    assert [error.GetMessage() for error in found] == []
    root = UsdSkel.Root(stage.GetDefaultPrim())
    assert root
    cache = UsdSkel.Cache()
    cache.Populate(root, Usd.PrimDefaultPredicate)
    skeleton = UsdSkel.Skeleton(stage.GetPrimAtPath(f"{root.GetPath()}/Skeleton"))
    query = cache.GetSkelQuery(skeleton)
    assert query.HasBindPose()
    animation = character.animation
    assert animation is not None
    for frame, time_s in enumerate(animation.times_s):
        code = Usd.TimeCode(time_s * 30)
        theirs = np.array([np.array(m).T for m in query.ComputeJointSkelTransforms(code)])
        ours = frames.matrices_from_world(animation.bones_world[frame], up)
        np.testing.assert_allclose(theirs, ours, atol=1e-5)

    assert UsdSkel.BakeSkinning(root, Gf.Interval.GetFullInterval())
    for k, part in enumerate(character.parts):
        name = ("Körper_0", "eyes_1")[k]
        mesh = UsdGeom.Mesh(stage.GetPrimAtPath(f"{root.GetPath()}/{name}"))
        for frame, time_s in enumerate(animation.times_s):
            points = np.array(mesh.GetPointsAttr().Get(Usd.TimeCode(time_s * 30)))
            ours = frames.points_from_world(posed_triangles(character, part, frame), up)
            np.testing.assert_allclose(points[part.mesh.faces], ours, atol=1e-4)


def test_usd_without_motion_or_bones(tmp_path: Path) -> None:
    write_usd(tmp_path / "a.usdc", person(frames=0))
    write_usd(tmp_path / "b.usdc", Character("b", tree(0), person().parts))
    assert Usd.Stage.Open(str(tmp_path / "b.usdc")).GetDefaultPrim()
    with pytest.raises(StudioError, match="not a USD suffix"):
        write_usd(tmp_path / "a.fbx", person())
