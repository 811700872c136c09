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
from studio.human.layouts import layout
from studio.jobs import Context, run
from studio.journeys.bench import Bench
from studio.journeys.figures import Figure, Part, footage_set
from studio.journeys.main_job import SAMPLE, sample_paths


def parts(footage: Path | None) -> list[tuple[str, Part]]:
    """The parts of the evaluation that need films."""
    return [
        ("each camera lifted alone", partial(published, footage)),
        ("each camera lifted alone, from pixels", partial(_pixels, footage)),
        ("a rendered film lifted, from pixels", _rendered),
    ]


def published(footage: Path | None) -> list[Figure]:
    """Each camera of the published take, by the detections of OpenPose, against triangulation."""
    rig, found, _, _ = load_published(
        footage_set(footage, "mv_pose2sim") / "single_openpose_v0.2.6"
    )
    return _against(rig, found, "OpenPose")


def _pixels(footage: Path | None) -> list[Figure]:
    """The same from pixels, by MediaPipe."""
    folder = footage_set(footage, "mv_pose2sim")
    paths = [folder / "calibration" / "Calib_qualisys.toml", folder / "single" / "videos"]
    rig, found = _detected(paths, mend=True)
    return _against(rig, found, "MediaPipe")


def _rendered() -> list[Figure]:
    """Each camera of the sample take, whose truth is known: a rendered person whom no network
    learned from, by MediaPipe."""
    rig, found = _detected(sample_paths())
    return _against(rig, found, "Rendered, MediaPipe", _sample_truth())


def _detected(paths: list[Path], *, mend: bool = False) -> tuple[CameraRig, Detections]:
    """A rig and what is seen in its videos."""
    from studio.document.data import detections_of
    from studio.document.project import DetectionsItem

    with tempfile.TemporaryDirectory() as home:
        bench = Bench.at(Path(home) / "lift.doppel", "lift")
        bench.run("capture", params={"paths": paths, "mend": mend})
        bench.run("pose")
        item, rig = bench.project.newest(DetectionsItem), bench.project.usable_rig()
        assert item is not None
        assert rig is not None
        return rig.rig(), detections_of(item, bench.folder.assets)


def _sample_truth() -> Motion:
    """The body of the sample take as it was."""
    with np.load(SAMPLE / "truth.npz", allow_pickle=False) as told:
        xyz, times = told["body_m"].astype(float), told["times_s"].astype(float)
    nil = np.zeros(xyz.shape[:2])
    return Motion(layout("halpe_26"), times, xyz, nil, nil, nil.astype(int), nil > 0)


def _against(
    rig: CameraRig, found: Detections, whose: str, truth: Motion | None = None
) -> list[Figure]:
    """Each camera alone against the truth, or else against all of them triangulated."""
    beside = "the truth" if truth is not None else f"{len(rig)} triangulated"
    truth = truth or run(triangulate(Rules(), Views(rig, found), Context())).motion
    figures: list[Figure] = []
    made = [lifted(rig, found, camera, truth) for camera in rig.names]
    for camera, one in zip(rig.names, made, strict=True):
        rows = {row.method: row.off for row in one.compared if row.off is not None}
        own = rows["recurrent"]
        others = ", ".join(f"{name} {off.aligned_mm:.0f}" for name, off in rows.items()
                           if name != "recurrent")  # fmt: skip
        figures.append(
            Figure(
                f"{whose}, {camera} alone against {beside}",
                f"PA-MPJPE {own.aligned_mm:.0f} mm, hips on hips {own.rooted_mm:.0f} mm, as placed "
                f"{own.placed_mm:.0f} mm", note=f"PA-MPJPE otherwise: {others} mm",
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
