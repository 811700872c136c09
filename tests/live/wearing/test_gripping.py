"""What a hand's way in the picture means: things follow it; what turns keeps its middle."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.core.types import Camera
from studio.live.wearing.gripping import AXES, Grip, about, scale_of

MIDDLE = np.array([0.02, -0.01, 0.03])


def grip(yaw_deg: float = 20.0, unit: float = 1.0) -> Grip:
    """An anchor half a metre before a level camera, seen from a little aside."""
    frame = np.eye(4)
    frame[:3, :3] = unit * about(np.array([0.0, 0.0, 1.0]), np.radians(yaw_deg))
    frame[:3, 3] = (0.03, 0.5, 0.01)
    matrix = np.array([[600.0, 0, 320], [0, 600, 240], [0, 0, 1]])
    rotation = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
    return Grip(Camera("c", (640, 480), matrix, np.zeros(5), rotation, np.zeros(3)), frame, MIDDLE)


def placing(scale: float = 0.01) -> np.ndarray:
    made = np.eye(4)
    made[:3, :3] = scale * about(np.array([1.0, 0.0, 0.0]), 0.4)
    made[:3, 3] = (0.004, -0.02, 0.006)
    return made


@given(across=st.floats(-80, 80), down=st.floats(-80, 80), unit=st.floats(0.7, 1.4))
def test_what_is_held_freely_stays_under_the_hand(across: float, down: float, unit: float) -> None:
    held, start = grip(unit=unit), placing()
    at = held.at_px(start)
    after = held.led(start, "move", "free", tuple(at), (at[0] + across, at[1] + down))
    assert held.at_px(after) == pytest.approx(at + np.array([across, down]), abs=2.3)
    assert scale_of(after) == pytest.approx(scale_of(start))


@given(metres=st.floats(-0.03, 0.03), axis=st.sampled_from(["x", "z"]))
def test_an_arrow_moves_along_its_axis_alone(metres: float, axis: str) -> None:
    held, start = grip(), placing()
    k = AXES.index(axis)
    aim = start.copy()
    aim[k, 3] += metres
    after = held.led(start, "move", axis, tuple(held.at_px(start)), tuple(held.at_px(aim)))
    shift = after[:3, 3] - start[:3, 3]
    assert shift[k] == pytest.approx(metres, rel=0.08, abs=1e-6)  # perspective is left out
    assert np.delete(shift, k) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("axis", AXES)
def test_a_ring_turns_with_the_hand_and_the_middle_stays(axis: str) -> None:
    held, start = grip(), placing()
    ring = held.ring_px(start, axis)
    centre = held.at_px(start)
    here, there = ring[6], ring[9]
    after = held.led(start, "turn", axis, tuple(here), tuple(there))
    assert held.at_px(after) == pytest.approx(centre, abs=1e-6)
    turn = after[:3, :3] @ np.linalg.inv(start[:3, :3])
    own = np.zeros(3)
    own[AXES.index(axis)] = 1
    assert turn @ own == pytest.approx(own, abs=1e-9)
    # A point of the ring moves the way the hand went.
    spot = held.frame[:3, :3] @ turn @ np.linalg.inv(held.frame[:3, :3])
    pivot = held._pivot(start)
    ends = held._axes()[:, (AXES.index(axis) + 1) % 3]
    arm = np.cos(2 * np.pi * 6 / 48) * ends
    arm = arm + np.sin(2 * np.pi * 6 / 48) * held._axes()[:, (AXES.index(axis) + 2) % 3]
    moved = held._seen((pivot + 0.04 * spot @ arm)[None])[0]
    before = held._seen((pivot + 0.04 * arm)[None])[0]
    assert (moved - before) @ (there - here) > 0


def test_size_changes_about_the_middle() -> None:
    held, start = grip(), placing()
    after = held.led(start, "size", "free", (100, 100), (100, 45))
    assert scale_of(after) == pytest.approx(scale_of(start) * np.exp(0.5))
    assert held.at_px(after) == pytest.approx(held.at_px(start), abs=1e-6)
    assert scale_of(held.sized(after, np.exp(-0.5))) == pytest.approx(scale_of(start))


def test_hands_find_the_handle_that_is_there() -> None:
    held, start = grip(), placing()
    for axis in ("x", "z"):
        tip = held.arrow_px(start, axis)
        assert held.taken(start, "move", (tip[0] + 3, tip[1] - 2)) == axis
    assert held.taken(start, "move", tuple(held.at_px(start) + np.array([-40, 40]))) == "free"
    ring = held.ring_px(start, "z")
    assert held.taken(start, "turn", tuple(ring[3])) == "z"
    assert held.taken(start, "size", tuple(held.arrow_px(start, "x"))) == "free"
    facing = grip(yaw_deg=0.0)
    assert not facing.usable(start, "y")  # it points at the viewer
    assert facing.usable(start, "x")
