"""How well people fit: a person in 3D and somebody in a picture, two pictures of perhaps one.

Distances are metres at the person, so that neither the lens nor the size of the picture matters.
Points further off than :data:`CAP_M` count as that far: one wild point says no more than another.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float

from studio.vision.people.seen import LEAST_POINTS, Seen

CAP_M = 0.4
_MIRROR_GAIN = 0.65
"""Left and right count as exchanged if that makes the distance this much smaller."""
_LEAST_ANGLE = np.sin(np.radians(4.0))
_LIMB_M = (0.10, 0.70)


def fit_people(
    seen: Seen, frame: int, xyz_m: Float[np.ndarray, "people joints 3"]
) -> tuple[Float[np.ndarray, "views people places"], Bool[np.ndarray, "views people places"]]:
    """Mean distance of everybody in the pictures from each person's points, and whether left and
    right are exchanged. Infinite where too few points are shared."""
    at, depth = seen.project(xyz_m)
    uv, weight = seen.uv[frame], seen.weight[frame]
    plain = _mean_off(seen, at, depth, uv, weight)
    turned = _mean_off(seen, at, depth, uv[:, :, seen.mirror], weight[:, :, seen.mirror])
    mirrored = turned < _MIRROR_GAIN * plain
    return np.where(mirrored, turned, plain), mirrored


def _mean_off(
    seen: Seen, at: np.ndarray, depth: np.ndarray, uv: np.ndarray, weight: np.ndarray
) -> Float[np.ndarray, "views people places"]:
    off = np.linalg.norm(uv[:, None] - at[:, :, None], axis=-1)
    off = np.fmax(off - seen.slack[:, None, None, None], 0.0) * depth[:, :, None]
    shared = np.where(np.isfinite(off), weight[:, None], 0.0)
    total = shared.sum(-1)
    off = np.where(shared > 0, np.fmin(off, CAP_M), 0.0)
    enough = (shared > 0).sum(-1) >= LEAST_POINTS
    return np.where(enough, (shared * off).sum(-1) / np.where(enough, total, 1.0), np.inf)


def fit_pairs(
    seen: Seen, frame: int, nodes: np.ndarray
) -> tuple[Float[np.ndarray, "nodes nodes"], Float[np.ndarray, "pairs joints 3"], np.ndarray]:
    """How far the rays of two people in different pictures pass each other, and where they meet.

    ``nodes`` are rows of view and place. Gives the mean distance of every pair (infinite in the
    same view, behind a camera, with too few points, or where limbs would be no human's), the
    meeting points of the pairs that are possible, and which these are (rows of two nodes).
    """
    count = len(nodes)
    off = np.full((count, count), np.inf)
    first, second = np.triu_indices(count, 1)
    apart = nodes[first, 0] != nodes[second, 0]
    first, second = first[apart], second[apart]
    if not len(first):
        return off, np.empty((0, len(seen.joints), 3)), np.empty((0, 2), np.intp)
    uv = seen.uv[frame][nodes[:, 0], nodes[:, 1]]
    weight = seen.weight[frame][nodes[:, 0], nodes[:, 1]]
    ray = np.concatenate([uv, np.ones_like(uv[..., :1])], -1)
    ray = np.einsum("nji,nkj->nki", seen.rotation[nodes[:, 0]], ray)
    ray /= np.linalg.norm(ray, axis=-1, keepdims=True)
    centre = seen.centre_m[nodes[:, 0]]
    xyz, gap = _meet(centre[first], ray[first], centre[second], ray[second])
    if seen.slack.any():
        for node in (first, second):
            far = np.linalg.norm(xyz - centre[node][:, None], axis=-1)
            gap = np.fmax(gap - seen.slack[nodes[node, 0]][:, None] * far, 0.0)
    both = np.where(np.isfinite(gap), np.sqrt(weight[first] * weight[second]), 0.0)
    gap = np.where(both > 0, np.fmin(gap, CAP_M), 0.0)
    shared = (both > 0).sum(-1)
    enough = shared >= LEAST_POINTS
    mean = np.where(enough, (both * gap).sum(-1) / np.where(enough, both.sum(-1), 1.0), np.inf)
    xyz = np.where(both[..., None] > 0, xyz, np.nan)
    mean = np.where(enough & _human(seen, xyz), mean, np.inf)
    off[first, second] = off[second, first] = mean
    good = np.isfinite(mean)
    return off, xyz[good], np.stack([first[good], second[good]], 1)


def _meet(
    a: np.ndarray, along_a: np.ndarray, b: np.ndarray, along_b: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The middle of where rays (pairs, joints) pass each other, and the distance there.

    NaN for rays that are nearly parallel or that meet behind a camera.
    """
    base = (b - a)[:, None]
    cosine = (along_a * along_b).sum(-1)
    on_a, on_b = (along_a * base).sum(-1), (along_b * base).sum(-1)
    sine2 = 1 - cosine * cosine
    with np.errstate(invalid="ignore", divide="ignore"):
        s = (on_a - cosine * on_b) / sine2
        t = (cosine * on_a - on_b) / sine2
    good = (sine2 > _LEAST_ANGLE**2) & (s > 0.2) & (t > 0.2)
    p = a[:, None] + s[..., None] * along_a
    q = b[:, None] + t[..., None] * along_b
    gap = np.where(good, np.linalg.norm(p - q, axis=-1), np.nan)
    return np.where(good[..., None], (p + q) / 2, np.nan), gap


def _human(seen: Seen, xyz_m: np.ndarray) -> Bool[np.ndarray, " pairs"]:
    """Whether most of the known limbs are as long as people's."""
    a, b = seen.limbs.T
    length = np.linalg.norm(xyz_m[:, a] - xyz_m[:, b], axis=-1)
    known = np.isfinite(length)
    fits = known & (length > _LIMB_M[0]) & (length < _LIMB_M[1])
    return fits.sum(-1) >= 0.6 * known.sum(-1)


def covered(
    seen: Seen, xyz_m: Float[np.ndarray, "people joints 3"]
) -> Float[np.ndarray, "views people"]:
    """The share of each person's points that somebody nearer to the camera hides.

    People are taken as capsules along their limbs and the sides of the trunk.
    """
    at, depth = seen.project(xyz_m)
    a, b = seen.limbs.T
    start, end = at[:, :, a], at[:, :, b]
    near = (depth[:, :, a] + depth[:, :, b]) / 2
    # points (views, people, joints) against limbs (views, others, limbs)
    w = at[:, :, :, None, None] - start[:, None, None]
    u = (end - start)[:, None, None]
    share = np.clip((w * u).sum(-1) / np.fmax((u * u).sum(-1), 1e-12), 0, 1)
    off = np.linalg.norm(w - share[..., None] * u, axis=-1)
    radius = seen.thick_m / near
    with np.errstate(invalid="ignore"):
        hides = (off < radius[:, None, None]) & (
            near[:, None, None] + 0.15 < depth[:, :, :, None, None]
        )
    people = np.arange(len(xyz_m))
    hides[:, people, :, people] = False
    hidden = hides.any((-1, -2))
    known = np.isfinite(depth)
    return hidden.sum(-1) / np.fmax(known.sum(-1), 1)


def in_picture(
    seen: Seen, xyz_m: Float[np.ndarray, "people joints 3"]
) -> Float[np.ndarray, "views people"]:
    """The share of each person's points that lie in each camera's picture."""
    at, _ = seen.project(xyz_m)
    left, top, right, bottom = (side[:, None, None] for side in seen.bounds.T)
    with np.errstate(invalid="ignore"):
        inside = (at[..., 0] >= left) & (at[..., 0] <= right)
        inside &= (at[..., 1] >= top) & (at[..., 1] <= bottom)
    known = np.isfinite(xyz_m[..., 0]).sum(-1)
    return inside.sum(-1) / np.fmax(known, 1)
