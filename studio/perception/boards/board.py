"""What a calibration board is: a target with known points that can be found in a picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from jaxtyping import Float, Int, UInt8

from studio.core.calibration import Target, View
from studio.perception.boards.artwork import Artwork


@dataclass(frozen=True, eq=False)
class Found:
    """A board in a picture: which of the target's points, where, and how crisp.

    ``sharpness`` is the share of the black-white contrast that the blurred edges pass within one
    pixel: 0.3 and more is crisp, 0.1 is smeared over ten pixels. NaN where it cannot be told.
    """

    points: Int[np.ndarray, " seen"]
    xy_px: Float[np.ndarray, "seen 2"]
    sharpness: float = float("nan")

    def __len__(self) -> int:
        return len(self.points)

    def view(self, camera: str, moment: int, frame: int = -1) -> View:
        """The same, as it is handed to the solver."""
        return View(camera, moment, self.points, self.xy_px, frame)


class Board(Protocol):
    """A calibration board. ``find`` may be called from several threads."""

    @property
    def name(self) -> str:
        """What it is, in words with units."""
        ...

    @property
    def spec(self) -> str:
        """What it is, as :func:`parse_board` reads it: equal boards have equal specs."""
        ...

    @property
    def target(self) -> Target: ...

    @property
    def note(self) -> str:
        """What a person should know before filming it; empty if nothing."""
        ...

    @property
    def twins(self) -> tuple[Int[np.ndarray, " points"], ...]:
        """Other orders of the points that no single picture can tell from the found one."""
        ...

    @property
    def artwork(self) -> Artwork:
        """The front, as it is printed. Raises StudioError if the board is not a printed sheet."""
        ...

    @property
    def back(self) -> Artwork | None:
        """The back as whoever turns the board over sees it; None if nothing is printed there."""
        ...

    def find(self, gray: UInt8[np.ndarray, "height width"]) -> Found | None:
        """The board in a picture, sub-pixel; None if it is not there."""
        ...
