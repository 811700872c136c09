"""``doppel compare``: a motion file against a truth file."""

from __future__ import annotations

import json as json_module
from pathlib import Path

from rich.console import Console
from rich.table import Table

from studio.features.compare.engine import Inputs, Params, compare, read_truth
from studio.human.layouts import layout_of
from studio.jobs import Context, run
from studio.media.formats.motions import read_motion
from studio.media.formats.points import with_layout


def main(motion: Path, truth: Path, params: Params = Params(), json: bool = False) -> None:  # noqa: B008
    """Print how far a motion is from truth, joint by joint.

    Args:
        motion: TRC, C3D or CSV of 3D keypoints.
        truth: truth.npz of a rendered take, or TRC, C3D or CSV of motion capture.
        params: What counts as good.
        json: Print one JSON object.
    """
    track = read_motion(motion)
    track = with_layout(track, layout_of(track.layout.points))
    (errors,) = run(compare(params, Inputs(read_truth(truth), track), Context())).errors
    means = {joint: float(errors.mm[:, i].mean()) for i, joint in enumerate(errors.joints)}
    if json:
        print(json_module.dumps({"mean_mm": errors.mean_mm, "joints": means}))
        return
    table = Table("joint", "mean mm")
    for joint, mean in means.items():
        table.add_row(joint, f"{mean:.1f}")
    table.add_row("all", f"{errors.mean_mm:.1f}")
    Console().print(table)
