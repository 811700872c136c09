"""MediaPipe's landmarkers as plain functions of a picture: arrays in, arrays out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, UInt8

from studio.perception.mediapipe_task import Make, Task, in_pixels, sureness


@dataclass(frozen=True, eq=False)
class Found:
    """The points of one body, hand or face in one picture, with their confidence."""

    xy_px: Float[np.ndarray, "points 2"]
    confidence: Float[np.ndarray, " points"]
    side: str = ""


class Landmarker:
    """One landmarker on still pictures. Used by one thread at a time."""

    def __init__(self, kind: str, model: Path, most: int, least_score: float) -> None:
        """Raises StudioError if the network cannot be loaded."""
        self._task = Task(model, landmarker(kind, most, least_score))

    def close(self) -> None:
        """Free the network."""
        self._task.close()

    def find(self, rgb: UInt8[np.ndarray, "height width 3"]) -> tuple[Found, ...]:
        """What is in the picture, in its pixels."""
        answer = self._task.ask(rgb)
        if hasattr(answer, "pose_landmarks"):
            return tuple(
                Found(in_pixels(points, rgb.shape)[:, :2], sureness(points))
                for points in answer.pose_landmarks
            )
        if hasattr(answer, "hand_landmarks"):
            return tuple(
                _part(points, rgb.shape, sides[0].score, sides[0].category_name.lower())
                for points, sides in zip(answer.hand_landmarks, answer.handedness, strict=True)
            )
        return tuple(_part(points, rgb.shape, 1.0) for points in answer.face_landmarks)


def landmarker(kind: str, most: int, least: float) -> Make:
    """What makes MediaPipe's landmarker of so many bodies (``pose``), hands (``hand``) or faces, of
    those that are at least so sure."""

    def make(vision: Any, base: Any, mode: Any) -> Any:
        if kind == "pose":
            options = vision.PoseLandmarkerOptions(
                base_options=base, running_mode=mode, num_poses=most,
                min_pose_detection_confidence=least, min_pose_presence_confidence=least,
            )  # fmt: skip
            return vision.PoseLandmarker.create_from_options(options)
        if kind == "hand":
            options = vision.HandLandmarkerOptions(
                base_options=base, running_mode=mode, num_hands=most,
                min_hand_detection_confidence=least, min_hand_presence_confidence=least,
            )  # fmt: skip
            return vision.HandLandmarker.create_from_options(options)
        options = vision.FaceLandmarkerOptions(
            base_options=base, running_mode=mode, num_faces=most,
            min_face_detection_confidence=least, min_face_presence_confidence=least,
        )  # fmt: skip
        return vision.FaceLandmarker.create_from_options(options)

    return make


def _part(points: Any, shape: Sequence[int], score: float, side: str = "") -> Found:
    return Found(in_pixels(points, shape)[:, :2], np.full(len(points), float(score)), side)
