"""Where garments are cut: regions of the base mesh, described on the average person."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from studio.human.rig import ARM, bones_of
from studio.human.wardrobe.fitting import share_of
from studio.synth.figure import Figure, make_figure


@dataclass(frozen=True, eq=False)
class _Average:
    """The average person's measures, in which regions are described."""

    points: np.ndarray
    arm: np.ndarray
    figure: Figure

    def along(self, start: str, end: str, at: np.ndarray) -> np.ndarray:
        """How far points lie from one joint to the next (0 to 1)."""
        a, b = self.figure.head(start), self.figure.head(end)
        return (at - a) @ (b - a) / ((b - a) @ (b - a))


@cache
def _average() -> _Average:
    figure = make_figure()
    return _Average(figure.template_m, share_of(figure.weights, bones_of(ARM)), figure)


def shirt_region(sleeve: float, end_m: float, neckline_m: float) -> np.ndarray:
    """For every base vertex, how far inside a top it is (metres, negative outside).

    ``sleeve`` says how long the sleeves are (0.3 short, 1 to the elbow, 1.9 to the wrist),
    ``end_m`` how low the hem hangs (over the hip joints), ``neckline_m`` how low the neck is.
    """
    average = _average()
    p, heads = average.points, average.figure.head
    hem_z = heads("upperleg01.L")[2] + end_m
    trunk = p[:, 2] - hem_z
    out = np.full(len(p), 1.0)
    for side in "LR":
        own = (p[:, 0] > 0) == (side == "L")
        upper = average.along(f"upperarm01.{side}", f"lowerarm01.{side}", p)
        lower = average.along(f"lowerarm01.{side}", f"wrist.{side}", p)
        length = np.linalg.norm(heads(f"lowerarm01.{side}") - heads(f"upperarm01.{side}"))
        reach = np.where(lower > 0.0, 1 + np.maximum(lower, 0), np.minimum(upper, 1.0))
        out = np.where(own, (sleeve - reach) * length, out)
    limbs = np.where(average.arm > 0.5, np.minimum(out, 1.0), trunk)
    base = heads("neck01")
    up = np.array([0.0, -0.42, 0.9])
    up /= np.linalg.norm(up)
    flare = 0.10 * np.maximum(np.abs(p[:, 0]) - 0.05, 0)
    collar = -(p - base - [0.0, 0.0, 0.014 - neckline_m]) @ up + flare
    return np.minimum(limbs, collar)


def trouser_region(end_m: float) -> np.ndarray:
    """For every base vertex, how far inside trousers it is (metres, negative outside), which end
    at ``end_m`` over the knee joints."""
    average = _average()
    p, heads = average.points, average.figure.head
    waist = heads("upperleg01.L")[2] + 0.075
    end = heads("lowerleg01.L")[2] + end_m
    region = np.minimum(waist - p[:, 2], p[:, 2] - end)
    return np.where(average.arm > 0.3, -1.0, region)
