"""Errors of a rig on moments that it was not solved from, in pixels and in millimetres."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int

from studio.core.calibration import HeldOut, Target, View
from studio.core.types import CameraRig
from studio.vision.calibration import lens as optics
from studio.vision.calibration.bundle import knee_of
from studio.vision.calibration.observations import Observations, observe
from studio.vision.calibration.placement import settle_twins
from studio.vision.calibration.planar import twin_poses
from studio.vision.calibration.resect import resect
from studio.vision.calibration.state import State, off_px
from studio.vision.refine import refine
from studio.vision.rotations import nearest
from studio.vision.sightings import sight
from studio.vision.triangulate import dlt

_FAR_PX = 10.0
_POSE = 3.0
"""A pose's six unknowns are worth three points of two coordinates."""


@dataclass(frozen=True, eq=False)
class Errors:
    """``squared_px`` is the summed squared error of each view. ``points`` is how many it rests on:
    those seen, less the view's share of the three that its moment's pose takes up. ``shape_mm`` is
    each triangulated point's distance from the target's true shape; ``lengths_m`` measured and
    true distances of neighbouring points."""

    camera: Int[np.ndarray, " views"]
    moment: Int[np.ndarray, " views"]
    squared_px: Float[np.ndarray, " views"]
    points: Float[np.ndarray, " views"]
    shape_mm: Float[np.ndarray, " solved"]
    lengths_m: Float[np.ndarray, "pairs 2"]


def rig_state(rig: CameraRig, moments: int) -> State:
    """A rig as a solver's state; the target is nowhere yet."""
    return State(
        tuple(c.lens for c in rig.cameras),
        tuple(len(c.distortion) for c in rig.cameras),
        np.stack([optics.values_of(c) for c in rig.cameras]),
        np.stack([np.asarray(c.rotation, np.float64) for c in rig.cameras]),
        np.stack([np.asarray(c.centre_m, np.float64) for c in rig.cameras]),
        np.tile(np.eye(3), (moments, 1, 1)),
        np.full((moments, 3), np.nan),
    )


def held_out_errors(rig: CameraRig, target: Target, views: Sequence[View]) -> HeldOut:
    """Judge any rig, ours or another's, on views that it was not solved from."""
    o = observe(target, views, rig.names)
    return summary(rig, [errors_on(target, o, rig_state(rig, len(o.moments)))])


def errors_on(target: Target, o: Observations, s: State) -> Errors:
    """The cameras and lenses of ``s`` judged on views; the target's poses are found anew.

    Each moment's pose is estimated from all of its views together, so that what is left over is
    where the cameras contradict each other. Of several cameras, a moment that only one sees
    counts for nothing.
    """
    shared = np.bincount(o.moment, minlength=len(o.moments))[o.moment] > 1
    o = o.take(shared) if len(o.cameras) > 1 else o
    if not len(o):
        nothing = np.zeros(0, np.intp)
        return Errors(nothing, nothing, np.zeros(0), np.zeros(0), np.zeros(0), np.zeros((0, 2)))
    twins = twin_poses(o, s)
    posed = np.isin(o.moment, o.moment[np.isfinite(twins.rms_px[:, 0])])
    o, twins = o.take(posed), twins.take(posed)
    s = settle_twins(o, _anywhere(s, len(o.moments)), twins, _FAR_PX)
    s = resect(o, s, knee_px=knee_of(o, s))
    squares = np.square(off_px(o, s)).sum((1, 2))
    points = o.seen.sum(-1)
    together = np.bincount(o.moment, points, len(o.moments))[o.moment]
    shape, lengths = _shape_errors(target, o, s)
    return Errors(
        o.camera, np.asarray(o.moments, np.intp)[o.moment], squares,
        points * (1 - _POSE / together), shape, lengths,
    )  # fmt: skip


def _anywhere(s: State, moments: int) -> State:
    """Moments without a pose yet: NaN costs count as infinite, so any proposal is better."""
    return replace(
        s, turn=np.tile(np.eye(3), (moments, 1, 1)), place_m=np.full((moments, 3), np.nan)
    )


