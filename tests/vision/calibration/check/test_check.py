"""An old rig against today's person and today's scene: bumps seen, named, or said to be unseen."""

from dataclasses import replace
from functools import cache

import cv2
import numpy as np
import pytest

from studio.core.errors import StudioError
from studio.core.types import CameraRig
from studio.media.cameras import match_cameras
from studio.media.formats.openpose import read_detections
from studio.media.formats.rigs import read_rig
from studio.vision import camera as lens
from studio.vision.calibration.check import people as check
from studio.vision.calibration.check.people import Shift, check_people
from studio.vision.calibration.check.scenery import scene_shift
from studio.vision.calibration.check.verdicts import judge_cameras
from studio.vision.calibration.people.study import apart, bump_study, bumped
from studio.vision.calibration.people.walk import Detector, detect, walk
from studio.vision.ring import look_at, ring_rig

TIMES = np.arange(0, 15, 0.15)


def filmed(rig, seed=0, detector=None):
    return detect(rig, TIMES, walk(TIMES, seed=seed), detector or Detector(), seed=seed)


def with_bump(rig, view, turn_deg, shift_mm=0.0, seed=1):
    return CameraRig(tuple(bumped(c, turn_deg, shift_mm, seed) if i == view else c
                           for i, c in enumerate(rig.cameras)))  # fmt: skip


@pytest.fixture(scope="module")
def rig():
    return ring_rig(4)


@pytest.fixture(scope="module")
def held(rig):
    """The rig as it was calibrated, checked against somebody who walks."""
    return check_people(rig, filmed(rig))


@pytest.fixture(scope="module")
def bump(rig):
    """The rig after a bump of its third camera, and the old one checked against it; made once."""

    @cache
    def made(turn_deg, shift_mm=0.0):
        now = with_bump(rig, 2, turn_deg, shift_mm)
        return now, check_people(rig, filmed(now))

    return made


def test_a_rig_that_holds_is_called_good_and_says_what_would_have_been_seen(rig, held):
    told = held
    assert told.verdict == "good"
    assert told.moved == ()
    assert 0.1 <= told.least_deg < 0.6
    verdicts = judge_cameras(rig, told, {})
    assert verdicts.verdict == "good"
    assert verdicts.mended is None
    assert "would surely have been" in verdicts.gates[0].text


@pytest.mark.parametrize(("turn", "shift"), [(0.4, 0.0), (1.0, 0.0), (0.0, 40.0)])
def test_a_bumped_camera_is_named_and_placed_anew(rig, bump, turn, shift):
    now, told = bump(turn, shift)
    assert [one.name for one in told.moved] == ["cam3"]
    verdicts = judge_cameras(rig, told, {})
    assert verdicts.moved == ("cam3",)
    assert verdicts.mended is not None
    assert apart(verdicts.mended, now).turn_deg < 0.5 * max(apart(rig, now).turn_deg, 0.3)
    for name in ("cam1", "cam2", "cam4"):
        assert verdicts.mended[name] is rig[name]
    gate = next(g for g in verdicts.gates if g.id == "moved")
    assert "±" in gate.text
    assert "cam3" in gate.remedy


def test_two_cameras_are_never_called_good_without_a_reference(rig):
    pair = CameraRig(rig.cameras[:2])
    still = judge_cameras(pair, check_people(pair, filmed(pair)), {})
    assert still.verdict == "look"
    told = check_people(pair, filmed(with_bump(pair, 1, 1.5)))
    assert told.moved == ()
    assert set(told.doubtful) == {"cam1", "cam2"}
    verdicts = judge_cameras(pair, told, {})
    assert verdicts.verdict == "stop"
    assert verdicts.moved == ()
    assert any("which" in gate.text for gate in verdicts.gates)


def test_noise_alone_moves_nobody_and_noise_hides_small_bumps(rig, held):
    blurred = Detector(noise_px=12.0, sided_m=0.04)
    told = check_people(rig, filmed(rig, 0, blurred))
    assert told.moved == ()
    assert told.least_deg > held.least_deg


