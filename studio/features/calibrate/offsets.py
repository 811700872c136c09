"""When each camera began, as the command line is told, and how it is told to be out of step."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from studio.core.errors import StudioError
from studio.document.trust import GateMark, Trust
from studio.media.cameras import match_cameras


def read_offsets(path: Path | None, said: Sequence[str]) -> dict[str, float]:
    """Camera -> seconds it began later than the others: of the JSON that ``doppel synchronise``
    writes, and over that of ``CAMERA=SECONDS``. Raises StudioError for what is neither."""
    offsets = _from_file(path) if path is not None else {}
    for text in said:
        camera, _, seconds = text.rpartition("=")
        try:
            value = float(seconds)
        except ValueError:
            value = math.nan
        if not camera or not math.isfinite(value):
            raise StudioError(
                f"“{text}” is not an offset.", "Write it like cam2=0.089, in seconds."
            )
        offsets[camera] = value
    return offsets


def _from_file(path: Path) -> dict[str, float]:
    try:
        told = json.loads(path.read_text("utf-8"))
        found = {str(name): float(one["offset_s"]) for name, one in told["cameras"].items()}
    except OSError as error:
        raise StudioError(
            f"“{path}” cannot be read: {error.strerror or error}.", "Check its name."
        ) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StudioError(
            f"“{path.name}” tells no offsets of cameras.",
            "Make it with: doppel synchronise VIDEOS --out offsets.json",
        ) from error
    if not all(math.isfinite(value) for value in found.values()):
        raise StudioError(f"An offset in “{path.name}” is not a number.", "Synchronise again.")
    return found


def matched(offsets_s: Mapping[str, float], cameras: Sequence[str]) -> dict[str, float]:
    """The offsets by these cameras' names. Raises StudioError for one that is of none of them,
    unless all of them are told."""
    names = match_cameras(list(offsets_s), cameras)
    unknown = [name for name in offsets_s if name not in names]
    if unknown and len(names) < len(cameras):
        raise StudioError(
            f"An offset is told of “{unknown[0]}”, which is no camera here.",
            f"The cameras are: {', '.join(cameras)}.",
        )
    return {names[name]: value for name, value in offsets_s.items() if name in names}


def with_flag(trust: Trust, offsets_s: Mapping[str, float]) -> Trust:
    """The same, where a camera out of step is told with the flag that puts it in step."""
    names = match_cameras(list(offsets_s), [camera.camera for camera in trust.cameras])
    known = {names[name]: value for name, value in offsets_s.items() if name in names}

    def told(gate: GateMark) -> GateMark:
        late = re.search(r"Synchronise it by ([+-][0-9]+) ms", gate.remedy)
        if gate.id != "clock" or late is None:
            return gate
        seconds = known.get(gate.camera, 0.0) + int(late[1]) / 1000
        flag = f" The flag for it: --offset {gate.camera}={seconds:.3f}"
        return gate.model_copy(update={"remedy": gate.remedy + flag})

    return trust.model_copy(update={"gates": tuple(told(gate) for gate in trust.gates)})
