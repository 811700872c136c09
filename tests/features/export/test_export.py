"""Export: the right files for a target, all or none, with facts; formats agree with each other."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import trimesh
from anny_people import anny_person
from gltf_twin import Glb, validate
from synthetic_people import person

from studio.cli import main
from studio.core.errors import Cancelled, StudioError
from studio.core.types import Character, Motion
from studio.document.data import motion_arrays
from studio.document.folder import ProjectFolder
from studio.document.project import AvatarItem, MotionItem, Project
from studio.features.export.engine import Inputs, export, safe_name
from studio.features.export.params import TARGETS, Params
from studio.features.export.step import Step
from studio.human.fit import Fit
from studio.human.layouts import layout
from studio.human.person import Shape
from studio.human.rig import ACTIONS, BONE_NAMES
from studio.human.stored import fit_arrays
from studio.jobs import Context, run
from studio.media.formats.bvh import joints_motion, read_bvh
from studio.media.formats.motions import read_motion
from studio.media.formats.points import motion_of


def inputs(
    folder: Path, character: Character | None = None, motion: Motion | None = None
) -> Inputs:
    return Inputs(
        "Zoë: take 1",
        folder,
        None if character is None else lambda: character,
        None if motion is None else lambda: motion,
    )


def points(character: Character) -> Motion:
    assert character.animation is not None
    return joints_motion(character.armature, character.animation)


@pytest.mark.parametrize("target", [t for t in TARGETS if t not in ("vrm", "unity")])
def test_every_target_writes_its_files(tmp_path: Path, target: str) -> None:
    character = person()
    context = Context()
    seen: list[str] = []
    params = Params(target=target)  # type: ignore[arg-type]
    result = run(export(params, inputs(tmp_path / "out", character), context),
                 lambda written: seen.append(written.format))  # fmt: skip
    assert tuple(seen) == TARGETS[target].formats  # type: ignore[index]
    for written in result.files:
        assert written.path.parent == tmp_path / "out"
        assert written.path.stat().st_size == written.size > 0
    assert not list((tmp_path / "out").glob(".*"))
    labels = [fact.label for fact in result.facts]
    assert labels == ["Files", "Person", "Motion"]
    assert "20 frames at 30 a second" in result.facts[2].text
    assert "12 bones, 2 facial shapes" in result.facts[1].text


@pytest.mark.parametrize("target", ["vrm", "unity"])
def test_a_real_person_for_vrm_and_unity(tmp_path: Path, target) -> None:
    result = run(export(Params(target=target), inputs(tmp_path, anny_person()), Context()))
    for written in result.files:
        if written.format != "bvh":
            assert validate(written.path) == []
    if target == "unity":
        width, height, depth = trimesh.load(tmp_path / "Zoë_take 1.glb").extents
        assert 1.5 < height < 1.9
        assert depth < width < height
        names = {node.get("name") for node in Glb(tmp_path / "Zoë_take 1.glb").nodes}
        assert {"Hips", "LeftUpperArm", "RightLittleDistal"} <= names
        assert "LeftUpperArm" in read_bvh(tmp_path / "Zoë_take 1.bvh")[0].names
    else:
        human = Glb(tmp_path / "Zoë_take 1.vrm").json["extensions"]["VRMC_vrm"]["humanoid"]
        assert "leftUpperArm" in human["humanBones"]


def test_all_formats_tell_the_same_motion(tmp_path: Path) -> None:
    character = person(frames=12)
    params = Params(formats=("bvh", "trc", "c3d", "csv"), unit="mm")
    result = run(export(params, inputs(tmp_path, character), Context()))
    truth = points(character)
    for written in result.files:
        motion = read_motion(written.path, unit="mm", up="y")
        at = [motion.layout.points.index(name) for name in character.armature.names]
        np.testing.assert_allclose(motion.xyz_m[:, at], truth.xyz_m, atol=1e-5)
        assert motion.rate_hz == pytest.approx(30, rel=1e-5)


def test_without_a_person_only_points_leave(tmp_path: Path) -> None:
    motion = points(person())
    result = run(export(Params(target="plain"), inputs(tmp_path, None, motion), Context()))
    assert [written.format for written in result.files] == ["trc", "c3d", "csv"]
    assert result.skipped == ("glb", "bvh", "obj", "ply")
    assert result.facts[-1].verdict == "look"
    with pytest.raises(StudioError, match="needs a fitted person"):
        run(export(Params(formats=("glb",)), inputs(tmp_path, None, motion), Context()))
    with pytest.raises(StudioError, match="nothing to export"):
        run(export(Params(), inputs(tmp_path), Context()))


def test_the_rate_is_changed_and_shapes_left_out(tmp_path: Path) -> None:
    character = person(frames=31)
    params = Params(formats=("glb", "trc"), rate_hz=60, morphs=False)
    run(export(params, inputs(tmp_path, character, points(character)), Context()))
    glb = Glb(tmp_path / "Zoë_take 1.glb")
    times = glb.accessor(glb.json["animations"][0]["samplers"][0]["input"])
    np.testing.assert_allclose(np.diff(times[:, 0]), 1 / 60, atol=1e-6)
    assert len(times) == 61
    assert "targets" not in glb.json["meshes"][0]["primitives"][0]
    assert len(read_motion(tmp_path / "Zoë_take 1.trc")) == 61


def test_still_export_has_no_animation(tmp_path: Path) -> None:
    params = Params(target="blender", include_animation=False)
    run(export(params, inputs(tmp_path, person()), Context()))
    assert "animations" not in Glb(tmp_path / "Zoë_take 1.glb").json
    with pytest.raises(StudioError, match="needs a motion"):
        run(export(Params(formats=("trc",), include_animation=False),
                   inputs(tmp_path, person()), Context()))  # fmt: skip


def test_cancel_leaves_the_old_files(tmp_path: Path) -> None:
    old = tmp_path / "Zoë_take 1.glb"
    old.write_text("old")
    context = Context()
    with pytest.raises(Cancelled):
        run(export(Params(target="plain"), inputs(tmp_path, person()), context),
            lambda written: context.cancel())  # fmt: skip
    assert old.read_text() == "old"
    assert list(tmp_path.iterdir()) == [old]


def test_a_failing_format_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="cannot be a VRM"):
        run(export(Params(formats=("glb", "vrm")), inputs(tmp_path, person()), Context()))
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").touch()
    with pytest.raises(StudioError, match="cannot be written"):
        run(export(Params(), inputs(tmp_path / "file", person()), Context()))


def test_rights_reach_the_file(tmp_path: Path) -> None:
    params = Params(formats=("glb",), authors="Zoë, Max", terms="CC-BY-4.0")
    run(export(params, inputs(tmp_path, person()), Context()))
    assert Glb(tmp_path / "Zoë_take 1.glb").json["asset"]["copyright"] == "Zoë, Max. CC-BY-4.0."


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a fitted person that turns, and its motion."""
    folder = ProjectFolder(tmp_path_factory.mktemp("project") / "Zoë.doppel")
    frames = 15
    turns = np.zeros((frames, len(BONE_NAMES), 3))
    turns[:, 0, 2] = np.linspace(0, 1, frames)
    fit = Fit(
        Shape.of(), np.arange(frames) / 30, turns, np.tile([0.0, 0.0, 0.95], (frames, 1)),
        np.zeros((frames, len(ACTIONS))), ("nose",), np.zeros((frames, 1)), 0.0, 1.7, 0.0, False,
    )  # fmt: skip
    layout_17 = layout("coco_17")
    motion = motion_of(layout_17, fit.times_s, np.random.default_rng(0).normal(0, 1, (15, 17, 3)))
    moved = MotionItem(name="Walk in 3D", layout="coco_17",
                       data=folder.assets.put_arrays(motion_arrays(motion)))  # fmt: skip
    avatar = AvatarItem(name="Walk", motion=moved.id,
                        data=folder.assets.put_arrays(fit_arrays(fit)))  # fmt: skip
    folder.save(Project(name="Zoë", items=(moved, avatar)))
    return folder.path


