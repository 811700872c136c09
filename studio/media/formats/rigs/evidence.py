"""What the cameras themselves tell about the unit and the up axis of their world."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from studio.core.frames import Up
from studio.media.formats.rigs.model import UPS

REACH_M = (0.15, 30.0)
"""The greatest distance between two cameras of a rig around a person, a hand or a face."""


class Posed(Protocol):
    """Anything with foreign-to-camera axes."""

    @property
    def rotation(self) -> np.ndarray: ...


def reach(centres: np.ndarray) -> float:
    """The greatest distance between two camera centres (cameras, 3); 0 for one camera."""
    gaps = centres[:, None] - centres[None]
    return float(np.linalg.norm(gaps, axis=-1).max(initial=0.0))


def plausible_units(span: float) -> tuple[str, ...]:
    """Units in which a rig of that reach would have a believable size, of m, cm and mm."""
    scales = {"m": 1.0, "cm": 0.01, "mm": 0.001}
    return tuple(u for u, s in scales.items() if REACH_M[0] <= span * s <= REACH_M[1])


@dataclass(frozen=True)
class UpEvidence:
    """The axis nearest to the up of upright pictures, how far off it is, and whether they agree.

    ``around`` says that the cameras look in directions different enough to tell.
    """

    up: Up
    tilt_deg: float
    spread_deg: float
    around: bool

    @property
    def decisive(self) -> bool:
        """Cameras look in different directions, agree on up, and one axis is meant."""
        return self.around and self.tilt_deg < 15 and self.spread_deg < 20


def up_evidence(cameras: Sequence[Posed], turns: Sequence[int] = ()) -> UpEvidence | None:
    """Up as seen by the cameras, if each picture is upright; None if they contradict each other.

    ``turns`` are the clockwise quarter turns that bring each picture upright, where known. A
    camera that is not rolled has a horizontal x axis, whatever its pitch: up is the direction
    most nearly at right angles to all x axes; the pictures' own up gives the sign.
    """
    if len(cameras) < 2:
        return None
    right = np.empty((len(cameras), 3))
    above = np.empty((len(cameras), 3))
    for i, camera in enumerate(cameras):
        x, y, _ = camera.rotation
        for _ in range(turns[i] if turns else 0):
            x, y = -y, x
        right[i], above[i] = x, -y
    values, vectors = np.linalg.eigh(right.T @ right)
    mean = above.mean(axis=0)
    if np.linalg.norm(mean) < 0.3:
        return None
    around = bool(values[1] > 0.05)
    direction = vectors[:, 0] if around else mean / np.linalg.norm(mean)
    direction = direction * np.sign(direction @ mean)
    axes = {up: axis_of(up) for up in UPS}
    up = max(UPS, key=lambda name: float(axes[name] @ direction))
    tilt = np.degrees(np.arccos(np.clip(axes[up] @ direction, -1, 1)))
    roll = np.degrees(np.arcsin(np.clip(np.abs(right @ direction), 0, 1))).max()
    agree = bool((above @ direction > 0).all())
    return UpEvidence(up, float(tilt), float(roll) if agree else 180.0, around)


def axis_of(up: Up) -> np.ndarray:
    """The unit vector of an axis, (3,)."""
    axis = np.zeros(3)
    axis["xyz".index(up[-1])] = -1.0 if up.startswith("-") else 1.0
    return axis
