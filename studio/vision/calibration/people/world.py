"""The world of a rig that knows only a walking person: what is up, where the floor is, its middle.

Up is along upright bodies; where the feet have stood in places that span the floor, the plane
through these places says it better. The origin lies on the floor in the middle of the walk, and
+X is to the left of the person as they first stand (they face -Y).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from studio.core.types import Layout

_SLOW = 0.25
_NEAR = 0.05
_ANKLE = 0.05
"""Speeds in statures a second, distances in statures; an ankle is as high as the last."""


@dataclass(frozen=True, eq=False)
class Ground:
    """The world's axes and origin in the rig's frame: world = rotation @ (x - origin).

    ``tilt_deg`` is between the floor's normal and upright bodies, ``spread_deg`` one standard
    deviation of up; ``from_feet`` says that the floor's plane came from the feet.
    """

    rotation: Float[np.ndarray, "3 3"]
    origin: Float[np.ndarray, " 3"]
    tilt_deg: float
    spread_deg: float
    from_feet: bool
    flatness: float = float("nan")


def ground(
    layout: Layout,
    xyz: Float[np.ndarray, "frames points 3"],
    times_s: Float[np.ndarray, " frames"],
    height: float,
) -> Ground | None:
    """Find the floor. ``height`` is the person's, in the units of ``xyz``. None without feet."""
    p = {name: xyz[:, i] for i, name in enumerate(layout.points)}
    low = [name for name in p if name.split("_", 1)[-1] in ("heel", "big_toe", "foot_index")]
    lift = 0.015 * height
    if not low:
        low, lift = [name for name in ("left_ankle", "right_ankle") if name in p], _ANKLE * height
    if not low or "left_ankle" not in p or "left_shoulder" not in p:
        return None
    body = (p["left_shoulder"] + p["right_shoulder"] - p["left_ankle"] - p["right_ankle"]) / 2
    body = body[np.isfinite(body).all(1)]
    if len(body) < 5:
        return None
    ways = body / np.linalg.norm(body, axis=1, keepdims=True)
    up = _unit(np.median(ways, 0))
    lean = np.degrees(np.arccos(np.clip(ways @ up, -1, 1)))
    spread = float(np.median(lean)) / np.sqrt(max(np.ptp(times_s), 1.0))
    feet = np.stack([p[name] for name in low], 1)
    stood = _standing(feet, times_s, height)
    if len(stood) < 10:
        stood = feet.reshape(-1, 3)[np.isfinite(feet).all(-1).ravel()]
    heights = stood @ up
    floor = stood[heights < np.percentile(heights, 5) + 2 * _NEAR * height]
    normal, flatness, tilt = up, float("nan"), 0.0
    fitted = _plane(floor, up, height)
    if fitted is not None:
        normal, flatness, sure = fitted
        tilt = float(np.degrees(np.arccos(np.clip(normal @ up, -1, 1))))
        spread = min(spread, sure)
    level = float(np.median(floor @ normal)) - lift
    middle = np.nanmedian(feet.reshape(-1, 3), 0)
    origin = middle + (level - middle @ normal) * normal
    across = np.nanmedian(
        (p["left_shoulder"] - p["right_shoulder"])[: max(len(times_s) // 20, 5)], 0
    )
    if not np.isfinite(across).all():
        across = np.nanmedian(p["left_shoulder"] - p["right_shoulder"], 0)
    x = across - (across @ normal) * normal
    if np.linalg.norm(x) < 1e-9:
        x = np.cross(normal, [1.0, 0.3, 0.2])
    x = _unit(x)
    rotation = np.stack([x, np.cross(normal, x), normal])
    return Ground(rotation, origin, tilt, spread, fitted is not None, flatness)


def _unit(vector: np.ndarray) -> np.ndarray:
    return vector / np.linalg.norm(vector)


def _standing(feet: np.ndarray, times_s: np.ndarray, height: float) -> np.ndarray:
    """Points of feet while they hardly move."""
    if len(feet) < 3:
        return np.zeros((0, 3))
    span = np.fmax(times_s[2:] - times_s[:-2], 1e-6)[:, None]
    speed = np.linalg.norm(feet[2:] - feet[:-2], axis=-1) / span / height
    with np.errstate(invalid="ignore"):
        slow = (speed < _SLOW) & np.isfinite(feet[1:-1]).all(-1)
    return feet[1:-1][slow]


def _plane(
    points: np.ndarray, up: np.ndarray, height: float
) -> tuple[np.ndarray, float, float] | None:
    """The plane through places on the floor: normal, flatness (share of the height), sureness in
    degrees. None where the places do not span a floor, or the plane leans away from the body."""
    if len(points) < 20:
        return None
    weight = np.ones(len(points))
    normal, values, scale = up, np.zeros(3), height
    for _ in range(10):
        centre = np.average(points, axis=0, weights=weight)
        centred = points - centre
        values, vectors = np.linalg.eigh((centred * weight[:, None]).T @ centred / weight.sum())
        normal = vectors[:, 0] * np.sign(vectors[:, 0] @ up)
        off = np.abs(centred @ normal)
        scale = max(1.48 * float(np.median(off)), 1e-4 * height)
        weight = 1 / (1 + np.square(off / (2 * scale)))
    narrow = float(np.sqrt(max(values[1], 0.0)))
    if narrow < 0.12 * height or np.degrees(np.arccos(np.clip(normal @ up, -1, 1))) > 12:
        return None
    # A footfall is one look, whatever the number of frames it lasts.
    looks = max(len(points) / 60, 3)
    return normal, scale / height, float(np.degrees(scale / narrow / np.sqrt(looks)))
