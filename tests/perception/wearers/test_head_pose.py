"""Heads are found where they stand, learned as they are, and measured by their irises."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from studio.core.types import Camera
from studio.perception.faces.head import RIGID
from studio.perception.wearers.average import average_head
from studio.perception.wearers.head_pose import HeadPose, head_pose, projected
from studio.perception.wearers.own_shape import IRIS_M, OwnShape, laid
from studio.vision.one_view import assumed

CAMERA: Camera = assumed("cam", (640, 480), 60.0)


def seen(
    marks_m: np.ndarray, turn: np.ndarray, place_m: np.ndarray, size: float = 1.0
) -> np.ndarray:
    """What MediaPipe would say of a head that stands so: pixels, and its own flatter depths."""
    world = size * marks_m @ turn.T + place_m
    flat = average_head().seen_m @ turn.T
    scale = size * CAMERA.matrix[0, 0] / place_m[1]
    ray = place_m / np.linalg.norm(place_m)
    return np.column_stack([projected(world, CAMERA), scale * (flat @ ray)])


def turned(yaw: float, pitch: float, roll: float) -> np.ndarray:
    return Rotation.from_euler("zxy", [yaw, pitch, roll], degrees=True).as_matrix()


@pytest.mark.parametrize("angles", [(0, 0, 0), (35, 5, -4), (-20, -25, 10), (5, 20, 30)])
@pytest.mark.parametrize("place", [(0.0, 0.6, 0.0), (0.2, 0.9, -0.15)])
def test_a_head_is_found_as_it_stands(
    angles: tuple[float, float, float], place: tuple[float, float, float]
) -> None:
    marks = average_head().marks_m
    turn = turned(*angles)
    found = head_pose(seen(marks, turn, np.array(place)), marks, CAMERA)
    off = np.degrees(Rotation.from_matrix(found.turn @ turn.T).magnitude())
    assert off < 1.0
    np.testing.assert_allclose(found.place_m, place, atol=0.006)
    assert found.off_px < 0.5


def test_a_head_seen_a_moment_before_is_found_with_half_the_work() -> None:
    marks = average_head().marks_m
    before = head_pose(seen(marks, turned(10, 0, 0), np.array([0.0, 0.6, 0.0])), marks, CAMERA)
    turn, place = turned(16, -4, 3), np.array([0.02, 0.62, 0.01])
    found = head_pose(seen(marks, turn, place), marks, CAMERA, before)
    whole = head_pose(seen(marks, turn, place), marks, CAMERA)
    np.testing.assert_allclose(found.turn, whole.turn, atol=0.002)
    np.testing.assert_allclose(found.place_m, whole.place_m, atol=0.001)


def test_a_head_that_differs_is_learned_from_a_few_sights() -> None:
    marks = average_head().marks_m * (1.1, 1.0, 0.95)
    own = OwnShape()
    view = turned(8, 3, 0), np.array([0.02, 0.6, 0.0])
    face = seen(marks, *view)
    before = head_pose(face, own.marks_m, CAMERA).off_px
    for yaw in (0, 15, -15, 25, -25, 5):
        there = seen(marks, turned(yaw, 0, 0), np.array([0.0, 0.6, 0.0]))
        own.learn(there, head_pose(there, own.marks_m, CAMERA), CAMERA)
    after = head_pose(face, own.marks_m, CAMERA).off_px
    assert after < 0.4 * before
    wide = np.ptp(own.vertices_m[:, 0]) / np.ptp(average_head().vertices_m[:, 0])
    assert 1.02 < wide < 1.15


def test_what_is_learned_neither_turns_nor_moves_the_head() -> None:
    own = OwnShape()
    face = seen(average_head().marks_m * (1.0, 1.15, 1.0), turned(20, 0, 0), np.array([0, 0.6, 0]))
    for _ in range(10):
        own.learn(face, head_pose(face, own.marks_m, CAMERA), CAMERA)
    at = list(RIGID)
    np.testing.assert_allclose(
        own.marks_m[at].mean(0), average_head().marks_m[at].mean(0), atol=1e-9
    )


def with_irises(face: np.ndarray, across_px: float) -> np.ndarray:
    """The face with irises of this width."""
    face = face.copy()
    for first in (468, 473):
        ring = 0.5 * across_px * np.array([[1, 0], [0, -1], [-1, 0], [0, 1]])
        face[first + 1 : first + 5, :2] = face[first, :2] + ring
    return face


def test_irises_tell_how_large_a_head_is() -> None:
    sizes = []
    for size in (0.9, 1.0, 1.15):
        own = OwnShape()
        place = np.array([0.0, 0.7, 0.0])
        face = seen(average_head().marks_m, np.eye(3), place, size)
        eyes_m = place[1] + size * average_head().marks_m[468, 1]
        face = with_irises(face, IRIS_M * CAMERA.matrix[0, 0] / eyes_m)
        for _ in range(5):
            own.learn(face, head_pose(face, own.marks_m, CAMERA), CAMERA)
        sizes.append(own.size)
    assert sizes[0] < sizes[1] < sizes[2]
    # Not all of it is believed: people's irises differ too.
    assert 0.9 < sizes[0] < 1.0 < sizes[2] < 1.15


def test_the_distance_of_the_pupils_overrules_the_irises() -> None:
    own = OwnShape()
    own.measured_by(0.066)
    left, right = own.marks_m[473], own.marks_m[468]
    assert own.size * np.linalg.norm(left - right) == pytest.approx(0.066)


def test_a_skin_laid_on_its_own_marks_is_itself() -> None:
    head = average_head()
    np.testing.assert_allclose(laid(head, head.marks_m), head.vertices_m, atol=1e-6)


def test_the_pose_is_a_matrix() -> None:
    pose = HeadPose(turned(10, 0, 0), np.array([1.0, 2, 3]), 0.0)
    np.testing.assert_allclose(pose.matrix @ [0, 0, 0, 1], [1, 2, 3, 1])
