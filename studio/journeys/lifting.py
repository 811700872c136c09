"""One camera lifted, beside all cameras triangulated: the figures of lifting on real takes."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path

import numpy as np
from scipy.optimize import linear_sum_assignment

from studio.core.types import Camera, CameraRig, Detections, Layout, Motion
from studio.features.lift.engine import Inputs, Lifting, lift
from studio.features.lift.params import Params
from studio.features.lift.several import Everybody
from studio.features.lift.several import lift as lift_all
from studio.features.triangulate.engine import triangulate
from studio.features.triangulate.evaluate import load_published
from studio.features.triangulate.inputs import Inputs as Views
from studio.features.triangulate.params import Params as Rules
from studio.human.convert import convert
from studio.human.layouts import layout
from studio.jobs import Context, run
from studio.journeys.bench import Bench
from studio.journeys.figures import Figure, Part, footage_set
from studio.journeys.main_job import SAMPLE, sample_paths
from studio.synth.crowd import make_scene
from studio.synth.crowd_seen import see
from studio.vision.camera import project
from studio.vision.people.main import main_detections

_NEAR_M = 1.5


def parts(footage: Path | None) -> list[tuple[str, Part]]:
    """The parts of the evaluation that need films."""
    return [
        ("each camera lifted alone", partial(published, footage)),
        ("each camera lifted alone, from pixels", partial(_pixels, footage)),
        ("a rendered film lifted, from pixels", _rendered),
        ("several people in one film", _several),
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
    return _against(rig, found, "Rendered, MediaPipe", sample_truth())


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


def sample_truth() -> Motion:
    """The body of the sample take as it was."""
    with np.load(SAMPLE / "truth.npz", allow_pickle=False) as told:
        xyz, times = told["body_m"].astype(float), told["times_s"].astype(float)
    nil = np.zeros(xyz.shape[:2])
    return Motion(layout("halpe_26"), times, xyz, nil, nil, nil.astype(int), nil > 0)


def _several(seeds: int = 2) -> list[Figure]:
    """Everybody in one camera's film of simulated scenes of two or three people, with all faults of
    a detector: hidden and stolen points, numbers exchanged, ghosts."""
    seen = found = extra = 0
    off: list[np.ndarray] = []
    away: list[np.ndarray] = []
    for kind, people in (("acting", 3), ("crossing", 2), ("circling", 2)):
        for seed in range(seeds):
            scene = make_scene(kind, people, 4, seed)
            crowd = see(scene, seed=seed)
            name = scene.rig.names[0]
            given = Inputs(main_detections(crowd), scene.rig.cameras, crowd=crowd)
            made = run(lift_all(Params(camera=name, people=0, compare=False), given, Context()))
            persons = made.persons if isinstance(made, Everybody) else (made,)
            ours = np.stack([limbs(p.motion.xyz_m, p.motion.layout) for p in persons])
            truth = np.stack([limbs(xyz, scene.layout) for xyz in scene.xyz_m])
            there = _in_picture(scene.rig.cameras[0], scene.xyz_m)
            for frame in range(len(scene.times_s)):
                pairs, missed, ghosts, far = _matched(ours[:, frame], truth[there[:, frame], frame])
                seen, found = seen + len(pairs) + missed, found + len(pairs)
                extra += ghosts
                off += pairs
                away += far
    value = (
        f"{found / max(seen, 1):.1%} of the people in view lifted, {extra / max(seen, 1):.1%} "
        f"ghosts; hips on hips {1000 * np.mean(off):.0f} mm, {1000 * np.mean(away):.0f} mm from "
        "where they stand"
    )
    note = f"{seen} people in pictures of {3 * seeds} scenes; calibrated, sizes unknown"
    return [Figure("Simulated, everybody in one camera", value, note=note)]


def _in_picture(camera: Camera, xyz_m: np.ndarray) -> np.ndarray:
    """Whether most of a person's points (..., points, 3) lie in the picture."""
    xy = project(camera, xyz_m)
    return ((xy >= 0) & (xy < camera.size_px)).all(-1).mean(-1) > 0.5


def limbs(xyz_m: np.ndarray, of: Layout) -> np.ndarray:
    """The twelve limb joints (frames, 12, 3) of skeletons."""
    return convert(xyz_m, of, "coco_17")[:, 5:]


def _matched(
    ours: np.ndarray, truth: np.ndarray
) -> tuple[list[np.ndarray], int, int, list[np.ndarray]]:
    """Of one moment: the mean distance of joints, hips on hips, of each person who is found less
    than 1.5 m away; how many are not found; how many stand where nobody is; and how far the hips
    of those who are found are away."""
    ours = ours[np.isfinite(ours).all((1, 2))]
    one, two = (x[:, 6:8].mean(1) for x in (ours, truth))
    apart = np.linalg.norm(one[:, None] - two[None], axis=-1)
    pairs = [(i, j) for i, j in zip(*linear_sum_assignment(apart), strict=True)
             if apart[i, j] < _NEAR_M]  # fmt: skip
    off = [np.linalg.norm((ours[i] - one[i]) - (truth[j] - two[j]), axis=-1).mean()
           for i, j in pairs]  # fmt: skip
    return (off, len(truth) - len(pairs), len(ours) - len(pairs), [apart[i, j] for i, j in pairs])


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
