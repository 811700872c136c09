"""Lifting as the studio uses it: keypoints of one camera in, frame after frame, 3D points out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from studio.core.card import find_card
from studio.human.convert import conversion
from studio.human.joint_centres import MEASURED
from studio.perception.lifting.looks import look
from studio.perception.lifting.network import LiftingNetwork, Method
from studio.perception.lifting.normalise import FACE, LEFT, POINTS, RIGHT
from studio.perception.lifting.runtime import Runtime
from studio.perception.own import unpack

_PART_SEEN = 0.25


@dataclass(frozen=True, eq=False)
class Seen:
    """What one camera saw of one person, as the network takes it: the 137 points as x / z and
    y / z of the undistorted picture, how surely each was found (0 where it was not), and the time
    between frames in seconds. ``mediapipe`` says whose way of marking points it is."""

    rays: Float[np.ndarray, "frames 137 2"]
    confidence: Float[np.ndarray, "frames 137"]
    step_s: float
    mediapipe: bool


@dataclass(frozen=True, eq=False)
class Frames:
    """Lifted frames in the axes of the camera (x right, y down, z ahead), metres.

    ``xyz_m`` are points from the pelvis, ``error_m`` their errors (one sigma along an axis), and
    ``up`` the world's up as it seems in each frame.
    """

    xyz_m: Float[np.ndarray, "frames 137 3"]
    error_m: Float[np.ndarray, "frames 137"]
    up: Float[np.ndarray, "frames 3"]


def seen_of(
    layout: str,
    rays: Float[np.ndarray, "frames points 2"],
    confidence: Float[np.ndarray, "frames points"],
    step_s: float,
    min_confidence: float = 0.05,
) -> Seen:
    """Keypoints of any layout of the catalogue as the network's 137; what a layout lacks is
    missing, and the network does without."""
    matrix = conversion(layout, POINTS)
    there = ~np.isnan(matrix).any(1)
    share = np.nan_to_num(matrix)
    known = np.isfinite(rays).all(-1) & (confidence >= min_confidence)
    needs = (share > 0).astype(float)
    lacking = (~known).astype(float) @ needs.T > 0
    points = np.einsum("ij,fjc->fic", share, np.where(known[..., None], rays, 0.0))
    sure = np.where(known, confidence, 0.0) @ share.T
    sure[lacking | ~there] = 0.0
    for part in (LEFT, RIGHT, FACE):  # a wrist alone is no hand, two eyes are no face
        few = (sure[:, part] > 0).mean(1) < _PART_SEEN
        sure[few, part] = 0.0
    return Seen(points, np.clip(sure, 0, 1), step_s, layout in MEASURED)


class Lifter:
    """Lifts one person, remembering what was seen of them so far. Not for two threads at once."""

    def __init__(self, network: LiftingNetwork, method: Method = "recurrent") -> None:
        self._network, self._runtime = network, Runtime(network, method)
        self.forget()

    @classmethod
    def load(cls, weights: Path | None = None, method: Method = "recurrent") -> Lifter:
        """From published weights: those of Doppel or of the user, or a file.

        Raises StudioError if there are none.
        """
        network = LiftingNetwork()
        unpack(network, weights or find_card("lift").weights)
        return cls(network, method)

    def another(self, method: Method) -> Lifter:
        """The same network, another way of looking back, nobody seen yet."""
        return Lifter(self._network, method)

    def forget(self) -> None:
        """Somebody else comes, or the picture was cut."""
        self._kept = self._runtime.start()
        self._before: tuple[np.ndarray, np.ndarray] | None = None

    def lift(self, seen: Seen) -> Frames:
        """The next frames: one, or as many as there are. The same whether one by one or together.

        A frame in which nothing was found gives what was remembered.
        """
        looks = look(seen.rays, seen.confidence, seen.step_s, seen.mediapipe, self._before)
        told, self._kept = self._runtime(looks, self._kept)
        self._before = looks.before
        return Frames(
            (told.xyz_m @ looks.turn).astype(float),
            told.sigma_m.astype(float),
            (told.up[:, None] @ looks.turn)[:, 0].astype(float),
        )
