"""A pose dataset from motions: who is whom, which points are truth, and what is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from walking_people import COCO, crowd_of, walker

from studio.cli import main as doppel
from studio.core.errors import StudioError
from studio.core.types import Crowd, Motion
from studio.document.data import crowd_arrays, detections_arrays, motion_arrays
from studio.document.folder import Assets
from studio.document.project import DetectionsItem, FileItem, MotionItem, Project, Recipe, RigItem
from studio.features.dataset.engine import Inputs, Take, collect
from studio.features.dataset.params import Params
from studio.features.dataset.step import Step
from studio.human.convert import convert
from studio.jobs import Context, run
from studio.media.formats.c3d import write_c3d
from studio.media.formats.detections_npz import write_npz
from studio.media.formats.rigs import read_rig, write_rig
from studio.perception.lifting.normalise import PELVIS, POINTS
from studio.training.pose_dataset import PoseDataset
from studio.vision.camera import in_camera
from studio.vision.people.main import main_detections
from studio.vision.ring import ring_rig

RIG = ring_rig(4)
TRUTH = [walker((-1.0, 0.3), (1.0, 0.3), 40), walker((0.9, -0.3), (-0.9, -0.3), 40, 0.93)]


def motion_of(xyz: np.ndarray, crowd: Crowd) -> Motion:
    nil = np.zeros(xyz.shape[:2])
    return Motion(COCO, crowd.times_s, xyz, nil + 0.008, nil, nil.astype(int) + 4, nil > 0)


@pytest.fixture
def crowd() -> Crowd:
    return crowd_of(RIG, TRUTH)


@pytest.fixture
def inputs(crowd: Crowd) -> Inputs:
    takes = tuple(Take(f"person {n}", motion_of(xyz, crowd)) for n, xyz in enumerate(TRUTH))
    return Inputs(RIG, main_detections(crowd), takes, crowd)


def test_everybody_gets_their_own_points_in_every_camera(inputs: Inputs, tmp_path: Path) -> None:
    shown: list[str] = []
    params = Params(folder=tmp_path / "poses", origin="Ada agreed.")
    result = run(collect(params, inputs, Context()), shown.append)
    assert [name for name, _ in result.added] == shown == ["person 0", "person 1"]
    kept = PoseDataset.open(tmp_path / "poses")
    assert kept.origin == "Ada agreed."
    for number, true in enumerate(TRUTH):
        take = kept.read(f"person {number}")
        wanted = convert(true, COCO, POINTS)
        known = np.asarray(np.isfinite(take.xyz_m).all(-1))
        assert known[:, PELVIS].mean() > 0.9
        assert known[:, [30, 60, 75]].sum() == 0, "COCO's points have no fingers and no chin"
        np.testing.assert_allclose(take.xyz_m[known], wanted[known], atol=1e-5)
        for view, camera in enumerate(RIG.cameras):
            local = in_camera(camera, take.xyz_m)
            seen = (take.confidence[:, view] > 0) & known
            off = np.linalg.norm(take.rays[:, view] - local[..., :2] / local[..., 2:], axis=-1)
            assert seen[:, :25].mean() > 0.5
            assert np.median(off[seen]) < 0.01, "rays belong to the other person"
        assert take.about.poses == pytest.approx(4 * take.about.frames, rel=0.1)
    assert read_rig(tmp_path / "poses" / "person 0" / "rig.toml").rig.names == RIG.names


def test_points_that_too_few_cameras_agree_on_are_no_truth(
    inputs: Inputs, crowd: Crowd, tmp_path: Path
) -> None:
    wrong = TRUTH[0].copy()
    elbow, wrist = COCO.index("left_elbow"), COCO.index("left_wrist")
    wrong[:, elbow] += 0.3
    bridged = motion_of(wrong, crowd)
    bridged.filled[:, wrist] = True
    alone = replace(inputs, takes=(Take("a", bridged),))
    run(collect(Params(folder=tmp_path), alone, Context()))
    take = PoseDataset.open(tmp_path).read("a")
    known = np.asarray(np.isfinite(take.xyz_m).all(-1))
    hidden = known[:, [POINTS.index("left_elbow"), POINTS.index("left_wrist")]]
    assert hidden.sum() == 0
    assert known[:, POINTS.index("right_elbow")].mean() > 0.9
    assert take.views[known].min() >= 3
    assert take.views[~known].max() == 0


def test_two_cameras_are_too_few_unless_one_says_so(inputs: Inputs, tmp_path: Path) -> None:
    two = replace(inputs, rig=ring_rig(4).__class__(RIG.cameras[:2]))
    with pytest.raises(StudioError, match="3 cameras must agree, and the rig has 2"):
        run(collect(Params(folder=tmp_path), two, Context()))
    assert not any(tmp_path.iterdir())
    result = run(collect(Params(folder=tmp_path, min_cameras=2), two, Context()))
    assert len(result.added) == 2


def test_a_motion_of_other_cameras_is_left_out(inputs: Inputs, crowd: Crowd, tmp_path: Path):
    stranger = Take("stranger", motion_of(TRUTH[0] + [0.0, 0.0, 1.2], crowd))
    result = run(collect(Params(folder=tmp_path), replace(inputs, takes=(*inputs.takes, stranger)),
                         Context()))  # fmt: skip
    assert [name for name, _ in result.added] == ["person 0", "person 1"]
    assert result.left_out[0].startswith("stranger: in no frame")
    with pytest.raises(StudioError, match="Nothing could be added"):
        run(collect(Params(folder=tmp_path), replace(inputs, takes=(stranger,)), Context()))


def test_the_command_adds_and_tells(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    crowd = crowd_of(RIG, TRUTH[:1])
    write_rig(tmp_path / "rig.toml", RIG)
    write_npz(tmp_path / "seen.npz", main_detections(crowd))
    write_c3d(tmp_path / "walk.c3d", motion_of(TRUTH[0], crowd))
    files = ["--rig", "rig.toml", "--detections", "seen.npz", "--motions", "walk.c3d"]
    files = [str(tmp_path / f) if "." in f else f for f in files]
    folder = str(tmp_path / "poses")
    assert doppel(["dataset", folder, *files, "--person", "Ada", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["added"][0]["person"] == "Ada"
    assert told["added"][0]["poses"] > 100
    assert doppel(["dataset", folder, *files, "--person", "Ada", "--held-out"]) == 0
    out = capsys.readouterr().out
    assert "Ada: learned from and kept for tests" in out
    assert doppel(["dataset", folder, "--rig", files[1]]) != 0
    assert "needs its calibration, its detections and its motion" in capsys.readouterr().err


def test_a_project_adds_everybody_of_its_newest_take(crowd: Crowd, tmp_path: Path) -> None:
    assets = Assets(tmp_path / "project")
    rig = RigItem.of("rig", RIG)
    found = DetectionsItem(
        name="walk", cameras=crowd.cameras, layout=COCO.name,
        data=assets.put_arrays(detections_arrays(main_detections(crowd))),
        people=assets.put_arrays(crowd_arrays(crowd)),
    )  # fmt: skip
    recipe = Recipe(feature="triangulate", params={}, inputs=(found.id, rig.id), app_version="1",
                    seconds=1)  # fmt: skip
    motions = [
        MotionItem(name=f"Person {n}", layout=COCO.name, recipe=recipe,
                   data=assets.put_arrays(motion_arrays(motion_of(xyz, crowd))))
        for n, xyz in enumerate(TRUTH)
    ]  # fmt: skip
    project = Project(items=(rig, found, *motions))
    step, params = Step(), Params(folder=tmp_path / "poses")
    inputs = step.inputs(project, tuple(m.id for m in motions), assets)
    assert [take.name for take in inputs.takes] == ["Person 0", "Person 1"]
    result = run(collect(params, inputs, Context()))
    packed = step.pack(inputs, params, result, assets, 0.1)
    item = packed.items[0]
    assert isinstance(item, FileItem)
    assert Path(item.path) == tmp_path / "poses"
    assert item.recipe is not None
    assert set(item.recipe.inputs) == {*(m.id for m in motions), found.id, rig.id}
    assert packed.facts[0].label == "Added"
    lone = step.inputs(project, (), assets)
    assert [take.name for take in lone.takes] == ["Person 1"]
