"""A skeleton seen by one camera: where it stands, bones of fixed lengths, which way is up, and what
the camera is taken for where nobody calibrated it."""

from __future__ import annotations

from collections import deque

import numpy as np
from jaxtyping import Float

from studio.core.types import Camera, Layout
from studio.vision.filters import one_euro
from studio.vision.trajectory import Bones

_LEAST = 4
_NEAR_M = 0.3
_AWAY_HZ, _AWAY_BETA = 0.6, 3.0


def place(
    shape_m: Float[np.ndarray, "frames points 3"],
    rays: Float[np.ndarray, "frames points 2"],
    weight: Float[np.ndarray, "frames points"],
) -> Float[np.ndarray, "frames 3"]:
    """How far to move a skeleton so that the camera sees its points where they were seen.

    ``shape_m`` is in the camera's axes, at any place; ``rays`` are x / z and y / z, with ``weight``
    0 where a point was not seen. Least squares, in two rounds: in the second a point counts by its
    reprojection error, so that distant points do not count more than near ones. NaN where fewer
    than four points were seen or the person would be behind the camera.
    """
    seen = np.where(np.isfinite(rays).all(-1), weight, 0.0)
    at = np.nan_to_num(rays)
    depth = np.ones_like(seen)
    enough = (seen > 0).sum(1) >= _LEAST
    move = np.zeros((len(shape_m), 3))
    for _ in range(2):
        w = seen / depth**2
        a = np.zeros((len(shape_m), 3, 3))
        b = np.zeros((len(shape_m), 3))
        for axis in (0, 1):
            row = np.zeros((*seen.shape, 3))
            row[..., axis], row[..., 2] = 1.0, -at[..., axis]
            target = at[..., axis] * shape_m[..., 2] - shape_m[..., axis]
            a += np.einsum("fp,fpi,fpj->fij", w, row, row)
            b += np.einsum("fp,fpi,fp->fi", w, row, target)
        a[~enough] = np.eye(3)
        move = np.linalg.solve(a + 1e-9 * np.eye(3), b[..., None])[..., 0]
        depth = np.maximum(shape_m[..., 2] + move[:, None, 2], _NEAR_M)
    good = enough & (move[:, 2] + shape_m[..., 2].mean(1) > _NEAR_M)
    return np.where(good[:, None], move, np.nan)


def steady(
    at_m: Float[np.ndarray, "frames 3"], rate_hz: float, smoothing: float
) -> Float[np.ndarray, "frames 3"]:
    """Where somebody is in the axes of the camera, calmer: how far away they are is much less sure
    than which way. ``smoothing`` 1 is usual, more is calmer."""
    away = at_m[:, 2:]
    known = np.isfinite(away[:, 0])
    if known.sum() < 2:
        return at_m
    ways = at_m[:, :2] / away
    filled = np.interp(np.arange(len(away)), np.flatnonzero(known), np.log(away[known, 0]))
    track = np.repeat(filled[:, None, None], 3, 2)
    calm = np.exp(one_euro(track, rate_hz, _AWAY_HZ / smoothing, beta=_AWAY_BETA, causal=True))
    return np.where(
        known[:, None], np.column_stack([ways, np.ones(len(at_m))]) * calm[:, 0], np.nan
    )


def walk(layout: Layout, root: int) -> tuple[tuple[int, int], ...]:
    """The layout's bones as (parent, child), from a root outwards; each point is reached once."""
    around: dict[int, list[int]] = {}
    for a, b in layout.bones:
        around.setdefault(a, []).append(b)
        around.setdefault(b, []).append(a)
    reached, found, left = {root}, list[tuple[int, int]](), deque([root])
    while left:
        parent = left.popleft()
        for child in around.get(parent, ()):
            if child not in reached:
                reached.add(child)
                found.append((parent, child))
                left.append(child)
    return tuple(found)


