"""Lifting as an engine: a skeleton a frame from the past alone, then the take with fixed bones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from studio.core.types import Camera, Crowd, Detections, Fact, Motion, Skeleton
from studio.features.lift.facts import facts_of
from studio.features.lift.film import Film, film_of, placed, some
from studio.features.lift.finish import FEET, Finished, finish
from studio.features.lift.params import WAY, Params
from studio.features.lift.pose_errors import Distance, distance
from studio.jobs import Context, Engine
from studio.perception.lifting.lifter import Frames, Lifter
from studio.perception.lifting.network import METHODS
from studio.perception.lifting.normalise import BODY, PELVIS
from studio.perception.lifting.normalise import POINTS as OUT

CHUNK = 32


@dataclass(frozen=True)
class Origin:
    """The project's items that inputs came from, by id, and what the result is named after."""

    name: str
    detections: str
    rig: str | None = None
    take: str | None = None


@dataclass(frozen=True, eq=False)
class Inputs:
    """One person's 2D keypoints in one or more cameras, or everybody's where several were seen
    (``crowd``), and what is known of the cameras.

    ``cameras`` are those that are calibrated, ``sizes_px`` the pictures' sizes of others by name.
    ``truth`` is the same take triangulated, if there is one: what lifting is measured against.
    """

    detections: Detections
    cameras: tuple[Camera, ...] = ()
    sizes_px: tuple[tuple[str, tuple[int, int]], ...] = ()
    truth: Motion | None = None
    origin: Origin | None = None
    crowd: Crowd | None = None


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
    """The result: the motion, the camera as it is believed, and what to say of them.

    ``shots`` are the first frames of shots with the camera as it stood there; ``camera`` is that of
    the longest one.
    """

    motion: Motion
    camera: Camera
    calibrated: bool
    shots: tuple[tuple[int, Camera], ...]
    compared: tuple[Compared, ...]
    facts: tuple[Fact, ...]
    notes: tuple[str, ...] = ()


def lift(params: Params, inputs: Inputs, context: Context) -> Engine[Skeleton, Lifting]:
    """Lift one person seen by one camera. Yields a skeleton a frame; returns the whole.

    The world is that of the calibrated cameras; without, the person stands on z = 0 at the origin
    and the camera looks along +Y. Raises StudioError if there are no frames, the camera that was
    asked for is not there, nobody is seen, or the network is not installed.
    """
    film = film_of(params, inputs.detections, inputs.cameras, dict(inputs.sizes_px))
    lifter = Lifter.load(method=params.method)
    parts: list[Frames] = []
    frames, shift = len(film.times_s), np.zeros(3)
    for piece in film.pieces(CHUNK):
        context.check()
        context.report(0.8 * piece.start / frames, f"Lifting frame {piece.start + 1} of {frames}")
        part = _lifted(lifter, film, piece)
        parts.append(part)
        world = _live(film, part, piece)
        shift = _standing(film, world) if piece.start in film.shots else shift
        for time_s, xyz, error in zip(film.times_s[piece], world + shift, part.error_m,
                                      strict=True):  # fmt: skip
            yield Skeleton(float(time_s), OUT, xyz, error)
    context.report(0.85, "Fixing the bones")
    made = finish(params, film, _joined(parts))
    compared = [_compared(params.method, made.motion, inputs.truth)]
    if params.compare:
        for method in METHODS:
            if method != params.method:
                context.check()
                other = lifter.another(method)
                lifted = _joined([_lifted(other, film, piece) for piece in film.pieces(frames)])
                motion = finish(params, film, lifted).motion
                compared.append(_compared(method, motion, inputs.truth))
        compared.sort(key=lambda row: METHODS.index(row.method))
    context.report(1.0, "Done")
    own = next(row for row in compared if row.method == params.method)
    facts = facts_of(made.motion, own.reprojection_px, film.camera, own.off)
    longest = max(zip(film.parts(), made.cameras, strict=True), key=lambda shot: _long(shot[0]))
    return Lifting(made.motion, longest[1][1], film.calibrated, made.cameras, tuple(compared),
                   facts, _notes(params, film, made))  # fmt: skip


def _long(part: slice) -> int:
    return part.stop - part.start


def _lifted(lifter: Lifter, film: Film, piece: slice) -> Frames:
    """Some frames; nothing is remembered over a cut, nor of somebody who was long away."""
    if piece.start in film.shots or piece.start in film.losses:
        lifter.forget()
    return lifter.lift(some(film.seen, piece))


def _joined(parts: list[Frames]) -> Frames:
    return Frames(*(np.concatenate([getattr(part, name) for part in parts])
                    for name in ("xyz_m", "error_m", "up")))  # fmt: skip


def _live(film: Film, part: Frames, piece: slice) -> np.ndarray:
    """The skeletons of some frames in the world, as far as it is known yet."""
    at = placed(some(film.seen, piece), part.xyz_m)
    return (part.xyz_m + at[:, None] - film.camera.translation_m) @ film.camera.rotation


def _standing(film: Film, world: np.ndarray) -> np.ndarray:
    """How far to move live skeletons so that they stand about where the finished ones will."""
    if film.calibrated or not np.isfinite(world).all((1, 2)).any():
        return np.zeros(3)
    x, y, _ = np.nanmedian(world[:, PELVIS], axis=0)
    return -np.array([x, y, np.nanmedian(world[:, list(FEET), 2].min(1))])


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


def _notes(params: Params, film: Film, made: Finished) -> tuple[str, ...]:
    notes: list[str] = []
    if not film.calibrated:
        notes.append(
            f"{film.name} is not calibrated: a field of view of {params.field_of_view_deg:g} "
            "degrees is assumed. How far away the person is depends on it."
        )
    if cuts := len(film.shots) - 1:
        world = "" if film.calibrated else " Each shot stands on a floor of its own."
        notes.append(f"The film is cut {cuts} {'time' if cuts == 1 else 'times'}.{world}")
    if params.height_m:
        notes.append(f"Made {made.ratio - 1:+.1%} taller to be {params.height_m:g} m.")
    else:
        notes.append("One camera cannot measure size: give the body height where it is known.")
    return tuple(notes)
