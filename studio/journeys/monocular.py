"""The 3D that Doppel's own network tells from single pictures, on takes whose 3D is known, beside
the same points lifted over time."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np

from studio.core.types import CameraRig, Motion
from studio.features.lift.engine import Inputs, lift
from studio.features.lift.params import Params as Lifted
from studio.features.lift.pose_errors import Distance, distance, joints_of
from studio.features.pose.engine import Inputs as Seen
from studio.features.pose.engine import Params, detect
from studio.features.pose.space import motions
from studio.features.triangulate.engine import triangulate
from studio.features.triangulate.evaluate import load_published
from studio.features.triangulate.inputs import Inputs as Views
from studio.features.triangulate.params import Params as Rules
from studio.jobs import Context, run
from studio.journeys.figures import Figure, Part, footage_set
from studio.journeys.lifting import sample_truth
from studio.journeys.main_job import SAMPLE
from studio.media.films import Film, Films
from studio.media.formats.rigs import read_rig

_SECONDS = 0.5
"""How much of each film is looked at."""


def parts(footage: Path | None) -> list[tuple[str, Part]]:
    """The parts of the evaluation that need films."""
    return [
        ("a rendered film in 3D, from single pictures", _rendered),
        ("a real take in 3D, from single pictures", partial(_real, footage)),
    ]


def _rendered() -> list[Figure]:
    """Each camera of the sample take, whose truth is known."""
    rig = read_rig(SAMPLE / "rig.toml").rig
    videos = [SAMPLE / f"{name}.mp4" for name in rig.names]
    return _figures("Rendered", rig, videos, sample_truth())


def _real(footage: Path | None) -> list[Figure]:
    """Each camera of the published take, against OpenPose's points triangulated."""
    folder = footage_set(footage, "mv_pose2sim")
    rig, found, _, _ = load_published(folder / "single_openpose_v0.2.6")
    truth = run(triangulate(Rules(), Views(rig, found), Context())).motion
    videos = [folder / "single" / "videos" / f"{name}.mp4" for name in rig.names]
    return _figures("Real take", rig, videos, truth)


def _figures(whose: str, rig: CameraRig, videos: list[Path], truth: Motion) -> list[Figure]:
    """Every camera alone, and the mean of them."""
    told: dict[str, list[Distance]] = {"single pictures": [], "lifted over time": []}
    inside: list[np.ndarray] = []
    out: list[Figure] = []
    for name, video in zip(rig.names, videos, strict=True):
        seen = run(detect(Params(backend="dope"), Seen(Films((Film(name, video),), out_s=_SECONDS)),
                          Context()))  # fmt: skip
        assert seen.monocular is not None
        alone = motions(seen.monocular, seen.detections, seen.crowd, rig.cameras)
        own = distance(alone[0].motion, truth) if alone else None
        lifted = run(lift(Lifted(camera=name, compare=False),
                          Inputs(seen.detections, rig.cameras), Context())).motion  # fmt: skip
        other = distance(lifted, truth)
        if own is None or other is None:
            out.append(Figure(f"{whose}, {name}", f"found in {seen.found[0]:.0%} of the pictures"))
            continue
        told["single pictures"].append(own)
        told["lifted over time"].append(other)
        inside.append(_within(alone[0].motion, truth))
    for way, offs in told.items():
        if offs:
            value = (
                f"PA-MPJPE {np.mean([o.aligned_mm for o in offs]):.0f} mm, hips on hips "
                f"{np.mean([o.rooted_mm for o in offs]):.0f} mm, as placed "
                f"{np.mean([o.placed_mm for o in offs]):.0f} mm"
            )
            note = f"{sum(o.frames for o in offs)} frames, our own 2D"
            out.append(Figure(f"{whose}, {way}, mean of {len(offs)} cameras", value, note=note))
    if inside:
        share = float(np.concatenate(inside).mean())
        out.append(Figure(f"{whose}, limb points within the error that is told", f"{share:.0%}",
                          note="single pictures, hips on hips"))  # fmt: skip
    return out


def _within(motion: Motion, truth: Motion) -> np.ndarray:
    """Whether each limb joint of a motion is as near to the truth as its error says."""
    a, b = joints_of(motion), joints_of(truth)
    nearest = np.abs(truth.times_s[None] - motion.times_s[:, None]).argmin(1)
    off = (a - a[:, 6:8].mean(1, keepdims=True)) - (
        b[nearest] - b[nearest][:, 6:8].mean(1, keepdims=True)
    )
    apart = np.linalg.norm(off, axis=-1)
    error = np.nanmedian(motion.error_m[:, :13])
    return apart[np.isfinite(apart)] <= error
