"""The check of a rig as a command and as a step."""

import json
from dataclasses import replace

import numpy as np
import pytest

from studio.core.errors import StudioError
from studio.core.resources import resource
from studio.core.types import CameraRig
from studio.document.folder import Assets
from studio.document.project import Clip, FileItem, Project, RigItem, TakeItem
from studio.features.check_rig.command import as_json
from studio.features.check_rig.command import main as command
from studio.features.check_rig.engine import Inputs, check
from studio.features.check_rig.params import Params
from studio.features.check_rig.step import Step
from studio.jobs import Context, run
from studio.media.backdrop import read_backdrops, reference_folder, write_backdrops
from studio.media.footage import Source
from studio.media.formats.rigs import read_rig, write_rig
from studio.vision.calibration.people.study import bumped
from studio.vision.calibration.people.walk import detect, walk
from studio.vision.ring import ring_rig

TIMES = np.arange(0, 15, 0.15)


@pytest.fixture(scope="module")
def bump():
    """A rig, and today's keypoints after camera 2 was bumped by a degree."""
    rig = ring_rig(4)
    now = CameraRig((rig.cameras[0], bumped(rig.cameras[1], 1.0, 0.0, 3), *rig.cameras[2:]))
    return rig, detect(now, TIMES, walk(TIMES))


@pytest.fixture(scope="module")
def checked(bump):
    rig, seen = bump
    return run(check(Params(), Inputs(rig, detections=seen, made_from=("rig", "take")), Context()))


def test_the_camera_is_named_with_its_remedy(checked):
    assert checked.verdicts.moved == ("cam2",)
    assert checked.facts[0].text == "cam2 moved"
    assert checked.facts[0].verdict == "stop"
    told = as_json(checked, [], 1.0)
    assert json.loads(json.dumps(told))["moved"] == ["cam2"]
    assert told["cameras"]["cam2"]["person"]["turn_deg"] > 0.5


def test_the_step_offers_to_place_only_that_camera(bump, checked, tmp_path):
    rig, seen = bump
    inputs = Inputs(rig, detections=seen, name="Rig", made_from=("rig", "take"))
    packed = Step().pack(inputs, Params(), checked, Assets(tmp_path), 1.0)
    assert isinstance(packed.items[0], FileItem)
    (offer,) = packed.offers
    assert "cam2" in offer.button
    assert offer.params == Params(mend=True)
    again = Step().pack(inputs, Params(mend=True), checked, Assets(tmp_path), 1.0)
    (item,) = again.items
    assert isinstance(item, RigItem)
    new = item.rig()
    np.testing.assert_allclose(new["cam1"].rotation, rig["cam1"].rotation)
    assert not np.allclose(new["cam2"].rotation, rig["cam2"].rotation, atol=1e-3)


def test_the_scene_of_then_is_found_in_the_project_or_beside_the_rig(tmp_path):
    rig = ring_rig(2)
    assets = Assets(tmp_path / "assets")

    def take(name):
        return TakeItem(name=name, clips=tuple(
            Clip(camera=c.name, path=f"{name}_{c.name}.mp4", size_px=c.size_px, rate_hz=30,
                 frames=10) for c in rig.cameras), rig="r")  # fmt: skip

    item = RigItem.of("Rig", rig, source="rig.toml").model_copy(update={"id": "r"})
    first, today = take("then"), take("today")
    inputs = Step().inputs(Project().with_items([item, first, today]), (), assets)
    assert [source.path.name for source in inputs.reference] == ["then_cam1.mp4", "then_cam2.mp4"]
    alone = Step().inputs(Project().with_items([item, today]), (), assets)
    assert alone.reference == ()
    assert alone.reference_folder == tmp_path / "rig.reference"


def test_the_sample_holds_against_its_board_clips():
    """The still scene of the sample's cameras, filmed on another occasion; no person needed."""
    home = resource("sample")
    rig = read_rig(home / "rig.toml").rig
    today, then = (
        tuple(Source(f"cam{i}", home / f"{name}{i}.mp4") for i in (1, 2))
        for name in ("cam", "board")
    )
    pair = CameraRig(rig.cameras[:2])
    held = run(check(Params(person=False), Inputs(pair, today, reference=then), Context()))
    assert held.verdicts.verdict == "good"
    assert set(held.backdrops) == {"cam1", "cam2"}


def test_backdrops_survive_their_files(tmp_path):
    random = np.random.default_rng(0)
    picture = random.integers(0, 255, (40, 60, 3), np.uint8)
    folder = reference_folder(tmp_path / "rig.toml")
    write_backdrops(folder, {"cam1": picture})
    (folder / "cam2.png").write_bytes(b"broken")
    found = read_backdrops(folder)
    assert set(found) == {"cam1"}
    np.testing.assert_array_equal(found["cam1"], picture)
    assert read_backdrops(tmp_path / "none") == {}


def test_user_errors_say_what_to_do(tmp_path, bump):
    rig, seen = bump
    write_rig(tmp_path / "rig.toml", rig)
    with pytest.raises(StudioError, match="no footage of today"):
        command(tmp_path / "rig.toml")
    with pytest.raises(StudioError, match="Nowhere to write"):
        command(tmp_path / "rig.toml", (tmp_path / "a.mp4",), params=Params(mend=True))
    with pytest.raises(StudioError, match="nothing to check the rig by"):
        run(check(Params(person=False), Inputs(rig, detections=seen), Context()))
    nobody = replace(seen, confidence=np.zeros_like(seen.confidence))
    with pytest.raises(StudioError, match="too few moments") as raised:
        run(check(Params(), Inputs(rig, detections=nobody), Context()))
    assert raised.value.message.count(".") == 2
    assert raised.value.hint.count(".") == 1
    other = ring_rig(3)
    strangers = CameraRig(tuple(
        type(c)(f"x{'abc'[i]}", c.size_px, c.matrix, c.distortion, c.rotation, c.translation_m)
        for i, c in enumerate(other.cameras)))  # fmt: skip
    with pytest.raises(StudioError, match="two cameras in common"):
        run(check(Params(), Inputs(strangers, detections=seen), Context()))
