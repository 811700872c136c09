"""A rig file in another world: floor, origin and scale set anew, nothing solved."""

from __future__ import annotations

import json as json_module
from pathlib import Path

import numpy as np
from rich.console import Console

from studio.core.errors import StudioError
from studio.features.calibrate.floor import Floor, by_clicks, by_feet, by_length
from studio.features.calibrate.params import Params
from studio.features.calibrate.world import measured
from studio.media.formats.motions import read_motion
from studio.media.formats.rigs import read_rig, write_rig
from studio.vision.calibration.world import Placement


def replace_world(
    params: Params, path: Path, motion: Path | None, out: Path | None, *, json: bool
) -> None:
    """Read a rig, move its world as the params say, write and tell it. Raises StudioError where
    they do not say enough."""
    rig = read_rig(path).rig
    floors: list[Floor] = []
    tape = measured(params, rig)
    if tape is not None:
        floors.append(by_length(tape.true_m, tape.in_rig(rig), tape.what))
    if params.world == "points":
        floors.append(by_clicks(rig, params.points))
    elif params.world == "feet":
        floors.append(by_feet(rig, read_motion(motion) if motion is not None else None))
    elif params.world == "camera":
        first = rig.cameras[0]
        turn = np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]]) @ first.rotation
        placement = Placement(turn, -turn @ first.centre_m)
        floors.append(Floor(placement, f"The origin is at {first.name}.", {}))
    if not floors:
        raise StudioError(
            "What should the rig's world be?",
            "Say --world points, feet or camera, or a measured distance (--between, --measured-m).",
        )
    whole = Placement(np.eye(3), np.zeros(3))
    for floor in floors:
        placement = floor.placement
        if whole.scale != 1.0:  # found in the rig as it was: scaled as the rig is by now
            placement = Placement(
                placement.rotation, whole.scale * placement.translation_m, placement.scale
            )
        whole = whole.then(placement)
    placed = whole.rig(rig)
    told = [floor.told for floor in floors]
    if out is not None:
        named = "Pose2Sim TOML" if out.suffix.lower() == ".toml" else ""
        write_rig(out, placed, named, "\n".join(told))
    if json:
        cameras = {c.name: {"centre_m": c.centre_m.tolist(), "rotation": c.rotation.tolist()}
                   for c in placed.cameras}  # fmt: skip
        said = {"notes": told, "scale": whole.scale, "cameras": cameras}
        print(json_module.dumps(said, ensure_ascii=False))
        return
    for text in told:
        Console().print(text, soft_wrap=True)
    if out is not None:
        Console().print(f"Written: {out}")
