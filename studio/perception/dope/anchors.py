"""Anchor poses: the means of clusters in the space of 3D poses. Source: US 11494932."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int

from studio.core.errors import StudioError

Floats = np.ndarray


def clusters(
    poses_m: Float[Floats, "poses points 3"], count: int, seed: int = 0, rounds: int = 40
) -> tuple[Float[Floats, "count points 3"], Int[Floats, " poses"]]:
    """k-means in the space of poses: the mean of each cluster and the cluster of each pose.

    The first centres are drawn far from each other (Arthur and Vassilvitskii 2007). Raises
    StudioError if there are fewer poses than clusters.
    """
    flat = poses_m.reshape(len(poses_m), -1).astype(np.float64)
    if len(flat) < count:
        raise StudioError(
            f"{len(flat)} poses do not make {count} anchors.", "Prepare more samples to learn from."
        )
    dice = np.random.default_rng(seed)
    centres = flat[[dice.integers(len(flat))]]
    for _ in range(1, count):
        far = ((flat[:, None] - centres[None]) ** 2).sum(2).min(1)
        share = far / far.sum() if far.sum() > 0 else np.full(len(flat), 1 / len(flat))
        centres = np.vstack([centres, flat[dice.choice(len(flat), p=share)]])
    of = np.full(len(flat), -1)
    for _ in range(rounds):
        now = nearest(flat, centres)
        if (now == of).all():
            break
        of = now
        for k in range(count):
            if (of == k).any():
                centres[k] = flat[of == k].mean(0)
    return centres.reshape(count, *poses_m.shape[1:]), of


def nearest(flat: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """The nearest centre of each row."""
    square = (flat**2).sum(1)[:, None] + (centres**2).sum(1)[None] - 2 * flat @ centres.T
    return square.argmin(1)


def anchors(
    poses_m: Float[Floats, "poses points 3"],
    in_box: Float[Floats, "poses points 2"],
    family: Int[Floats, " poses"],
    families: int,
    count: int,
    mirror: tuple[int, ...] | None = None,
    seed: int = 0,
) -> tuple[Float[Floats, "classes points 2"], Float[Floats, "classes points 3"]]:
    """Anchor poses of a kind: 2D in the box (0..1 from its left top), 3D in metres.

    One clustering serves all families. Each anchor is the mean of the poses of its cluster and
    family, in 2D and 3D; where there are none, of all of the cluster. With ``mirror``, the second
    family is the first one mirrored (left and right hands), and poses of the first count mirrored
    in clustering and come back so.
    """
    if mirror is not None:
        turn = family == 0
        poses_m = np.where(turn[:, None, None], mirrored(poses_m, mirror), poses_m)
        in_box = np.where(turn[:, None, None], mirrored(in_box, mirror, 1.0), in_box)
        _, of = clusters(poses_m, count, seed)
        right = [_means(poses_m, in_box, of == k, of == k) for k in range(count)]
        flat = np.stack([two for two, _ in right])
        deep = np.stack([three for _, three in right])
        return (
            np.concatenate([mirrored(flat, mirror, 1.0), flat]),
            np.concatenate([mirrored(deep, mirror), deep]),
        )
    _, of = clusters(poses_m, count, seed)
    means = [
        _means(poses_m, in_box, (of == k) & (family == f), of == k)
        for f in range(families)
        for k in range(count)
    ]
    return np.stack([two for two, _ in means]), np.stack([three for _, three in means])


def _means(
    poses_m: np.ndarray, in_box: np.ndarray, chosen: np.ndarray, otherwise: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    used = chosen if chosen.any() else otherwise
    return in_box[used].mean(0), poses_m[used].mean(0)


def mirrored(points: np.ndarray, mirror: tuple[int, ...], width: float = 0.0) -> np.ndarray:
    """Poses (..., points, 2 or 3) as in a mirror; x becomes ``width`` minus x."""
    out = points[..., list(mirror), :].copy()
    out[..., 0] = width - out[..., 0]
    return out
