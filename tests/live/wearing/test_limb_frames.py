"""Where wrists, feet and chests are is told from points, at their size, as they are turned."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from wearers import SIZE, VIEW_DEG, body_at, face_at, frame_of, hand_at

from studio.human.anchors import REFERENCE_M, average
from studio.live.wearing.limb_frames import (
    PALM,
    Framed,
    HeadSeen,
    foot,
    standing,
    torso,
    wrist,
)
from studio.perception.wearers.average import average_head
from studio.perception.wearers.followed import SeenPoints
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


EDGE_ON = (
    (((438.2, 310.9, 0), (441.3, 330.5, -36.8), (448.2, 340.1, -30.8), (451.4, 347.2, -25.2),
      (452.3, 351.7, -20.7)),
     ((2.4, 12.8, 10.7), (6.5, -1.6, 1.2), (1.2, 2.6, 0.2), (-2.4, -0.2, -1.9), (-2.9, 4.4, 1.2))),
    (((438.1, 310.4, 0), (441.2, 330.6, -36.6), (448.5, 339.9, -30.8), (452.0, 346.9, -25.2),
      (452.9, 351.5, -20.9)),
     ((3.6, 26.8, 11.8), (5.6, -4.9, 0.9), (1.2, 1.1, 0.2), (-2.2, 1.6, -1.8), (-2.1, 10.9, 2.2))),
    (((437.8, 310.4, 0), (441.2, 330.8, -35.9), (448.7, 340.1, -30.5), (452.3, 347.2, -25.4),
      (453.2, 352.1, -21.4)),
     ((3.2, 28.4, 12.1), (6.3, -4.8, 1.6), (1.2, 1.0, 0.3), (-2.5, 1.6, -1.9), (-2.9, 11.2, 2.1))),
)  # fmt: skip
"""What MediaPipe told of one still hand in pictures that differ by noise alone: the five points of
the palm, seen from its edge (pixels), and its shape (millimetres), which is far too small."""


def test_a_palm_that_is_seen_edge_on_stays_where_it_is() -> None:
    camera = assumed("cam", (640, 480), VIEW_DEG)
    places: list[np.ndarray] = []
    for told, shape_mm in EDGE_ON:
        seen, shape = np.zeros((21, 3)), np.zeros((21, 3))
        seen[list(PALM)], shape[list(PALM)] = told, 1e-3 * np.array(shape_mm)
        places.append(wrist(SeenPoints(seen, shape, np.ones(21)), "left", camera).place_m)
    assert np.ptp(places, axis=0).max() < 0.05  # without a hold it was 1 m, and nowhere


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


def test_a_foot_whose_length_is_known_is_as_long_and_as_far_away() -> None:
    body = body_at((0.2, 3.0, -0.9))
    stands = standing(body, None, CAMERA)
    assert stands is not None
    usual, long = (foot(body, "foot.L", stands, CAMERA, m) for m in (None, 0.31))
    grown = 0.31 / REFERENCE_M["foot"]
    assert long.size_m == pytest.approx(0.31)
    assert long.place_m == pytest.approx(grown * usual.place_m, rel=1e-3)  # seen in the same place
    assert long.turn == pytest.approx(usual.turn, abs=1e-3)


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
