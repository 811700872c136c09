"""Lifting as an engine: a skeleton a frame from the past alone, then the take with fixed bones."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from studio.core.errors import StudioError
from studio.core.types import Camera, Detections, Fact, Motion, Skeleton
from studio.features.lift.facts import facts_of
from studio.features.lift.params import WAY, Params
from studio.features.lift.pose_errors import Distance, distance
from studio.jobs import Context, Engine
from studio.perception.lifting.lifter import Frames, Lifter, Seen, seen_of
from studio.perception.lifting.network import METHODS
from studio.perception.lifting.normalise import BODY, FACE, NECK, PELVIS
from studio.perception.lifting.normalise import POINTS as OUT
from studio.vision.camera import normalise, project
from studio.vision.filters import one_euro
from studio.vision.one_view import bone_lengths, hold_lengths, place, towards_rays, upright, walk
from studio.vision.report import rigid_bones

CHUNK = 32
_SEEN_LEAST = 6
_CUTOFF_HZ, _BETA = 3.0, 1.5
_AWAY_HZ = 0.6
_SEEN_M = 0.02
_FLOOR_QUANTILE = 0.05


@dataclass(frozen=True)
class Origin:
    """The project's items that inputs came from, by id, and what the result is named after."""

    name: str
    detections: str
    rig: str | None = None
    take: str | None = None


@dataclass(frozen=True, eq=False)
class Inputs:
    """One person's 2D keypoints in one or more cameras, and what is known of the cameras.

    ``cameras`` are those that are calibrated, ``sizes_px`` the pictures' sizes of others by name.
    ``truth`` is the same take triangulated, if there is one: what lifting is measured against.
    """

    detections: Detections
    cameras: tuple[Camera, ...] = ()
    sizes_px: tuple[tuple[str, tuple[int, int]], ...] = ()
    truth: Motion | None = None
    origin: Origin | None = None


@dataclass(frozen=True)
class Compared:
    """A way of lifting: how far it reprojects from what was seen (px, mean), how much a second's
    movement of its points wanders from smooth (mm), and how far it is from the triangulated
    motion, where there is one."""

    method: str
    reprojection_px: float
    unsteady_mm: float
    off: Distance | None = None

    def fact(self) -> Fact:
        """The same as one line."""
        off = f", {self.off.aligned_mm:.0f} mm from triangulated" if self.off else ""
        text = f"{self.reprojection_px:.1f} px, unsteady by {self.unsteady_mm:.1f} mm{off}"
        return Fact(f"{WAY}{self.method}", text)


