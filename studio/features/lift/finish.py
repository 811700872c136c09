"""From lifted frames to a motion: drawn to what was seen, calm, with fixed bones, in the world."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from studio.core.types import Camera, Motion
from studio.features.lift.film import Film, placed, some
from studio.features.lift.params import Params
from studio.perception.lifting.lifter import Frames, Seen
from studio.perception.lifting.network import WRISTS
from studio.perception.lifting.normalise import BODY, FACE, LEFT, NECK, PELVIS, RIGHT
from studio.perception.lifting.normalise import POINTS as OUT
from studio.vision.calm import SHARE, Calm
from studio.vision.camera import project
from studio.vision.one_view import bone_lengths, hold_lengths, steady, towards_rays, upright, walk
from studio.vision.report import rigid_bones

_LEAST_M = 0.002
_SEEN_M = 0.02
_FLOOR_QUANTILE = 0.05


@dataclass(frozen=True, eq=False)
class Finished:
    """The motion in the world; the camera in each shot's world, with the frame at which the shot
    begins; and by how much the person was made taller."""

    motion: Motion
    cameras: tuple[tuple[int, Camera], ...]
    ratio: float


def finish(params: Params, film: Film, lifted: Frames) -> Finished:
    """The whole take. A person has the same bones in all shots, but nothing else goes on over a
    cut; where the camera is not calibrated each shot has a world of its own."""
    body = film.there
    lengths = bone_lengths(lifted.xyz_m[body], BONES, OUT.mirror, 1 / lifted.error_m[body] ** 2)
    ratio = params.height_m / stature_m(lifted.xyz_m[body]) if params.height_m else 1.0
    world, cameras = np.full(lifted.xyz_m.shape, np.nan), list[tuple[int, Camera]]()
    px = np.full(world.shape[:2], np.nan)
    for part in film.parts():
        seen = some(film.seen, part)
        there = _shot(params, seen, lifted.xyz_m[part] * ratio, lifted.error_m[part] * ratio,
                      lengths * ratio)  # fmt: skip
        there[~body[part]] = np.nan
        camera = film.camera
        if not film.calibrated and body[part].any():
            camera = _stood(camera, lifted.up[part][body[part]], there)
        world[part] = (there - camera.translation_m) @ camera.rotation
        px[part] = _off_px(film.camera, seen, there)
        cameras.append((part.start, camera))
    known = np.isfinite(world[..., 0])
    used = np.isfinite(px)
    error = np.where(known, lifted.error_m * ratio, np.nan)
    motion = Motion(OUT, film.times_s, world, error, px, used.astype(np.int64), known & ~used)
    return Finished(motion, tuple(cameras), ratio)


def _shot(
    params: Params, seen: Seen, xyz: np.ndarray, error_m: np.ndarray, lengths_m: np.ndarray
) -> np.ndarray:
    """One shot's skeletons in the axes of the camera."""
    if params.follow > 0:
        xyz = _followed(params, seen, xyz, error_m, lengths_m)
    if params.smoothing > 0:
        xyz = calmed(xyz, error_m, seen.step_s, params.smoothing)
    if params.fixed_bones:
        xyz = _with_lengths(xyz, lengths_m)
    at = placed(seen, xyz)
    if params.smoothing > 0:
        at = steady(at, 1 / seen.step_s, params.smoothing)
    return xyz + at[:, None]


def calmed(
    xyz: np.ndarray, error_m: np.ndarray, step_s: float, smoothing: float = 1.0
) -> np.ndarray:
    """Skeletons from the pelvis, calm: the body, and hands and face about wrists and nose."""
    share = SHARE * smoothing
    out = np.empty_like(xyz)
    out[:, :BODY] = Calm(step_s, share)(xyz[:, :BODY], error_m[:, :BODY])
    for part, on in ((LEFT, WRISTS[0]), (RIGHT, WRISTS[1]), (FACE, NOSE)):
        here, sure = xyz[:, on : on + 1], error_m[:, on : on + 1]
        own = np.sqrt(np.maximum(error_m[:, part] ** 2 - sure**2, _LEAST_M**2))
        out[:, part] = out[:, on : on + 1] + Calm(step_s, share)(xyz[:, part] - here, own)
    return out


def _followed(
    params: Params, seen: Seen, xyz: np.ndarray, error_m: np.ndarray, lengths: np.ndarray
) -> np.ndarray:
    """Skeletons drawn to where their points were seen, the more the less sure they are."""
    at = placed(seen, xyz)
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


def _stood(camera: Camera, up: np.ndarray, there: np.ndarray) -> Camera:
    """The camera in a world where up is up, the feet are on z = 0 and the person at the origin."""
    R = upright(np.median(up, axis=0)).T
    world = there @ R
    low = world[:, list(FEET), 2].min(1)
    floor = float(np.nanquantile(low, _FLOOR_QUANTILE))
    middle = np.nanmedian(world[:, PELVIS], axis=0)
    origin = np.array([middle[0], middle[1], floor])
    return replace(camera, rotation=R, translation_m=R @ origin)


def _off_px(camera: Camera, seen: Seen, there: np.ndarray) -> np.ndarray:
    """How far points in the axes of the camera are from where they were seen; NaN where not."""
    own = replace(camera, rotation=np.eye(3), translation_m=np.zeros(3))
    was = project(own, np.concatenate([seen.rays, np.ones((*seen.rays.shape[:2], 1))], -1))
    off = np.linalg.norm(project(own, there) - was, axis=-1)
    return np.where(seen.confidence > 0, off, np.nan)


def stature_m(xyz_m: np.ndarray) -> float:
    """Body height from the lengths of legs and trunk (median over frames)."""
    chain = [OUT.index(f"left_{p}") for p in ("hip", "knee", "ankle")]
    twin = [OUT.mirror[i] for i in chain]
    legs = [np.linalg.norm(np.diff(xyz_m[:, side], axis=1), axis=-1).sum(1) for side in
            (chain, twin)]  # fmt: skip
    trunk = np.linalg.norm(xyz_m[:, PELVIS] - xyz_m[:, NECK], axis=-1)
    return float(np.median(STATURE * (np.mean(legs, axis=0) + trunk)))


FEET, NOSE = OUT.parts["feet"], OUT.index("nose")
BONES = rigid_bones(OUT)
STEPS = walk(OUT, PELVIS)
STATURE = 1.312
"""Body height by the length of a leg and the trunk (pelvis to neck) together: the mean over Anny's
adults, of whom two thirds lie within 2 %."""
