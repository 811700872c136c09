"""Skies as radiance all around: clear, cloudy, evening."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from studio.render.environment import directions
from studio.synth.factory.places.textures import clouded


@dataclass(frozen=True, eq=False)
class Sky:
    """Radiance (height, 2 height, 3), the sun's direction and its radiance on what faces it."""

    radiance: np.ndarray
    sun: np.ndarray
    strength: np.ndarray


_ZENITH = {"clear": (0.16, 0.33, 0.74), "hazy": (0.42, 0.55, 0.76), "grey": (0.55, 0.58, 0.62),
           "evening": (0.22, 0.30, 0.52)}  # fmt: skip
_HORIZON = {"clear": (0.66, 0.78, 0.92), "hazy": (0.85, 0.87, 0.88), "grey": (0.74, 0.75, 0.76),
            "evening": (1.05, 0.68, 0.42)}  # fmt: skip


def make_sky(rng: np.random.Generator, height: int = 640) -> Sky:
    """A sky of any weather."""
    kind = str(rng.choice(("clear", "clear", "hazy", "grey", "evening")))
    high = np.radians(rng.uniform(12, 22) if kind == "evening" else rng.uniform(28, 62))
    turn = rng.uniform(-np.pi, np.pi)
    sun = np.array([np.cos(high) * np.sin(turn), np.cos(high) * np.cos(turn), np.sin(high)])
    way = directions(height, 2 * height).astype(np.float32)
    up = np.clip(way[..., 2:], 0, 1)
    zenith, horizon = np.array(_ZENITH[kind]), np.array(_HORIZON[kind])
    sky = horizon + up**0.42 * (zenith - horizon)
    near = np.clip(way @ sun.astype(np.float32), 0, 1)[..., None]
    warm = np.array([1.0, 0.86, 0.66]) if kind == "evening" else np.array([1.0, 0.97, 0.9])
    if kind != "grey":
        sky = sky + warm * (0.25 * near**6 + 0.9 * near**90 + 20 * (near > 0.9995))
    cover = {"clear": -0.5, "hazy": 0.0, "grey": 1.6, "evening": 0.1}[kind] + rng.normal(0, 0.4)
    sky = sky + _clouds(rng, way, cover) * (
        np.array([1.25, 1.22, 1.2]) * (0.75 + 0.5 * near**3) * (0.9 if kind != "grey" else 0.62)
        - sky
    )
    power = {"clear": 2.6, "hazy": 1.5, "grey": 0.35, "evening": 2.2}[kind]
    tint = np.array([1.0, 0.66, 0.40]) if kind == "evening" else np.array([1.0, 0.95, 0.86])
    return Sky(np.maximum(sky, 0), sun, power * tint)


def _clouds(rng: np.random.Generator, way: np.ndarray, cover: float) -> np.ndarray:
    """How much clouds hide (height, width, 1): flat ones, thinner towards the zenith's haze."""
    picture = clouded(rng, 1024, 1.65, 0.5)
    up = np.maximum(way[..., 2], 0.02)
    x = (way[..., 0] / (up + 0.08) * 130 + 300) % 1023
    y = (way[..., 1] / (up + 0.08) * 130 + 300) % 1023
    seen = cv2.remap(picture, x.astype(np.float32), y.astype(np.float32), cv2.INTER_LINEAR)
    share = np.clip(0.5 + 0.75 * (seen + cover - 0.35), 0, 1) * np.clip(way[..., 2] / 0.12, 0, 1)
    return (0.92 * share)[..., None]
