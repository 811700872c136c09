"""Real motion for the pose prior: files of any skeleton or markers, as poses of ours."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from studio.core.errors import StudioError
from studio.core.types import Animation
from studio.human.fit import fit_motion
from studio.human.prior.retarget import Retargeted, fit_turns, retarget, turned_bones
from studio.human.prior.space import pose_space
from studio.jobs import run
from studio.media.formats.bvh import read_bvh
from studio.media.formats.motions import READS, read_motion
from studio.training import takes
from studio.vision.rotations import rotation

_RATE_HZ = 30.0
_OFF_DEG = 8.0
"""A frame whose limbs come no nearer than this is no pose that these joints can take."""
_JUMP_RAD = 0.35


def pack(
    data: Path, places: Sequence[Path], each: int, told: Callable[[float, str], object]
) -> dict[str, int]:
    """Write a pack of all motion files in some places, and ``each`` moments of every motion of the
    factory. Returns how many poses of each kind it holds.

    Raises StudioError for a place without motion files.
    """
    found: list[tuple[str, np.ndarray, np.ndarray]] = []
    files = [path for place in places for path in _files(place)]
    for number, path in enumerate(files):
        told(number / (len(files) + 1), f"Reading {path.name}")
        found += _take(path)
    told(len(files) / (len(files) + 1), "The factory's own motions")
    packed = takes.gathered([*found, *takes.authored(each)])
    packed.save(data)
    return {kind: int((packed.kind == k).sum()) for k, kind in enumerate(takes.KINDS)}


def _files(place: Path) -> list[Path]:
    found = [place] if place.is_file() else sorted(p for p in place.glob("*") if p.is_file())
    motions = [path for path in found if path.suffix.lower() in READS]
    if not motions:
        raise StudioError(f"There is no motion in “{place}”.", f"It reads {', '.join(READS)}.")
    return motions


def _take(path: Path) -> list[tuple[str, np.ndarray, np.ndarray]]:
    """A file as a take, without the frames that are no poses; nothing if that leaves none."""
    if path.suffix.lower() == ".bvh":
        armature, animation = read_bvh(path, unit="m")
        posed, kind = retarget(pose_space(), armature, _thinned(animation)), ""
    else:
        posed, kind = _tracked(path), "tracked"
    good = posed.off_deg < _OFF_DEG
    if len(good) > 2 and np.abs(posed.angles[1] - posed.angles[0]).max() > _JUMP_RAD:
        good[0] = False  # many files begin with their rest pose
    angles, times_s = posed.angles[good], posed.times_s[good]
    return [(kind or takes.kind_of(len(angles)), times_s, angles)] if len(angles) else []


def _step(times_s: np.ndarray) -> int:
    """Every how many frames there are about 30 a second."""
    return max(round(1 / (_RATE_HZ * float(np.diff(times_s).mean()))), 1)


def _thinned(animation: Animation) -> Animation:
    """About 30 frames a second of it."""
    if len(animation) < 2:
        return animation
    step = _step(animation.times_s)
    return Animation(
        animation.times_s[::step], animation.bones_world[::step], animation.morphs[::step]
    )


def _tracked(path: Path) -> Retargeted:
    """A person fitted to markers or keypoints."""
    fit = run(fit_motion(read_motion(path)))
    step = _step(fit.times_s)
    turns = rotation(fit.turns_rad[::step])
    return fit_turns(pose_space(), turned_bones(turns), fit.times_s[::step])
