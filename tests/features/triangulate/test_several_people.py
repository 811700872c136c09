"""Several people, from their detections to motions in a project and to files."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from walking_people import COCO, crowd_of, walker

from studio.cli import main
from studio.core.errors import StudioError
from studio.core.types import Crowd
from studio.document.data import crowd_arrays, crowd_from, detections_arrays, motion_from
from studio.document.folder import Assets
from studio.document.project import DetectionsItem, MotionItem, Project, RigItem
from studio.features.triangulate.engine import RENEWED, Triangulation
from studio.features.triangulate.inputs import Inputs
from studio.features.triangulate.params import Params
from studio.features.triangulate.several import Everybody, triangulate
from studio.features.triangulate.step import Step
from studio.jobs import Context, run
from studio.media.formats.rigs import write_rig
from studio.media.formats.trc import read_trc
from studio.vision.people.main import main_detections
from studio.vision.ring import ring_rig

RIG = ring_rig(4)
TRUTH = [walker((-1.0, 0.3), (1.0, 0.3), 40), walker((0.9, -0.3), (-0.9, -0.3), 40, 0.93)]
FAST = Params(refine=False)


@pytest.fixture
def crowd() -> Crowd:
    return crowd_of(RIG, TRUTH)


def inputs_of(crowd: Crowd) -> Inputs:
    return Inputs(RIG, main_detections(crowd), crowd=crowd)


def test_everybody_becomes_a_motion(crowd: Crowd) -> None:
    result = run(triangulate(Params(), inputs_of(crowd), Context()))
    assert isinstance(result, Everybody)
    assert len(result.persons) == 2
    for true in TRUTH:
        near = [np.nanmean(np.linalg.norm(p.motion.xyz_m - true, axis=-1)) for p in result.persons]
        assert min(near) < 0.012
    fact = result.facts[0]
    assert (fact.label, fact.verdict) == ("People", "good")
    assert fact.text.startswith("2 people in 4 cameras")


def test_the_main_person_alone_if_so_wished(crowd: Crowd) -> None:
    wish = Params(people=1, refine=False)
    result = run(triangulate(wish, inputs_of(crowd), Context()))
    assert isinstance(result, Triangulation)


def test_one_real_person_among_ghosts_is_alone(crowd: Crowd) -> None:
    ghosts = [(1, view) for view in (1, 2, 3)]
    result = run(triangulate(FAST, inputs_of(crowd_of(RIG, TRUTH, ghosts)), Context()))
    assert isinstance(result, Triangulation)
    assert np.nanmean(np.linalg.norm(result.motion.xyz_m - TRUTH[0], axis=-1)) < 0.02
    assert result.facts[-1].text.startswith("1 person in 4 cameras")


def test_who_comes_later_has_a_motion_of_their_own_length() -> None:
    later = TRUTH[1].copy()
    later[:15] = np.nan
    result = run(triangulate(FAST, inputs_of(crowd_of(RIG, [TRUTH[0], later])), Context()))
    assert [len(one.motion) for one in result.persons] == [40, 25]
    assert result.persons[1].motion.times_s[0] == pytest.approx(0.5)


def test_nobody_in_two_cameras_is_said_so(crowd: Crowd) -> None:
    alone = [(who, view) for who in (0, 1) for view in (1, 2, 3)]
    with pytest.raises(StudioError, match="two cameras"):
        run(triangulate(FAST, inputs_of(crowd_of(RIG, TRUTH, alone)), Context()))


def test_a_newer_rig_is_taken_up(crowd: Crowd) -> None:
    given, context = inputs_of(crowd), Context()
    context.renew(replace(given, rig=ring_rig(4)))
    result = run(triangulate(FAST, given, context))
    assert isinstance(result, Everybody)
    assert RENEWED in result.notes


def test_a_project_gets_one_motion_a_person(crowd: Crowd, tmp_path: Path) -> None:
    assets = Assets(tmp_path / "assets")
    detections = DetectionsItem(
        name="Dance", layout=COCO.name, cameras=crowd.cameras,
        data=assets.put_arrays(detections_arrays(main_detections(crowd))),
        people=assets.put_arrays(crowd_arrays(crowd)),
    )  # fmt: skip
    project = Project().with_items([RigItem.of("Rig", RIG), detections])
    step = Step()
    given = step.inputs(project, (), assets)
    packed = step.pack(given, FAST, run(triangulate(FAST, given, Context())), assets, 1.0)
    first, second = packed.items
    assert isinstance(first, MotionItem)
    assert [item.name for item in packed.items] == [
        "Person 1, Dance in 3D", "Person 2, Dance in 3D",
    ]  # fmt: skip
    assert len({item.person.group for item in packed.items if item.person}) == 1
    assert second.person is not None
    assert project.with_items(packed.items).newest(MotionItem) == first
    assert packed.facts[0].label == first.facts[0].label == "People"
    motions = [motion_from(assets.arrays(item.data), COCO) for item in packed.items]
    assert abs(motions[0].xyz_m[0, 0, 0] - motions[1].xyz_m[0, 0, 0]) > 1.5


def test_crowds_are_stored_without_loss(crowd: Crowd) -> None:
    crowd = replace(crowd, track=np.where((crowd.confidence > 0).any(-1), 7, -1))
    again = crowd_from(crowd_arrays(crowd), COCO, crowd.cameras)
    np.testing.assert_allclose(again.xy_px, crowd.xy_px, atol=1e-3)
    np.testing.assert_allclose(again.confidence, crowd.confidence, atol=1e-6)
    np.testing.assert_array_equal(again.track, crowd.track)
    assert again.most == 2
    assert again.looks is None
    looks = np.full((*crowd.track.shape, 7, 3), np.nan)
    looks[crowd.track >= 0] = np.random.default_rng(1).random((int((crowd.track >= 0).sum()), 7, 3))
    told = crowd_from(crowd_arrays(replace(crowd, looks=looks)), COCO, crowd.cameras).looks
    assert told is not None
    np.testing.assert_allclose(told, looks, atol=1e-3)


def test_the_command_writes_a_file_a_person(
    crowd: Crowd, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_rig(tmp_path / "rig.json", RIG)
    for view, camera in enumerate(crowd.cameras):
        folder = tmp_path / "pose" / f"{camera}_json"
        folder.mkdir(parents=True)
        points = np.concatenate(
            [crowd.xy_px[:, view], crowd.confidence[:, view, ..., None]], axis=-1
        )
        for frame, people in enumerate(points):
            told = [{"pose_keypoints_2d": one.round(2).ravel().tolist()} for one in people]
            (folder / f"f_{frame:06d}.json").write_text(json.dumps({"people": told}))
    arguments = [
        "triangulate", "--rig", str(tmp_path / "rig.json"), "--detections", str(tmp_path / "pose"),
        "--layout", "coco_17", "--no-refine", "--out", str(tmp_path / "dance.trc"),
    ]  # fmt: skip
    assert main([*arguments, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [Path(one["written"]).name for one in told["people"]] == [
        "dance_person1.trc", "dance_person2.trc",
    ]  # fmt: skip
    assert told["facts"][0]["label"] == "People"
    found = [read_trc(tmp_path / f"dance_person{n}.trc").xyz_m for n in (1, 2)]
    for true in TRUTH:
        assert min(np.nanmean(np.linalg.norm(xyz - true, axis=-1)) for xyz in found) < 0.02
    assert main([*arguments, "--people", "1"]) == 0
    assert "dance_person1" not in capsys.readouterr().out
    assert (tmp_path / "dance.trc").is_file()
