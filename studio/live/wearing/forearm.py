"""The forearm before a hand: how its wrist is bent, by where its elbow is seen.

Where elbows are seen wavers by many pixels, where hands are does not. So the bend is kept in the
palm's own axes and calmed there, slowly; the hand carries it along without delay.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from jaxtyping import Float

from studio.core.types import Camera
from studio.live.solving import OneEuro
from studio.live.wearing.limb_frames import PALM_M, SURE, Framed
from studio.perception.wearers.followed import SeenPoints
from studio.perception.wearers.point_pose import at_pixel, towards

FOREARM_M = 0.268
"""From MediaPipe's wrist to its elbow, of the average adult."""
ELBOWS = {"left": 13, "right": 14}
_CUTOFF_HZ, _BETA = 0.5, 0.5
"""Of the bend's filter: at rest, and how much a radian a second lifts it."""
_STAYS = 0.7
"""How much the bend before counts in choosing the new one, beside what MediaPipe's shape says."""
_HOLD_S = 0.4
"""So long after its elbow was seen a wrist begins to straighten."""
_STRAIGHT = np.array([0.0, 0.0, 1.0])


class Forearm:
    """Follows how one wrist is bent. For one thread."""

    def __init__(self) -> None:
        self._calm = OneEuro(_CUTOFF_HZ, _BETA)
        self._bend = _STRAIGHT
        self._seen_s = -np.inf

    def __call__(
        self, time_s: float, palm: Framed, body: SeenPoints | None, side: str, camera: Camera
    ) -> Framed:
        """The forearm's frame; ``palm`` is that of a straight wrist. Without a body, or where its
        elbow is not seen, the wrist straightens."""
        joint = palm.place_m + palm.turn @ (PALM_M[0] * _mirror(side))
        elbow = ELBOWS[side]
        if body is not None and body.confidence[elbow] > SURE:
            ways = [palm.turn.T @ way for way in _to_elbow(joint, body, elbow, camera)]
            told = palm.turn.T @ _told(body, elbow, camera)
            bend = max(ways, key=lambda way: float(way @ (told + _STAYS * self._bend)))
            self._seen_s = time_s
        else:
            bend = self._bend if time_s - self._seen_s < _HOLD_S else _STRAIGHT
        self._bend = _unit(self._calm(time_s, bend[None])[0])
        up = palm.turn @ self._bend
        y = _unit(palm.turn[:, 1] - (palm.turn[:, 1] @ up) * up)
        turn = np.stack([np.cross(y, up), y, up], axis=1)
        return replace(palm, turn=turn, place_m=joint - turn @ (PALM_M[0] * _mirror(side)))


def _to_elbow(
    joint: np.ndarray, body: SeenPoints, elbow: int, camera: Camera
) -> list[Float[np.ndarray, "3"]]:
    """The two ways from a wrist to where its elbow is seen, a forearm away."""
    ray = _unit(at_pixel(body.xyz_px[elbow, :2], 1.0, camera))
    along = float(ray @ joint)
    reach = np.sqrt(max(along**2 - float(joint @ joint) + FOREARM_M**2, 0.0))
    return [_unit((along + sign * reach) * ray - joint) for sign in (1, -1)]


def _told(body: SeenPoints, elbow: int, camera: Camera) -> np.ndarray:
    """The way from the wrist to the elbow as MediaPipe's shape has it."""
    way = body.shape_m[elbow] - body.shape_m[elbow + 2]
    return towards(body.xyz_px[:, :2].mean(0), camera) @ _unit(way)


def _mirror(side: str) -> np.ndarray:
    return np.array([1.0 if side == "left" else -1.0, 1.0, 1.0])


def _unit(way: np.ndarray) -> np.ndarray:
    return way / max(float(np.linalg.norm(way)), 1e-9)
