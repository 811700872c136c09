"""The person's mask of MediaPipe's pose landmarker, as a yardstick for masks of our own, and the
points that it tells besides."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, UInt8

from studio.core.closing import Closing
from studio.perception.mediapipe_task import Task, in_pixels


class PersonMask(Closing):
    """How surely each pixel belongs to the most prominent person. A context manager."""

    def __init__(self, model: Path) -> None:
        """Raises StudioError if the network cannot be loaded."""

        def make(vision: Any, base: Any, mode: Any) -> Any:
            options = vision.PoseLandmarkerOptions(
                base_options=base, running_mode=mode, num_poses=1, output_segmentation_masks=True
            )
            return vision.PoseLandmarker.create_from_options(options)

        self._task = Task(model, make)

    def close(self) -> None:
        """Free the network."""
        self._task.close()

    def find(
        self, rgb: UInt8[np.ndarray, "height width 3"]
    ) -> Float[np.ndarray, "height width"] | None:
        """The mask in 0..1, or None if nobody is found."""
        found = self.look(rgb)
        return None if found is None else found[0]

    def look(
        self, rgb: UInt8[np.ndarray, "height width 3"]
    ) -> tuple[Float[np.ndarray, "height width"], Float[np.ndarray, "33 3"]] | None:
        """The mask and the person's points (pixels), or None if nobody is found."""
        answer = self._task.ask(rgb)
        if not answer.segmentation_masks:
            return None
        mask = np.squeeze(answer.segmentation_masks[0].numpy_view()).astype(np.float64)
        return mask, in_pixels(answer.pose_landmarks[0], rgb.shape)