@dataclass(frozen=True, eq=False)
class Lifting:
    """The result: the motion, the camera as it is believed, and what to say of them."""

    motion: Motion
    camera: Camera
    calibrated: bool
    compared: tuple[Compared, ...]
    facts: tuple[Fact, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class _Task:
    """What is lifted: one camera's points."""

    name: str
    camera: Camera
    calibrated: bool
    times_s: np.ndarray
    seen: Seen


def lift(params: Params, inputs: Inputs, context: Context) -> Engine[Skeleton, Lifting]:
    """Lift one person seen by one camera. Yields a skeleton a frame; returns the whole.

    The world is that of the calibrated cameras; without, the person stands on z = 0 at the origin
    and the camera looks along +Y. Raises StudioError if there are no frames, the camera that was
    asked for is not there, nobody is seen, or the network is not installed.
    """
    task = _task(params, inputs)
    lifter = Lifter.load(method=params.method)
    parts: list[Frames] = []
    frames, shift = len(task.times_s), None
    for start in range(0, frames, CHUNK):
        context.check()
        context.report(0.8 * start / frames, f"Lifting frame {start + 1} of {frames}")
        part = lifter.lift(_some(task.seen, slice(start, start + CHUNK)))
        parts.append(part)
        world = _live(task, part, start)
        shift = _standing(task, world) if shift is None else shift
        for time_s, xyz, error in zip(task.times_s[start:], world + shift, part.error_m,
                                      strict=False):  # fmt: skip
            yield Skeleton(float(time_s), OUT, xyz, error)
    lifted = _joined(parts)
    context.report(0.85, "Fixing the bones")
    motion, camera, ratio = _finish(params, task, lifted)
    compared = [_compared(params.method, motion, inputs.truth)]
    if params.compare:
        for method in METHODS:
            if method != params.method:
                context.check()
                other = lifter.another(method).lift(task.seen)
                made, _, _ = _finish(params, task, other)
                compared.append(_compared(method, made, inputs.truth))
        compared.sort(key=lambda row: METHODS.index(row.method))
    context.report(1.0, "Done")
    own = next(row for row in compared if row.method == params.method)
    facts = facts_of(motion, own.reprojection_px, task.camera, own.off)
    return Lifting(motion, camera, task.calibrated, tuple(compared), facts,
                   _notes(params, task, ratio))  # fmt: skip


def _task(params: Params, inputs: Inputs) -> _Task:
    found = inputs.detections
    if not len(found.times_s):
        raise StudioError("The detections have no frames.", "Run the detection again.")
    view = _view(params, found)
    name = found.cameras[view]
    known = next((c for c in inputs.cameras if c.name == name), None)
    xy, sure = found.xy_px[:, view], found.confidence[:, view]
    camera = known or assumed(name, dict(inputs.sizes_px).get(name) or _size_of(xy),
                              params.field_of_view_deg)  # fmt: skip
    times = found.times_s
    step = float(np.median(np.diff(times))) if len(times) > 1 else 1 / 30
    if not step > 0:
        raise StudioError(
            "The times of the detections do not increase from frame to frame.",
            "Run the detection again.",
        )
    seen = seen_of(found.layout.name, normalise(camera, xy), sure, step, params.min_confidence)
    if not (seen.confidence[:, :BODY] > 0).sum(1).max() >= _SEEN_LEAST:
        raise StudioError(
            f"{name} sees no body.",
            f"At least {_SEEN_LEAST} of its points must be seen, {params.min_confidence:g} sure "
            "or more.",
        )
    return _Task(name, camera, known is not None, times, seen)


def _view(params: Params, found: Detections) -> int:
    if params.camera:
        if params.camera not in found.cameras:
            raise StudioError(
                f"There is no camera “{params.camera}”.", f"There are: {', '.join(found.cameras)}."
            )
        return found.cameras.index(params.camera)
    body = list(found.layout.parts.get("body", range(len(found.layout))))
    return int(found.confidence[:, :, body].mean((0, 2)).argmax())


def assumed(name: str, size_px: tuple[int, int], field_of_view_deg: float) -> Camera:
    """A camera of which only the picture's size is known: an ideal lens in the middle, level."""
    width, height = size_px
    focal = max(size_px) / (2 * np.tan(np.radians(field_of_view_deg) / 2))
    matrix = np.array([[focal, 0, (width - 1) / 2], [0, focal, (height - 1) / 2], [0, 0, 1]])
    level = upright(np.array([0.0, -1.0, 0.0])).T
    return Camera(name, size_px, matrix, np.zeros(0), level, np.zeros(3))


def _size_of(xy_px: np.ndarray) -> tuple[int, int]:
    """A picture that holds all the points, where nobody knows its size."""
    known = xy_px[np.isfinite(xy_px).all(-1)]
    if not len(known):
        return 1920, 1080
    far = np.quantile(known, 0.999, axis=0)
    for width, height in ((640, 480), (1280, 720), (1920, 1080), (1080, 1920), (3840, 2160)):
        if far[0] <= width and far[1] <= height:
            return width, height
    return int(far[0]) + 1, int(far[1]) + 1


def _some(seen: Seen, where: slice) -> Seen:
    return replace(seen, rays=seen.rays[where], confidence=seen.confidence[where])


def _joined(parts: list[Frames]) -> Frames:
    return Frames(*(np.concatenate([getattr(part, name) for part in parts])
                    for name in ("xyz_m", "error_m", "up")))  # fmt: skip


def _placed(seen: Seen, xyz_m: np.ndarray) -> np.ndarray:
    """Where the pelvis is in the camera's axes, frame by frame; NaN where nobody is seen."""
    body = slice(0, BODY)
    weight = np.where(seen.confidence[:, body] > 0, 0.2 + seen.confidence[:, body], 0.0)
    weight[(weight > 0).sum(1) < _SEEN_LEAST] = 0.0
    return place(xyz_m[:, body], seen.rays[:, body], weight)


def _live(task: _Task, part: Frames, start: int) -> np.ndarray:
    """The skeletons of some frames in the world, as far as it is known yet."""
    seen = _some(task.seen, slice(start, start + CHUNK))
    at = _placed(seen, part.xyz_m)
    return (part.xyz_m + at[:, None] - task.camera.translation_m) @ task.camera.rotation


def _standing(task: _Task, world: np.ndarray) -> np.ndarray:
    """How far to move live skeletons so that they stand about where the finished ones will."""
    if task.calibrated or not np.isfinite(world).all((1, 2)).any():
        return np.zeros(3)
    x, y, _ = np.nanmedian(world[:, PELVIS], axis=0)
    return -np.array([x, y, np.nanmedian(world[:, list(FEET), 2].min(1))])


def _finish(params: Params, task: _Task, lifted: Frames) -> tuple[Motion, Camera, float]:
    """The motion in the world, the camera there, and by how much the person was made taller."""
    seen, xyz = task.seen, lifted.xyz_m
    body = (seen.confidence[:, :BODY] > 0).sum(1) >= _SEEN_LEAST
    lengths = bone_lengths(xyz[body], BONES, OUT.mirror, 1 / lifted.error_m[body] ** 2)
    ratio = params.height_m / stature_m(xyz[body]) if params.height_m else 1.0
    xyz = xyz * ratio
    rate = 1 / seen.step_s
    if params.follow > 0:
        xyz = _followed(params, seen, xyz, lifted.error_m * ratio, lengths * ratio)
    if params.smoothing > 0 and len(xyz) > 1:
        xyz = one_euro(xyz, rate, _CUTOFF_HZ / params.smoothing, beta=_BETA, causal=True)
    if params.fixed_bones:
        xyz = _with_lengths(xyz, lengths * ratio)
    at = _placed(seen, xyz)
    if params.smoothing > 0:
        at = _steady(at, rate, params.smoothing)
    there = xyz + at[:, None]
    there[~body] = np.nan
    camera = task.camera
    if not task.calibrated:
        camera = _stood(camera, lifted.up[body], there)
    world = (there - camera.translation_m) @ camera.rotation
    error = np.where(np.isfinite(world[..., 0]), lifted.error_m * ratio, np.nan)
    px, used = _off_px(task, world, camera)
    motion = Motion(OUT, task.times_s, world, error, px, used.astype(np.int64),
                    np.isfinite(world[..., 0]) & ~used)  # fmt: skip
    return motion, camera, ratio


def _followed(
    params: Params, seen: Seen, xyz: np.ndarray, error_m: np.ndarray, lengths: np.ndarray
) -> np.ndarray:
    """Skeletons drawn to where their points were seen, the more the less sure they are."""
    at = _placed(seen, xyz)
    known = np.isfinite(at[:, 0])
    own = params.follow * error_m[known] ** 2 / (error_m[known] ** 2 + _SEEN_M**2)
    share = np.clip(own * seen.confidence[known], 0, 1)
    share[:, FACE] = 0.0
    there = xyz[known] + at[known, None]
    drawn = towards_rays(there, seen.rays[known], share, STEPS, BONES, lengths)
    out = xyz.copy()
    out[known] = drawn - drawn[:, PELVIS : PELVIS + 1]
    out[:, FACE] = xyz[:, FACE] + (out[:, :1] - xyz[:, :1])
    return out


def _with_lengths(xyz: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    held = hold_lengths(xyz, STEPS, BONES, lengths)
    held[:, FACE] = xyz[:, FACE] + (held[:, :1] - xyz[:, :1])
    return held


def _steady(at: np.ndarray, rate_hz: float, smoothing: float) -> np.ndarray:
    """Where the person is, calmer: how far away they are is much less sure than which way."""
    away = at[:, 2:]
    known = np.isfinite(away[:, 0])
    if known.sum() < 2:
        return at
    ways = at[:, :2] / away
    filled = np.interp(np.arange(len(away)), np.flatnonzero(known), np.log(away[known, 0]))
    track = np.repeat(filled[:, None, None], 3, 2)
    calm = np.exp(one_euro(track, rate_hz, _AWAY_HZ / smoothing, beta=2 * _BETA, causal=True))
    return np.where(known[:, None], np.column_stack([ways, np.ones(len(at))]) * calm[:, 0], np.nan)


def _stood(camera: Camera, up: np.ndarray, there: np.ndarray) -> Camera:
    """The camera in a world where up is up, the feet are on z = 0 and the person at the origin."""
    R = upright(np.median(up, axis=0)).T
    world = there @ R
    low = world[:, list(FEET), 2].min(1)
    floor = float(np.nanquantile(low, _FLOOR_QUANTILE))
    middle = np.nanmedian(world[:, PELVIS], axis=0)
    origin = np.array([middle[0], middle[1], floor])
    return replace(camera, rotation=R, translation_m=R @ origin)


def _off_px(task: _Task, world: np.ndarray, camera: Camera) -> tuple[np.ndarray, np.ndarray]:
    """How far each point is from where it was seen, and which were seen."""
    seen = task.seen.confidence > 0
    where = project(camera, world)
    was = project(replace(camera, rotation=np.eye(3), translation_m=np.zeros(3)),
                  np.concatenate([task.seen.rays, np.ones((*seen.shape, 1))], -1))  # fmt: skip
    px = np.where(seen, np.linalg.norm(where - was, axis=-1), np.nan)
    return px, seen & np.isfinite(px)


def _compared(method: str, motion: Motion, truth: Motion | None) -> Compared:
    px = motion.reprojection_px[:, :BODY]
    mean = float(np.nanmean(px)) if np.isfinite(px).any() else float("nan")
    off = distance(motion, truth) if truth is not None else None
    return Compared(method, mean, unsteady_mm(motion), off)


def unsteady_mm(motion: Motion) -> float:
    """How restless the body's points are about the pelvis: the median size of the second
    difference between frames, mm. Smooth movements have little of it, flicker much."""
    body = motion.xyz_m[:, :BODY] - motion.xyz_m[:, PELVIS : PELVIS + 1]
    if len(body) < 3:
        return 0.0
    return float(1000 * np.nanmedian(np.linalg.norm(np.diff(body, 2, axis=0), axis=-1)))


def stature_m(xyz_m: np.ndarray) -> float:
    """Body height from the lengths of legs and trunk (median over frames)."""
    chain = [OUT.index(f"left_{p}") for p in ("hip", "knee", "ankle")]
    twin = [OUT.mirror[i] for i in chain]
    legs = [np.linalg.norm(np.diff(xyz_m[:, side], axis=1), axis=-1).sum(1) for side in
            (chain, twin)]  # fmt: skip
    trunk = np.linalg.norm(xyz_m[:, PELVIS] - xyz_m[:, NECK], axis=-1)
    return float(np.median(STATURE * (np.mean(legs, axis=0) + trunk)))


def _notes(params: Params, task: _Task, ratio: float) -> tuple[str, ...]:
    notes: list[str] = []
    if not task.calibrated:
        notes.append(
            f"{task.name} is not calibrated: a field of view of {params.field_of_view_deg:g} "
            "degrees is assumed. How far away the person is depends on it."
        )
    if params.height_m:
        notes.append(f"Made {ratio - 1:+.1%} taller to be {params.height_m:g} m.")
    else:
        notes.append("One camera cannot measure size: give the body height where it is known.")
    return tuple(notes)


FEET = OUT.parts["feet"]
BONES = rigid_bones(OUT)
STEPS = walk(OUT, PELVIS)
STATURE = 1.312
"""Body height by the length of a leg and the trunk (pelvis to neck) together: the mean over Anny's
adults, of whom two thirds lie within 2 %."""
