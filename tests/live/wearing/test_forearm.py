"""Forearms point to their elbows, calmly, and go with their hands at once."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.spatial.transform import Rotation
from wearers import SIZE, VIEW_DEG, body_at, frame_of, hand_at, seen_points

from studio.live.wearing.forearm import FOREARM_M, Forearm
from studio.live.wearing.limb_frames import PALM_M, wrist
from studio.perception.wearers.followed import SeenPoints
from studio.vision.one_view import assumed

CAMERA = assumed("cam", SIZE, VIEW_DEG)
PLACE = (0.0, 0.7, 0.0)
WAY = np.array([0.6, 0.0, 0.8])


def with_elbow(hand: np.ndarray, way: np.ndarray, sure: float = 1.0) -> SeenPoints:
    """A body whose left elbow lies that way (in the hand's axes) from the wrist of a hand."""
    joint = hand[:3, 3] + hand[:3, :3] @ PALM_M[0]
    points = np.tile(joint, (33, 1))
    points[13] = joint + FOREARM_M * hand[:3, :3] @ way
    body = seen_points(points, np.full(33, sure))
    return replace(body, shape_m=np.where(np.arange(33)[:, None] == 13, way, 0.0))


def degrees(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.degrees(np.arccos(np.clip(a @ b, -1, 1))))


def test_a_bent_wrist_is_turned_to_its_elbow() -> None:
    hand = frame_of(np.eye(3), PLACE)
    palm = wrist(hand_at(hand), "left", CAMERA)
    bent = Forearm()(0.0, palm, with_elbow(hand, WAY), "left", CAMERA)
    assert degrees(palm.turn[:, 2], WAY) > 30
    assert degrees(bent.turn[:, 2], WAY) < 20  # 3 % of the distance
    assert np.allclose(bent.turn.T @ bent.turn, np.eye(3))


def test_an_elbow_that_wavers_or_hides_does_not_shake_what_a_still_hand_wears() -> None:
    rng = np.random.default_rng(3)
    hand = frame_of(np.eye(3), PLACE)
    palm, body = wrist(hand_at(hand), "left", CAMERA), with_elbow(hand, WAY)
    ways: dict[str, list[np.ndarray]] = {"calm": [], "each picture alone": []}
    arm = Forearm()
    for k in range(30):
        xyz = body.xyz_px.copy()
        xyz[13, :2] += rng.normal(0, 8, 2)
        seen = replace(body, xyz_px=xyz) if k % 7 else None
        for what, each in (("calm", arm), ("each picture alone", Forearm())):
            ways[what].append(each(k / 30, palm, seen, "left", CAMERA).turn[:, 2])
    shaken = {what: np.linalg.norm(np.diff(each[5:], axis=0), axis=1).max()
              for what, each in ways.items()}  # fmt: skip
    assert shaken["calm"] < 0.2 * shaken["each picture alone"]


def test_a_forearm_goes_with_its_hand_at_once() -> None:
    arm = Forearm()
    for k in range(10):
        turn = Rotation.from_euler("y", 6 * k, degrees=True).as_matrix()
        hand = frame_of(turn, (0.01 * k, 0.7, 0.0))
        palm = wrist(hand_at(hand), "left", CAMERA)
        found = arm(k / 30, palm, with_elbow(hand, WAY), "left", CAMERA)
        joint = hand[:3, 3] + turn @ PALM_M[0]
        assert np.linalg.norm(found.place_m + found.turn @ PALM_M[0] - joint) < 0.03
        assert degrees(found.turn[:, 2], turn @ WAY) < 22


def test_a_wrist_whose_elbow_is_lost_straightens_slowly() -> None:
    hand = frame_of(np.eye(3), PLACE)
    palm, body = wrist(hand_at(hand), "left", CAMERA), with_elbow(hand, WAY)
    hidden = replace(body, confidence=body_at(PLACE).confidence * 0.2)
    arm = Forearm()
    bends = []
    for k in range(180):
        turn = arm(k / 30, palm, body if k < 5 else hidden, "left", CAMERA).turn
        bends.append(degrees(turn[:, 2], palm.turn[:, 2]))
    assert bends[6] > 0.9 * bends[4]
    assert bends[-1] < 5
    assert (np.diff(bends[5:]) < 0.01).all()
