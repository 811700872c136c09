"""One look through a video: how bright each picture is, and how much in it moves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float

from studio.media.clip import ClipReader

_WIDTH = 96


@dataclass(frozen=True, eq=False)
class Watched:
    """``level`` is the mean brightness (0..255) of each picture, ``moved`` the mean absolute
    change of its parts since the one before, less what changed everywhere alike (NaN at first).
    Pictures that cannot be decoded are NaN in both."""

    camera: str
    times_s: Float[np.ndarray, " frames"]
    level: Float[np.ndarray, " frames"]
    moved: Float[np.ndarray, " frames"]


def watch(clip: ClipReader, seen: Callable[[int], object] = lambda _: None) -> Watched:
    """Look through a clip; ``seen`` is told every frame's number and may raise to stop."""
    level, moved = np.full(clip.frames, np.nan), np.full(clip.frames, np.nan)
    height = max(2, round(_WIDTH * clip.size_px[1] / clip.size_px[0]))
    before: np.ndarray | None = None
    last = -1
    for number, frame in clip.run():
        small = cv2.resize(frame.rgb, (_WIDTH, height), interpolation=cv2.INTER_AREA)
        grey = small.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)
        level[number] = grey.mean()
        if before is not None and number == last + 1:
            change = grey - before
            moved[number] = np.abs(change - np.median(change)).mean()
        before, last = grey, number
        seen(number)
    return Watched(clip.camera, clip.times_s, level, moved)
