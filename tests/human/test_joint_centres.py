"""The correction turns with the person, grows with the person, and is fair to both sides."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from studio.core.types import Layout, Motion
from studio.human.joint_centres import JOINTS, MEASURED, blends, features, joint_centres, points_of
from studio.human.layouts import layout

# A standing person's points (metres), left side; the right mirrors x.
_LEFT = {
    "shoulder": (0.17, 0.0, 1.42), "elbow": (0.26, 0.03, 1.15), "wrist": (0.3, -0.12, 0.93),
    "pinky": (0.31, -0.15, 0.86), "index": (0.3, -0.19, 0.85), "thumb": (0.28, -0.17, 0.88),
    "hip": (0.12, 0.0, 0.96), "knee": (0.12, -0.05, 0.52), "ankle": (0.13, 0.02, 0.1),
    "heel": (0.13, 0.06, 0.04), "foot_index": (0.15, -0.14, 0.03),
}  # fmt: skip


def person(name: str, seed: int | None = None) -> Motion:
    points = layout(name)
    rng = np.random.default_rng(seed)
    xyz = np.full((1, len(points), 3), np.nan)
    for part, place in _LEFT.items():
        for side, flip in (("left", 1.0), ("right", -1.0)):
            xyz[0, points.index(f"{side}_{part}")] = np.array(place) * [flip, 1, 1]
    if seed is not None:
        xyz = xyz + rng.normal(0, 0.08, xyz.shape)
    return motion(points, xyz)


def motion(points: Layout, xyz: np.ndarray) -> Motion:
    shape = xyz.shape[:2]
    return Motion(
        points,
        np.arange(len(xyz), dtype=float),
        xyz,
        np.full(shape, 0.01),
        np.ones(shape),
        np.full(shape, 4, np.int64),
        np.zeros(shape, bool),
    )


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.floats(0.5, 2.0))
def test_it_turns_moves_and_grows_with_the_person(seed: int, scale: float) -> None:
    before = person("mediapipe_33", seed)
    turn = Rotation.random(random_state=seed).as_matrix()
    away = np.array([3.0, -2.0, 0.5])
    moved = motion(before.layout, scale * before.xyz_m @ turn.T + away)
    expected = scale * joint_centres(before).xyz_m @ turn.T + away
    np.testing.assert_allclose(joint_centres(moved).xyz_m, expected, atol=1e-9)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6))
def test_a_mirrored_person_is_corrected_alike(seed: int) -> None:
    before = person("mediapipe_33", seed)
    twin = list(before.layout.mirror)
    flip = np.array([-1.0, 1, 1])
    mirrored = motion(before.layout, before.xyz_m[:, twin] * flip)
    expected = joint_centres(before).xyz_m[:, twin] * flip
    np.testing.assert_allclose(joint_centres(mirrored).xyz_m, expected, atol=1e-9)


@pytest.mark.parametrize("name", MEASURED)
def test_only_the_joints_move_and_not_far(name: str) -> None:
    before = person(name)
    after = joint_centres(before)
    moved = np.linalg.norm(after.xyz_m - before.xyz_m, axis=-1)[0]
    for i, point in enumerate(before.layout.points):
        if point.split("_", 1)[-1] in JOINTS and point.startswith(("left", "right")):
            assert 0.0005 < moved[i] < 0.09, point
        else:
            assert not moved[i] > 0, point


def test_hips_move_noticeably_and_evenly() -> None:
    before, after = person("mediapipe_33"), joint_centres(person("mediapipe_33"))
    at = before.layout.index("left_hip"), before.layout.index("right_hip")
    assert abs(after.xyz_m[0, at[0], 0] + after.xyz_m[0, at[1], 0]) < 1e-9
    assert np.linalg.norm(after.xyz_m[0, at[0]] - before.xyz_m[0, at[0]]) > 0.01


def test_missing_points_stay_missing_and_spoil_nothing() -> None:
    before = person("mediapipe_33")
    gone = before.layout.index("left_wrist")
    before.xyz_m[0, gone] = np.nan
    after = joint_centres(before)
    assert np.isnan(after.xyz_m[0, gone]).all()
    elbow = before.layout.index("left_elbow")
    assert np.isfinite(after.xyz_m[0, elbow]).all()


def test_layouts_that_were_not_measured_come_back_unchanged() -> None:
    other = motion(layout("coco_17"), np.random.default_rng(0).normal(size=(3, 17, 3)))
    assert joint_centres(other) is other


def test_the_table_has_a_number_for_every_vector() -> None:
    p = points_of(layout("mediapipe_33"), person("mediapipe_33").xyz_m, "left")
    for joint in JOINTS:
        assert set(blends()[joint]) == set(features(joint, p, 1.0))
