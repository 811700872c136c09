"""From a followed face to 52 facial actions, the head's turn and the gaze.

What the points tell beyond the person's own calm face is turned into actions by a ridge regression,
measured on people who do not exist and whose actions are known (``installer/measure_faces.py``). To
it is added what MediaPipe guesses beyond the calm face, in the shares that told most of others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.spatial.transform import Rotation

from studio.human.rig import ACTIONS
from studio.perception.faces.features import TURN_DEG, Look, Rest, angles, features, iris, lids
from studio.perception.faces.head import stored
from studio.perception.faces.neutral import Blinks, Neutral
from studio.perception.faces.tracker import SeenFace

Angles = tuple[float, float, float]
ACROSS_DEG, UP_DEG = 30.0, 25.0
"""How far eyes have turned where ARKit's looks are 1."""
_MOST_ACROSS_DEG, _MOST_UP_DEG = 40.0, 30.0
_BLINKS = [ACTIONS.index("eyeBlinkLeft"), ACTIONS.index("eyeBlinkRight")]
_LEAST_SPARE = 0.2
_SHUT = 0.4
"""Behind lids that are shut so far, an iris is not seen: the gaze stays."""


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
        self.neutral = Neutral()
        self._gaze, self._blinks = (0.0, 0.0), Blinks()

    def take_neutral(self) -> None:
        """What the face does in the next half second counts as rest from then on."""
        self.neutral.take()

    def learn(self, seen: Sequence[SeenFace], span_s: float) -> None:
        """Take the calm face from pictures from all over a film of so many seconds."""
        self.neutral.learn([Look.at(one) for one in seen], span_s)

    def solve(self, seen: SeenFace, time_s: float) -> SolvedFace:
        """What a face does, as it was seen in the next picture."""
        look = Look.at(seen)
        rest = self.neutral(look, time_s)
        told = features(look, rest)
        weights = actions(look, rest, told)
        weights[_BLINKS] = self._blinks(weights[_BLINKS])
        if weights[_BLINKS].min() < _SHUT:
            self._gaze = gaze(look)
        weights[list(_LOOKS.values())] = looks_of(self._gaze)
        return SolvedFace(weights, head(look, told), self._gaze)


def actions(look: Look, rest: Rest, told: Float[np.ndarray, " features"]) -> np.ndarray:
    """The actions but for the gaze (52,), 0 to 1, from what was told (see
    :func:`studio.perception.faces.features.features`)."""
    known = stored()
    ours = np.clip(told @ known["actions"], 0, 1)
    spare = np.maximum(1 - rest.guesses, _LEAST_SPARE)
    guessed = np.clip((look.guesses - rest.guesses) / spare, 0, 1)
    weights = known["shares"][0] * ours + known["shares"][1] * guessed
    weights[_BLINKS] = 0.5 * (ours[_BLINKS] + lids(look, rest, known["lids"]))
    return np.clip(weights, 0, 1)


def head(look: Look, told: Float[np.ndarray, " features"]) -> Angles:
    """The head's angles (degrees): those of the points, less what expressions and MediaPipe's
    idea of depth make of them."""
    measured = TURN_DEG * angles(look.turn)
    known = stored()
    short = known["turn"][0] + np.concatenate([measured, told]) @ known["turn"][1:]
    yaw, pitch, roll = measured + short
    return float(yaw), float(pitch), float(roll)


def gaze(look: Look) -> tuple[float, float]:
    """Where the eyes look in the head (degrees), by the irises."""
    across, up = np.append(iris(look), 1.0) @ stored()["gaze"]
    return (
        float(np.clip(across, -_MOST_ACROSS_DEG, _MOST_ACROSS_DEG)),
        float(np.clip(up, -_MOST_UP_DEG, _MOST_UP_DEG)),
    )


_LOOKS = {
    name: ACTIONS.index(f"eyeLook{name}")
    for name in ("InLeft", "OutLeft", "InRight", "OutRight", "UpLeft", "UpRight", "DownLeft",
                 "DownRight")
}  # fmt: skip


def looks_of(gaze_deg: tuple[float, float]) -> Float[np.ndarray, "8"]:
    """ARKit's looks of both eyes, in the order in, out, in, out, up, up, down, down."""
    across, up = gaze_deg[0] / ACROSS_DEG, gaze_deg[1] / UP_DEG
    return np.clip([-across, across, across, -across, up, up, -up, -up], 0, 1)
