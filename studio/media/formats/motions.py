"""Motion files by their suffix: read, write, convert."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from studio.core.errors import StudioError
from studio.core.frames import Up
from studio.core.types import Motion
from studio.media.formats.bvh import joints_motion, read_bvh
from studio.media.formats.c3d import read_c3d, write_c3d
from studio.media.formats.csv_points import read_csv, write_csv
from studio.media.formats.trc import read_trc, write_trc

READS = (".trc", ".c3d", ".csv", ".bvh")
WRITES = (".trc", ".c3d", ".csv")


def read_motion(path: Path, unit: str | None = None, up: Up | None = None) -> Motion:
    """Read named points from a TRC, C3D, CSV or BVH file into world metres.

    ``up`` and ``unit`` count where the file does not state its own; without them TRC and BVH are
    taken as Y up, CSV as Z up, and BVH as centimetres. A BVH gives its joints.
    """
    suffix = path.suffix.lower()
    if suffix == ".trc":
        return read_trc(path, up or "y")
    if suffix == ".c3d":
        return read_c3d(path, up)
    if suffix == ".csv":
        return read_csv(path, up or "z")
    if suffix == ".bvh":
        return joints_motion(*read_bvh(path, up or "y", unit or "cm"))
    raise StudioError(
        f"“{path.name}” is not a motion file that Doppel reads.", f"It reads {_listed(READS)}."
    )


def motion_writer(path: Path, up: Up | None = None) -> Callable[[Path, Motion], None]:
    """The function that writes files that end like ``path``: to be asked before any work is done.

    TRC is in metres and Y up, C3D in millimetres and Z up, CSV in metres and Z up, where ``up``
    does not say otherwise. Raises StudioError for another ending.
    """
    writers: dict[str, Callable[..., None]] = {
        ".trc": write_trc, ".c3d": write_c3d, ".csv": write_csv
    }  # fmt: skip
    suffix = path.suffix.lower()
    if suffix == ".bvh":
        raise StudioError(
            "Points alone have no bones, which BVH needs.",
            "Fit a person to them: doppel avatar --motion FILE --bvh FILE.",
        )
    if suffix not in writers:
        raise StudioError(
            f"“{path.name}” is not a motion file that Doppel writes.",
            f"It writes {_listed(WRITES)}.",
        )
    write = writers[suffix]
    return partial(write, up=up) if up else write


def write_motion(path: Path, motion: Motion) -> None:
    """Write named points as TRC, C3D or CSV, each with its usual axes (see motion_writer)."""
    motion_writer(path)(path, motion)


def convert_motion(
    source: Path, target: Path, *, unit: str | None = None, up: Up | None = None
) -> Motion:
    """Read one motion file and write another; returns what was read."""
    if source.suffix.lower() == ".bvh" == target.suffix.lower():
        from studio.media.formats.bvh import write_bvh

        armature, animation = read_bvh(source, up or "y", unit or "cm")
        write_bvh(target, armature, animation)
        return joints_motion(armature, animation)
    motion = read_motion(source, unit, up)
    write_motion(target, motion)
    return motion


def _listed(suffixes: tuple[str, ...]) -> str:
    return ", ".join(suffixes[:-1]) + " and " + suffixes[-1]
