"""Bounded robust least squares of a few hundred unknowns, by damped Gauss-Newton steps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

STEPS, _ACTIVE = 15, 12
_ENOUGH = 1e-3
Numbers = Float[np.ndarray, " numbers"]


@dataclass(frozen=True, eq=False)
class Block:
    """A part of a Jacobian: how the residuals from ``first`` on change with the numbers
    ``columns``; with the others they do not."""

    first: int
    columns: Int[np.ndarray, " columns"]
    slopes: Float[np.ndarray, "rows columns"]

    @property
    def rows(self) -> slice:
        """Which residuals."""
        return slice(self.first, self.first + len(self.slopes))


def descend(
    residuals: Callable[[Numbers], np.ndarray],
    jacobian: Callable[[Numbers], Sequence[Block]],
    weights: Callable[[np.ndarray], np.ndarray],
    start: Numbers,
    low: Numbers,
    high: Numbers,
    steps: int = STEPS,
) -> Numbers:
    """The numbers between ``low`` and ``high`` that make the weighted residuals least, in at most
    so many steps.

    ``weights`` tell from the residuals how much each counts; they are renewed at every step.
    """
    x = np.clip(start, low, high)
    off = residuals(x)
    damping = 1e-4
    for _ in range(steps):
        say = weights(off)
        H, g = np.zeros((len(x), len(x))), np.zeros(len(x))
        for block in jacobian(x):
            counted = say[block.rows, None] * block.slopes
            H[np.ix_(block.columns, block.columns)] += block.slopes.T @ counted
            g[block.columns] += off[block.rows] @ counted
        cost = float(say @ off**2)
        for _ in range(6):
            there = _bounded(H + damping * np.diag(np.diag(H) + 1e-12), g, x, low, high)
            now = residuals(there)
            then = float(say @ now**2)
            if then < cost:
                break
            damping *= 8
        else:
            return x
        damping = max(damping / 4, 1e-8)
        x, off = there, now
        if cost - then < _ENOUGH * cost:
            break
    return x


def _bounded(H: np.ndarray, g: np.ndarray, x: Numbers, low: Numbers, high: Numbers) -> Numbers:
    """Where the quadratic is least between the bounds: those that a step would cross are held, a
    few times over."""
    free = high > low
    goal = x.copy()
    for _ in range(_ACTIVE):
        held = goal - x
        held[free] = 0.0
        push = g[free] + H[np.ix_(free, ~free)] @ held[~free]
        goal[free] = x[free] - np.linalg.solve(H[np.ix_(free, free)], push)
        beyond = free & ((goal < low) | (goal > high))
        goal = np.clip(goal, low, high)
        if not beyond.any():
            break
        free &= ~beyond
    return goal
