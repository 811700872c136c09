"""What one photograph shows of a head: points, and what is known of its lens."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float

from studio.core.types import Camera
from studio.human.heads import pins
from studio.human.rig import ACTIONS

FOCAL_SPREAD = 0.4
FOCAL_TOLD = 0.04
"""How far focal lengths are off, usually, that are guessed and that are told by files."""
USUAL_FOCAL = 1.3
"""The usual focal length of portraits, by the picture's longer side."""
USUAL_AWAY = 6.3
"""How far away faces are usually photographed from, by their own height: 1.2 m. At arm's length it
is half of that, in studios twice as much."""
MATCHED = 3.0
"""How many times as much a point counts that was put where another photograph's skin is seen."""
PIN = 6.0
"""How many times as much a pin counts as a point that was found."""
_JAW_SAID = (0.06, 1.4)
"""How far the jaw is open at most: so much and so many times what MediaPipe guesses."""
_JAW = ACTIONS.index("jawOpen")
OVAL = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
    152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)  # fmt: skip
_OVAL_SAY = 0.35
"""The edge of the face is where the picture ends it, not one place on the skin."""


def jaw_of(guesses: Float[np.ndarray, "52"]) -> float:
    """The most that the jaw may be open where MediaPipe guesses these facial actions."""
    return float(min(_JAW_SAID[0] + _JAW_SAID[1] * guesses[_JAW], 1.0))


@dataclass(frozen=True, eq=False)
class Portrait:
    """What one photograph shows: MediaPipe's points (pixels across and down, and their depth in the
    same unit, away from the camera), the picture's size, the camera if it is calibrated, what was
    ``pinned`` by hand: points put elsewhere (NaN: not pinned), the focal length that the
    photograph's file tells, None if it tells none, how far around a pin its neighbours go, the
    most that the jaw may be open: lips may be apart with teeth on teeth; and which points are
    ``matched``: put where another photograph's skin is seen (None: no other was asked)."""

    xyz_px: Float[np.ndarray, "478 3"]
    size_px: tuple[int, int]
    camera: Camera | None = None
    pinned_px: Float[np.ndarray, "478 2"] | None = None
    focal_px: float | None = None
    reach_m: float = pins.REACH_M
    jaw: float = 1.0
    matched: Bool[np.ndarray, "478"] | None = None

    @property
    def lens(self) -> tuple[float, float]:
        """The focal length to expect (pixels), and how far it may be off (of its logarithm): what
        is not told is guessed by the picture's size and by the face's, which count alike, as a
        picture may be cut and a face near or far."""
        if self.focal_px is not None:
            return self.focal_px, FOCAL_TOLD
        by_size, by_face = USUAL_FOCAL * max(self.size_px), USUAL_AWAY * self.tall_px
        return float(np.sqrt(by_size * by_face)), FOCAL_SPREAD

    @cached_property
    def pinned(self) -> Bool[np.ndarray, "478"]:
        """Which points are pinned."""
        if self.pinned_px is None:
            return np.zeros(len(self.xyz_px), bool)
        return np.isfinite(self.pinned_px[:, 0])

    @cached_property
    def wanted_px(self) -> Float[np.ndarray, "478 2"]:
        """Where the points are: as they were found, near pins as those tell."""
        xy = self.xyz_px[:, :2]
        return xy if self.pinned_px is None else pins.pulled(xy, self.pinned_px, self.reach_m)

    @cached_property
    def say(self) -> Float[np.ndarray, "478"]:
        """How much each point counts."""
        say = np.ones(len(self.xyz_px))
        say[list(OVAL)] = _OVAL_SAY
        if self.matched is not None:
            say[self.matched] = MATCHED
        say[self.pinned] = PIN
        return say

    @cached_property
    def tall_px(self) -> float:
        """The longer side of the face."""
        return float(np.ptp(self.xyz_px[:, :2], axis=0).max())
