"""Shapes of hands: how far each finger is bent, and how far they are spread."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from studio.synth.posing import Arm

Curl = tuple[float, float, float, float, float]

HANDS: dict[str, tuple[Curl, float]] = {
    "relaxed": ((0.25, 0.15, 0.2, 0.25, 0.3), 0.1), "open": ((0.0, 0.0, 0.0, 0.02, 0.04), 0.9),
    "flat": ((0.15, 0.03, 0.02, 0.03, 0.05), 0.0), "fist": ((0.75, 0.95, 1.0, 1.0, 1.0), 0.0),
    "point": ((0.6, 0.0, 0.9, 1.0, 1.0), 0.0), "two": ((0.7, 0.0, 0.0, 1.0, 1.0), 1.4),
    "thumb": ((0.0, 0.95, 1.0, 1.0, 1.0), 0.0), "pinch": ((0.5, 0.5, 0.35, 0.35, 0.35), 0.3),
    "ring": ((0.55, 0.6, 0.1, 0.08, 0.05), 0.6), "claw": ((0.3, 0.5, 0.5, 0.5, 0.5), 0.9),
    "three": ((0.7, 0.0, 0.0, 0.0, 1.0), 0.8), "four": ((0.8, 0.0, 0.0, 0.0, 0.0), 0.7),
    "small": ((0.7, 1.0, 1.0, 0.9, 0.05), 0.0), "horns": ((0.6, 0.02, 1.0, 1.0, 0.05), 0.2),
}  # fmt: skip
GRIPS: dict[str, tuple[Curl, float]] = {
    "phone": ((0.25, 0.38, 0.4, 0.42, 0.46), 0.1), "cup": ((0.35, 0.42, 0.45, 0.48, 0.5), 0.1),
    "ball": ((0.2, 0.28, 0.3, 0.3, 0.3), 0.9), "book": ((0.2, 0.35, 0.38, 0.4, 0.42), 0.1),
}  # fmt: skip


def hand(arm: Arm, shape: str, rng: np.random.Generator | None = None) -> Arm:
    """The arm with its fingers so."""
    curl, spread = (HANDS | GRIPS)[shape]
    if rng is not None:
        a, b, c, d, e = np.clip(np.array(curl) + rng.normal(0, 0.05, 5), 0, 1).tolist()
        curl = (a, b, c, d, e)
        spread = max(spread + float(rng.normal(0, 0.15)), 0.0)
    return replace(arm, curl=curl, spread=spread)
