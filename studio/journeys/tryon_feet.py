"""How well shoes are placed on feet whose body is not seen: on people who do not exist."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from studio.core.items import AnchorPoint
from studio.core.types import Camera
from studio.journeys.figures import Figure
from studio.journeys.tryon_limbs import LEVEL, LOOKS, NOISE, SETTLED, STILL, Tally
from studio.live.wearing.bodies import PartsNow
from studio.live.wearing.wearers import bodies
from studio.synth.tryon.feet import FeetFactory, FeetView

PICTURES, SIDE_PX, SEED = 24, 480, 78
NEAR_M = 0.03
_POINTS: tuple[AnchorPoint, ...] = ("foot.L", "foot.R")


def lone_feet() -> Iterator[Figure]:
    """Rows of feet from near: found and near enough, off, trembling."""
    tally, ghosts = Tally(NEAR_M), 0
    with FeetFactory("test", SEED, SIDE_PX) as factory:
        for number in range(PICTURES):
            view = factory.view(number)
            told, jitter_px = _followed(view)
            tally.jitter_px += jitter_px
            for point, frame, shows in zip(_POINTS, view.frames, view.shows, strict=True):
                if shows:
                    tally.add(told.get(point), LEVEL @ frame, _level(view.camera))
                else:
                    ghosts += point in told
    yield from tally.rows("shoes on feet alone, made-up people", "the same",
                          f", {ghosts} where none is seen, in {PICTURES} pictures")  # fmt: skip


def _followed(view: FeetView) -> tuple[dict[AnchorPoint, np.ndarray], list[float]]:
    """Where feet are found once they have settled, and how much they tremble in a still picture."""
    camera = _level(view.camera)
    found: dict[AnchorPoint, np.ndarray] = {}
    rng, seen, jitter = np.random.default_rng(3), 0, 0.0
    own = bodies()
    try:
        for k in range(STILL):
            noisy = view.rgb if k < LOOKS else view.rgb + rng.normal(0, NOISE, view.rgb.shape)
            rgb = np.clip(noisy, 0, 255).astype(np.uint8)
            parts = own.find(rgb, k / 30, camera, frozenset(_POINTS), (), 40.0, 1, view.foot_m)
            if k == LOOKS - 1:
                found = _frames(parts)
            if k >= SETTLED and (now := [part for part in parts if part.opacity == 1]):
                seen, jitter = seen + 1, max(part.jitter_px for part in now)
    finally:
        own.close()
    return found, [jitter] if found and seen == STILL - SETTLED else []


def _frames(parts: tuple[PartsNow, ...]) -> dict[AnchorPoint, np.ndarray]:
    return {p: frame for part in parts for p, frame in part.frames.items() if part.opacity == 1}


def _level(camera: Camera) -> Camera:
    """The camera in its own level world's origin."""
    return replace(camera, rotation=np.eye(3), translation_m=np.zeros(3))
