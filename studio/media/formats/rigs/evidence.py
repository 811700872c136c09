"""What the cameras themselves tell about the unit and the up axis of their world."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from studio.core.frames import Up
from studio.media.formats.rigs.model import UPS, RawCamera

REACH_M = (0.15, 30.0)
"""The greatest distance between two cameras of a rig around a person, a hand or a face."""


def reach(cameras: tuple[RawCamera, ...]) -> float:
    """The greatest distance between two cameras, in the file's unit; 0 for one camera."""
    centres = np.array([-c.rotation.T @ c.translation for c in cameras]).reshape(-1, 3)
    gaps = centres[:, None] - centres[None]
    return float(np.linalg.norm(gaps, axis=-1).max(initial=0.0))


def plausible_units(cameras: tuple[RawCamera, ...]) -> tuple[str, ...]:
    """Units in which the rig would have a believable size, of m, cm and mm."""
    span = reach(cameras)
    scales = {"m": 1.0, "cm": 0.01, "mm": 0.001}
    return tuple(u for u, s in scales.items() if REACH_M[0] <= span * s <= REACH_M[1])


@dataclass(frozen=True)
class UpEvidence:
    """The axis nearest to the up of upright pictures, how far off it is, and whether they agree."""

    up: Up
    tilt_deg: float
    spread_deg: float
    around: bool

    @property
    def decisive(self) -> bool:
        """Cameras look in different directions, agree on up, and one axis is meant."""
        return self.around and self.tilt_deg < 15 and self.spread_deg < 20


def up_evidence(cameras: tuple[RawCamera, ...]) -> UpEvidence | None:
    """Up as seen by the cameras, if each picture is upright; None if they contradict each other.

    A camera that is not rolled has a horizontal x axis, whatever its pitch: up is the direction
    most nearly at right angles to all x axes; the pictures' own up gives the sign.
    """
    if len(cameras) < 2:
        return None
    right: list[np.ndarray] = []
    above: list[np.ndarray] = []
    for camera in cameras:
        x, y, _ = camera.rotation
        for _ in range(camera.upright_turns):
            x, y = -y, x
        right.append(x)
        above.append(-y)
    values, vectors = np.linalg.eigh(np.array(right).T @ np.array(right))
    mean = np.mean(above, axis=0)
    if np.linalg.norm(mean) < 0.3:
        return None
    around = bool(values[1] > 0.05)
    direction = vectors[:, 0] if around else mean / np.linalg.norm(mean)
    direction = direction * np.sign(direction @ mean)
    axes: dict[Up, np.ndarray] = {up: _axis(up) for up in UPS}
    up = max(axes, key=lambda name: float(axes[name] @ direction))
    tilt = np.degrees(np.arccos(np.clip(axes[up] @ direction, -1, 1)))
    roll = np.degrees(np.arcsin(np.clip(np.abs(np.array(right) @ direction), 0, 1))).max()
    below = min(float(direction @ a) for a in above)
    return UpEvidence(up, float(tilt), float(roll) if below > 0 else 180.0, around)


def _axis(up: Up) -> np.ndarray:
    axis = np.zeros(3)
    axis["xyz".index(up[-1])] = -1.0 if up.startswith("-") else 1.0
    return axis
