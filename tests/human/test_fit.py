"""Fitting: what was posed is found again, from every kind of keypoints."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from made_up_people import made_up

from studio.core.errors import Cancelled, StudioError
from studio.core.types import Motion
from studio.human.character import animated
from studio.human.face import face_actions
from studio.human.fit import Options, fit_motion
from studio.human.layouts import layout
from studio.human.person import Shape
from studio.human.rig import ACTIONS, BONE_NAMES
from studio.human.shapefit import Hints
from studio.human.stored import fit_arrays, fit_from
from studio.jobs import run

LIMBS = [
    BONE_NAMES.index(f"{bone}.{side}")
    for side in "LR"
    for bone in ("upperarm01", "lowerarm01", "wrist", "upperleg01", "lowerleg01", "foot")
]

EXACT = Options(detected=False)


@cache
def fitted(name: str, noise_m: float = 0.002):
    """The fit of a made-up motion, its truth, and the live poses on the way."""
    truth, live = made_up(name, noise_m=noise_m), []
    fit = run(fit_motion(truth.motion, EXACT), lambda value: live.append(value[1]))
    return fit, truth, live


def limb_error_mm(fit, truth) -> np.ndarray:
    joints = animated(fit).animation.bones_world[..., :3, 3][:, LIMBS]
    return 1000 * np.linalg.norm(joints - truth.joints_m[:, LIMBS], axis=-1)


@pytest.mark.parametrize("name", ["body_25", "coco_17", "mediapipe_33"])
def test_perfect_keypoints_give_the_joints_back(name):
    fit, truth, _ = fitted(name)
    error = limb_error_mm(fit, truth)
    assert error.mean() < 10
    assert np.percentile(error, 95) < 30


def test_grimaces_are_not_read_from_uncertain_points():
    motion = made_up("whole_body", frames=12, noise_m=0).motion
    faces = [i for i, name in enumerate(motion.layout.points) if name.startswith("mesh_")]
    rng = np.random.default_rng(3)
    xyz = motion.xyz_m.copy()
    spread = xyz[:, faces] - xyz[:, faces].mean(1, keepdims=True)
    xyz[:, faces] += spread @ (0.1 * rng.normal(size=(12, 3, 3)))  # errors that go together
    seen, error_m = replace(motion, xyz_m=xyz), np.full(motion.error_m.shape, 0.007)
    shape = Shape.of(height=0.5)
    believed, doubted = (face_actions(replace(seen, error_m=e), shape)
                         for e in (motion.error_m, error_m))  # fmt: skip
    assert believed.max() > 0.9
    assert doubted.max() < 0.5
    assert doubted.mean() < 0.3 * believed.mean()


def test_hands_and_face_are_found():
    truth = made_up("whole_body", frames=30, noise_m=0.001)
    fit = run(fit_motion(truth.motion, EXACT))
    fingers = [i for i, bone in enumerate(BONE_NAMES) if bone.startswith("finger")]
    joints = animated(fit).animation.bones_world[..., :3, 3][:, fingers]
    assert 1000 * np.linalg.norm(joints - truth.joints_m[:, fingers], axis=-1).mean() < 8
    for action in ("jawOpen", "mouthSmileLeft", "eyeBlinkRight"):
        i = ACTIONS.index(action)
        assert np.corrcoef(fit.actions[:, i], truth.actions[:, i])[0, 1] > 0.9
    assert (fit.actions >= 0).all()
    assert (fit.actions <= 1).all()


def test_live_poses_come_for_every_frame_and_are_near_the_end_result():
    fit, truth, live = fitted("body_25")
    assert [pose.frame for pose in live] == list(range(len(truth.motion)))
    apart = [np.linalg.norm(p.root_m - fit.root_m[p.frame]) for p in live]
    assert np.median(apart) < 0.02


def test_gaps_and_outliers_do_not_break_limbs():
    truth = made_up("halpe_26", noise_m=0.002)
    rng = np.random.default_rng(0)
    xyz = truth.motion.xyz_m.copy()
    xyz[rng.random(xyz.shape[:2]) < 0.1] = np.nan
    wild = rng.random(xyz.shape[:2]) < 0.02
    xyz[wild] += rng.normal(size=(wild.sum(), 3))
    xyz[10:12] = np.nan
    fit = run(fit_motion(replace(truth.motion, xyz_m=xyz)))
    error = limb_error_mm(fit, truth)
    assert np.median(error) < 15
    assert np.percentile(error, 95) < 80


def test_exchanged_sides_are_noticed_and_mended():
    truth = made_up("body_25")
    mirror = list(layout("body_25").mirror)
    fit = run(fit_motion(replace(truth.motion, xyz_m=truth.motion.xyz_m[:, mirror])))
    assert fit.swapped
    assert any(fact.label == "Sides" for fact in fit.facts)
    assert limb_error_mm(fit, truth).mean() < 12


def test_a_known_height_is_kept():
    truth = made_up("coco_17")
    fit = run(fit_motion(truth.motion, Options(Hints(height_m=1.70), detected=False)))
    assert fit.height_m == pytest.approx(1.70, abs=0.03)


def test_a_fit_is_stored_and_read_again():
    fit, _, _ = fitted("coco_17")
    again = fit_from(fit_arrays(fit))
    np.testing.assert_allclose(again.turns_rad, fit.turns_rad, atol=1e-6)
    np.testing.assert_array_equal(again.root_m, fit.root_m)
    assert again.shape.scales.equal(fit.shape.scales)
    assert (again.floor_m, again.facts) == (fit.floor_m, fit.facts)
    arrays = fit_arrays(fit) | {"bone_names": np.array([f"x{i}" for i in range(104)])}
    with pytest.raises(StudioError, match="another rig"):
        fit_from(arrays)


def _scaled(motion: Motion, factor: float) -> Motion:
    return replace(motion, xyz_m=motion.xyz_m * factor)


def test_wrong_units_are_named():
    motion = made_up("coco_17", frames=4).motion
    with pytest.raises(StudioError, match="unit"):
        run(fit_motion(_scaled(motion, 1000.0)))


def test_a_hand_alone_is_refused():
    xyz = np.random.default_rng(0).normal(size=(3, 21, 3))
    unknown = np.full((3, 21), np.nan)
    motion = Motion(
        layout("hand_21"), np.arange(3.0), xyz, unknown, unknown,
        np.zeros((3, 21), int), np.zeros((3, 21), bool),
    )  # fmt: skip
    with pytest.raises(StudioError, match="too little of the body"):
        run(fit_motion(motion))


def test_bones_keep_their_length():
    world = animated(fitted("body_25")[0]).animation.bones_world
    thigh = [BONE_NAMES.index(f"{bone}.L") for bone in ("upperleg01", "lowerleg01")]
    length = np.linalg.norm(np.diff(world[..., :3, 3][:, thigh], axis=1)[:, 0], axis=-1)
    assert np.ptp(length) < 2e-3


def test_the_search_for_the_build_can_be_stopped_at_once():
    """It takes seconds, so it asks often; what it says only rises."""
    told = []

    def report(fraction, text):
        told.append(fraction)
        if len(told) > 20:
            raise Cancelled

    with pytest.raises(Cancelled):
        run(fit_motion(made_up("body_25", frames=20).motion, EXACT, report))
    assert len(told) == 21
    assert told == sorted(told)
    assert told[-1] < 0.1
