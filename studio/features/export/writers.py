"""One function a format: from what is exported to the writers of ``media.formats``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from studio.core.types import Character, Motion
from studio.features.export.params import Format, Params, Wants
from studio.media.formats.levels import within, write_levels
from studio.media.formats.rights import Rights
from studio.media.formats.visemes import with_visemes
from studio.media.formats.vrm import Permissions

_LEVELLED = ("glb", "vrm")
_SPOKEN = ("glb", "usdz", "usdc")


@dataclass(frozen=True, eq=False)
class Job:
    """What goes into the files: ``named`` is the character with the target's bone names."""

    params: Params
    wants: Wants
    rights: Rights
    character: Character | None
    named: Character | None
    motion: Motion | None


def write(format: Format, path: Path, job: Job) -> tuple[Path, ...]:
    """Write one file, or one for each level of detail; the files. The engine has made sure that
    the person or the motion is there."""
    if format in _POINTS:
        assert job.motion is not None
        _POINTS[format](path, job.motion, job)
    else:
        assert job.character is not None
        assert job.named is not None
        person = job.character if format.startswith("vrm") else job.named
        if job.params.triangles:
            person = within(person, job.params.triangles)
        if job.params.visemes and job.params.morphs and format in _SPOKEN:
            person = with_visemes(person)
        if format in _LEVELLED:
            return write_levels(path, person, job.params.lods,
                                lambda one, level: _PERSON[format](one, level, job))  # fmt: skip
        _PERSON[format](path, person, job)
    return (path,)


def _glb(path: Path, character: Character, job: Job) -> None:
    from studio.media.formats.gltf import write_glb

    params = job.params
    write_glb(path, character, morphs=params.morphs, sparse=params.sparse, rights=job.rights)


def _vrm(path: Path, character: Character, job: Job) -> None:
    from studio.media.formats.vrm import write_vrm

    params = job.params
    permissions = Permissions(
        avatar=params.avatar_permission,
        commercial=params.commercial_use,
        modification=params.modification,
        redistribution=params.redistribution,
    )
    write_vrm(path, character, rights=job.rights, permissions=permissions)


def _vrma(path: Path, character: Character, job: Job) -> None:
    from studio.media.formats.vrm import write_vrma

    write_vrma(path, character, rights=job.rights)


def _bvh(path: Path, character: Character, job: Job) -> None:
    from studio.media.formats.bvh import write_bvh

    write_bvh(path, character.armature, character.animation, up=job.wants.up, unit=job.wants.unit)


def _usd(path: Path, character: Character, job: Job) -> None:
    from studio.media.formats.usd import write_usd

    write_usd(path, character, up=job.wants.up, morphs=job.params.morphs, rights=job.rights)


def _obj(path: Path, character: Character, job: Job) -> None:
    from studio.media.formats.obj import write_obj

    write_obj(path, character, frame=_frame(job), up=job.wants.up, unit=job.wants.unit)


def _ply(path: Path, character: Character, job: Job) -> None:
    from studio.media.formats.ply import write_ply
    from studio.media.formats.still import joined

    write_ply(path, joined(character, _frame(job)), up=job.wants.up, unit=job.wants.unit)


def _trc(path: Path, motion: Motion, job: Job) -> None:
    from studio.media.formats.trc import write_trc

    write_trc(path, motion, job.wants.up, job.wants.unit)


def _c3d(path: Path, motion: Motion, job: Job) -> None:
    from studio.media.formats.c3d import write_c3d

    write_c3d(path, motion, job.wants.up)


def _csv(path: Path, motion: Motion, job: Job) -> None:
    from studio.media.formats.csv_points import write_csv

    write_csv(path, motion, "long", job.wants.up, job.wants.unit)


def _frame(job: Job) -> int | None:
    return None if job.params.still_frame < 0 else job.params.still_frame


_PERSON: dict[Format, Callable[[Path, Character, Job], None]] = {
    "glb": _glb, "vrm": _vrm, "vrma": _vrma, "bvh": _bvh, "usdz": _usd, "usdc": _usd,
    "obj": _obj, "ply": _ply,
}  # fmt: skip
_POINTS: dict[Format, Callable[[Path, Motion, Job], None]] = {
    "trc": _trc, "c3d": _c3d, "csv": _csv,
}  # fmt: skip
