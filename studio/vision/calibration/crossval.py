"""Held-out error of a way to solve: part of the moments left out in turn, the rest solved anew."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from studio.core.calibration import Target
from studio.vision.calibration.heldout import Errors, errors_on, folds
from studio.vision.calibration.observations import Observations
from studio.vision.calibration.placement import groups, shared_moments
from studio.vision.calibration.state import State

Solve = Callable[[Observations, State], State]


def cross_validate(
    target: Target, o: Observations, s: State, solve: Solve, *, most: int = 5
) -> tuple[Errors, ...]:
    """Errors on every moment, each time by a rig that never saw it.

    A camera that the other moments do not tie to the rest is not judged in that part.
    """
    fold = folds(len(o.moments), most)[o.moment]
    parts: list[Errors] = []
    for number in range(int(fold.max()) + 1):
        inside, outside = o.take(fold != number), o.take(fold == number)
        judged = np.isin(outside.camera, _tied(inside))
        if len(inside) and judged.any():
            parts.append(errors_on(target, outside.take(judged), solve(inside, s)))
    return tuple(parts)


def _tied(o: Observations) -> np.ndarray:
    """The largest group of cameras that these views tie together."""
    seen = {name: set(o.moment[o.of_camera(i)].tolist()) for i, name in enumerate(o.cameras)}
    largest = groups(o.cameras, shared_moments(o.cameras, seen))[0]
    return np.array([o.cameras.index(name) for name in largest if seen[name]], np.intp)


def paired_px(a: tuple[Errors, ...], b: tuple[Errors, ...]) -> tuple[float, float]:
    """How much larger the errors of ``b`` are (px, mean over the views that both judge, each
    capped at three times the median so that one bad view decides nothing), and the standard error
    of that; NaN for fewer than three views."""
    first, second = _by_view(a), _by_view(b)
    both = [(first[key], second[key]) for key in first.keys() & second.keys()]
    if len(both) < 3:
        return float("nan"), float("nan")
    before, after = np.array(both).T
    cap = 3 * float(np.median(before))
    worse = np.fmin(after, cap) - np.fmin(before, cap)
    return float(worse.mean()), float(worse.std(ddof=1) / np.sqrt(len(worse)))


def _by_view(parts: tuple[Errors, ...]) -> dict[tuple[int, int], float]:
    return {
        (int(camera), int(moment)): float(np.sqrt(squared / points))
        for part in parts
        for camera, moment, squared, points in zip(
            part.camera, part.moment, part.squared_px, part.points, strict=True
        )
    }
