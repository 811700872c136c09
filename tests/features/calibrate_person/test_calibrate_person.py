"""Calibration by a person as a command and as a step."""

import json
from dataclasses import replace

import numpy as np
import pytest
from pydantic import ValidationError

from studio.cli import main
from studio.core.errors import StudioError
from studio.document.data import detections_arrays
from studio.document.folder import Assets
from studio.document.project import Clip, DetectionsItem, Project, RigItem, TakeItem
from studio.features.calibrate_person.command import main as command
from studio.features.calibrate_person.engine import Inputs, calibrate_person
from studio.features.calibrate_person.params import Params
from studio.features.calibrate_person.step import Step, seen_arrays, seen_from
from studio.human.layouts import layout
from studio.jobs import Context, run
from studio.media.formats.rigs import read_rig, write_rig
from studio.vision.calibration.people.study import apart
from studio.vision.calibration.people.walk import WALKER, detect, walk
from studio.vision.ring import ring_rig

BODY = layout("halpe_26")


@pytest.fixture(scope="module")
def filmed():
    """A walker in four cameras, in a layout that files know."""
    rig = ring_rig(4)
    times = np.arange(0, 16, 0.125)
    seen = detect(rig, times, walk(times, height_m=1.8))
    xy = np.full((len(times), 4, len(BODY), 2), np.nan)
    confidence = np.zeros(xy.shape[:3])
    for i, name in enumerate(WALKER.points):
        xy[:, :, BODY.index(name)] = seen.xy_px[:, :, i]
        confidence[:, :, BODY.index(name)] = seen.confidence[:, :, i]
    return rig, replace(seen, layout=BODY, xy_px=xy, confidence=confidence)


@pytest.fixture(scope="module")
def result(filmed):
    rig, seen = filmed
    return run(calibrate_person(Params(height_m=1.8), Inputs(detections=seen, intrinsics=rig),
                                Context()))  # fmt: skip


def openpose(folder, detections):
    """The detections as files."""
    for view, camera in enumerate(detections.cameras):
        home = folder / f"{camera}_json"
        home.mkdir(parents=True)
        for frame in range(len(detections.times_s)):
            points = np.concatenate([np.nan_to_num(detections.xy_px[frame, view]),
                                     detections.confidence[frame, view][:, None]], 1)  # fmt: skip
            person = {"pose_keypoints_2d": points.round(3).ravel().tolist()}
            (home / f"{camera}_{frame:06d}_keypoints.json").write_text(
                json.dumps({"people": [person]})
            )  # fmt: skip
    return folder


def test_the_command_writes_a_rig_and_prints_one_object(filmed, tmp_path, capsys):
    rig, seen = filmed
    folder = openpose(tmp_path / "pose", seen)
    write_rig(tmp_path / "lenses.toml", rig)
    code = main(["calibrate-person", "--detections", str(folder), "--layout", "halpe_26",
                 "--rate-hz", "8", "--intrinsics", str(tmp_path / "lenses.toml"), "--height",
                 "1.8", "--out", str(tmp_path / "rig.toml"), "--report",
                 str(tmp_path / "report.html"), "--json"])  # fmt: skip
    assert code == 0
    told = json.loads(capsys.readouterr().out)
    assert set(told["cameras"]) == set(rig.names)
    assert {"rmse_px", "held_out_px", "held_out_mm", "gates"} <= told.keys()
    assert len(told["cameras"]["cam2"]["rotation_sd_deg"]) == 3
    off = apart(read_rig(tmp_path / "rig.toml").rig, rig)
    assert off.turn_deg < 1.0
    assert off.worst_share < 0.04
    assert "Error bar" in (tmp_path / "report.html").read_text("utf-8")


def test_user_errors_say_what_to_do(tmp_path, filmed):
    with pytest.raises(StudioError, match="either videos or detections"):
        command(out=tmp_path / "rig.toml")
    with pytest.raises(StudioError, match="Nobody is 180 m tall"):
        command((tmp_path / "a.mp4",), tmp_path / "rig.toml", height=180)
    rig, seen = filmed
    with pytest.raises(StudioError, match="lenses of the cameras are not known"):
        run(calibrate_person(Params(), Inputs(detections=seen), Context()))
    small = dict.fromkeys(rig.names, (640, 480))
    with pytest.raises(StudioError, match="640 x 480, its intrinsics"):
        run(calibrate_person(Params(), Inputs((), seen, small, rig), Context()))
    other = replace(seen, cameras=("left", "right", "top", "side"))
    with pytest.raises(StudioError, match="no intrinsics for left"):
        run(calibrate_person(Params(), Inputs(detections=other, intrinsics=rig), Context()))


def test_params_that_make_no_sense_are_refused():
    with pytest.raises(ValidationError, match="two cameras"):
        Params(distance_m=2.0)
    with pytest.raises(ValidationError, match="small"):
        Params(height_m=0.2)
    scale = Params(distance_m=2.0, between="cam1, cam3").scale()
    assert scale.cameras == ("cam1", "cam3")


def test_the_step_packs_a_rig_with_its_trust(filmed, result, tmp_path):
    rig, seen = filmed
    assets = Assets(tmp_path)
    take = TakeItem(name="Walk", clips=tuple(
        Clip(camera=c.name, path=f"{c.name}.mp4", size_px=c.size_px, rate_hz=8, frames=128)
        for c in rig.cameras))  # fmt: skip
    keypoints = DetectionsItem(name="2D", take=take.id, layout=BODY.name, cameras=seen.cameras,
                               data=assets.put_arrays(detections_arrays(seen)))  # fmt: skip
    lenses = RigItem.of("Lenses", rig)
    project = Project().with_items([take, lenses, keypoints])
    step = Step()
    assert step.missing(project, ()) == ()
    inputs = step.inputs(project, (), assets)
    assert inputs.intrinsics is not None
    assert inputs.detections is not None
    assert inputs.made_from == (take.id, lenses.id)
    packed = step.pack(inputs, Params(height_m=1.8), result, assets, 1.0)
    (item,) = packed.items
    assert isinstance(item, RigItem)
    assert item.trust is not None
    assert item.accepted
    assert {g.id for g in item.trust.gates} >= {"mirror", "held-out", "certain", "floor", "scale"}
    assert item.trust.cameras[0].rotation_deg == (0.0, 0.0, 0.0)
    kept = seen_from(assets.arrays(item.views))
    assert kept.cameras == rig.names
    assert kept.layout is BODY
    assert len(packed.facts) >= 3


def test_what_was_seen_survives_its_arrays(filmed):
    _, seen = filmed
    again = seen_from(seen_arrays(seen))
    np.testing.assert_allclose(again.xy_px, seen.xy_px, atol=1e-3)
