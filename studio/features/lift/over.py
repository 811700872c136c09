"""Lifted people drawn over the film they were lifted from, as its camera sees them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from studio.core.types import Crowd, Detections
from studio.features.lift.engine import Lifting
from studio.features.lift.several import cameras_of
from studio.media.overlay import write_overlay
from studio.vision.camera import project

_GUESSED = 0.4
"""How sure points that were not seen are drawn to be."""


def write_over(
    path: Path,
    video: Path,
    persons: Sequence[Lifting],
    rate_hz: float | None = None,
    told: Callable[[float], object] = lambda share: None,
) -> int:
    """Write the film with the lifted skeletons over it, as :func:`write_overlay` does; the number
    of pictures. What was not seen is fainter."""
    crowd = as_seen(persons)
    first = Detections(
        crowd.cameras, crowd.times_s, crowd.layout, crowd.xy_px[:, :, 0], crowd.confidence[:, :, 0]
    )
    return write_overlay(path, video, first, crowd, rate_hz, told)


def as_seen(persons: Sequence[Lifting]) -> Crowd:
    """Where the camera would see the points of people who were lifted together."""
    xy = np.stack([_in_picture(one) for one in persons], 1)[:, None]
    sure = np.stack([np.where(one.motion.filled, _GUESSED, 1.0) for one in persons], 1)[:, None]
    sure = np.where(np.isfinite(xy).all(-1), sure, 0.0)
    track = np.where((sure > 0).any(-1), np.arange(len(persons)), -1)
    motion = persons[0].motion
    return Crowd((persons[0].camera.name,), motion.times_s, motion.layout, xy, sure, track)


def _in_picture(one: Lifting) -> np.ndarray:
    cameras = cameras_of(one, np.arange(len(one.motion)))
    return np.stack(
        [project(camera, points) for camera, points in zip(cameras, one.motion.xyz_m, strict=True)]
    )
