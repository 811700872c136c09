"""The person's mask of MediaPipe's pose landmarker, as a yardstick for masks of our own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, UInt8

from studio.core.closing import Closing
from studio.core.errors import StudioError


class PersonMask(Closing):
    """How surely each pixel belongs to the most prominent person. A context manager."""

    def __init__(self, model: Path) -> None:
        """Raises StudioError if the network cannot be loaded."""
        from mediapipe import Image, ImageFormat
        from mediapipe.tasks.python import BaseOptions, vision

        self._image, self._srgb = Image, ImageFormat.SRGB
        options = vision.PoseLandmarkerOptions(
            base_options=BaseOptions(model_asset_path=str(model)),
            num_poses=1,
            output_segmentation_masks=True,
        )
        try:
            self._task: Any = vision.PoseLandmarker.create_from_options(options)
        except (RuntimeError, ValueError, OSError) as error:
            raise StudioError(
                f"The network “{model.name}” cannot be loaded.",
                "Run: doppel models verify, then install it again.",
            ) from error

    def close(self) -> None:
        """Free the network."""
        self._task.close()

    def find(
        self, rgb: UInt8[np.ndarray, "height width 3"]
    ) -> Float[np.ndarray, "height width"] | None:
        """The mask in 0..1, or None if nobody is found."""
        picture = self._image(image_format=self._srgb, data=np.ascontiguousarray(rgb))
        answer = self._task.detect(picture)
        if not answer.segmentation_masks:
            return None
        return np.squeeze(answer.segmentation_masks[0].numpy_view()).astype(np.float64)
