"""From where a camera looks at what somebody tries on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from studio.core.items import AnchorPoint, ItemKind
from studio.core.types import Camera
from studio.synth.rig import camera_at

Rng = np.random.Generator
_CLEAR_M = 0.15
_TRIES = 6


def window(
    kind: ItemKind, point: AnchorPoint, frame: np.ndarray, points_m: np.ndarray,
    body_m: np.ndarray, side_px: int, loose: float, least_m: float, rng: Rng,
) -> Camera:  # fmt: skip
    """A camera that sees a square around points (those of the items, in the world) and nothing
    else; ``body_m`` are points of the wearer that it keeps clear of."""
    target = frame[:3, 3]
    centre = target
    for _ in range(_TRIES):
        way, far = _way(kind, point, frame, rng)
        centre = target + far * way
        clear = np.linalg.norm(body_m - centre, axis=1).min()
        if clear > _CLEAR_M and centre[2] > 0.05:
            break
    x, y, z = centre.tolist()
    a, b, c = target.tolist()
    wide = camera_at("window", (x, y, z), (a, b, c), (side_px, side_px), 1.0,
                     roll_deg=float(rng.normal(0, 7)))  # fmt: skip
    local = points_m @ wide.rotation.T + wide.translation_m
    flat = local[:, :2] / np.maximum(local[:, 2:], 0.03)
    low, high = flat.min(0), flat.max(0)
    depth = float((wide.rotation @ target + wide.translation_m)[2])
    side = max(loose * float((high - low).max()), least_m / depth)
    middle = (low + high) / 2
    focal = side_px / side
    corner = (side_px - 1) / 2 - focal * middle
    matrix = np.array([[focal, 0, corner[0]], [0, focal, corner[1]], [0, 0, 1]])
    return replace(wide, matrix=matrix)


def _way(
    kind: ItemKind, point: AnchorPoint, frame: np.ndarray, rng: Rng
) -> tuple[np.ndarray, float]:
    """A direction from the anchor point, and how far along it."""
    if point.startswith("foot"):
        far, high = rng.uniform(0.5, 2.4), rng.uniform(8, 75)
        around = rng.normal(0, 75) if rng.random() < 0.75 else rng.normal(180, 30)
        return _turned(frame, around, high, world=True), far
    if point.startswith("wrist"):
        around = rng.normal(0, 50) if rng.random() < 0.8 else rng.uniform(-180, 180)
        return _turned(frame, around, rng.normal(0, 28)), float(rng.uniform(0.25, 0.9))
    wide = 34.0 if rng.random() < 0.85 else 70.0
    around = rng.normal(0, wide)
    if kind == "earrings" and rng.random() < 0.75:
        around = abs(rng.normal(45, 30)) * (1 if point.endswith("L") else -1)
    return _turned(frame, around, rng.normal(2, 13)), float(rng.uniform(0.35, 1.6))


def _turned(
    frame: np.ndarray, azimuth_deg: float, height_deg: float, world: bool = False
) -> np.ndarray:
    """Towards a frame's front (-y), turned to its left and raised; ``world`` raises in the
    world."""
    a, h = np.radians([azimuth_deg, height_deg])
    way = np.array([np.sin(a) * np.cos(h), -np.cos(a) * np.cos(h), np.sin(h)])
    if not world:
        return frame[:3, :3] @ way
    front = -frame[:3, 1] * [1, 1, 0]
    front = front / max(np.linalg.norm(front), 1e-6)
    side = np.array([-front[1], front[0], 0.0])
    return way[0] * side - way[1] * front + way[2] * np.array([0, 0, 1.0])
