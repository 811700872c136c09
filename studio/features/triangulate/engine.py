"""Triangulation as an engine: skeletons while it works, then the take refined as a whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from studio.core.errors import StudioError
from studio.core.types import CameraRig, Detections, Fact, Layout, Motion, Skeleton
from studio.features.triangulate.compare import side_by_side
from studio.features.triangulate.facts import facts_of, out_of_step
from studio.features.triangulate.inputs import Inputs
from studio.features.triangulate.params import Params
from studio.features.triangulate.pixels import (
    ALONE,
    Looked,
    as_seen,
    learned,
    least,
    look,
    loosened,
    points_of,
)
from studio.jobs import Context, Engine, run
from studio.media.rig_checks import check_rig
from studio.vision.filters import lag_ms, smooth
from studio.vision.gaps import fill, present
from studio.vision.match import match_cameras
from studio.vision.refine import covariance, error_m, noise_px, refine
from studio.vision.report import TakeReport, rigid_bones, take_report
from studio.vision.sightings import Sightings, residuals_px, sight
from studio.vision.swaps import disagreeing_swaps, exchange, find_swaps
from studio.vision.trajectory import Priors, refine_take
from studio.vision.triangulate import Points, dlt, drop_cameras, mean_px, ransac

CHUNK_POINTS = 4096
RENEWED = "The cameras were calibrated again meanwhile: everything here uses the new calibration."
_LEAST_NOISE_PX = 0.5
_LOOKING = 0.5
Result = TypeVar("Result")


@dataclass(frozen=True, eq=False)
class Triangulation:
    """The result: the motion, how good it is, and the three facts to show first."""

    motion: Motion
    report: TakeReport
    facts: tuple[Fact, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class _Part:
    """Some frames, solved one by one."""

    sightings: Sightings
    points: Points
    swapped: np.ndarray


class _Renewed(Exception):
    """The rig was calibrated again while the work was going on."""

    def __init__(self, inputs: Inputs) -> None:
        self.inputs = inputs


def triangulate(
    params: Params, inputs: Inputs, context: Context
) -> Engine[Skeleton, Triangulation]:
    """Triangulate a take. Yields a skeleton a frame; returns the whole, refined.

    A rig that is calibrated again meanwhile is taken up at once: the work begins anew with it.

    Notes tell of that, of cameras left out, of a rig that is not believable (a wrong unit, a
    world upside down), and of cameras out of step. Raises StudioError if rig and detections share
    fewer cameras than the method needs (two; the volumetric network one), if times do not increase,
    or if nothing is seen.
    """
    result, said = yield from renewing(one_person, params, inputs, context)
    told: tuple[Fact, ...] = ()
    if params.compare and len(result.report.cameras) > 1:
        told = side_by_side(params, inputs, result.motion, _motion, context)
    return replace(result, facts=result.facts + told, notes=said + result.notes)


def _motion(params: Params, inputs: Inputs) -> Motion:
    return run(one_person(params, inputs, Context())).motion


def renewing(
    solve: Callable[[Params, Inputs, Context], Engine[Skeleton, Result]],
    params: Params,
    inputs: Inputs,
    context: Context,
) -> Engine[Skeleton, tuple[Result, tuple[str, ...]]]:
    """Solve, anew with every rig that comes meanwhile; the result, and a note that tells of it."""
    said: tuple[str, ...] = ()
    while True:
        try:
            return (yield from solve(params, inputs, context)), said
        except _Renewed as news:
            inputs, said = news.inputs, (RENEWED,)


def go_on(context: Context) -> None:
    """Go on, stop, or begin anew with what is newer."""
    context.check()
    newer = context.renewed()
    if isinstance(newer, Inputs):
        raise _Renewed(newer)


def one_person(params: Params, inputs: Inputs, context: Context) -> Engine[Skeleton, Triangulation]:
    """Triangulate one person; see :func:`triangulate`. A newer rig ends it with an exception."""
    way, looked, begun = learned(params.method), None, 0.0
    rig, detections, notes = match_cameras(inputs.rig, inputs.detections, least(way))
    if len(rig) == 1:
        notes += (ALONE,)
    if not params.undistort:
        flat = tuple(replace(c, distortion=np.zeros(0), lens="pinhole") for c in rig.cameras)
        rig = CameraRig(flat)
    if not len(detections.times_s):
        raise StudioError("The detections have no frames.", "Run the detection again.")
    if not (np.isfinite(detections.times_s).all() and (np.diff(detections.times_s) > 0).all()):
        raise StudioError(
            "The times of the detections do not increase from frame to frame.",
            "Run the detection again.",
        )
    notes += tuple(f"{p.message} {p.hint}" for p in check_rig(rig))
    if way is not None:
        begun = _LOOKING
        looked = yield from look(way, inputs.films, rig, detections, params, context, begun)
        detections, params = looked.detections, loosened(params, looked)
    frames, layout = len(detections.times_s), detections.layout
    stride = max(1, CHUNK_POINTS // len(layout))
    parts: list[_Part] = []
    for start in range(0, frames, stride):
        go_on(context)
        done = begun + (0.6 - begun) * start / frames
        context.report(done, f"Triangulating frame {start + 1} of {frames}")
        part = _solve(params, rig, detections, slice(start, start + stride), looked)
        parts.append(part)
        yield from _skeletons(part, detections.times_s[start : start + stride], layout)
    if not any(part.points.used.any() for part in parts):
        raise StudioError(
            "No point is seen by enough cameras at once.",
            f"At least {params.min_cameras} must see it, {params.min_confidence:g} sure or more, "
            f"and agree within {params.max_reprojection_px:g} px.",
        )
    context.report(0.6, "Refining the take")
    fitted = _as_found(looked, rig) if way == "volumetric" and looked is not None else None
    result = _finish(params, rig, detections, _join(parts), notes, context, fitted)
    context.report(1.0, "Done")
    return result


def _flat(cube: np.ndarray) -> np.ndarray:
    """(frames, views, points, ...) as (views, frames * points, ...)."""
    turned = np.moveaxis(cube, 1, 0)
    return turned.reshape(len(turned), -1, *turned.shape[3:])


def _solve(
    params: Params, rig: CameraRig, detections: Detections, where: slice, looked: Looked | None
) -> _Part:
    s = sight(
        rig,
        _flat(detections.xy_px[where]),
        _flat(detections.confidence[where]),
        min_confidence=params.min_confidence,
    )
    count, limit = len(detections.layout), params.max_reprojection_px
    mirror = detections.layout.mirror
    sides = params.swap_sides and any(twin != i for i, twin in enumerate(mirror))
    swapped = np.zeros((len(rig), len(s) // count, count), bool)
    if sides:
        swapped = disagreeing_swaps(s, mirror, limit_px=limit)
        s = exchange(s, swapped, mirror)
    points = _method(params, s) if looked is None else points_of(looked, rig, where, params)
    if sides:
        more = find_swaps(s, points.xyz_m, mirror, limit_px=limit)
        if more.any():
            s, swapped = exchange(s, more, mirror), swapped ^ more
            points = _method(params, s)
    if params.huber:
        points = replace(
            points, xyz_m=refine(s.only(points.used), points.xyz_m, knee_px=params.knee_px)
        )
    return _Part(s, points, swapped)


def _method(params: Params, s: Sightings) -> Points:
    limit, least = params.max_reprojection_px, params.min_cameras
    if params.method == "weighted":
        return drop_cameras(s, limit_px=limit, min_cameras=least)
    if params.method == "ransac":
        return ransac(s, limit_px=limit, min_cameras=least)
    enough = s.seen.sum(0) >= least
    xyz = np.where(enough[:, None], dlt(s.unweighted(), homogeneous=True), np.nan)
    return Points(xyz, s.seen & np.isfinite(xyz[:, 0]))


def _as_found(looked: Looked, rig: CameraRig) -> Sightings:
    """A network's joints as the cameras would see them."""
    seen = as_seen(looked, rig)
    return sight(rig, _flat(seen.xy_px), _flat(seen.confidence))


