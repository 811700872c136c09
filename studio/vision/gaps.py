"""Gaps in tracks: where they are, and filling the short ones."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from jaxtyping import Bool, Float
from scipy.interpolate import PchipInterpolator


def present(xyz_m: Float[np.ndarray, "*batch 3"]) -> Bool[np.ndarray, "*batch"]:
    """Which points have coordinates."""
    return np.asarray(np.isfinite(xyz_m).all(-1))


def median(values: Float[np.ndarray, "..."], axis: int) -> Float[np.ndarray, "..."]:
    """The median of what is known, NaN where nothing is."""
    ordered = np.sort(values, axis=axis)
    count = np.isfinite(ordered).sum(axis, keepdims=True)
    low, high = (np.take_along_axis(ordered, np.maximum(at, 0), axis)
                 for at in ((count - 1) // 2, count // 2))  # fmt: skip
    high = np.where(np.isfinite(high), high, low)
    return np.asarray(np.where(count > 0, (low + high) / 2, np.nan).squeeze(axis))


def runs(flags: Bool[np.ndarray, " frames"]) -> list[tuple[int, int]]:
    """Stretches of True as half-open (start, end)."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def stretches(
    known: Bool[np.ndarray, "frames points"],
) -> Iterator[tuple[int, int, np.ndarray]]:
    """Unbroken stretches (start, end, points), points with the same stretch taken together."""
    groups: dict[tuple[int, int], list[int]] = {}
    patterns, which = np.unique(known, axis=1, return_inverse=True)
    for column in range(patterns.shape[1]):
        members = np.flatnonzero(which.ravel() == column).tolist()
        for run in runs(patterns[:, column]):
            groups.setdefault(run, []).extend(members)
    for (start, end), points in groups.items():
        yield start, end, np.array(points)


def fill(
    xyz_m: Float[np.ndarray, "frames points 3"],
    times_s: Float[np.ndarray, " frames"],
    max_gap_s: float,
) -> tuple[Float[np.ndarray, "frames points 3"], Bool[np.ndarray, "frames points"]]:
    """Bridge gaps that last at most ``max_gap_s`` by monotone cubics; say which points are new.

    A gap lasts from the last known frame to the next known one. Gaps at the ends of the take, and
    longer ones, stay NaN.
    """
    known = present(xyz_m)
    out = xyz_m.copy()
    filled = np.zeros_like(known)
    for point in np.flatnonzero(~known.all(0) & (known.sum(0) > 1)):
        there = np.flatnonzero(known[:, point])
        curve = None
        for start, end in runs(~known[:, point]):
            inside = start > there[0] and end <= there[-1]
            if not inside or times_s[end] - times_s[start - 1] > max_gap_s + 1e-9:
                continue
            if curve is None:
                curve = PchipInterpolator(times_s[there], xyz_m[there, point])
            out[start:end, point] = curve(times_s[start:end])
            filled[start:end, point] = True
    return out, filled
