"""MediaPipe's landmarkers as plain functions of a picture: arrays in, arrays out, no noise."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, UInt8

from studio.core.errors import StudioError

_stderr = threading.Lock()


@dataclass(frozen=True, eq=False)
class Found:
    """The points of one body, hand or face in one picture, with their confidence."""

    xy_px: Float[np.ndarray, "points 2"]
    confidence: Float[np.ndarray, " points"]
    side: str = ""


@contextmanager
def quiet() -> Generator[None, None, None]:
    """Send what native code prints on standard error while it starts to nowhere."""
    with _stderr:
        kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            os.close(nowhere)


class Landmarker:
    """One landmarker on still pictures. Used by one thread at a time."""

    def __init__(self, kind: str, model: Path, most: int, least_score: float) -> None:
        os.environ.setdefault("GLOG_minloglevel", "3")
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        from mediapipe import Image, ImageFormat
        from mediapipe.tasks.python import BaseOptions, vision

        self._image, self._srgb = Image, ImageFormat.SRGB
        base = BaseOptions(model_asset_path=str(model))
        with quiet():
            try:
                task = _create(vision, kind, base, most, least_score)
            except (RuntimeError, ValueError, OSError) as error:
                raise StudioError(
                    f"The network “{model.name}” cannot be loaded.",
                    "Run: doppel models verify, then install it again.",
                ) from error
            task.detect(self._picture(np.zeros((64, 64, 3), np.uint8)))
        self._task: Any = task
        self._close = weakref.finalize(self, free, task)

    def close(self) -> None:
        """Free the network."""
        self._close()

    def find(self, rgb: UInt8[np.ndarray, "height width 3"]) -> tuple[Found, ...]:
        """What is in the picture, in its pixels."""
        size = np.array([rgb.shape[1], rgb.shape[0]])
        answer = self._task.detect(self._picture(rgb))
        if hasattr(answer, "pose_landmarks"):
            return tuple(_body(points, size) for points in answer.pose_landmarks)
        if hasattr(answer, "hand_landmarks"):
            return tuple(
                _part(points, size, sides[0].score, sides[0].category_name.lower())
                for points, sides in zip(answer.hand_landmarks, answer.handedness, strict=True)
            )
        return tuple(_part(points, size, 1.0) for points in answer.face_landmarks)

    def _picture(self, rgb: np.ndarray) -> Any:
        return self._image(image_format=self._srgb, data=np.ascontiguousarray(rgb))


def free(task: Any) -> None:
    """Close a task. Once the interpreter is shutting down that fails, and so would its __del__."""
    try:
        with quiet():
            task.close()
    except Exception:
        task._handle = None


def _create(vision: Any, kind: str, base: Any, most: int, least: float) -> Any:
    if kind == "pose":
        options = vision.PoseLandmarkerOptions(
            base_options=base, num_poses=most,
            min_pose_detection_confidence=least, min_pose_presence_confidence=least,
        )  # fmt: skip
        return vision.PoseLandmarker.create_from_options(options)
    if kind == "hand":
        options = vision.HandLandmarkerOptions(
            base_options=base, num_hands=most,
            min_hand_detection_confidence=least, min_hand_presence_confidence=least,
        )  # fmt: skip
        return vision.HandLandmarker.create_from_options(options)
    options = vision.FaceLandmarkerOptions(
        base_options=base, num_faces=most,
        min_face_detection_confidence=least, min_face_presence_confidence=least,
    )  # fmt: skip
    return vision.FaceLandmarker.create_from_options(options)


def _pixels(points: Any, size: np.ndarray) -> np.ndarray:
    # MediaPipe's 0..1 spans the picture from edge to edge; pixel centres lie at integers.
    return np.array([(p.x, p.y) for p in points]) * size - 0.5


def _body(points: Any, size: np.ndarray) -> Found:
    score = np.array([(p.visibility or 0.0) * (p.presence or 0.0) for p in points])
    return Found(_pixels(points, size), score)


def _part(points: Any, size: np.ndarray, score: float, side: str = "") -> Found:
    return Found(_pixels(points, size), np.full(len(points), float(score)), side)