def _errors(s: Sightings, points: Points, layout: Layout) -> np.ndarray:
    """Error bars of points in whole frames, with the noise pooled by point of the layout."""
    kind = np.tile(np.arange(len(layout)), len(s) // len(layout))
    noise = noise_px(residuals_px(s, points.xyz_m), s.weight, points.used, kind)
    return error_m(covariance(s.only(points.used), points.xyz_m, noise))


def _noise(s: Sightings, points: Points) -> float:
    """Pixel noise for the priors, from the residuals: low on small pictures and for sharp
    detectors, where more of it would smooth fast movements away. Infinite if unknown.

    Half as much again as is measured, since errors that views share leave no residual.
    """
    if not points.used.any():
        return np.inf
    noise = noise_px(residuals_px(s, points.xyz_m), s.weight, points.used)
    typical = float(np.median(noise[points.used.any(0)]))
    return 1.5 * typical if np.isfinite(typical) else np.inf


def _skeletons(part: _Part, times_s: np.ndarray, layout: Layout) -> Iterator[Skeleton]:
    error = _errors(part.sightings, part.points, layout).reshape(len(times_s), -1)
    xyz = part.points.xyz_m.reshape(len(times_s), -1, 3)
    for time_s, where, sigma in zip(times_s, xyz, error, strict=True):
        yield Skeleton(float(time_s), layout, where, sigma)


def _join(parts: list[_Part]) -> _Part:
    first = parts[0].sightings
    scale = first.scale_px
    if scale.shape[1] > 1:
        scale = np.concatenate([p.sightings.scale_px for p in parts], 1)
    s = replace(
        first,
        u=np.concatenate([p.sightings.u for p in parts], 1),
        v=np.concatenate([p.sightings.v for p in parts], 1),
        weight=np.concatenate([p.sightings.weight for p in parts], 1),
        scale_px=scale,
    )
    xyz = np.concatenate([p.points.xyz_m for p in parts])
    used = np.concatenate([p.points.used for p in parts], 1)
    return _Part(s, Points(xyz, used), np.concatenate([p.swapped for p in parts], 1))


def _finish(
    params: Params,
    rig: CameraRig,
    detections: Detections,
    whole: _Part,
    notes: tuple[str, ...],
    context: Context,
    fitted: Sightings | None = None,
) -> Triangulation:
    """The take refined as a whole; to ``fitted`` where that is not what the cameras saw."""
    s, layout, times = whole.sightings, detections.layout, detections.times_s
    shape = (len(times), len(layout))
    used = whole.points.used.reshape(len(rig), *shape)
    xyz, filled = fill(whole.points.xyz_m.reshape(*shape, 3), times, params.fill_gaps_s)
    if params.refine and len(times) > 2:

        def check(fraction: float) -> None:
            go_on(context)
            context.report(0.6 + 0.35 * fraction)

        priors = Priors(
            noise_px=min(0.8 * params.knee_px, max(_noise(s, whole.points), _LEAST_NOISE_PX)),
            bone_give=params.bone_give_percent / 100,
            agility_m_s2=params.agility_m_s2,
            outlier_px=2 * params.max_reprojection_px,
        )
        towards = s if fitted is None else fitted
        take = refine_take(towards, times, xyz, used, rigid_bones(layout), priors, check)
        xyz, used = take.xyz_m, take.used
        used = used & (used.sum(0) >= params.min_cameras)
        filled = present(xyz) & ~used.any(0)
    rate = float(1 / np.median(np.diff(times))) if len(times) > 1 else 0.0
    xyz = smooth(params.filter, xyz, rate, params.cutoff_hz, causal=params.causal, beta=params.beta)
    go_on(context)
    final = Points(xyz.reshape(-1, 3), used.reshape(len(rig), -1))
    error = _errors(s, final, layout).reshape(shape)
    px = mean_px(residuals_px(s, final.xyz_m), final.used).reshape(shape)
    motion = Motion(layout, times, xyz, error, px, used.sum(0).astype(np.int64), filled)
    report = take_report(
        rig.names, layout, times, s, xyz, error, used, filled, whole.swapped,
        limit_px=params.max_reprojection_px,
    )  # fmt: skip
    notes += out_of_step(report, rate)
    if params.filter != "none" and rate > 4:  # the lag is measured on a swing of 1 Hz
        late = lag_ms(params.filter, rate, params.cutoff_hz, causal=params.causal, beta=params.beta)
        notes += (f"The {params.filter} filter shows movements {late:.0f} ms late.",)
    return Triangulation(motion, report, facts_of(report, rig, motion.layout), notes)
