"""People who were solved together, as they are shown at a moment. No Qt widgets."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from studio.core.types import Camera, Motion, Skeleton
from studio.document.project import MotionItem
from studio.scene.items.person import NamedSkeleton
from studio.ui.keypoint_marks import landed_px
from studio.ui.loading import Loaded
from studio.ui.on_show import OnShow, at_moment, nearest, short_name
from studio.vision.camera import project


def main_at(item: MotionItem | None, motion: Motion, time_s: float) -> object | None:
    """The motion on show: of several people under its name, while the person is there."""
    if item is None or item.person is None:
        return motion.at(nearest(motion.times_s, time_s))
    return _named(item, at_moment(motion, time_s))


def others_at(shown: OnShow, loaded: Loaded, time_s: float) -> Iterator[tuple[str, object | None]]:
    """Everybody else who is loaded, by the key they are drawn under; None while not there."""
    for item, motion in zip(shown.others, loaded.others, strict=True):
        if motion is not None:
            yield f"person {item.id}", _named(item, at_moment(motion, time_s))


def points_at(
    shown: OnShow, loaded: Loaded, time_s: float
) -> tuple[list[np.ndarray], list[int], list[float]]:
    """The points of everybody at a moment, and of each point whose it is (0: the only one) and the
    radius of its mark."""
    people: list[np.ndarray] = []
    numbers: list[int] = []
    sizes_px: list[float] = []
    items, motions = (shown.motion, *shown.others), (loaded.motion, *loaded.others)
    for item, motion in zip(items, motions, strict=True):
        skeleton = None if motion is None else at_moment(motion, time_s)
        if item is not None and skeleton is not None:
            people.append(skeleton.xyz_m)
            numbers += [item.person.number if item.person else 0] * len(skeleton.xyz_m)
            sizes_px += landed_px(skeleton.layout)
    return people, numbers, sizes_px


def landed(camera: Camera, people: list[np.ndarray]) -> np.ndarray | None:
    """Where everybody's points land in a picture; None without anybody."""
    return np.concatenate([project(camera, points) for points in people]) if people else None


def _named(item: MotionItem, skeleton: Skeleton | None) -> NamedSkeleton | None:
    if skeleton is None or item.person is None:
        return None
    return NamedSkeleton(skeleton, short_name(item), item.person.number)