def _neighbours(points_m: np.ndarray) -> Int[np.ndarray, "pairs 2"]:
    """Pairs of points as near to each other as the nearest pair of either."""
    apart = np.linalg.norm(points_m[:, None] - points_m, axis=-1)
    np.fill_diagonal(apart, np.inf)
    near = apart <= 1.05 * np.fmin(apart.min(0)[:, None], apart.min(0))
    return np.argwhere(np.triu(near))


def _shape_errors(target: Target, o: Observations, s: State) -> tuple[np.ndarray, np.ndarray]:
    """Millimetres from the true shape, rigidly laid over; lengths measured and true."""
    if len(o.cameras) < 2:
        return np.zeros(0), np.zeros((0, 2))
    moments, points = len(o.moments), len(target.points_m)
    rig = CameraRig(tuple(s.camera(i, name, (1, 1)) for i, name in enumerate(o.cameras)))
    xy = np.full((len(rig), moments, points, 2), np.nan)
    row, column = np.nonzero(o.seen)
    xy[o.camera[row], o.moment[row], o.points[row, column]] = o.xy_px[row, column]
    xy = xy.reshape(len(rig), moments * points, 2)
    enough = np.isfinite(xy[..., 0]).sum(0) >= 2
    found = np.full((moments * points, 3), np.nan)
    if enough.any():
        seen = sight(rig, xy[:, enough])
        found[enough] = refine(seen, dlt(seen))
    found = found.reshape(moments, points, 3)
    pairs = _neighbours(target.points_m)
    off: list[np.ndarray] = []
    lengths: list[np.ndarray] = []
    for measured in found:
        good = np.isfinite(measured[:, 0])
        if good.sum() >= 4:
            off.append(_laid_over(target.points_m[good], measured[good]))
            both = pairs[good[pairs].all(1)]
            ends = np.stack([measured, target.points_m])[:, both]
            lengths.append(np.linalg.norm(ends[:, :, 0] - ends[:, :, 1], axis=-1).T)
    return (
        np.concatenate(off) * 1000 if off else np.zeros(0),
        np.concatenate(lengths) if lengths else np.zeros((0, 2)),
    )


def _laid_over(true_m: np.ndarray, measured_m: np.ndarray) -> Float[np.ndarray, " points"]:
    """Distances after the best rigid motion (Kabsch)."""
    a, b = true_m - true_m.mean(0), measured_m - measured_m.mean(0)
    return np.linalg.norm(a @ nearest(b.T @ a).T - b, axis=-1)


def summary(rig: CameraRig, parts: Sequence[Errors]) -> HeldOut:
    """Errors on one or several held-out sets as one; NaN where there are none."""
    if not parts:
        nan = float("nan")
        return HeldOut(nan, nan, dict.fromkeys(rig.names, nan), ())
    camera = np.concatenate([p.camera for p in parts])
    squares = np.concatenate([p.squared_px for p in parts])
    points: np.ndarray = np.concatenate([p.points for p in parts])
    shape = np.concatenate([p.shape_mm for p in parts])
    lengths = np.concatenate([p.lengths_m for p in parts])

    def rms(chosen: np.ndarray) -> float:
        total = points[chosen].sum()
        return float(np.sqrt(squares[chosen].sum() / total)) if total else float("nan")

    by_camera = {name: rms(np.equal(camera, i)) for i, name in enumerate(rig.names)}
    bias: np.ndarray = lengths[:, 0] - lengths[:, 1]
    return HeldOut(
        rms(np.full(len(camera), True)),
        float(np.sqrt(np.square(shape).mean())) if shape.size else float("nan"),
        by_camera,
        tuple(sorted({int(m) for p in parts for m in p.moment})),
        float(bias.mean() * 1000) if bias.size else float("nan"),
        float(bias.sum() / lengths[:, 1].sum()) if bias.size else float("nan"),
    )


def folds(moments: int, most: int = 5) -> Int[np.ndarray, " moments"]:
    """Which fold each moment falls into: runs of neighbours stay together, since pictures taken
    one after the other are nearly the same."""
    count = min(most, moments)
    runs = min(4 * count, moments)
    return (np.arange(moments) * runs // max(moments, 1)) % max(count, 1)
