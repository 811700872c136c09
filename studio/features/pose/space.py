"""From what single pictures tell in 3D to motions: calm, with fixed bones, placed in the world."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float

from studio.core.card import find_card
from studio.core.errors import StudioError
from studio.core.types import Camera, Crowd, Detections, Fact, Monocular, Motion
from studio.human.convert import convert
from studio.human.layouts import layout
from studio.vision.calm import Calm
from studio.vision.camera import normalise, project
from studio.vision.gaps import runs
from studio.vision.one_view import assumed, bone_lengths, hold_lengths, place, steady, walk
from studio.vision.report import rigid_bones

LAYOUT = "dope_139"
_OF = layout(LAYOUT)
_BODY = slice(0, 13)
_HANDS = ((7, slice(13, 34)), (6, slice(34, 55)))
_HEAD, _FACE, _HIPS, _ANKLES = 12, slice(55, 139), (4, 5), (0, 1)
_ANKLE_M = 0.08
_BONES = tuple(bone for bone in rigid_bones(_OF) if max(bone) < _HEAD)
_STEPS = tuple(step for step in walk(_OF, _HIPS[0]) if max(step) < _HEAD)
_LEAST, _SURE = 4, 0.1
_BODY_ROWS = (
    "synthetic: body MPJPE from the torso, as told, lifted too",
    "synthetic: body MPJPE from the torso, of those found",
)
"""The rows of the card that tell the body's error, the better one first."""
_EYES_M = 0.063
"""The distance of the eyes, by which the card tells the face's error."""
_UNKNOWN_M = 0.1
"""What calming takes a point's error for where no card tells it."""


@dataclass(frozen=True, eq=False)
class Alone:
    """A person whom one camera saw, in 3D. ``calibrated``: the camera is known, not assumed."""

    camera: Camera
    calibrated: bool
    motion: Motion
    track: int = 0

    @property
    def facts(self) -> tuple[Fact, ...]:
        """What the motion is worth."""
        error = self.motion.error_m[:, _BODY]
        known = error[np.isfinite(error)]
        off = self.motion.reprojection_px[:, _BODY]
        seen = off[np.isfinite(off)]
        sure = f"\u00b1{1000 * float(np.median(known)):.0f} mm a point" if known.size else "unknown"
        lens = "" if self.calibrated else "the lens is assumed, and with it the distance"
        px = f", {float(seen.mean()):.1f} px from what was seen" if seen.size else ""
        return (Fact("3D from one camera", f"{sure} on made-up people, more on real ones{px}",
                     "look", lens),)  # fmt: skip


def errors_m() -> Float[np.ndarray, "139"]:
    """How far points are off from the torso, as the card of the network tells of held-out people;
    NaN where it does not. Hands and face add their own errors to the body's."""
    out = np.full(len(_OF), np.nan)
    try:
        card = find_card("dope")
    except StudioError:
        return out
    told = {str(row["what"]): row.get("value") for row in card.figures}
    body = _number(next((told[name] for name in _BODY_ROWS if name in told), None)) / 1000
    hand = _number(told.get("synthetic: hand PA-MPJPE")) / 1000
    face = _number(told.get("synthetic: face NME")) * _EYES_M
    out[_BODY] = body
    for _, points in _HANDS:
        out[points] = np.hypot(body, hand)
    out[_FACE] = np.hypot(body, face)
    return out


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else float("nan")


def motions(
    told: Monocular, found: Detections, crowd: Crowd | None, cameras: Sequence[Camera] = ()
) -> list[Alone]:
    """Everybody whom the one camera of a take saw with a body, whoever was seen longest first.

    With several cameras nobody: triangulated people are better. ``cameras`` are those that are
    calibrated; otherwise the camera is taken to be level, and whoever is seen longest mostly stands
    on z = 0, about the origin.
    """
    if len(told.cameras) != 1 or not len(told.times_s):
        return []
    size = int(told.sizes_px[0, 0]), int(told.sizes_px[0, 1])
    name = told.cameras[0]
    known = next((c for c in cameras if c.name == name), None)
    angle = 2 * np.degrees(np.arctan(max(size) / (2 * float(told.focal_px[0]))))
    camera = known or assumed(name, size, float(angle))
    out = [
        Alone(camera, known is not None, _motion(camera, told, frames, place_, xy, sure), track)
        for frames, place_, xy, sure, track in _people(told, found, crowd)
    ]
    out.sort(key=lambda one: -int(np.isfinite(one.motion.xyz_m[:, 0, 0]).sum()))
    return out if known is not None or not out else _on_floor(out)


def _people(
    told: Monocular, found: Detections, crowd: Crowd | None
) -> list[tuple[np.ndarray, int, np.ndarray, np.ndarray, int]]:
    """Each person: in which frames (frames,) they are there, their place, points and number."""
    whole = np.asarray(np.isfinite(told.xyz_m[:, 0, :, _BODY]).all((-1, -2)))
    if crowd is None:
        return [(whole[:, 0], 0, found.xy_px[:, 0], found.confidence[:, 0], 0)]
    out: list[tuple[np.ndarray, int, np.ndarray, np.ndarray, int]] = []
    for track in np.unique(crowd.track[crowd.track >= 0]).tolist():
        frame, at = np.nonzero(crowd.track[:, 0] == track)
        place_ = int(at[0]) if len(at) else 0
        here = np.zeros(len(whole), bool)
        here[frame] = True
        here &= whole[:, place_]
        if here.sum() >= _LEAST:
            out.append((here, place_, crowd.xy_px[:, 0, place_], crowd.confidence[:, 0, place_],
                        int(track)))  # fmt: skip
    return out


