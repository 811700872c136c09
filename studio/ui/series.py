"""Curves for the plots, from core values. No Qt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from studio.core.types import CameraRig, Detections, Layout, Motion
from studio.vision.camera import project
from studio.vision.gaps import median

Tone = Literal["left", "right", "middle", "plain", "accent", "faint"]


@dataclass(frozen=True, eq=False)
class Series:
    """One curve. NaN is a gap. ``tone`` says whose it is; ``plain`` takes the next colour.
    ``dots`` marks each value."""

    name: str
    x: np.ndarray
    y: np.ndarray
    tone: Tone = "plain"
    dots: bool = False


@dataclass(frozen=True, eq=False)
class Chart:
    """A set of curves over one axis. ``limit`` is drawn as a dashed line; ``log`` scales y;
    ``from_zero`` keeps zero in sight."""

    title: str
    y_unit: str
    series: tuple[Series, ...]
    x_unit: str = "s"
    limit: float | None = None
    log: bool = False
    from_zero: bool = False


def joint_errors(motion: Motion, worst: int = 4) -> Chart:
    """Mean reprojection error over time, and that of the worst joints."""
    error = np.where(np.isfinite(motion.xyz_m).all(-1), motion.reprojection_px, np.nan)
    per_joint = _mean(error, 0)
    order = np.argsort(-np.nan_to_num(per_joint, nan=-1.0))[:worst]
    series = [Series("Mean of all points", motion.times_s, _mean(error, 1), "accent")]
    series += [
        Series(_words(motion.layout.points[joint]), motion.times_s, error[:, joint])
        for joint in order
        if np.isfinite(per_joint[joint])
    ]
    return Chart("Reprojection by point", "px", tuple(series))


def camera_errors(motion: Motion, rig: CameraRig, detections: Detections) -> Chart:
    """Mean distance, camera by camera, between what was seen and where the 3D points land.

    Layouts must agree point by point; frames are matched by time.
    """
    frame = np.abs(detections.times_s[None] - motion.times_s[:, None]).argmin(1)
    series = []
    for view, name in enumerate(detections.cameras):
        if name not in rig.names:
            continue
        landed = project(rig[name], motion.xyz_m)
        away = np.linalg.norm(landed - detections.xy_px[frame, view], axis=-1)
        weight = np.nan_to_num(detections.confidence[frame, view])
        away = np.where(weight > 0.05, away, np.nan)
        series.append(Series(name, motion.times_s, median(away, 1)))
    return Chart("Reprojection by camera", "px", tuple(series))


def bone_spread(motion: Motion, worst: int = 5) -> Chart:
    """Length of the bones that vary most, relative to their own median."""
    pairs = body_bones(motion.layout)
    length = np.linalg.norm(motion.xyz_m[:, pairs[:, 0]] - motion.xyz_m[:, pairs[:, 1]], axis=-1)
    middle = median(length, 0)
    spread = np.sqrt(_mean((length - middle) ** 2, 0)) / middle
    order = np.argsort(-np.nan_to_num(spread, nan=-1.0))[:worst]
    series = tuple(
        Series(
            f"{_words(motion.layout.points[pairs[bone, 0]])} – "
            f"{_words(motion.layout.points[pairs[bone, 1]])}",
            motion.times_s,
            100 * (length[:, bone] / middle[bone] - 1),
        )
        for bone in order
        if np.isfinite(spread[bone])
    )
    return Chart("Bone length", "% of median", series, limit=0.0)


def body_bones(layout: Layout) -> np.ndarray:
    """Bones (n, 2) outside the face, whose length should not change."""
    face = set(layout.parts.get("face", ()))
    bones = [pair for pair in layout.bones if not face.intersection(pair)]
    return np.array(bones, int).reshape(-1, 2)


def losses(curves: dict[str, np.ndarray]) -> Chart:
    """Training curves by name, over steps, on a logarithmic axis."""
    series = tuple(
        Series(name, np.arange(len(values), dtype=float), np.asarray(values, float))
        for name, values in curves.items()
    )
    return Chart("Loss", "", series, x_unit="step", log=True)


def _words(point: str) -> str:
    return point.replace("_", " ").capitalize()


def _mean(values: np.ndarray, axis: int) -> np.ndarray:
    seen = np.isfinite(values)
    count = seen.sum(axis)
    total = np.where(seen, values, 0).sum(axis)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
