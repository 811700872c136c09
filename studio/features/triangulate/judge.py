"""What motions of one take are judged by: the twelve limb joints, as all cameras saw them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from jaxtyping import Float

from studio.core.types import CameraRig, Detections, Motion
from studio.features.triangulate.inputs import Inputs
from studio.features.triangulate.params import Params
from studio.human.convert import convert, in_layout
from studio.human.layouts import layout
from studio.vision.match import match_cameras
from studio.vision.sightings import residuals_px, sight

Solve = Callable[[Params, Inputs], Motion]
"""What triangulates inputs."""
BODY = layout("coco_17")
_LIMBS = tuple(range(5, 17))


class Judge:
    """The cameras of a take and what they saw of the limbs, ``sure`` or more."""

    def __init__(self, rig: CameraRig, found: Detections, sure: float) -> None:
        self.rig, found, _ = match_cameras(rig, on_body(found))
        self.times_s = found.times_s
        flat = len(self.rig), -1
        xy = np.moveaxis(found.xy_px[:, :, list(_LIMBS)], 1, 0).reshape(*flat, 2)
        trust = np.moveaxis(found.confidence[:, :, list(_LIMBS)], 1, 0).reshape(*flat)
        self._sight = sight(self.rig, xy, trust, min_confidence=sure)

    def off_px(self, motion: Motion) -> Float[np.ndarray, "views joints"]:
        """How far a motion's joints, those of all frames in a row, lie from what each camera saw;
        NaN where it did not."""
        mine = at_times(motion, limbs_of(motion), self.times_s)
        return np.where(self._sight.seen, residuals_px(self._sight, mine.reshape(-1, 3)), np.nan)

    def apart_m(self, one: Motion, other: Motion) -> Float[np.ndarray, "frames 12"]:
        """How far two motions' joints are from each other."""
        a, b = (at_times(motion, limbs_of(motion), self.times_s) for motion in (one, other))
        return np.linalg.norm(a - b, axis=-1)


def on_body(found: Detections) -> Detections:
    """The detections as coco_17, which every method can be given."""
    return in_layout(found, BODY)


def limbs_of(motion: Motion) -> Float[np.ndarray, "frames 12 3"]:
    """The twelve limb joints of a motion."""
    return convert(motion.xyz_m, motion.layout, BODY)[:, list(_LIMBS)]


def at_times(
    motion: Motion, points: np.ndarray, times_s: Float[np.ndarray, " moments"]
) -> np.ndarray:
    """Points of a motion's frames at other times: those of the nearest frame, NaN where there is
    none within half a frame."""
    step = 1 / motion.rate_hz if motion.rate_hz else np.inf
    nearest = np.abs(motion.times_s[None] - times_s[:, None]).argmin(1)
    near = np.abs(motion.times_s[nearest] - times_s) <= 0.5 * step
    return np.where(near[:, None, None], points[nearest], np.nan)


def mean_of(values: np.ndarray) -> float:
    """The mean of what is known, NaN if that is nothing."""
    good = values[np.isfinite(values)]
    return float(good.mean()) if good.size else float("nan")
