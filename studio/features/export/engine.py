"""Export as an engine: each file is written aside, then all of them take their places at once.

Cancelling leaves the folder as it was.
"""

from __future__ import annotations

import re
import shutil
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from studio.core.errors import StudioError
from studio.core.types import Character, Fact, Motion
from studio.features.export.params import NEEDS_MOTION, NEEDS_PERSON, Format, Params
from studio.features.export.writers import Job, write
from studio.jobs import Context, Engine
from studio.media.formats.bvh import joints_motion
from studio.media.formats.resample import resampled, resampled_motion
from studio.media.formats.rights import Rights
from studio.media.formats.vrm.humanoid import renamed

LARGE_BYTES = 20_000_000


@dataclass(frozen=True, eq=False)
class Inputs:
    """What is exported. ``character`` and ``motion`` are loaded when they are needed.

    ``folder`` is where to write if the params do not say; ``items`` are the ids of the project's
    items that it comes from.
    """

    name: str
    folder: Path
    character: Callable[[], Character] | None = None
    motion: Callable[[], Motion] | None = None
    items: tuple[str, ...] = ()


@dataclass(frozen=True)
class Written:
    """One finished file."""

    path: Path
    format: Format
    size: int


@dataclass(frozen=True, eq=False)
class Export:
    """All files of an export, in one folder, and the facts to show."""

    folder: Path
    files: tuple[Written, ...]
    facts: tuple[Fact, ...]
    skipped: tuple[Format, ...] = ()


def export(params: Params, inputs: Inputs, context: Context) -> Engine[Written, Export]:
    """Write a person and a motion in the formats of a target. Yields each file as it is made.

    Raises StudioError if nothing can be written, or if a format was asked for that cannot be.
    """
    formats, skipped = _possible(params, inputs)
    folder = params.folder or inputs.folder
    context.report(0.0, "Loading the person" if inputs.character else "Loading the motion")
    job = _job(params, inputs, formats)
    context.check()
    staging = folder / f".export-{uuid.uuid4().hex[:8]}"
    made: list[Written] = []
    try:
        _create(staging)
        for number, format in enumerate(formats):
            context.check()
            context.report(0.2 + 0.8 * number / len(formats), f"Writing {format.upper()}")
            path = staging / f"{safe_name(inputs.name)}.{format}"
            for one in write(format, path, job):
                made.append(Written(one, format, one.stat().st_size))
                yield made[-1]
        context.check()
        files = _place(staging, folder, made)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return Export(folder, files, _facts(files, job, skipped), skipped)


def safe_name(name: str) -> str:
    """A name as every file system takes it, such as sample_avatar for “sample: avatar”."""
    return re.sub(r'\s*[\x00-\x1f<>:"/\\|?*,;]+\s*', "_", name).strip(" .")[:100] or "Person"


def _possible(params: Params, inputs: Inputs) -> tuple[tuple[Format, ...], tuple[Format, ...]]:
    """The formats that can be written, and those of the target that cannot."""
    if inputs.character is None and inputs.motion is None:
        raise StudioError("There is nothing to export.", "Fit a person, or triangulate a take.")

    def can(format: Format) -> bool:
        if format in NEEDS_PERSON:
            still = format in NEEDS_MOTION and not params.include_animation
            return inputs.character is not None and not still
        return inputs.motion is not None or (
            inputs.character is not None and params.include_animation
        )

    wanted = tuple(dict.fromkeys(params.wants.formats))
    missing: tuple[Format, ...] = tuple(format for format in wanted if not can(format))
    if missing and (params.formats or len(missing) == len(wanted)):
        names = ", ".join(format.upper() for format in missing)
        if inputs.character is None:
            raise StudioError(
                f"{names} needs a fitted person.", "Run “Avatar” on the motion first."
            )
        raise StudioError(f"{names} needs a motion.", "Switch “include animation” on.")
    return tuple(format for format in wanted if can(format)), missing


def _job(params: Params, inputs: Inputs, formats: tuple[Format, ...]) -> Job:
    wants = params.wants
    character = inputs.character() if inputs.character else None
    motion = inputs.motion() if inputs.motion else None
    if character is not None and character.animation is not None:
        if not params.include_animation:
            character = replace(character, animation=None)
        elif params.rate_hz:
            moved = resampled(character.armature, character.animation, params.rate_hz)
            character = replace(character, animation=moved)
    if motion is not None and params.rate_hz:
        motion = resampled_motion(motion, params.rate_hz)
    if motion is None and character is not None and character.animation is not None:
        motion = joints_motion(character.armature, character.animation)
    if motion is None and NEEDS_MOTION & {*formats}:
        raise StudioError(
            f"“{inputs.name}” does not move.", "Fit the person to a motion, or export GLB alone."
        )
    authors = tuple(author.strip() for author in params.authors.split(",") if author.strip())
    named = None if character is None else renamed(character, wants.naming)
    return Job(params, wants, Rights(authors, params.terms), character, named, motion)


def _create(folder: Path) -> None:
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise StudioError(
            f"The folder “{folder.parent}” cannot be written: {error.strerror or error}.",
            "Choose another folder.",
        ) from error


def _place(staging: Path, folder: Path, made: list[Written]) -> tuple[Written, ...]:
    """Move everything from the staging folder to its place."""
    try:
        for path in staging.iterdir():
            path.replace(folder / path.name)
    except OSError as error:
        raise StudioError(
            f"“{folder}” could not be written: {error.strerror or error}.",
            "Close programs that have its files open, then export again.",
        ) from error
    return tuple(replace(written, path=folder / written.path.name) for written in made)


def _facts(files: tuple[Written, ...], job: Job, skipped: tuple[Format, ...]) -> tuple[Fact, ...]:
    total = sum(written.size for written in files)
    large = [w.path.name for w in files if w.format in ("glb", "vrm") and w.size > LARGE_BYTES]
    names = ", ".join(written.path.name for written in files)
    facts = [
        Fact(
            "Files",
            f"{len(files)}, {total / 1e6:.1f} MB: {names}",
            "look" if large else "good",
            f"{large[0]} is over {LARGE_BYTES / 1e6:.0f} MB, which viewers load slowly."
            if large
            else "",
        )
    ]
    if job.character is not None:
        shapes = len({name for part in job.character.parts for name in part.morphs})
        count = shapes if job.params.morphs else 0
        bones = len(job.character.armature.names)
        facts.append(Fact("Person", f"{bones} bones, {count} facial shapes", "good"))
    moving = job.character.animation if job.character else None
    times = moving.times_s if moving is not None else job.motion.times_s if job.motion else None
    if times is not None and len(times) > 1:
        rate = (len(times) - 1) / (times[-1] - times[0])
        facts.append(Fact("Motion", f"{len(times)} frames at {rate:.4g} a second", "good"))
    if skipped:
        left = ", ".join(format.upper() for format in skipped)
        facts.append(Fact("Left out", f"{left}: no fitted person or no motion", "look"))
    return tuple(facts)
