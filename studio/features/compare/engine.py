"""How far a motion's joints and an avatar's are from truth, joint by joint, in millimetres.

The truth of a rendered take (``.npz``) holds named points and every bone; that of a motion
capture system (TRC, C3D, CSV) holds named markers. Detectors do not point at the centres of
joints, so their points are first carried there (:mod:`studio.human.joint_centres`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import Float
from pydantic import BaseModel, ConfigDict, Field

from studio.core.errors import StudioError
from studio.core.types import Fact, Motion
from studio.human.character import armature, bones_world, rest_of
from studio.human.fit import Fit
from studio.human.joint_centres import joint_centres
from studio.human.rig import BONE_NAMES
from studio.jobs import Context, Engine

Tracks = Mapping[str, np.ndarray]

JOINTS = tuple(
    f"{side}_{joint}"
    for joint in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")
    for side in ("left", "right")
)
_LIMBS = tuple(
    f"{bone}.{side}"
    for bone in ("upperarm01", "lowerarm01", "wrist", "upperleg01", "lowerleg01", "foot")
    for side in "LR"
)
BONES = (*_LIMBS, "head", "neck01", "spine03")


class Params(BaseModel):
    """What counts as good."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    align: Literal["world", "pelvis"] = Field(
        default="world",
        description="Compare places in the world, or relative to the middle of the hips",
    )
    good_mm: float = Field(
        default=25.0, gt=0, title="Good up to", description="A mean error up to this is good (mm)"
    )


@dataclass(frozen=True, eq=False)
class Truth:
    """Named points over time, metres; ``bones`` are heads of the person's bones, if known."""

    times_s: Float[np.ndarray, " frames"]
    points: Tracks
    bones: Tracks


@dataclass(frozen=True, eq=False)
class Inputs:
    """What is compared; either may be absent."""

    truth: Truth
    motion: Motion | None = None
    fit: Fit | None = None


@dataclass(frozen=True, eq=False)
class Errors:
    """Distances from truth: ``mm`` (frames, joints), NaN where either is missing.

    Joints that only the truth knows are all missing. ``covered`` is the share of the truth's
    time in which there is an estimate at all; no frame beyond it is counted.
    """

    what: str
    joints: tuple[str, ...]
    times_s: Float[np.ndarray, " frames"]
    mm: Float[np.ndarray, "frames joints"]
    covered: float = 1.0

    @property
    def mean_mm(self) -> float:
        """MPJPE: the mean over all joints and frames."""
        return float(np.nanmean(self.mm))

    @property
    def missing(self) -> float:
        """Share of joints without an estimate."""
        return float(np.mean(~np.isfinite(self.mm)))

    @property
    def joint_mm(self) -> Float[np.ndarray, " joints"]:
        """The mean of every joint over the frames that have it; NaN for one that is never there."""
        known = np.isfinite(self.mm)
        total = np.where(known, self.mm, 0.0).sum(0)
        return total / np.where(known.any(0), known.sum(0), np.nan)


@dataclass(frozen=True)
class Comparison:
    """The errors of each thing compared."""

    errors: tuple[Errors, ...]

    def facts(self, good_mm: float) -> tuple[Fact, ...]:
        """One fact for each."""
        return tuple(_fact(errors, good_mm) for errors in self.errors)


def read_truth(path: Path) -> Truth:
    """Truth of a rendered take or of a motion capture system. Raises StudioError."""
    if path.suffix.lower() != ".npz":
        from studio.media.formats.motions import read_motion

        motion = read_motion(path)
        points = {name: motion.xyz_m[:, i] for i, name in enumerate(motion.layout.points)}
        return Truth(motion.times_s, points, {})
    try:
        with np.load(path, allow_pickle=False) as file:
            return truth_from({name: file[name] for name in file.files})
    except (OSError, ValueError, KeyError, EOFError) as error:
        raise StudioError(
            f"“{path.name}” is not a truth file ({error}).",
            "Choose the truth.npz of a rendered take, or a TRC, C3D or CSV of motion capture.",
        ) from error


def truth_from(arrays: Mapping[str, np.ndarray]) -> Truth:
    """Truth from the arrays of a rendered take (times_s, body_names, body_m, bone_names,
    bones_world)."""
    body, bones = arrays["body_m"].astype(np.float64), arrays["bones_world"].astype(np.float64)
    return Truth(
        arrays["times_s"].astype(np.float64),
        {str(name): body[:, i] for i, name in enumerate(arrays["body_names"])},
        {str(name): bones[:, i, :3, 3] for i, name in enumerate(arrays["bone_names"])},
    )


