"""``doppel compare``: a motion file against a truth file."""

from __future__ import annotations

import json as json_module
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from studio.core.percent import percent
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
    means = {
        joint: float(mean) if np.isfinite(mean) else None
        for joint, mean in zip(errors.joints, errors.joint_mm, strict=True)
    }
    gone = np.mean(~np.isfinite(errors.mm), axis=0)
    if json:
        told = {
            "mean_mm": errors.mean_mm, "joints": means, "missing": errors.missing,
            "covered": errors.covered,
        }  # fmt: skip
        print(json_module.dumps(told))
        return
    table = Table("joint", "mean mm", "missing")
    for (joint, mean), share in zip(means.items(), gone, strict=True):
        table.add_row(joint, "–" if mean is None else f"{mean:.1f}", percent(share, 1))
    table.add_row("all", f"{errors.mean_mm:.1f}", percent(errors.missing, 1))
    console = Console()
    console.print(table)
    if errors.covered < 0.95:
        console.print(f"The motion covers {percent(errors.covered)} of the truth's time.")
