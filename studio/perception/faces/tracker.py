"""Faces followed from picture to picture: 478 points with depth, and MediaPipe's own guesses.

Faces are followed by their points. MediaPipe calms the points of a face that it follows alone, by
up to half a picture's time, which is most of a blink; two places for faces keep it from doing so.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, UInt8

from studio.human.rig import ACTIONS
from studio.perception.mediapipe_task import Task, in_pixels

POINTS = 478
LEAST_SCORE = 0.5


@dataclass(frozen=True, eq=False)
class SeenFace:
    """A face in one picture.

    ``xyz_px`` are its points: pixels across and down, and the depth in pixels of the same scale,
    growing away from the camera. ``guesses`` are what MediaPipe makes of each of
    :data:`studio.human.rig.ACTIONS`, 0 to 1; it knows no tongue.
    """

    xyz_px: Float[np.ndarray, "478 3"]
    guesses: Float[np.ndarray, "52"]


class FaceCrowd:
    """Follows up to so many faces at once. Used by one thread at a time; close it when done."""

    def __init__(self, model: Path, most: int, *, guesses: bool = True, films: bool = True) -> None:
        """Without ``guesses`` they are all 0, and time is saved. Where pictures are no ``films``
        each is looked at as if there were no other. Raises StudioError if the network cannot be
        loaded."""

        def make(vision: Any, base: Any, mode: Any) -> Any:
            options = vision.FaceLandmarkerOptions(
                base_options=base, running_mode=mode, num_faces=max(most, 2),
                min_face_detection_confidence=LEAST_SCORE,
                min_face_presence_confidence=LEAST_SCORE,
                min_tracking_confidence=LEAST_SCORE, output_face_blendshapes=guesses,
            )  # fmt: skip
            return vision.FaceLandmarker.create_from_options(options)

        self._task = Task(model, make, films=films)

    def close(self) -> None:
        """Free the network."""
        self._task.close()

    def find(
        self, rgb: UInt8[np.ndarray, "height width 3"], time_s: float
    ) -> tuple[SeenFace, ...]:  # fmt: skip
        """The faces in the next picture, taken at ``time_s``."""
        answer = self._task.ask(rgb, time_s)
        found: list[SeenFace] = []
        for k, face in enumerate(answer.face_landmarks):
            told = answer.face_blendshapes[k] if answer.face_blendshapes else ()
            scores = {one.category_name: one.score for one in told}
            guesses = np.array([scores.get(action, 0.0) for action in ACTIONS])
            found.append(SeenFace(in_pixels(face, rgb.shape), guesses))
        return tuple(found)


class FaceTracker:
    """Follows the largest face, and stays with it. Used by one thread at a time; close it when
    done."""

    def __init__(self, model: Path) -> None:
        """Raises StudioError if the network cannot be loaded."""
        self._crowd = FaceCrowd(model, 2)
        self._middle: np.ndarray | None = None

    def close(self) -> None:
        """Free the network."""
        self._crowd.close()

    def find(self, rgb: UInt8[np.ndarray, "height width 3"], time_s: float) -> SeenFace | None:
        """The face in the next picture, taken at ``time_s``; None if there is none."""
        every = self._crowd.find(rgb, time_s)
        if not every:
            self._middle = None
            return None
        main = every[self._main([face.xyz_px for face in every])]
        self._middle = main.xyz_px[:, :2].mean(0)
        return main

    def _main(self, every: list[np.ndarray]) -> int:
        """Which face is meant: the one that was followed, else the largest."""
        sizes = [float(np.ptp(xyz[:, 1])) for xyz in every]
        if self._middle is not None:
            away = [float(np.linalg.norm(xyz[:, :2].mean(0) - self._middle)) for xyz in every]
            nearest = int(np.argmin(away))
            if away[nearest] < sizes[nearest]:
                return nearest
        return int(np.argmax(sizes))