def compare(params: Params, inputs: Inputs, context: Context) -> Engine[Errors, Comparison]:
    """Compare the motion, then the avatar; yields each as it is done.

    Raises StudioError if nothing can be compared: no common time or no common point.
    """
    found: list[Errors] = []
    if inputs.motion is not None:
        centred = joint_centres(inputs.motion)
        tracks = {name: centred.xyz_m[:, i] for i, name in enumerate(centred.layout.points)}
        found.append(_errors("Motion", JOINTS, centred.times_s, tracks, inputs.truth, params.align))
        yield found[-1]
    context.report(0.5)
    context.check()
    if inputs.fit is not None and inputs.truth.bones:
        fit = inputs.fit
        world = bones_world(armature(rest_of(fit.shape)), fit.turns_rad, fit.root_m)
        heads = world[:, :, :3, 3]
        tracks = {name: heads[:, i] for i, name in enumerate(BONE_NAMES)}
        truth = Truth(inputs.truth.times_s, inputs.truth.bones, {})
        found.append(_errors("Avatar", BONES, fit.times_s, tracks, truth, params.align))
        yield found[-1]
    if not found:
        raise StudioError(
            "There is nothing to compare with this truth.", "Triangulate the take first."
        )
    return Comparison(tuple(found))


def _at(times_s: np.ndarray, tracks: Tracks, name: str, wanted_s: np.ndarray) -> np.ndarray:
    """A track at other times, linearly between its frames; NaN beyond its ends."""
    return np.stack(
        [
            np.interp(wanted_s, times_s, tracks[name][:, axis], left=np.nan, right=np.nan)
            for axis in range(3)
        ],
        axis=-1,
    )


def _errors(
    what: str,
    wanted: tuple[str, ...],
    times_s: np.ndarray,
    tracks: Tracks,
    truth: Truth,
    align: Literal["world", "pelvis"],
) -> Errors:
    joints = tuple(name for name in wanted if name in truth.points)
    start_s, end_s = float(truth.times_s[0]), float(truth.times_s[-1])
    inside = (times_s >= start_s - 1e-6) & (times_s <= end_s + 1e-6)
    common = any(name in tracks for name in joints)
    if not common or not inside.any():
        lack = "no moment" if common else "no joint"
        raise StudioError(
            f"The {what.lower()} and the truth have {lack} in common.",
            "Choose the truth of this very take.",
        )
    when = np.clip(times_s[inside], start_s, end_s)
    absent = np.full((len(times_s), 3), np.nan)
    ours = np.stack([tracks.get(name, absent)[inside] for name in joints], axis=1)
    theirs = np.stack([_at(truth.times_s, truth.points, name, when) for name in joints], axis=1)
    if align == "pelvis":
        hips = [i for i, name in enumerate(joints) if "hip" in name or "upperleg" in name]
        if len(hips) != 2:
            raise StudioError("Without both hips nothing can be aligned at the pelvis.")
        ours = ours - ours[:, hips].mean(1, keepdims=True)
        theirs = theirs - theirs[:, hips].mean(1, keepdims=True)
    covered = float(when[-1] - when[0]) / (end_s - start_s) if end_s > start_s else 1.0
    mm = 1000 * np.linalg.norm(ours - theirs, axis=2)
    if not np.isfinite(mm).any():
        raise StudioError(
            f"No joint of the {what.lower()} is there where the truth has one.",
            "Look at the motion: is it this take, and was anybody seen?",
        )
    return Errors(what, joints, when, mm, covered)


def _fact(errors: Errors, good_mm: float) -> Fact:
    means, mean = errors.joint_mm, errors.mean_mm
    verdict = "good" if mean <= good_mm else "look" if mean <= 2 * good_mm else "stop"
    text = f"{mean:.1f} mm mean error over {np.isfinite(means).sum()} joints"
    if errors.missing > 0.0005:
        text += f", {100 * errors.missing:.1f} % missing"
    if errors.covered < 0.95:
        text += f", {100 * errors.covered:.0f} % of the truth's time"
    blame = ""
    if verdict != "good":
        worst = int(np.nanargmax(means))
        blame = f"{errors.joints[worst]} is off most: {means[worst]:.0f} mm."
    elif errors.missing > 0.05:
        verdict = "look"
        lost = int(np.isfinite(errors.mm).sum(0).argmin())
        blame = f"{errors.joints[lost]} is missing most. What is missing has no error."
    return Fact(f"{errors.what} against truth", text, verdict, blame)
