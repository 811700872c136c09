"""The similarity (turn, scale, shift) that brings points nearest to others. Source: Umeyama 1991,
"Least-squares estimation of transformation parameters between two point patterns"."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float


def similarity(
    a: Float[np.ndarray, "points 3"], b: Float[np.ndarray, "points 3"], *, sized: bool = True
) -> tuple[Float[np.ndarray, "3 3"], float, Float[np.ndarray, "3"]]:
    """The turn, the scale and the shift that bring points ``a`` nearest to ``b``: each lies at
    scale * turn @ point + shift. Not ``sized``, the scale is 1."""
    back, scale, at, to = _found(a, b, np.ones(len(a), bool))
    size = float(scale) if sized else 1.0
    return back.T, size, to[0] - size * at[0] @ back


def nearest_similar(
    a: Float[np.ndarray, "*batch points 3"],
    b: Float[np.ndarray, "*batch points 3"],
    known: Bool[np.ndarray, "*batch points"] | None = None,
) -> Float[np.ndarray, "*batch points 3"]:
    """Points ``a`` turned, scaled and moved to be nearest to ``b``, each set by itself, by those
    that are ``known``; by all without. What is unknown may be NaN, and only moves along."""
    used = np.ones(b.shape[:-1], bool) if known is None else known
    back, scale, at, to = _found(a, b, used)
    return scale[..., None, None] * (a - at) @ back + to


def _found(
    a: np.ndarray, b: np.ndarray, used: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The turn as it is multiplied from the right, the scale, and the middles of both."""
    share = (used / np.maximum(used.sum(-1, keepdims=True), 1))[..., None]
    one, other = (np.where(used[..., None], points, 0.0) for points in (a, b))
    at, to = (one * share).sum(-2, keepdims=True), (other * share).sum(-2, keepdims=True)
    p, q = (one - at) * used[..., None], (other - to) * used[..., None]
    u, size, vt = np.linalg.svd(np.swapaxes(p, -1, -2) @ q)
    sign = np.ones_like(size)
    sign[..., 2] = np.sign(np.linalg.det(u @ vt))
    scale = np.asarray((size * sign).sum(-1) / np.maximum((p**2).sum((-1, -2)), 1e-12))
    return (u * sign[..., None, :]) @ vt, scale, at, to
