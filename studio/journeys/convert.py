"""``doppel convert``: calibrations and motions from one tool's file to another's."""

from __future__ import annotations

import json as json_module
from pathlib import Path
from typing import Literal

from tyro.conf import Positional

from studio.core.frames import to_metres


def main(
    what: Positional[Literal["rig", "motion"]],
    source: Positional[Path],
    target: Positional[Path],
    unit: str | None = None,
    up: Literal["x", "y", "z", "-x", "-y", "-z"] | None = None,
    json: bool = False,
) -> None:
    """Convert a calibration or a motion; the formats follow from the file names.

    Args:
        what: rig or motion.
        source: The file (or folder) to read.
        target: The file to write.
        unit: Unit of length of the source (m, mm ...), where its format does not say.
        up: Up axis of the source, where its format does not say.
        json: Print one JSON object.
    """
    if unit is not None:
        to_metres(unit)  # one that nobody knows is refused, whether or not it is needed
    if what == "rig":
        from studio.media.formats.rigs import convert_rig

        convert_rig(source, target, unit=unit, up=up)
    else:
        from studio.media.formats.motions import convert_motion

        convert_motion(source, target, unit=unit, up=up)
    if json:
        print(json_module.dumps({"written": str(target)}))
    else:
        print(f"Written: {target}")
