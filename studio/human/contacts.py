"""When the feet stand: which part of which sole rests on the floor, where, and how high it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from scipy.ndimage import binary_closing, binary_opening

from studio.vision.gaps import runs

SLOW_M_S = 0.25
NEAR_M = 0.06
STRAY_M = 0.035
"""A sole that strays farther than this from where it is said to stand does not stand."""
BELOW = 0.03
"""If soles are below a floor by NEAR_M for a larger share of the time, it is no floor."""
SHORTEST_S = 0.07
GROUPS = ((0,), (1, 2, 3))
"""The heel, and the ball with the toe: they rest and lift on their own."""


@dataclass(frozen=True, eq=False)
class Contacts:
    """``planted`` and ``anchor_m`` of every sole point (2 feet x 4 points: heel, inner and outer
    ball, toe); ``floor_m`` is the floor's height, None where no foot ever rests."""

    planted: Bool[np.ndarray, "frames soles"]
    anchor_m: Float[np.ndarray, "frames soles 3"]
    floor_m: float | None


def speeds(points: Float[np.ndarray, "frames points 3"], rate_hz: float) -> np.ndarray:
    """Speed of points (frames, points) in m/s, over about a fifteenth of a second."""
    if len(points) < 3:
        return np.zeros(points.shape[:2])
    reach = max(1, round(rate_hz / 30))
    frames = np.arange(len(points))
    after = np.minimum(frames + reach, len(points) - 1)
    before = np.maximum(frames - reach, 0)
    apart = np.linalg.norm(points[after] - points[before], axis=-1)
    return apart * rate_hz / (after - before)[:, None]


def floor_height(soles: Float[np.ndarray, "frames soles 3"], speed: np.ndarray) -> float | None:
    """The height at which slow soles are found most: the floor. None if no foot ever rests."""
    foot = soles[..., 2].reshape(len(soles), 2, 4)
    slow = speed.reshape(len(soles), 2, 4).min(2) < SLOW_M_S
    heights = foot.min(2)[slow]
    if len(heights) < 5:
        return None
    low = np.percentile(heights, 5)
    floor = float(np.median(heights[heights < low + NEAR_M]))
    return None if (foot.min((1, 2)) < floor - NEAR_M).mean() > BELOW else floor


def find_contacts(
    soles: Float[np.ndarray, "frames soles 3"], rate_hz: float, floor_m: float | None = None
) -> Contacts:
    """Find where soles rest: slow, near the floor, and for more than a moment."""
    speed = speeds(soles, rate_hz)
    floor = floor_height(soles, speed) if floor_m is None else floor_m
    planted = np.zeros(speed.shape, bool)
    anchor = soles.copy()
    if floor is None or len(soles) < 3:
        return Contacts(planted, anchor, floor)
    shortest = max(2, round(SHORTEST_S * rate_hz))
    for foot in range(2):
        for group in GROUPS:
            columns = np.array([4 * foot + i for i in group])
            rest = (speed[:, columns].mean(1) < SLOW_M_S) & (
                soles[:, columns, 2].min(1) < floor + NEAR_M
            )
            rest = binary_opening(binary_closing(rest, np.ones(3)) | rest, np.ones(shortest))
            planted[:, columns] = rest[:, None]
            for frames in (np.arange(a, b) for a, b in runs(rest)):
                where = soles[np.ix_(frames, columns)]
                middle = np.median(where, axis=0)
                middle[:, 2] = floor
                stray = np.linalg.norm(where - middle, axis=-1).mean(1) > STRAY_M
                planted[np.ix_(frames[stray], columns)] = False
                anchor[np.ix_(frames, columns)] = middle
    return Contacts(planted, anchor, floor)


def slide_mm(soles: np.ndarray, contacts: Contacts) -> float:
    """How far planted soles stray from where they stand: the mean, in millimetres."""
    if not contacts.planted.any():
        return 0.0
    off = np.linalg.norm(soles - contacts.anchor_m, axis=-1)[contacts.planted]
    return float(1000 * off.mean())