def bone_lengths(
    xyz_m: Float[np.ndarray, "frames points 3"],
    bones: Bones,
    mirror: tuple[int, ...],
    weight: Float[np.ndarray, "frames points"] | None = None,
) -> Float[np.ndarray, " bones"]:
    """The length of each bone of one person: the median over frames, the same on both sides.

    ``weight`` says how far each point of each frame is trusted; a bone counts by its worse end.
    """
    a, b = np.array(bones).T
    long = np.linalg.norm(xyz_m[:, a] - xyz_m[:, b], axis=-1)
    trust = np.ones_like(long) if weight is None else np.minimum(weight[:, a], weight[:, b])
    median = np.array([_median(long[:, k], trust[:, k]) for k in range(len(bones))])
    at = {frozenset(bone): k for k, bone in enumerate(bones)}
    twin = [at.get(frozenset((mirror[p], mirror[q])), k) for k, (p, q) in enumerate(bones)]
    return (median + median[twin]) / 2


def _median(values: np.ndarray, weight: np.ndarray) -> float:
    order = np.argsort(values)
    total = np.cumsum(weight[order])
    if not total[-1] > 0:
        return float(np.median(values))
    return float(values[order][np.searchsorted(total, total[-1] / 2)])


def hold_lengths(
    xyz_m: Float[np.ndarray, "frames points 3"],
    steps: tuple[tuple[int, int], ...],
    bones: Bones,
    lengths_m: Float[np.ndarray, " bones"],
) -> Float[np.ndarray, "frames points 3"]:
    """The same skeletons with bones of fixed lengths, all directions kept.

    ``steps`` lead from the root outwards (:func:`walk`); what hangs on a moved point moves along.
    Points that no step reaches stay.
    """
    wanted = {frozenset(bone): float(long) for bone, long in zip(bones, lengths_m, strict=True)}
    out = xyz_m.copy()
    for parent, child in steps:
        way = xyz_m[:, child] - xyz_m[:, parent]
        long = wanted.get(frozenset((parent, child)))
        if long is not None:
            size = np.linalg.norm(way, axis=-1, keepdims=True)
            way = way * (long / np.maximum(size, 1e-6))
        out[:, child] = out[:, parent] + way
    return out


def towards_rays(
    xyz_m: Float[np.ndarray, "frames points 3"],
    rays: Float[np.ndarray, "frames points 2"],
    share: Float[np.ndarray, "frames points"],
    steps: tuple[tuple[int, int], ...],
    bones: Bones,
    lengths_m: Float[np.ndarray, " bones"],
    rounds: int = 6,
) -> Float[np.ndarray, "frames points 3"]:
    """Skeletons before a camera, drawn to where their points were seen, bones of fixed lengths.

    Each round every point goes a ``share`` (0 to 1) of the way to its ray, at the depth it has,
    and for the rest goes with the point that it hangs on; then the bones get their lengths again,
    from the root outwards (alternating projections).
    """
    out, on = xyz_m.copy(), np.nan_to_num(rays)
    own = share[..., None]
    for _ in range(rounds):
        z = np.maximum(out[..., 2:], _NEAR_M)
        way = own * (np.concatenate([on * z, z], -1) - out)
        for parent, child in steps:
            way[:, child] += (1 - own[:, child]) * way[:, parent]
        out = hold_lengths(out + way, steps, bones, lengths_m)
    return out


def upright(up: Float[np.ndarray, "3"]) -> Float[np.ndarray, "3 3"]:
    """From the axes of a camera (x right, y down, z ahead), in which ``up`` is the world's up, to
    a world with Z up in which the camera looks along +Y."""
    z = up / np.linalg.norm(up)
    ahead = np.array([0.0, 0.0, 1.0])
    y = ahead - z * (z @ ahead)
    if np.linalg.norm(y) < 1e-3:  # it looks straight down or up
        y = np.array([0.0, -1.0, 0.0]) - z * (z @ np.array([0.0, -1.0, 0.0]))
    y /= np.linalg.norm(y)
    return np.stack([np.cross(y, z), y, z])


def assumed(name: str, size_px: tuple[int, int], field_of_view_deg: float) -> Camera:
    """A camera of which only the picture's size is known: an ideal lens in the middle, level."""
    width, height = size_px
    focal = max(size_px) / (2 * np.tan(np.radians(field_of_view_deg) / 2))
    matrix = np.array([[focal, 0, (width - 1) / 2], [0, focal, (height - 1) / 2], [0, 0, 1]])
    level = upright(np.array([0.0, -1.0, 0.0])).T
    return Camera(name, size_px, matrix, np.zeros(0), level, np.zeros(3))
