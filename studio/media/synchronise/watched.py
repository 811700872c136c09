"""One look through a video: how bright each picture is, and how much in it moves."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float

from studio.core.types import Frame
from studio.media.clip import ClipReader

_WIDTH = 96
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


@dataclass(frozen=True, eq=False)
class Watched:
    """``level`` is the mean brightness (0..255) of each picture, ``moved`` the mean absolute
    change of its parts since the one before, less what changed everywhere alike (NaN at first).
    Pictures that cannot be decoded are NaN in both."""

    camera: str
    times_s: Float[np.ndarray, " frames"]
    level: Float[np.ndarray, " frames"]
    moved: Float[np.ndarray, " frames"]


def watch(clip: ClipReader) -> Generator[tuple[int, Frame], None, Watched]:
    """Look through a clip, frame by frame with its number."""
    level, moved = np.full(clip.frames, np.nan), np.full(clip.frames, np.nan)
    height = max(2, round(_WIDTH * clip.size_px[1] / clip.size_px[0]))
    before: np.ndarray | None = None
    last = -1
    for number, frame in clip.run():
        small = cv2.resize(frame.rgb, (_WIDTH, height), interpolation=cv2.INTER_AREA)
        grey = small.astype(np.float32) @ _LUMA
        level[number] = grey.mean()
        if before is not None and number == last + 1:
            change = grey - before
            moved[number] = np.abs(change - np.median(change)).mean()
        before, last = grey, number
        yield number, frame
    return Watched(clip.camera, clip.times_s, level, moved)
