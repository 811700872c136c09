"""Bodies and hands followed from picture to picture, with MediaPipe's depths."""

from __future__ import annotations

import os
import weakref
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from jaxtyping import Float, UInt8

from studio.core.errors import StudioError
from studio.perception.landmarkers import free, quiet

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
        os.environ.setdefault("GLOG_minloglevel", "3")
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        from mediapipe import Image, ImageFormat
        from mediapipe.tasks.python import BaseOptions, vision

        self._image, self._srgb = Image, ImageFormat.SRGB
        base, mode = BaseOptions(model_asset_path=str(model)), vision.RunningMode.VIDEO
        with quiet():
            try:
                if kind == "pose":
                    task: Any = vision.PoseLandmarker.create_from_options(
                        vision.PoseLandmarkerOptions(
                            base_options=base, running_mode=mode, num_poses=most,
                            min_pose_detection_confidence=LEAST_SCORE,
                        )
                    )  # fmt: skip
                else:
                    task = vision.HandLandmarker.create_from_options(
                        vision.HandLandmarkerOptions(
                            base_options=base, running_mode=mode, num_hands=most,
                            min_hand_detection_confidence=LEAST_SCORE,
                        )
                    )  # fmt: skip
            except (RuntimeError, ValueError, OSError) as error:
                raise StudioError(
                    f"The network “{model.name}” cannot be loaded.",
                    "Run: doppel models verify, then install it again.",
                ) from error
            self._task: Any = task
            task.detect_for_video(self._picture(np.zeros((64, 64, 3), np.uint8)), 0)
        self._last_ms = 0
        self._begun_s: float | None = None
        self._close = weakref.finalize(self, free, task)

    def close(self) -> None:
        """Free the network."""
        self._close()

    def find(
        self, rgb: UInt8[np.ndarray, "height width 3"], time_s: float
    ) -> tuple[SeenPoints, ...]:
        """What is in the next picture, taken at ``time_s``."""
        if self._begun_s is None:
            self._begun_s = time_s
        self._last_ms = max(self._last_ms + 1, round(1e3 * (time_s - self._begun_s)))
        answer = self._task.detect_for_video(self._picture(rgb), self._last_ms)
        height, width = rgb.shape[:2]
        size = np.array([width, height, width], float)
        if hasattr(answer, "pose_landmarks"):
            return tuple(
                SeenPoints(_points(each, size), _shape(shape), np.array([
                    (p.visibility or 0.0) * (p.presence or 0.0) for p in each
                ]))
                for each, shape in zip(
                    answer.pose_landmarks, answer.pose_world_landmarks, strict=True
                )
            )  # fmt: skip
        return tuple(
            SeenPoints(_points(each, size), _shape(shape), np.full(len(each), sides[0].score),
                       str(sides[0].category_name).lower())
            for each, shape, sides in zip(
                answer.hand_landmarks, answer.hand_world_landmarks, answer.handedness, strict=True
            )
        )  # fmt: skip

    def _picture(self, rgb: np.ndarray) -> Any:
        return self._image(image_format=self._srgb, data=np.ascontiguousarray(rgb))


def _points(points: Any, size: np.ndarray) -> np.ndarray:
    # 0..1 spans the picture from edge to edge; pixel centres lie at integers.
    return np.array([(p.x, p.y, p.z) for p in points]) * size - (0.5, 0.5, 0.0)


def _shape(points: Any) -> np.ndarray:
    return np.array([(p.x, p.z, -p.y) for p in points])
