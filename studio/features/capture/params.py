"""What can be said about footage that it does not say itself."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from studio.core.errors import StudioError

LayoutName = Literal[
    "fitting", "body_25", "body_25b", "halpe_26", "coco_17", "coco_133", "openpose_137",
    "hand_21", "left_hand_21", "right_hand_21", "face_68", "face_70", "mediapipe_33", "h36m_17",
]  # fmt: skip


class Params(BaseModel):
    """Files, and answers to what they leave open."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    paths: tuple[Path, ...] = Field(
        (), title="Files and folders", description="Videos, pictures, calibrations, detections"
    )
    unit: str | None = Field(
        None,
        title="Unit of the calibration",
        description="Unit of length of the calibration, where it does not say: m, cm, mm, or a "
        "length such as 25mm (the side of a board square)",
    )
    up: Literal["x", "y", "z", "-x", "-y", "-z"] | None = Field(
        None,
        title="Axis that points up",
        description="The axis that points up in the calibration, where it does not say",
    )
    size: str | None = Field(
        None,
        title="Picture size",
        description="Size of the calibrated pictures, where it is not stored: WIDTHxHEIGHT",
    )
    rate_hz: float | None = Field(
        None, gt=0, le=10_000, description="Frames a second, where the files are wrong or silent"
    )
    layout: LayoutName = Field(
        "fitting",
        title="Points of the detections",
        description="Keypoint layout of the detections, or the one that fits them",
    )
    person: int | None = Field(
        None,
        ge=0,
        description="Which person of the detections, counted from 0, in place of the main one",
    )
    mend: bool = Field(
        False,
        title="Mend the calibration",
        description="Mend what is wrong with the calibration in the likeliest way",
    )

    def size_px(self) -> tuple[int, int] | None:
        """The size as numbers. Raises StudioError if it cannot be read."""
        if self.size is None:
            return None
        match = re.fullmatch(r"\s*(\d+)\s*[xX×, ]\s*(\d+)\s*", self.size)
        if match is None or not int(match[1]) or not int(match[2]):
            raise StudioError(f"“{self.size}” is not a picture size.", "Write it as 1280x720.")
        return int(match[1]), int(match[2])