def as_shift(rig, **told):
    """cam3 disagreeing beyond chance, in a footage that is sharp, and in what else is told."""
    sharp = {
        "turn_deg": 1.0, "carry_mm": 40.0, "chance": 1e-6, "explained": 50.0, "least_deg": 0.3,
        "rotation_deg": 1.0, "rotation_sd_deg": 0.1, "centre_mm": 40.0, "centre_sd_mm": 5.0,
        "off_px": 9.0,
    }  # fmt: skip
    return Shift(rig["cam3"], **(sharp | told))


@pytest.mark.parametrize(
    ("told", "sure"),
    [
        ({}, True),
        ({"rotation_deg": 0.79, "rotation_sd_deg": 0.74, "centre_mm": 43.0, "centre_sd_mm": 48.0},
         False),
        ({"rotation_sd_deg": 0.5}, True),
        ({"least_deg": 3.3}, False),
        ({"least_deg": 3.3, "turn_deg": 4.0}, True),
    ],
)  # fmt: skip
def test_a_move_within_its_own_error_bar_stops_nothing(rig, told, sure):
    shift = as_shift(rig, **told)
    assert shift.sure is sure
    calm = [
        replace(shift, camera=camera, chance=0.5, explained=1.0, least_deg=0.3)
        for camera in rig.cameras
        if camera.name != "cam3"
    ]
    named, doubtful = check._named((*calm, shift), set())
    assert (named is shift) is sure
    assert doubtful == ()


def test_what_cannot_be_told_is_no_more_than_a_look(rig, held):
    blunt = as_shift(rig, least_deg=3.3, rotation_sd_deg=0.74, centre_sd_mm=48.0)
    told = replace(held, unsure=(blunt,))
    assert told.verdict == "look"
    verdicts = judge_cameras(rig, told, {})
    assert verdicts.verdict == "look"
    assert verdicts.mended is None
    gate = next(gate for gate in verdicts.gates if gate.camera == "cam3")
    assert "cannot be told from this footage" in gate.text
    assert "3.3°" in gate.text


def test_a_published_rig_that_holds_is_never_stopped(footage):
    """Two seconds of a person who stays in place, filmed by the rig as it was calibrated."""
    folder = footage("mv_pose2sim")
    old = read_rig(folder / "calibration" / "Calib_qualisys.toml").rig
    for take in ("single", "static"):
        seen = read_detections(folder / take / "pose", None, rate_hz=60.0)
        names = match_cameras(seen.cameras, old.names)
        told = check_people(old, replace(seen, cameras=tuple(names[c] for c in seen.cameras)))
        assert judge_cameras(old, told, {}).verdict == "look"


def test_a_camera_out_of_step_is_told_apart(rig):
    late = filmed(rig, detector=Detector(1.0, 0.05, 0.0, 0.0, 0.0, 0.0, 0.0))
    xy = late.xy_px.copy()
    ahead = detect(rig, TIMES, walk(TIMES + 0.08),
                   Detector(1.0, 0.05, 0.0, 0.0, 0.0, 0.0, 0.0))  # fmt: skip
    xy[:, 1] = ahead.xy_px[:, 1]
    told = check_people(rig, replace(late, xy_px=xy))
    assert told.late_ms["cam2"] == pytest.approx(80, abs=25)


def test_nobody_is_an_error(rig):
    seen = filmed(rig)
    with pytest.raises(StudioError, match="too few moments"):
        check_people(rig, replace(seen, confidence=np.zeros_like(seen.confidence)))


@pytest.mark.slow
def test_rates_on_simulated_rigs():
    still, small, plain = bump_study(((0.0, 0.0), (0.3, 0.0), (0.5, 0.0)), runs=12)
    assert still.wrong == 0
    assert small.named >= 0.8
    assert plain.named >= 0.95
    assert small.wrong == plain.wrong == 0


# -- the still scene ------------------------------------------------------------------------------


def scene(seed=0, size=(640, 480)):
    """A picture full of things to recognise."""
    random = np.random.default_rng(seed)
    picture = np.full((size[1], size[0], 3), 90, np.uint8)
    for _ in range(260):
        x, y = random.integers(0, size[0]), random.integers(0, size[1])
        w, h = random.integers(6, 60, 2)
        colour = tuple(int(v) for v in random.integers(0, 255, 3))
        cv2.rectangle(picture, (int(x), int(y)), (int(x + w), int(y + h)), colour, -1)
    return cv2.GaussianBlur(picture, (0, 0), 0.8)


