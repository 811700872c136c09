"""Placing the world moves everything and changes no picture."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation
from told_sessions import truth_told

from studio.core.errors import StudioError
from studio.core.types import Layout, Motion
from studio.vision.calibration.simulated.sessions import simulate
from studio.vision.calibration.trust.uncertainty import error_bars
from studio.vision.calibration.world import (
    Length,
    Placement,
    floor_of,
    from_board,
    from_feet,
    from_points,
    level,
    moved,
    scaled,
    stature_of,
)
from studio.vision.camera import project
from studio.vision.ring import ring_rig

number = st.floats(-3, 3)
placements = st.builds(
    lambda v, t, s: Placement(Rotation.from_rotvec(v).as_matrix(), np.array(t), s),
    st.tuples(number, number, number),
    st.tuples(number, number, number),
    st.floats(0.2, 5),
)


@given(placements, placements)
@settings(max_examples=25, deadline=None)
def test_no_picture_changes_and_placements_chain(a: Placement, b: Placement) -> None:
    rig = ring_rig(3)
    points = np.array([[0, 0, 1.0], [0.3, 0.2, 1.4]])
    both = a.then(b)
    for before, after in zip(rig.cameras, both.rig(rig).cameras, strict=True):
        np.testing.assert_allclose(
            project(before, points), project(after, both.points(points)), atol=1e-6
        )
    np.testing.assert_allclose(both.points(points), b.points(a.points(points)), atol=1e-9)


def test_a_moved_solution_stays_itself() -> None:
    session = simulate(3, 4)
    told = truth_told(session)
    turn = Rotation.from_rotvec([0.3, -0.8, 1.1]).as_matrix()
    other = moved(told, turn, np.array([1.0, 2, 3]), 2.0)
    view = told.views[7]
    for one in (told, other):
        pose = one.target_world[view.moment]
        world = one.target.points_m[view.points] @ pose[:3, :3].T + pose[:3, 3]
        assert np.abs(project(one.rig[view.camera], world) - view.xy_px).max() < 6
    assert other.held_out.mm == 2 * told.held_out.mm
    places = np.array([[0, 0, 1.0], [0.4, 0, 1.2], [0, 0.5, 0.9]])
    before = error_bars(told.rig, told.pose_covariance, places)
    after = error_bars(
        other.rig, other.pose_covariance, Placement(turn, np.array([1.0, 2, 3]), 2.0).points(places)
    )
    for a, b in zip(before, after, strict=True):
        assert b.mm == pytest.approx(2 * a.mm)


def test_the_board_on_the_floor_makes_the_world() -> None:
    session = simulate(4, 6)
    lost = Placement(Rotation.from_rotvec([2.0, 0.4, 1.0]).as_matrix(), np.array([3.0, -1, 2]))
    rig, pose = lost.rig(session.truth), lost.pose(session.target_world[0])
    found = from_board(rig, pose).rig(rig)
    for true, ours in zip(session.truth.cameras, found.cameras, strict=True):
        assert ours.centre_m[2] == pytest.approx(true.centre_m[2])


def test_a_board_axis_that_is_wrong_or_unknown_is_refused() -> None:
    session = simulate(4, 6)
    pose = session.target_world[0]
    assert from_board(session.truth, pose, up="-z").rotation[2, 2] == pytest.approx(1)
    with pytest.raises(StudioError, match="under the floor"):
        from_board(session.truth, pose, up="z")
    with pytest.raises(StudioError, match="no axis"):
        from_board(session.truth, pose, up="w")


def test_a_tilted_board_names_the_cameras_under_its_floor() -> None:
    rig = ring_rig(4)
    pose = np.eye(4)
    pose[:3, :3] = Rotation.from_euler("x", 50, degrees=True).as_matrix()
    with pytest.raises(StudioError, match="cam"):
        from_board(rig, pose)


def test_three_clicks_make_the_world() -> None:
    rig = ring_rig(4)
    place = from_points(rig, np.array([1.0, 1, 0]), np.array([1.0, 2, 0]), np.array([2.0, 1, 0]))
    np.testing.assert_allclose(place.points(np.array([1.0, 1, 0])), 0, atol=1e-12)
    np.testing.assert_allclose(place.points(np.array([1.0, 3, 0.5])), [2, 0, 0.5], atol=1e-12)
    with pytest.raises(StudioError, match="one line"):
        from_points(rig, np.zeros(3), np.array([1.0, 0, 0]), np.array([2.0, 0.001, 0]))


@given(st.floats(-0.4, 0.4), st.floats(-0.4, 0.4), st.integers(0, 50))
@settings(max_examples=20, deadline=None)
def test_any_plane_is_levelled_whatever_lies_beside_it(a: float, b: float, seed: int) -> None:
    random = np.random.default_rng(seed)
    turn = Rotation.from_euler("xy", [a, b]).as_matrix()
    flat = np.column_stack([random.uniform(-2, 2, (120, 2)), random.normal(0, 0.005, 120)])
    beside = np.column_stack([random.uniform(-2, 2, (40, 2)), random.uniform(0.1, 1.5, 40)])
    floor = floor_of(np.concatenate([flat, beside]) @ turn.T)
    place = level(ring_rig(4, height_m=3.5), floor, up=turn[:, 2])
    heights = place.points(flat @ turn.T)[:, 2]
    assert np.abs(heights).max() < 0.04
    assert floor.share == pytest.approx(0.75, abs=0.04)
    assert floor.scatter_m < 0.01


def test_levelling_turns_no_more_than_it_must() -> None:
    floor = floor_of(np.random.default_rng(0).uniform(-1, 1, (50, 3)) * [1, 1, 0])
    place = level(ring_rig(3), floor, keep_origin=True)
    np.testing.assert_allclose(place.rotation, np.eye(3), atol=1e-9)
    np.testing.assert_allclose(place.translation_m, 0, atol=1e-9)


def test_too_few_points_or_a_line_make_no_floor() -> None:
    with pytest.raises(StudioError, match="too few"):
        floor_of(np.zeros((2, 3)))
    with pytest.raises(StudioError, match="one line"):
        floor_of(np.linspace(0, 1, 20)[:, None] * np.array([1.0, 2, 0]))


WALKER = Layout(
    "walker",
    ("left_heel", "right_heel", "left_ankle", "right_ankle", "left_knee", "right_knee",
     "left_hip", "right_hip", "left_shoulder", "right_shoulder"),
    (),
    (1, 0, 3, 2, 5, 4, 7, 6, 9, 8),
)  # fmt: skip


def walk(stature_m: float = 1.8) -> Motion:
    """Somebody who stands for a while on each of some twenty places of a curve; floor z = 0."""
    times = np.arange(400) / 20
    stage = (np.arange(400) // 20).astype(float)
    rise = 0.12 * np.clip(np.sin(2 * np.pi * np.arange(400) / 20), 0, None)
    spot = np.stack([np.sin(stage / 3), np.cos(stage / 2), 0 * stage], 1)
    heights = stature_m * np.array([0.0, 0.039, 0.285, 0.530, 0.818])
    xyz = np.empty((400, 10, 3))
    for k, height in enumerate(heights):
        for side in range(2):
            xyz[:, 2 * k + side] = spot + np.array([0.15 * side, 0, height])
    xyz[:, 0, 2] += rise
    shape = xyz.shape[:2]
    return Motion(
        WALKER, times, xyz, np.zeros(shape), np.zeros(shape), np.full(shape, 4),
        np.zeros(shape, bool),
    )  # fmt: skip


def test_feet_find_the_floor_and_the_body_its_height() -> None:
    lost = Placement(Rotation.from_euler("xy", [0.5, -0.9]).as_matrix(), np.array([1.0, 2, 3]))
    motion = walk()
    seen = Motion(
        motion.layout, motion.times_s, lost.points(motion.xyz_m), motion.error_m,
        motion.reprojection_px, motion.views, motion.filled,
    )  # fmt: skip
    rig = lost.rig(ring_rig(4))
    place = from_feet(rig, seen)
    back = place.points(seen.xyz_m)
    assert np.abs(back[:, 1, 2]).max() < 0.01
    np.testing.assert_allclose(back[:, 8, 2], 0.818 * 1.8, atol=0.01)
    assert all(camera.centre_m[2] > 1 for camera in place.rig(rig).cameras)
    assert stature_of(seen) == pytest.approx(1.8, rel=0.01)


def test_ankles_alone_put_the_floor_below_them() -> None:
    motion = walk()
    layout = Layout("no feet", WALKER.points[2:], (), (1, 0, 3, 2, 5, 4, 7, 6))
    bare = Motion(
        layout, motion.times_s, motion.xyz_m[:, 2:], motion.error_m[:, 2:],
        motion.reprojection_px[:, 2:], motion.views[:, 2:], motion.filled[:, 2:],
    )  # fmt: skip
    place = from_feet(ring_rig(4), bare)
    ankle = place.points(bare.xyz_m)[:, 1, 2]
    np.testing.assert_allclose(ankle, 0.039 * 1.8, atol=0.01)


def test_a_layout_without_feet_says_so() -> None:
    layout = Layout("face", ("nose",), (), (0,))
    one = np.zeros((5, 1))
    motion = Motion(
        layout, np.arange(5.0), np.zeros((5, 1, 3)), one, one, np.ones((5, 1), int), one > 0
    )
    with pytest.raises(StudioError, match="no feet"):
        from_feet(ring_rig(3), motion)
    with pytest.raises(StudioError, match="stature"):
        stature_of(motion)


def test_scale_from_a_length() -> None:
    rig = ring_rig(4)
    length = Length("tape", 4.0, between=("cam1", "cam2"))
    place = scaled(length.true_m, length.in_rig(rig))
    assert length.in_rig(place.rig(rig)) == pytest.approx(4.0)
    assert np.isnan(Length("x", 1.0, between=("cam1", "nobody")).in_rig(rig))
    with pytest.raises(StudioError, match="positive"):
        scaled(1.0, 0.0)
