"""The similarity (turn, scale, shift) that brings points nearest to others. Source: Umeyama 1991,
"Least-squares estimation of transformation parameters between two point patterns"."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float


def nearest_similar(
    a: Float[np.ndarray, "*batch points 3"],
    b: Float[np.ndarray, "*batch points 3"],
    known: Bool[np.ndarray, "*batch points"] | None = None,
) -> Float[np.ndarray, "*batch points 3"]:
    """Points ``a`` turned, scaled and moved to be nearest to ``b``, each set by itself, by those
    that are ``known``; by all without. What is unknown may be NaN, and only moves along."""
    used = np.ones(b.shape[:-1], bool) if known is None else known
    share = (used / np.maximum(used.sum(-1, keepdims=True), 1))[..., None]
    one, other = (np.where(used[..., None], points, 0.0) for points in (a, b))
    at, to = (one * share).sum(-2, keepdims=True), (other * share).sum(-2, keepdims=True)
    p, q = (one - at) * used[..., None], (other - to) * used[..., None]
    u, size, vt = np.linalg.svd(np.swapaxes(p, -1, -2) @ q)
    sign = np.ones_like(size)
    sign[..., 2] = np.sign(np.linalg.det(u @ vt))
    scale = (size * sign).sum(-1) / np.maximum((p**2).sum((-1, -2)), 1e-12)
    return scale[..., None, None] * (a - at) @ ((u * sign[..., None, :]) @ vt) + to