def turned(camera, picture, degrees, zoom=0.0):
    """The same scene after a turn about a slanted axis (and a zoom), and that turn."""
    axis = np.array([0.6, 0.7, 0.38])
    rotation = cv2.Rodrigues(np.radians(degrees) * axis / np.linalg.norm(axis))[0]
    grid = np.stack(np.meshgrid(*map(np.arange, camera.size_px)), -1).astype(float)
    plane = lens.normalise(camera, grid) / np.exp(zoom)
    ways = np.concatenate([plane, np.ones_like(plane[..., :1])], -1) @ rotation
    source = lens.to_pixels(camera, lens.distort(camera, ways[..., :2] / ways[..., 2:]))
    source = source.astype(np.float32)
    moved = cv2.remap(picture, source[..., 0], source[..., 1], cv2.INTER_LINEAR,
                      borderMode=cv2.BORDER_REFLECT)  # fmt: skip
    return moved, rotation


@pytest.fixture(scope="module")
def camera():
    plain = look_at("cam1", np.array([4.0, 0, 1.5]), np.array([0, 0, 1.0]), 700.0, (640, 480))
    return replace(plain, distortion=np.array([-0.08, 0.03, 0.0005, -0.0003, 0.0]))


def noisy(picture, seed=1):
    random = np.random.default_rng(seed)
    return np.clip(picture + random.normal(0, 3, picture.shape), 0, 255).astype(np.uint8)


def test_a_still_scene_stands_still(camera):
    then = scene()
    found = scene_shift(camera, then, noisy(then))
    assert found is not None
    assert not found.moved
    assert found.turn_deg < 0.02


@pytest.mark.parametrize("degrees", [0.1, 0.3, 1.0, 5.0])
def test_a_turn_is_measured(camera, degrees):
    now, rotation = turned(camera, scene(), degrees)
    found = scene_shift(camera, scene(), noisy(now))
    assert found is not None
    assert found.moved
    assert not found.carried
    assert found.turn_deg == pytest.approx(degrees, abs=0.02)
    np.testing.assert_allclose(found.rotation, rotation, atol=4e-4)
    fixed = found.turned(camera)
    np.testing.assert_allclose(fixed.centre_m, camera.centre_m, atol=1e-9)


def test_a_zoom_is_no_bump(camera):
    now, _ = turned(camera, scene(), 0.0, zoom=0.02)
    found = scene_shift(camera, scene(), now)
    assert found is not None
    assert found.zoom == pytest.approx(0.02, abs=0.002)
    pair = CameraRig((camera, replace(camera, name="cam2")))
    gates = judge_cameras(pair, None, {"cam1": found}).gates
    assert gates[0].id == "zoomed"
    assert gates[1].id == "unseen"


def test_a_scene_that_cannot_be_recognised_says_nothing(camera):
    assert scene_shift(camera, scene(0), scene(9)) is None
    blank = np.full((480, 640, 3), 80, np.uint8)
    assert scene_shift(camera, scene(), blank) is None
    assert scene_shift(camera, scene(), scene(0, (320, 240))) is None


def test_the_scene_names_one_of_two_cameras(camera):
    other = replace(look_at("cam2", np.array([0, 4.0, 1.5]), np.array([0, 0, 1.0]), 700.0,
                            (640, 480)), distortion=camera.distortion)  # fmt: skip
    pair = CameraRig((camera, other))
    now, _ = turned(other, scene(3), 0.4)
    scenes = {
        "cam1": scene_shift(camera, scene(2), noisy(scene(2))),
        "cam2": scene_shift(other, scene(3), noisy(now)),
    }
    verdicts = judge_cameras(pair, None, scenes)
    assert verdicts.moved == ("cam2",)
    assert verdicts.gates[0].verdict == "good"
    assert verdicts.mended is not None
    assert verdicts.mended["cam1"] is camera


def test_a_camera_that_disagrees_but_did_not_move_was_wrong_before(rig, bump):
    _, told = bump(1.0, 0.0)
    still = scene_shift(replace(rig["cam3"], size_px=(640, 480)), scene(), noisy(scene()))
    verdicts = judge_cameras(rig, told, {"cam3": still})
    gate = next(g for g in verdicts.gates if g.camera == "cam3")
    assert gate.id == "wrong"
    assert verdicts.moved == ()
