"""Bodies and hands followed from picture to picture, with MediaPipe's depths."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from jaxtyping import Float, UInt8

from studio.perception.landmarkers import landmarker
from studio.perception.mediapipe_task import Task, in_pixels, sureness

Kind = Literal["pose", "hand"]
LEAST_SCORE = 0.5


@dataclass(frozen=True, eq=False)
class SeenPoints:
    """A body (33 points) or a hand (21) in one picture.

    ``xyz_px`` are pixels across and down, and the depth in pixels of the same scale, growing away
    from the camera. ``shape_m`` is what MediaPipe believes of its shape: metres about its middle,
    x to the right of the picture, y away, z up. ``side`` says which hand it is: the person's own
    ``left`` or ``right``.
    """

    xyz_px: Float[np.ndarray, "points 3"]
    shape_m: Float[np.ndarray, "points 3"]
    confidence: Float[np.ndarray, " points"]
    side: str = ""


class Followed:
    """Follows up to so many bodies or hands. Used by one thread at a time; close it when done."""

    def __init__(self, kind: Kind, model: Path, most: int) -> None:
        """Raises StudioError if the network cannot be loaded."""
        self._task = Task(model, landmarker(kind, most, LEAST_SCORE), films=True)

    def close(self) -> None:
        """Free the network."""
        self._task.close()

    def find(
        self, rgb: UInt8[np.ndarray, "height width 3"], time_s: float
    ) -> tuple[SeenPoints, ...]:
        """What is in the next picture, taken at ``time_s``."""
        answer = self._task.ask(rgb, time_s)
        if hasattr(answer, "pose_landmarks"):
            return tuple(
                SeenPoints(in_pixels(each, rgb.shape), _shape(shape), sureness(each))
                for each, shape in zip(
                    answer.pose_landmarks, answer.pose_world_landmarks, strict=True
                )
            )
        return tuple(
            SeenPoints(in_pixels(each, rgb.shape), _shape(shape),
                       np.full(len(each), sides[0].score), str(sides[0].category_name).lower())
            for each, shape, sides in zip(
                answer.hand_landmarks, answer.hand_world_landmarks, answer.handedness, strict=True
            )
        )  # fmt: skip


def _shape(points: Any) -> np.ndarray:
    return np.array([(p.x, p.z, -p.y) for p in points])
