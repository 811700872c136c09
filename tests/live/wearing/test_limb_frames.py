"""Where wrists, feet and chests are is told from points, at their size, as they are turned."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from wearers import SIZE, VIEW_DEG, body_at, face_at, frame_of, hand_at

from studio.human.anchors import REFERENCE_M, average
from studio.live.wearing.limb_frames import (
    Framed,
    HeadSeen,
    foot,
    standing,
    torso,
    wrist,
)
from studio.perception.wearers.average import average_head
from studio.perception.wearers.head_pose import head_pose
from studio.vision.one_view import assumed

CAMERA = assumed("cam", SIZE, VIEW_DEG)
AHEAD = Rotation.from_euler("z", 25, degrees=True).as_matrix()


def off(found: Framed, turn: np.ndarray, place_m: np.ndarray) -> tuple[float, float]:
    """How far off a frame is, in metres and degrees."""
    angle = Rotation.from_matrix(found.turn.T @ turn).magnitude()
    return float(np.linalg.norm(found.place_m - place_m)), float(np.degrees(angle))


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("angles", [(0, 0, 0), (40, 30, -20), (160, -35, 60)])
def test_a_straight_wrist_is_where_its_palm_says(side: str, angles: tuple[float, ...]) -> None:
    turn = Rotation.from_euler("zxy", angles, degrees=True).as_matrix()
    frame = frame_of(turn, (0.1, 0.7, -0.05))
    metres, degrees = off(wrist(hand_at(frame, side), side, CAMERA), turn, frame[:3, 3])
    assert metres < 0.04
    assert degrees < 7


@pytest.mark.parametrize("turn", [np.eye(3), AHEAD])
def test_feet_stand_where_they_are_and_are_as_long_as_they_are(turn: np.ndarray) -> None:
    place = np.array([0.2, 3.0, -0.9])
    body = body_at((0.2, 3.0, -0.9), turn)
    stands = standing(body, None, CAMERA)
    assert stands is not None
    assert stands.grown == 1
    for point, sign in (("foot.L", 1.0), ("foot.R", -1.0)):
        found = foot(body, point, stands, CAMERA)
        metres, degrees = off(found, turn, place + turn @ (0.154 * sign, 0, 0))
        assert metres < 0.09  # a bone that is not an average one: 3 % of the distance
        assert degrees < 8
        assert found.size_m == pytest.approx(REFERENCE_M["foot"])


def test_a_head_tells_how_far_away_and_how_large_a_body_is() -> None:
    small = 0.8
    body = body_at((0.0, 3.0, -0.9))
    face = face_at((0.0, 3.0, 0.6))  # as large in the picture as one that is nearer and smaller
    pose = head_pose(face, average_head().marks_m, CAMERA)
    frame = pose.matrix
    frame[:3, 3] *= small
    stands = standing(body, HeadSeen(frame, small), CAMERA)
    assert stands is not None
    assert stands.grown == pytest.approx(small, rel=0.06)
    found = foot(body, "foot.L", stands, CAMERA)
    assert found.place_m[1] == pytest.approx(3.0 * small, rel=0.06)
    assert found.size_m == pytest.approx(small * REFERENCE_M["foot"], rel=0.06)


def test_a_chest_lies_between_its_shoulders() -> None:
    body = body_at((0.0, 2.0, -1.2))
    both = torso(body, standing(body, None, CAMERA), None, CAMERA)
    assert both is not None
    neck, chest = both
    shoulders = np.array([0.0, 1.97, -1.2 + 0.5126 + 0.43 + 0.534])
    assert np.linalg.norm((chest.place_m - shoulders)[[0, 2]]) < 0.03
    at_rest = average().frames["neck"][:3, 3] - average().frames["torso"][:3, 3]
    assert neck.place_m - chest.place_m == pytest.approx(at_rest, abs=0.01)
    assert off(chest, np.eye(3), chest.place_m)[1] < 8
    hidden = replace(body, confidence=np.zeros(33))
    assert torso(hidden, standing(hidden, None, CAMERA), None, CAMERA) is None
