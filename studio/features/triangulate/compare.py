"""Methods side by side on the same take, and how much is lost with fewer cameras."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from studio.core.errors import Cancelled, StudioError
from studio.core.types import CameraRig, Detections, Fact, Motion
from studio.features.triangulate.inputs import Inputs
from studio.features.triangulate.params import METHODS, Params
from studio.features.triangulate.pixels import learned
from studio.human.convert import convert, in_layout
from studio.human.layouts import layout
from studio.jobs import Context
from studio.vision.match import match_cameras
from studio.vision.report import limb_bones
from studio.vision.sightings import residuals_px, sight
from studio.vision.trajectory import bone_spread

METHOD, CAMERAS = "Method: ", "Cameras: "
Solve = Callable[[Params, Inputs], Motion]
_BODY = layout("coco_17")
_LIMBS = tuple(range(5, 17))
_SUBSETS = 6


@dataclass(frozen=True)
class Compared:
    """A method, frame by frame and not refined: how far its twelve limb joints lie from what the
    cameras saw (px, mean), how much arms and legs vary in length (share), and how far they are
    from the motion that is shown (mm)."""

    method: str
    reprojection_px: float
    bone_spread: float
    off_mm: float

    def fact(self) -> Fact:
        """The same as one line."""
        return Fact(
            f"{METHOD}{self.method}",
            f"{self.reprojection_px:.1f} px, {self.bone_spread:.1%}, {self.off_mm:.0f} mm",
        )


@dataclass(frozen=True)
class Fewer:
    """How far a method's limb joints move (mm, mean) when only so many cameras are used: by number
    of cameras, over up to six choices of them each."""

    method: str
    off_mm: dict[int, float]

    def fact(self) -> Fact:
        """The same as one line."""
        told = ", ".join(f"{count}: {off:.0f} mm" for count, off in self.off_mm.items())
        return Fact(f"{CAMERAS}{self.method}", told)


def side_by_side(
    params: Params, inputs: Inputs, shown: Motion, solve: Solve, watch: Context
) -> tuple[Fact, ...]:
    """The take by every method that its inputs allow, frame by frame, and by fewer cameras.

    ``solve`` triangulates inputs. Methods that need the pictures are left out where there are
    none, or where their network is not installed.
    """
    plain = params.model_copy(
        update={"refine": False, "compare": False, "filter": "none", "fill_gaps_s": 0.0}
    )
    small = replace(inputs, detections=on_body(inputs.detections), crowd=None)
    rows: list[Compared] = []
    curves: list[Fewer] = []
    for number, method in enumerate(METHODS):
        watch.report(0.9 + 0.1 * number / len(METHODS), f"By the method {method}")
        one = plain.model_copy(update={"method": method})
        try:
            motion = solve(one, small)
        except Cancelled:
            raise
        except StudioError:
            continue
        rows.append(compared(method, motion, inputs.rig, inputs.detections, shown,
                             params.min_confidence))  # fmt: skip
        if learned(method) is None and len(inputs.rig) > 2:
            curves.append(_with_fewer(one, small, motion, solve))
    return tuple(row.fact() for row in (*rows, *curves))


def _with_fewer(params: Params, inputs: Inputs, whole: Motion, solve: Solve) -> Fewer:
    off: dict[int, list[float]] = {}
    every = limbs_of(whole)
    for chosen in choices(len(inputs.rig)):
        rig = CameraRig(tuple(inputs.rig.cameras[k] for k in chosen))
        try:
            limbs = limbs_of(solve(params, replace(inputs, rig=rig)))
        except Cancelled:
            raise
        except StudioError:
            continue
        off.setdefault(len(chosen), []).append(_mean(1000 * _apart(limbs, every)))
    return Fewer(params.method, {count: float(np.mean(values)) for count, values in off.items()})


def on_body(found: Detections) -> Detections:
    """The detections as coco_17, which every method can be given."""
    return in_layout(found, _BODY)


def limbs_of(motion: Motion) -> np.ndarray:
    """The twelve limb joints of a motion (frames, 12, 3)."""
    return convert(motion.xyz_m, motion.layout, _BODY)[:, list(_LIMBS)]


def compared(
    method: str, motion: Motion, rig: CameraRig, found: Detections, shown: Motion, sure: float
) -> Compared:
    """A method's motion against the detections of all cameras and the motion that is shown."""
    rig, found, _ = match_cameras(rig, on_body(found))
    mine = at_times(motion, limbs_of(motion), found.times_s)
    xy = np.moveaxis(found.xy_px[:, :, list(_LIMBS)], 1, 0).reshape(len(rig), -1, 2)
    trust = np.moveaxis(found.confidence[:, :, list(_LIMBS)], 1, 0).reshape(len(rig), -1)
    s = sight(rig, xy, trust, min_confidence=sure)
    off = residuals_px(s, mine.reshape(-1, 3))
    whole = convert(motion.xyz_m, motion.layout, _BODY)
    spread = bone_spread(whole, limb_bones(_BODY))
    other = at_times(shown, limbs_of(shown), found.times_s)
    return Compared(method, _mean(off), _mean(spread), _mean(1000 * _apart(mine, other)))


def choices(cameras: int) -> Iterator[tuple[int, ...]]:
    """Which cameras to use: two of them to all but one, up to six choices of each number."""
    for count in range(2, cameras):
        every = list(combinations(range(cameras), count))
        step = max(len(every) / _SUBSETS, 1.0)
        yield from [every[int(k * step)] for k in range(min(len(every), _SUBSETS))]


def at_times(motion: Motion, points: np.ndarray, times_s: np.ndarray) -> np.ndarray:
    """Points of a motion's frames at other times: those of the nearest frame, NaN where there is
    none within half a frame."""
    step = 1 / motion.rate_hz if motion.rate_hz else np.inf
    nearest = np.abs(motion.times_s[None] - times_s[:, None]).argmin(1)
    near = np.abs(motion.times_s[nearest] - times_s) <= 0.5 * step
    return np.where(near[:, None, None], points[nearest], np.nan)


def _apart(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return np.linalg.norm(one - other, axis=-1)


def _mean(values: np.ndarray) -> float:
    good = values[np.isfinite(values)]
    return float(good.mean()) if good.size else float("nan")
