"""Ridge regression that outliers do not bend."""

from __future__ import annotations

import numpy as np


def robust_ridge(
    a: np.ndarray, b: np.ndarray, ridge: float, loose: float, rounds: int
) -> np.ndarray:
    """The unknowns (k) of ``a @ unknowns = b``, a (n, d, k), b (n, d), by reweighting (Huber).

    ``ridge`` is the penalty for each of the n rows; a row that is off by more than ``loose``
    weighs less.
    """
    weight = np.ones(len(a))
    solution = np.zeros(a.shape[2])
    for _ in range(rounds):
        x = a * weight[:, None, None]
        normal = np.einsum("nki,nkj->ij", x, a) + ridge * len(a) * np.eye(a.shape[2])
        solution = np.linalg.solve(normal, np.einsum("nki,nk->i", x, b))
        weight = loose / np.maximum(np.linalg.norm(b - a @ solution, axis=1), loose)
    return solution