def _motion(
    camera: Camera, told: Monocular, here: Bool[np.ndarray, " frames"], at: int, xy: np.ndarray,
    sure: np.ndarray,
) -> Motion:  # fmt: skip
    """One person in the world of the camera."""
    times = told.times_s
    step = float(np.median(np.diff(times))) if len(times) > 1 else 1 / 30
    raw = np.where(here[:, None, None], told.xyz_m[:, 0, at], np.nan)
    raw = raw - raw[:, list(_HIPS)].mean(1, keepdims=True)
    sigma = errors_m()
    shape = _held(_calmed(raw, sigma, step))
    points = np.concatenate([xy, sure[..., None]], -1)
    seen = convert(points, "coco_133" if xy.shape[1] == 133 else LAYOUT, LAYOUT)
    seen[~np.isfinite(seen).all(-1)] = (np.nan, np.nan, 0.0)
    seen[~here] = (np.nan, np.nan, 0.0)
    rays = normalise(camera, seen[..., :2])
    weight = np.where(seen[..., 2] > _SURE, seen[..., 2], 0.0)
    stood = np.full((len(times), 3), np.nan)
    if here.any():
        stood[here] = place(shape[here, _BODY], rays[here, _BODY], weight[here, _BODY])
        lost = here & ~np.isfinite(stood[:, 0])
        stood[lost] = told.xyz_m[lost, 0, at][:, list(_HIPS)].mean(1)
        stood = steady(stood, 1 / step, 1.0)
    there = shape + stood[:, None]
    off = np.linalg.norm(project(_own(camera), there) - seen[..., :2], axis=-1)
    off = np.where(weight > 0, off, np.nan)
    world = (there - camera.translation_m) @ camera.rotation
    known = np.isfinite(world[..., 0])
    used = np.isfinite(off)
    error = np.where(known, sigma, np.nan)
    return Motion(_OF, times, world, error, off, used.astype(np.int64), known & ~used)


def _own(camera: Camera) -> Camera:
    """The camera in axes of its own."""
    return replace(camera, rotation=np.eye(3), translation_m=np.zeros(3))


def _calmed(xyz: np.ndarray, sigma: np.ndarray, step_s: float) -> np.ndarray:
    """Calm as long as somebody is there: the body, and hands and face about what they hang on."""
    out = xyz.copy()
    error = np.where(np.isfinite(sigma), sigma, _UNKNOWN_M)
    for first, end in runs(np.isfinite(xyz[:, 0, 0])):
        run = slice(first, end)
        out[run, _BODY] = Calm(step_s)(xyz[run, _BODY], _over(error[_BODY], run))
    for on, points in (*_HANDS, (_HEAD, _FACE)):
        own = np.sqrt(np.maximum(error[points] ** 2 - error[on] ** 2, 1e-6))
        for first, end in runs(np.asarray(np.isfinite(xyz[:, points, 0]).all(1))):
            run = slice(first, end)
            about = xyz[run, points] - xyz[run, on : on + 1]
            out[run, points] = out[run, on : on + 1] + Calm(step_s)(about, _over(own, run))
    return out


def _over(error: np.ndarray, run: slice) -> np.ndarray:
    return np.repeat(error[None], run.stop - run.start, 0)


def _held(xyz: np.ndarray) -> np.ndarray:
    """With limbs of the lengths that they mostly have; hands and face go along."""
    there = np.isfinite(xyz[:, 0, 0])
    if not there.any():
        return xyz
    lengths = bone_lengths(xyz[there], _BONES, _OF.mirror)
    out = xyz.copy()
    held = hold_lengths(xyz[:, :_HEAD], _STEPS, _BONES, lengths)
    out[:, :_HEAD] = held - held[:, list(_HIPS)].mean(1, keepdims=True)
    for on, points in _HANDS:
        out[:, points] += (out[:, on] - xyz[:, on])[:, None]
    shoulders = out[:, 10:12].mean(1) - xyz[:, 10:12].mean(1)
    out[:, _HEAD : _BODY.stop] += shoulders[:, None]
    out[:, _FACE] += shoulders[:, None]
    return out


def _on_floor(people: Sequence[Alone]) -> list[Alone]:
    """The world moved so that the first person stands at the origin; cameras with it."""
    first = people[0].motion.xyz_m
    low = first[:, list(_ANKLES), 2].min(1)
    middle = np.nanmedian(first[:, list(_HIPS)].mean(1), axis=0)
    floor = float(np.nanmedian(low)) - _ANKLE_M
    origin = np.array([middle[0], middle[1], floor])
    camera = people[0].camera
    moved = replace(camera, translation_m=camera.translation_m + camera.rotation @ origin)
    return [
        replace(one, camera=moved, motion=replace(one.motion, xyz_m=one.motion.xyz_m - origin))
        for one in people
    ]
