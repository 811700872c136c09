"""The two poses of a flat target before a camera, in closed form, over many views at once.

A homography from the target's plane to the picture, its Jacobian at the middle of the points, and
from that the two rotations that explain it (Collins and Bartoli, "Infinitesimal plane-based pose
estimation", 2014).
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float

from studio.vision.rotations import rigid

_LINE = 0.05
_FLAT = 1e-6


def axes_of(
    points_m: Float[np.ndarray, "views points 3"], seen: Bool[np.ndarray, "views points"]
) -> tuple[
    Float[np.ndarray, "views 3"], Float[np.ndarray, "views 3 3"], Float[np.ndarray, "views 3"]
]:
    """Mean of each view's points, its principal axes (rows, a rotation), and its extent along
    them, the largest first."""
    count = np.fmax(seen.sum(1), 1)[:, None]
    centre = np.where(seen[..., None], points_m, 0.0).sum(1) / count
    arm = np.where(seen[..., None], points_m - centre[:, None], 0.0)
    squares, columns = np.linalg.eigh(np.swapaxes(arm, -1, -2) @ arm)
    axes = np.swapaxes(columns[..., ::-1], -1, -2)
    sizes = np.sqrt(np.fmax(squares[:, ::-1], 0.0))
    return centre, axes * np.sign(np.linalg.det(axes))[:, None, None], sizes


def lies(
    sizes: Float[np.ndarray, "views 3"], count: np.ndarray, fewest: int
) -> tuple[Bool[np.ndarray, " views"], Bool[np.ndarray, " views"]]:
    """Which views tell a pose (points enough, not all on a line), and which of them are flat."""
    usable = (count >= fewest) & (sizes[:, 1] > _LINE * sizes[:, 0])
    return usable, usable & (sizes[:, 2] < _FLAT * sizes[:, 0])


def flat_poses(
    points_m: Float[np.ndarray, "views points 3"],
    plane: Float[np.ndarray, "views points 2"],
    seen: Bool[np.ndarray, "views points"],
) -> Float[np.ndarray, "views 2 4 4"]:
    """Both poses of each view's points, seen at ideal coordinates on the normalised plane; NaN for
    one that would put points behind the camera, or where the points tell none."""
    centre, axes, _ = axes_of(points_m, seen)
    flat = np.where(seen[..., None], points_m - centre[:, None], 0.0) @ np.swapaxes(axes, -1, -2)
    with np.errstate(all="ignore"):
        turns = _rotations(_homographies(flat[..., :2], plane, seen))
        out = np.full((len(flat), 2, 4, 4), np.nan)
        for twin, turn in enumerate(turns):
            place = _place(flat, plane, seen, turn)
            depth = (flat @ turn[:, 2, :, None])[..., 0] + place[:, 2:]
            good = np.isfinite(place).all(1) & (np.where(seen, depth, np.inf).min(1) > 0)
            whole = turn @ axes
            shift = place - (whole @ centre[..., None])[..., 0]
            out[good, twin] = rigid(whole, shift)[good]
    return out


def _homographies(
    flat: np.ndarray, plane: np.ndarray, seen: np.ndarray
) -> Float[np.ndarray, "views 3 3"]:
    """From the plane, its origin within the points (which is why the last entry may be 1), to the
    picture, by linear least squares in scaled coordinates; NaN where they do not tell one."""
    count = np.fmax(seen.sum(1), 1)
    wide = np.sqrt(np.square(flat).sum((1, 2)) / count)[:, None]
    middle = np.where(seen[..., None], plane, 0.0).sum(1) / count[:, None]
    off = np.where(seen[..., None], plane - middle[:, None], 0.0)
    spread = np.sqrt(np.square(off).sum((1, 2)) / count)[:, None]
    x, y = np.moveaxis(flat / wide[..., None], -1, 0)
    u, v = np.moveaxis(off / spread[..., None], -1, 0)
    here, none = seen.astype(np.float64), np.zeros_like(x)
    system = np.stack(
        [
            np.concatenate([x, none], 1), np.concatenate([y, none], 1),
            np.concatenate([here, none], 1), np.concatenate([none, x], 1),
            np.concatenate([none, y], 1), np.concatenate([none, here], 1),
            np.concatenate([-u * x, -v * x], 1), np.concatenate([-u * y, -v * y], 1),
        ],
        1,
    )  # fmt: skip
    normal = system @ np.swapaxes(system, -1, -2)
    normal[:, range(8), range(8)] += 1e-14
    h = np.linalg.solve(normal, system @ np.concatenate([u, v], 1)[..., None])[..., 0]
    out = np.concatenate([h, np.ones((len(h), 1))], 1).reshape(-1, 3, 3)
    out[:, :2] = out[:, :2] * spread[..., None] + middle[..., None] * out[:, 2:]
    out[:, :, :2] /= wide[..., None]
    return out


def _rotations(h: Float[np.ndarray, "views 3 3"]) -> tuple[np.ndarray, np.ndarray]:
    """Both rotations that a homography's value and Jacobian at the origin allow."""
    p = h[:, :2, 2]
    jacobian = h[:, :2, :2] - p[..., None] * h[:, 2:, :2]
    ray = np.concatenate([p, np.ones((len(p), 1))], 1)
    ray /= np.linalg.norm(ray, axis=1, keepdims=True)
    a, b, c = ray.T
    bend = 1 / (1 + c)
    towards = np.stack(  # turns the optical axis onto the ray
        [
            np.stack([1 - a * a * bend, -a * b * bend, a], 1),
            np.stack([-a * b * bend, 1 - b * b * bend, b], 1),
            np.stack([-a, -b, c], 1),
        ],
        1,
    )
    across = towards[:, :2, :2] - p[..., None] * towards[:, 2:, :2]
    affine = np.linalg.solve(across, jacobian)
    square = affine @ np.swapaxes(affine, -1, -2)
    difference = np.hypot(square[:, 0, 0] - square[:, 1, 1], 2 * square[:, 0, 1])
    gamma = np.sqrt((square[:, 0, 0] + square[:, 1, 1] + difference) / 2)
    upper = affine / gamma[:, None, None]
    missing = np.eye(2) - np.swapaxes(upper, -1, -2) @ upper
    first = np.sqrt(np.fmax(missing[:, 0, 0], 0.0))
    second = np.sqrt(np.fmax(missing[:, 1, 1], 0.0)) * np.where(missing[:, 0, 1] < 0, -1.0, 1.0)
    out: list[np.ndarray] = []
    for sign in (1.0, -1.0):
        below = sign * np.stack([first, second], 1)
        columns = np.concatenate([upper, below[:, None]], 1)
        normal = np.cross(columns[..., 0], columns[..., 1])
        out.append(towards @ np.concatenate([columns, normal[..., None]], 2))
    return out[0], out[1]


def _place(
    flat: np.ndarray, plane: np.ndarray, seen: np.ndarray, turn: np.ndarray
) -> Float[np.ndarray, "views 3"]:
    """Where the points' middle stands, turned so: linear least squares."""
    x, y, z = np.moveaxis(flat @ np.swapaxes(turn, -1, -2), -1, 0)
    u, v = np.moveaxis(np.where(seen[..., None], plane, 0.0), -1, 0)
    count = seen.sum(1)
    right, down = u * z - x, v * z - y
    su, sv = u.sum(1), v.sum(1)
    none = np.zeros_like(su)
    normal = np.stack(
        [
            np.stack([count, none, -su], 1), np.stack([none, count, -sv], 1),
            np.stack([-su, -sv, (u * u + v * v).sum(1)], 1),
        ],
        1,
    )  # fmt: skip
    pull = np.stack([right.sum(1), down.sum(1), -(u * right + v * down).sum(1)], 1)
    return np.linalg.solve(normal + 1e-14 * np.eye(3), pull[..., None])[..., 0]
