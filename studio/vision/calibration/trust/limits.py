"""Where a gate warns and where it stops, in one place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from studio.core.calibration import Verdict


@dataclass(frozen=True)
class Limits:
    """Pairs are (look, stop). Lens limits count only for cameras whose lens was solved here."""

    views: tuple[int, int] = (12, 4)
    lens_views: tuple[int, int] = (15, 8)
    pair: tuple[int, int] = (6, 3)
    covered: tuple[float, float] = (0.45, 0.2)
    tilts: tuple[int, int] = (3, 1)
    depth_ratio: tuple[float, float] = (1.3, 1.1)
    dropped: tuple[float, float] = (0.1, 0.4)
    held_share: tuple[float, float] = (0.003, 0.01)
    """Held-out error in space over the distance from camera to target."""
    overfit: tuple[float, float] = (1.15, 1.5)
    """Held-out error in pixels over that of the moments solved from."""
    bar_mm: tuple[float, float] = (5.0, 20.0)
    """Error bar at the centre of the volume; its edges may have twice as much."""
    focal: tuple[float, float] = (0.01, 0.04)
    """Standard deviation of the focal length, as a share."""
    scale_sigma: float = 3.5
    scale: tuple[float, float] = (0.004, 0.01)
    off_px: tuple[float, float] = (0.5, 1.5)
    """What a camera at fault moves in the picture; never less than the detector's noise."""
    late_ms: tuple[float, float] = (4.0, 12.0)
    facing_deg: float = 65.0


LIMITS = Limits()


T = TypeVar("T")


def spaced(these: Sequence[T], most: int) -> list[T]:
    """At most so many of them, evenly spaced: enough to judge by, whatever the session's length."""
    if len(these) <= most:
        return list(these)
    return [these[int(i)] for i in np.linspace(0, len(these) - 1, most)]


def verdict_below(value: float | int, limits: tuple[float | int, float | int]) -> Verdict:
    """Of a value that should be large: good, look or stop."""
    return "stop" if value < limits[1] else "look" if value < limits[0] else "good"


def verdict_above(value: float | int, limits: tuple[float | int, float | int]) -> Verdict:
    """Of a value that should be small; NaN is good (there is nothing to judge)."""
    return "stop" if value > limits[1] else "look" if value > limits[0] else "good"
