"""2D keypoints of a take as one NumPy file: every point that was detected, none converted."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from studio.core.errors import StudioError
from studio.core.types import Detections
from studio.human.layouts import layout as find_layout

NAME = "detections.npz"


def write_npz(path: Path, detections: Detections) -> None:
    """Write the keypoints of one person. Raises OSError if that cannot be."""
    np.savez_compressed(
        path,
        cameras=np.array(detections.cameras),
        layout=np.array(detections.layout.name),
        points=np.array(detections.layout.points),
        times_s=detections.times_s,
        xy_px=detections.xy_px.astype(np.float32),
        confidence=detections.confidence.astype(np.float32),
    )


def read_npz(path: Path) -> Detections:
    """The file that ``doppel pose`` writes. Raises StudioError if it is none or damaged."""
    try:
        with np.load(path, allow_pickle=False) as file:
            return Detections(
                tuple(str(name) for name in file["cameras"]), file["times_s"].astype(float),
                find_layout(str(file["layout"])), file["xy_px"].astype(float),
                file["confidence"].astype(float),
            )  # fmt: skip
    except (OSError, ValueError, KeyError, EOFError) as error:
        raise StudioError(
            f"“{path.name}” holds no detections ({error}).",
            "Choose the detections.npz of doppel pose, a video, or a folder of OpenPose JSON.",
        ) from error
