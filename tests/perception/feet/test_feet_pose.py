"""Feet are put in space by their marks, and the surest are chosen."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from studio.human.feet import MARKS, marks_m
from studio.perception.feet.finder import SURE, around, chosen, whole
from studio.perception.feet.pose import SeenFoot, foot_pose
from studio.perception.wearers.head_pose import projected
from studio.vision.one_view import assumed

CAMERA = assumed("cam", (640, 480), 55.0)
LONG_M = 0.25


def seen_foot(
    side: str, turn: np.ndarray, place_m: np.ndarray, noise_px: float = 0.0
) -> SeenFoot:  # fmt: skip
    places = marks_m(side, LONG_M) @ turn.T + place_m
    middle = places.mean(0)
    deep = (places - middle) @ (middle / np.linalg.norm(middle)) / LONG_M
    rng = np.random.default_rng(4)
    at = projected(places, CAMERA) + rng.normal(0, noise_px, (len(MARKS), 2))
    return SeenFoot(side, at, deep, np.ones(len(MARKS)))


@pytest.mark.parametrize("side", ["L", "R"])
@pytest.mark.parametrize("degrees", [(0, 0, 0), (70, 10, 0), (20, -30, 150), (-60, 0, 90)])
def test_a_foot_stands_where_its_marks_are_seen(
    side: str, degrees: tuple[float, float, float]
) -> None:
    turn = Rotation.from_euler("xyz", degrees, degrees=True).as_matrix()
    place = np.array([0.15, 0.9, -0.2])
    pose = foot_pose(seen_foot(side, turn, place), CAMERA, LONG_M)
    assert np.degrees(Rotation.from_matrix(pose.turn.T @ turn).magnitude()) < 1.0
    assert pose.place_m == pytest.approx(place, abs=0.006)
    assert pose.off < 0.01
    noisy = foot_pose(seen_foot(side, turn, place, 1.0), CAMERA, LONG_M)
    assert np.degrees(Rotation.from_matrix(noisy.turn.T @ turn).magnitude()) < 5
    assert 0.002 < noisy.off < 0.05


def test_a_foot_that_is_longer_is_further_away() -> None:
    seen = seen_foot("L", np.eye(3), np.array([0.0, 0.8, -0.3]))
    near, far = (foot_pose(seen, CAMERA, m).place_m[1] for m in (LONG_M, 1.2 * LONG_M))
    assert far == pytest.approx(1.2 * near, rel=0.02)


def test_marks_that_are_no_foots_do_not_agree() -> None:
    rng = np.random.default_rng(2)
    wild = SeenFoot("L", rng.uniform(100, 400, (len(MARKS), 2)), np.zeros(len(MARKS)),
                    np.ones(len(MARKS)))  # fmt: skip
    assert foot_pose(wild, CAMERA).off > 0.12


def test_of_feet_in_one_place_the_surest_is_chosen_and_known_ones_stay() -> None:
    at = np.array([0.0, 0.9, -0.2])
    left, right = seen_foot("L", np.eye(3), at), seen_foot("R", np.eye(3), at)
    surer = SeenFoot("R", right.xy_px, right.deep, np.full(len(MARKS), 0.9))
    doubted = SeenFoot("L", left.xy_px, left.deep, np.full(len(MARKS), 0.8))
    assert [one.side for one in chosen([doubted, surer], ())] == ["R"]
    assert [one.side for one in chosen([doubted, surer], (left,))] == ["L"]
    faint = SeenFoot("L", left.xy_px, left.deep, np.full(len(MARKS), SURE - 0.1))
    assert chosen([faint], ()) == ()
    assert chosen([faint], (left,)) == (faint,)
    aside = seen_foot("R", np.eye(3), at + np.array([0.25, 0, 0]))
    assert {one.side for one in chosen([left, aside], ())} == {"L", "R"}


def test_feet_are_sought_in_all_of_a_picture_and_near_where_they_were() -> None:
    assert len(whole(400, 400)) == 1
    for width, height in ((640, 480), (480, 640)):
        squares = whole(width, height)
        assert squares[0][2] == 320
        assert {half for _, _, half in squares[1:]} == {240}
        for x, y, half in squares[1:]:
            assert x - half >= -0.5
            assert x + half <= width - 0.5
            assert y - half >= -0.5
            assert y + half <= height - 0.5
    foot = seen_foot("L", np.eye(3), np.array([0.0, 0.9, -0.2]))
    x, y, half = around(foot)
    assert (np.abs(foot.xy_px - (x, y)) < half).all()
