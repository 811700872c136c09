"""Which picture of a film shows a person best: whole, from ahead, large and sharp."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float, UInt8

from studio.core.types import Layout
from studio.perception.bodies_seen import networks_of
from studio.perception.crops import bounds
from studio.perception.whole_body import Options, WholeBodyDetector
from studio.vision.picture_aids import sharpness

_LEGS = ("left_ankle", "right_ankle", "left_knee", "right_knee")
_SIDE, _AHEAD = 0.25, 0.55
"""What a side view is worth beside one from ahead; shoulders as wide, by the torso's length, are
seen from ahead."""


def best_shown(
    pictures: Sequence[UInt8[np.ndarray, "height width 3"]], files: Mapping[str, Path]
) -> int | None:
    """The number of the picture that shows a person best; None where none shows anybody.

    ``files`` are the networks :data:`studio.perception.bodies_seen.NETWORKS`. Raises StudioError if
    one cannot be loaded.
    """
    nets = networks_of(files)
    worth = np.zeros(len(pictures))
    sharp = np.zeros(len(pictures))
    with WholeBodyDetector(nets, Options("fast", hands=False, face=False)) as detector:
        for k, rgb in enumerate(pictures):
            detector.follow(())
            people = detector.bodies(rgb)
            if people:
                height, width = rgb.shape[:2]
                xy, sure = people[0].xy_px[:33], people[0].confidence[:33]
                worth[k] = shown(people[0].layout, xy, sure, (width, height))
                sharp[k] = sharpness(_about(rgb, xy), 1.0)
    if not worth.any():
        return None
    return int(np.argmax(worth * sharp / sharp.max()))


def shown(
    layout: Layout,
    xy_px: Float[np.ndarray, "33 2"],
    sure: Float[np.ndarray, " 33"],
    size_px: tuple[int, int],
) -> float:
    """How well a picture of a size shows somebody, whose first 33 points of a ``layout`` are there:
    from 0 to 1, that they fill its height, whole and from ahead."""
    at = {name: k for k, name in enumerate(layout.points[:33])}
    left, right = xy_px[at["left_shoulder"]], xy_px[at["right_shoulder"]]
    hips = (xy_px[at["left_hip"]] + xy_px[at["right_hip"]]) / 2
    torso = float(np.linalg.norm((left + right) / 2 - hips))
    ahead = float(left[0] - right[0]) / max(_AHEAD * torso, 1e-6)
    ahead = _SIDE + (1 - _SIDE) * min(max(ahead, 0.0), 1.0)
    inside = np.asarray(((xy_px >= 0) & (xy_px < size_px)).all(1))
    legs = [at[name] for name in _LEGS]
    whole = float(inside.mean()) * float(np.where(inside[legs], sure[legs], 0.0).mean())
    return min(bounds(xy_px)[1] / size_px[1], 1.0) * ahead * whole


def _about(rgb: np.ndarray, xy_px: np.ndarray) -> np.ndarray:
    """A person's own part of a picture."""
    high, wide = rgb.shape[:2]
    left, top = np.clip(xy_px.min(0).astype(int), 0, (wide - 2, high - 2))
    right, bottom = np.clip(xy_px.max(0).astype(int), (left + 2, top + 2), (wide, high))
    return np.ascontiguousarray(rgb[top:bottom, left:right])
