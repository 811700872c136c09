"""One camera lifted, beside all cameras triangulated: the figures of lifting on real takes."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path

import numpy as np

from studio.core.types import CameraRig, Detections, Motion
from studio.features.lift.engine import Inputs, Lifting, lift
from studio.features.lift.params import Params
from studio.features.triangulate.engine import Inputs as Views
from studio.features.triangulate.engine import triangulate
from studio.features.triangulate.evaluate import load_published
from studio.features.triangulate.params import Params as Rules
from studio.jobs import Context, run
from studio.journeys.bench import Bench
from studio.journeys.figures import Figure, Part, footage_set


def parts(footage: Path | None) -> list[tuple[str, Part]]:
    """The parts of the evaluation that need real footage."""
    return [
        ("each camera lifted alone", partial(published, footage)),
        ("each camera lifted alone, from pixels", partial(_pixels, footage)),
    ]


def published(footage: Path | None) -> list[Figure]:
    """Each camera of the published take, by the detections of OpenPose, against triangulation."""
    rig, found, _, _ = load_published(
        footage_set(footage, "mv_pose2sim") / "single_openpose_v0.2.6"
    )
    return _against(rig, found, "OpenPose")


def _pixels(footage: Path | None) -> list[Figure]:
    """The same from pixels, by MediaPipe."""
    from studio.document.data import detections_of
    from studio.document.project import DetectionsItem

    folder = footage_set(footage, "mv_pose2sim")
    paths = [folder / "calibration" / "Calib_qualisys.toml", folder / "single" / "videos"]
    with tempfile.TemporaryDirectory() as home:
        bench = Bench.at(Path(home) / "lift.doppel", "lift")
        bench.run("capture", params={"paths": paths, "mend": True})
        bench.run("pose")
        item, rig = bench.project.newest(DetectionsItem), bench.project.usable_rig()
        assert item is not None
        assert rig is not None
        found = detections_of(item, bench.folder.assets)
        return _against(rig.rig(), found, "MediaPipe")


def _against(rig: CameraRig, found: Detections, whose: str) -> list[Figure]:
    truth = run(triangulate(Rules(), Views(rig, found), Context())).motion
    figures: list[Figure] = []
    made = [lifted(rig, found, camera, truth) for camera in rig.names]
    for camera, one in zip(rig.names, made, strict=True):
        rows = {row.method: row.off for row in one.compared if row.off is not None}
        own = rows["recurrent"]
        beside = ", ".join(f"{name} {off.aligned_mm:.0f}" for name, off in rows.items()
                           if name != "recurrent")  # fmt: skip
        figures.append(
            Figure(
                f"{whose}, {camera} alone against {len(rig)} triangulated",
                f"PA-MPJPE {own.aligned_mm:.0f} mm, hips on hips {own.rooted_mm:.0f} mm, as placed "
                f"{own.placed_mm:.0f} mm", note=f"PA-MPJPE otherwise: {beside} mm",
            )
        )  # fmt: skip
    offs = [row.off for one in made for row in one.compared
            if row.method == "recurrent" and row.off is not None]  # fmt: skip
    figures.append(
        Figure(
            f"{whose}, mean of the cameras",
            f"PA-MPJPE {np.mean([o.aligned_mm for o in offs]):.0f} mm, hips on hips "
            f"{np.mean([o.rooted_mm for o in offs]):.0f} mm",
            note="twelve limb joints, the calibration known",
        )
    )
    return figures


def lifted(rig: CameraRig, found: Detections, camera: str, truth: Motion) -> Lifting:
    """One camera of a calibrated rig lifted alone, measured against a motion of the same take."""
    inputs = Inputs(found, rig.cameras, truth=truth)
    return run(lift(Params(camera=camera), inputs, Context()))
