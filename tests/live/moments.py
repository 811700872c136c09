"""Moments with a person in them, a detector that always finds one, and a film."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from studio.core.types import Frame, Keypoints, Skeleton
from studio.human.layouts import layout
from studio.live.moment import Moment
from studio.media.writer import VideoWriter
from studio.perception.detector import Person2D

SEEN, JOINTS = layout("coco_17"), layout("openpose_137")


def moment(number: int = 0) -> Moment:
    """Somebody at pixel (10 + point, 20 + number), one point of whom was not found."""
    xy = np.column_stack([10.0 + np.arange(len(SEEN)), np.full(len(SEEN), 20.0 + number)])
    sure = np.full(len(SEEN), 0.75)
    xy[3], sure[3] = np.nan, 0.0
    xyz = np.tile(np.array([0.25, -0.5, 1.5]), (len(JOINTS), 1))
    now = time.monotonic()
    return Moment(
        number,
        {"cam": Frame("cam", now, np.zeros((48, 64, 3), np.uint8))},
        (Keypoints("cam", now, SEEN, xy, sure, 2),),
        (Skeleton(now, JOINTS, xyz, np.full(len(JOINTS), np.nan)),),
        now - 0.05,
        now,
        {"find": 20.0},
    )


class Finder:
    """Finds somebody in every picture, where the picture's mean grey says."""

    layout = SEEN
    identity = "finder"

    def __init__(self, pause_s: float = 0.0) -> None:
        self.pause_s, self.closed = pause_s, False

    def detect(self, rgb: np.ndarray, time_s: float = 0.0) -> tuple[Person2D, ...]:
        time.sleep(self.pause_s)
        xy = np.full((len(SEEN), 2), float(rgb.mean()))
        return (Person2D(SEEN, xy, np.ones(len(SEEN)), 0),)

    def follow(self, people: Sequence[Person2D]) -> None:
        pass

    def close(self) -> None:
        self.closed = True


def film(path: Path, frames: int = 30, rate_hz: float = 60.0) -> Path:
    """A film that grows brighter."""
    with VideoWriter(path, (96, 64), rate_hz) as writer:
        for number in range(frames):
            writer.write(np.full((64, 96, 3), 40 + 2 * number, np.uint8))
    return path
