"""``doppel record --recover``: takes that were cut off, mended without a window."""

from __future__ import annotations

import json as json_module
from pathlib import Path

from rich.console import Console

from studio.core.errors import StudioError
from studio.media.recording.lock import is_recording
from studio.media.recording.recover import Recovered, recover
from studio.media.recording.take import is_take, list_takes, read_take


def mend(folder: Path, *, json: bool) -> None:
    """Mend one take, or all of a folder; tell what was mended and what of it is lost.

    Raises StudioError if there is no take, if one is being recorded, or if one cannot be mended.
    """
    mended = _mended(folder)
    failed = [one for one in mended if not one.take.finished]
    told = {
        "mended": [
            {
                "folder": str(one.folder), "name": one.take.name, "mended": one.take.finished,
                "seconds": one.take.duration_s, "lost_s": round(one.lost_s, 3),
                "notes": list(one.said),
            }
            for one in mended
        ]
    }  # fmt: skip
    if not json:
        _show(mended)
    if failed:
        raise StudioError(
            f"“{failed[0].take.name}” was left as it is. {' '.join(failed[0].said)}",
            "Free some space or check the folder's permissions, then mend it again.",
            result=told,
        )
    if json:
        print(json_module.dumps(told, ensure_ascii=False))


def _mended(folder: Path) -> tuple[Recovered, ...]:
    takes = ((folder, read_take(folder)),) if is_take(folder) else list_takes(folder)
    if not takes:
        raise StudioError(
            f"There is no take in “{folder}”.", "Name a take's folder, or the folder of takes."
        )
    busy = [path for path, take in takes if not take.finished and is_recording(path)]
    if busy:
        raise StudioError(f"“{busy[0].name}” is being recorded.", "End the recording first.")
    if not is_take(folder):
        return recover(folder)
    return () if takes[0][1].finished else recover(folder.absolute().parent, only=folder.name)


def _show(mended: tuple[Recovered, ...]) -> None:
    console = Console(highlight=False)
    if not mended:
        console.print("Every take is whole: there is nothing to mend.")
    for one in mended:
        if one.take.finished:
            console.print(
                f"Mended: {one.take.duration_s:.1f} s in {one.folder}", soft_wrap=True, markup=False
            )
            for said in one.said or ("Nothing of it is lost.",):
                console.print(f"  {said}", soft_wrap=True, markup=False)