def test_the_step_exports_the_newest_avatar_beside_the_project(project: Path) -> None:
    folder = ProjectFolder(project)
    opened = folder.open().project
    step = Step()
    assert step.missing(Project(), ())[0].action == "avatar"
    assert step.missing(opened, ()) == ()
    params = Params(formats=("glb", "trc"))
    gathered = step.inputs(opened, (), folder.assets)
    result = run(export(params, gathered, Context()))
    packed = step.pack(gathered, params, result, folder.assets, 1.0)
    assert result.folder == project.parent / "Zoë export"
    assert {path.name for path in result.folder.iterdir()} == {"Walk.glb", "Walk.trc"}
    assert validate(result.folder / "Walk.glb") == []
    assert read_motion(result.folder / "Walk.trc").layout.points == layout("coco_17").points
    assert packed.items[0].recipe is not None
    assert set(packed.items[0].recipe.inputs) == {item.id for item in opened.items}

    alone = step.inputs(opened, (opened.items[0].id,), folder.assets)
    assert alone.character is None
    assert alone.motion is not None


def test_the_command(project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call = ["export", "--project", str(project), "--out", str(tmp_path / "out")]
    assert main([*call, "--formats", "glb,BVH", "--json", "--authors", "Zoë"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [file["format"] for file in told["files"]] == ["glb", "bvh"]
    assert all(Path(file["path"]).stat().st_size == file["bytes"] for file in told["files"])
    assert main([*call, "--target", "opensim", "--item", "Walk in 3D"]) == 0
    assert (tmp_path / "out" / "Walk in 3D.c3d").exists()
    assert main([*call, "--formats", "fbx", "--json"]) == 1
    assert "fbx" in json.loads(capsys.readouterr().out.splitlines()[-1])["error"]
    assert main([*call, "--item", "Nobody"]) == 1
    assert "“Walk”" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("a/b\\c:d", "a_b_c_d"),
        ("  ", "Person"),
        ("…", "…"),
        ("../up", "_up"),
        ("sample: keypoints, avatar", "sample_keypoints_avatar"),
        ("x" * 300, "x" * 100),
    ],
)
def test_names_are_safe_for_every_file_system(name: str, safe: str) -> None:
    assert safe_name(name) == safe
