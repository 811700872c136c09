"""From a followed face to 52 facial actions, the head's turn and the gaze."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.spatial.transform import Rotation

from studio.human.rig import ACTIONS
from studio.perception.faces.head import in_space, laid_on, stored
from studio.perception.faces.tracker import SeenFace

Angles = tuple[float, float, float]
_LOOKS = {
    name: ACTIONS.index(f"eyeLook{name}")
    for name in ("InLeft", "OutLeft", "InRight", "OutRight", "UpLeft", "UpRight", "DownLeft",
                 "DownRight")
}  # fmt: skip
ACROSS_DEG, UP_DEG = 30.0, 25.0
"""How far eyes have turned where ARKit's looks are 1."""
NEUTRAL_S = 0.5


@dataclass(frozen=True, eq=False)
class SolvedFace:
    """What a face does: ``weights`` (52,) of :data:`studio.human.rig.ACTIONS`, the head's yaw,
    pitch and roll before the camera and the eyes' yaw and pitch in the head (degrees; to the
    person's own left, up, and towards the own left shoulder)."""

    weights: Float[np.ndarray, "52"]
    head_deg: Angles
    gaze_deg: tuple[float, float]


def angles_of(turn: Float[np.ndarray, "3 3"]) -> Angles:
    """Yaw, pitch and roll (degrees) of a turn of the head: to the own left, up, and towards the
    own left shoulder."""
    yaw, down, roll = Rotation.from_matrix(turn).as_euler("ZXY", degrees=True)
    return float(yaw), float(-down), float(roll)


class FaceSolver:
    """Solves the face of one person, picture after picture. Used by one thread at a time."""

    def __init__(self) -> None:
        self._rest = np.zeros(len(ACTIONS))
        self._taking: list[np.ndarray] | None = None
        self._until_s = 0.0

    def take_neutral(self) -> None:
        """What the face does in the next half second counts as rest from then on."""
        self._taking = []

    def solve(self, seen: SeenFace, time_s: float) -> SolvedFace:
        """What a face does, as it was seen in the next picture."""
        if self._taking is not None:
            if not self._taking:
                self._until_s = time_s + NEUTRAL_S
            self._taking.append(seen.guesses)
            if time_s >= self._until_s:
                self._rest, self._taking = np.mean(self._taking, axis=0), None
        turn, _ = laid_on(in_space(seen.xyz_px), stored()["shape"])
        beyond = (seen.guesses - self._rest) / np.maximum(1 - self._rest, 0.2)
        weights = np.clip(beyond, 0.0, 1.0)
        return SolvedFace(weights, angles_of(turn), gaze_of(weights))


def gaze_of(weights: Float[np.ndarray, "52"]) -> tuple[float, float]:
    """Where the eyes look by ARKit's looks: yaw to the own left, pitch up (degrees)."""
    w = {name: float(weights[k]) for name, k in _LOOKS.items()}
    left = 0.5 * (w["OutLeft"] + w["InRight"] - w["InLeft"] - w["OutRight"])
    up = 0.5 * (w["UpLeft"] + w["UpRight"] - w["DownLeft"] - w["DownRight"])
    return ACROSS_DEG * left, UP_DEG * up
