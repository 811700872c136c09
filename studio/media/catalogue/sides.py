"""Which side of a model is up and which is in front, told by its shape."""

from __future__ import annotations

import itertools

import numpy as np
from jaxtyping import Float
from scipy.spatial import KDTree

from studio.core.errors import StudioError
from studio.core.items import ItemKind

_SAMPLE = 1500
_LIKELY = 0.25
"""How much the standard's own axes are favoured."""


def turn_of(up: np.ndarray, front: np.ndarray) -> Float[np.ndarray, "3 3"]:
    """The turn that brings these onto Z and -Y. Raises StudioError if they are one line."""
    if abs(float(up @ front)) > 0.5:
        raise StudioError(
            "Up and front are the same line of the model.", "Choose another axis for one of them."
        )
    return np.stack([np.cross(up, front), -front, up])


def standing(
    kind: ItemKind, points: np.ndarray, standard: bool
) -> tuple[Float[np.ndarray, "3 3"], float, str]:
    """The turn that stands a model up, facing -Y, how sure it is and why.

    ``standard`` says that its format has axes of its own (glTF: Y up, facing Z), which are then
    favoured.
    """
    if kind not in ("glasses", "sunglasses"):
        sure = 0.8 if standard else 0.45
        why = "Its format says so." if standard else "Most programs write Y up; nothing tells more."
        return np.eye(3), sure, why
    rng = np.random.default_rng(0)
    some = points[rng.permutation(len(points))[:_SAMPLE]]
    low, high = some.min(0), some.max(0)
    some = (some - 0.5 * (low + high)) / max(float((high - low).max()), 1e-12)
    scored: list[tuple[float, np.ndarray]] = []
    for turn in _quarters():
        own = _like_glasses(some @ turn.T) + (_LIKELY if np.allclose(turn, np.eye(3)) else 0.0)
        scored.append((own, turn))
    scored.sort(key=lambda one: -one[0])
    (best, turn), (second, _) = scored[0], scored[1]
    sure = float(np.clip(0.5 + 0.6 * (best - second), 0.3, 0.97))
    same = np.allclose(turn, np.eye(3))
    why = "Its shape and its format agree." if same else "Its temples reach back and bend down."
    return turn, sure, why


def _quarters() -> list[np.ndarray]:
    found: list[np.ndarray] = []
    for order in itertools.permutations(range(3)):
        for signs in itertools.product((1.0, -1.0), repeat=3):
            turn = np.zeros((3, 3))
            turn[np.arange(3), order] = signs
            if np.linalg.det(turn) > 0:
                found.append(turn)
    return found


def _like_glasses(p: np.ndarray) -> float:
    """How much points look like glasses that stand upright and face -Y."""
    wide, deep, high = np.ptp(p, axis=0)
    away, _ = KDTree(p).query(p * [-1, 1, 1])
    even = 1 - min(float(np.mean(away)) / 0.05, 2.0)
    flat = float(high < 0.75 * wide) + float(high < 0.75 * deep)
    y = (p[:, 1] - p[:, 1].min()) / max(deep, 1e-12)
    ahead = float(np.mean(y < 0.25) - np.mean(y > 0.75))
    beside = np.abs(p[:, 0]) / max(0.5 * wide, 1e-12)
    middle = float(np.mean(beside[y < 0.25] < 0.5)) if (y < 0.25).any() else 0.0
    temples = float(np.mean(beside[y > 0.4] > 0.6)) if (y > 0.4).any() else 0.0
    z = (p[:, 2] - p[:, 2].min()) / max(high, 1e-12)
    arms, tips = (y > 0.4) & (y < 0.7), y > 0.85
    falls = float(z[arms].mean() - z[tips].mean()) if arms.any() and tips.any() else 0.0
    over = float(z[arms].mean() - 0.5) if arms.any() else 0.0
    return 1.5 * even + 0.6 * flat + 1.2 * ahead + 0.5 * middle + 0.8 * temples + falls + 0.8 * over


def is_pair(stood: np.ndarray) -> bool:
    """Whether a model holds two of a kind, side by side: there is a gap in the middle."""
    x = stood[:, 0]
    low, high = x.min(), x.max()
    middle, wide = 0.5 * (low + high), high - low
    gap = np.abs(x - middle) < 0.06 * wide
    balance = abs(float(np.mean(x > middle)) - 0.5)
    return bool(wide > 0 and not gap.any() and balance < 0.15)
