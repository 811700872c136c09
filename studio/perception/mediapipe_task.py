"""A network of MediaPipe's: loaded without noise, asked about picture after picture, freed."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, UInt8

from studio.core.errors import StudioError

Make = Callable[[Any, Any, Any], Any]
"""Makes a task of MediaPipe's module ``vision``, its base options and its running mode."""
_FOUND = ("pose_landmarks", "face_landmarks", "hand_landmarks")
"""The first answer that finds somebody warns of what nobody can change."""
_stderr = threading.Lock()


class Task:
    """One network. Used by one thread at a time."""

    def __init__(self, model: Path, make: Make, *, films: bool = False) -> None:
        """Pictures of ``films`` follow one another; others are looked at each as if there were no
        other. Raises StudioError if the network cannot be loaded."""
        os.environ.setdefault("GLOG_minloglevel", "3")
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        from mediapipe import Image, ImageFormat
        from mediapipe.tasks.python import BaseOptions, vision

        self._image, self._srgb = Image, ImageFormat.SRGB
        self._films, self._last_ms = films, 0
        self._begun_s: float | None = None
        self._loud = True
        mode = vision.RunningMode.VIDEO if films else vision.RunningMode.IMAGE
        with _quiet():
            try:
                task = make(vision, BaseOptions(model_asset_path=str(model)), mode)
            except (RuntimeError, ValueError, OSError) as error:
                raise StudioError(
                    f"The network “{model.name}” cannot be loaded.",
                    "Run: doppel models verify, then install it again.",
                ) from error
            self._task: Any = task
            self._answer(np.zeros((64, 64, 3), np.uint8))
        self._close = weakref.finalize(self, _free, task)

    def close(self) -> None:
        """Free the network."""
        self._close()

    def ask(self, rgb: UInt8[np.ndarray, "height width 3"], time_s: float = 0.0) -> Any:
        """MediaPipe's answer to the next picture, of films that taken at ``time_s``."""
        if self._begun_s is None:
            self._begun_s = time_s
        # A film that began again, or two pictures of one millisecond: time goes on all the same.
        self._last_ms = max(self._last_ms + 1, round(1e3 * (time_s - self._begun_s)))
        if not self._loud:
            return self._answer(rgb)
        with _quiet():
            answer = self._answer(rgb)
        self._loud = not any(getattr(answer, name, None) for name in _FOUND)
        return answer

    def _answer(self, rgb: np.ndarray) -> Any:
        picture = self._image(image_format=self._srgb, data=np.ascontiguousarray(rgb))
        if self._films:
            return self._task.detect_for_video(picture, self._last_ms)
        return self._task.detect(picture)


def in_pixels(points: Sequence[Any], shape: Sequence[int]) -> Float[np.ndarray, "points 3"]:
    """MediaPipe's points in pixels of a picture of this shape; depths in pixels of its width."""
    # 0..1 spans the picture from edge to edge; pixel centres lie at integers.
    size = (shape[1], shape[0], shape[1])
    return np.array([(p.x, p.y, p.z) for p in points]) * size - (0.5, 0.5, 0.0)


def sureness(points: Sequence[Any]) -> Float[np.ndarray, " points"]:
    """How surely each point of a body is seen where it is."""
    return np.array([(p.visibility or 0.0) * (p.presence or 0.0) for p in points])


@contextmanager
def _quiet() -> Generator[None]:
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


def _free(task: Any) -> None:
    """Close a task. Once the interpreter is shutting down that fails, and so would its __del__."""
    try:
        with _quiet():
            task.close()
    except Exception:
        task._handle = None
