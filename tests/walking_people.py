"""Stiff people of 17 points who walk along lines, and what cameras see of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from studio.core.types import CameraRig, Crowd
from studio.human.layouts import layout
from studio.vision import camera as lens

COCO = layout("coco_17")
REST = np.array([
    [0, -0.1, 1.65], [0.03, -0.08, 1.68], [-0.03, -0.08, 1.68], [0.07, 0, 1.66], [-0.07, 0, 1.66],
    [0.19, 0, 1.42], [-0.19, 0, 1.42], [0.25, 0, 1.13], [-0.25, 0, 1.13], [0.27, -0.05, 0.88],
    [-0.27, -0.05, 0.88], [0.11, 0, 0.94], [-0.11, 0, 0.94], [0.12, 0, 0.52], [-0.12, 0, 0.52],
    [0.12, 0.03, 0.1], [-0.12, 0.03, 0.1],
])  # fmt: skip


def walker(
    start: tuple[float, float], end: tuple[float, float], frames: int = 60, size: float = 1.0
) -> np.ndarray:
    """Somebody on the way from one place to another (frames, 17, 3)."""
    share = np.linspace(0, 1, frames)[:, None]
    xy = np.array(start) + share * (np.array(end) - np.array(start))
    spot = np.concatenate([xy, np.zeros((frames, 1))], 1)
    return size * REST + spot[:, None]


def crowd_of(
    rig: CameraRig,
    people: Sequence[np.ndarray],
    hidden: Sequence[tuple[int, int]] = (),
    sigma: float = 1.5,
    seed: int = 0,
) -> Crowd:
    """Everybody as all cameras detect them, in an order that changes from frame to frame.

    NaN is not seen; ``hidden`` are pairs of person and view that never meet.
    """
    rng = np.random.default_rng(seed)
    frames, views, places = len(people[0]), len(rig), len(people)
    xy = np.full((frames, views, places, 17, 2), np.nan)
    for view, camera in enumerate(rig.cameras):
        for who, xyz in enumerate(people):
            if (who, view) not in hidden:
                seen = lens.project(camera, xyz)
                xy[:, view, who] = seen + sigma * rng.standard_normal(seen.shape)
        for frame in range(frames):
            xy[frame, view] = xy[frame, view][rng.permutation(places)]
    confidence = np.where(np.isfinite(xy[..., 0]), 0.9, 0.0)
    track = np.full(xy.shape[:3], -1)
    return Crowd(rig.names, np.arange(frames) / 30, COCO, xy, confidence, track)
