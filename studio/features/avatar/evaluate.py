"""Measured figures of the avatar: poses made up and found again, a published take, a known body."""

from __future__ import annotations

import json as json_module
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from studio.core.errors import StudioError
from studio.core.frames import points_to_world
from studio.core.types import Motion
from studio.human.character import animated
from studio.human.descent import limits
from studio.human.fit import Fit, Options, fit_motion
from studio.human.joints import dofs
from studio.human.keypoints import landmarks, needed_vertices
from studio.human.layouts import layout
from studio.human.person import Shape, whole
from studio.human.rig import BONE_NAMES
from studio.human.solver import Kinematics, Poses
from studio.jobs import run
from studio.media.formats.trc import read_trc
from studio.vision.rotations import rotation

LIMBS = tuple(
    f"{bone}.{side}"
    for bone in ("upperarm01", "lowerarm01", "wrist", "upperleg01", "lowerleg01", "foot")
    for side in "LR"
)


@dataclass(frozen=True)
class Row:
    """One take: error of shoulders to wrists and hips to ankles against the truth where that is
    known, distance to the keypoints, straying of planted feet, and the pace of the live pass."""

    name: str
    joints_mm: float | None
    keypoints_mm: float
    slide_mm: float
    height_m: float
    live_fps: float | None
    seconds: float


def measured(name: str, motion: Motion, joints_m: np.ndarray | None = None) -> Row:
    """Fit a motion; ``joints_m`` are the true heads of LIMBS (frames, joints, 3)."""
    start = time.perf_counter()
    stamps: list[float] = []
    options = Options(detected=joints_m is None)
    fit: Fit = run(fit_motion(motion, options), lambda _: stamps.append(time.perf_counter()))
    seconds = time.perf_counter() - start
    error = None
    if joints_m is not None:
        moving = animated(fit).animation
        if moving is None:
            raise RuntimeError("a fitted person has an animation")
        at = [BONE_NAMES.index(bone) for bone in LIMBS]
        found = moving.bones_world[..., :3, 3][:, at]
        error = float(1000 * np.linalg.norm(found - joints_m, axis=-1).mean())
    pace = (len(stamps) - 1) / (stamps[-1] - stamps[0]) if len(stamps) > 2 else None
    off = float(1000 * np.nanmean(fit.residual_m))
    return Row(name, error, off, fit.slide_mm, fit.height_m, pace, seconds)


def made_up(name: str, noise_m: float, frames: int = 40) -> tuple[Motion, np.ndarray]:
    """A random smooth motion of a person off the middle, in a layout, and the true limb joints."""
    rng = np.random.default_rng(5)
    wanted = layout(name)
    person = whole().subset(needed_vertices(wanted))
    shape = Shape.of({"thigh": 1.06, "forearm": 0.95, "torso": 0.96}, height=0.44, gender=0.3)
    with torch.no_grad():
        rest = person.rest(shape)
        marks = landmarks(person, rest, wanted)
    heads, offsets = (a.numpy().astype(float) for a in (rest.heads_m, rest.offsets_m))
    kinematics = Kinematics(dofs(heads), offsets, marks)
    low, high = limits(kinematics)
    usual = np.radians([dof.usual_deg for dof in kinematics.dofs])
    knots = 0.7 * usual * rng.normal(size=(frames // 12 + 2, len(usual)))
    knots = np.clip(knots, 0.8 * low, 0.8 * high)
    beat = np.arange(frames) / 12
    at, mix = beat.astype(int), (beat % 1)[:, None]
    mix = mix * mix * (3 - 2 * mix)
    poses = Poses(
        rotation(np.stack([0 * beat, 0 * beat, 0.5 * np.sin(beat)], 1)),
        np.stack([0.3 * beat, 0 * beat, 1 + 0 * beat], 1),
        knots[at] * (1 - mix) + knots[at + 1] * mix,
    )
    xyz = kinematics.points(poses) + noise_m * rng.normal(size=(frames, len(wanted), 3))
    bare = Kinematics(kinematics.dofs, offsets, landmarks(person, rest, layout("anny_joints")))
    truth = bare.points(poses)[:, [BONE_NAMES.index(bone) for bone in LIMBS]]
    return _motion(name, xyz, np.arange(frames) / 30), truth


def _motion(name: str, xyz_m: np.ndarray, times_s: np.ndarray) -> Motion:
    unknown = np.full(xyz_m.shape[:2], np.nan)
    seen = np.zeros(xyz_m.shape[:2], int)
    return Motion(layout(name), times_s, xyz_m, unknown, unknown, seen, seen.astype(bool))


_MAKEHUMAN = {
    "upperarm01": "shoulder", "lowerarm01": "elbow", "wrist": "hand", "upperleg01": "upper-leg",
    "lowerleg01": "knee", "foot": "ankle", "clavicle": "clavicle",
    **{f"finger{k}-{j}": f"finger-{k}-{j}" for k in range(1, 6) for j in (1, 2, 3)},
}  # fmt: skip


def known_body(folder: Path) -> tuple[Motion, np.ndarray]:
    """A dressed MakeHuman body whose joints are known: one frame, and the true limb joints."""
    try:
        raw = json_module.loads((folder / "joints_gt.json").read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise StudioError(f"“{folder.name}” has no readable joints_gt.json.") from error
    names = {"neck01": "neck", "head": "head"}
    for side in "LR":
        names |= {f"{bone}.{side}": f"{side.lower()}-{mh}" for bone, mh in _MAKEHUMAN.items()}
    xyz = np.full((1, len(BONE_NAMES), 3), np.nan)
    for bone, joint in names.items():
        if joint in raw:
            xyz[0, BONE_NAMES.index(bone)] = points_to_world(np.array(raw[joint]), "y")
    return (
        _motion("anny_joints", xyz, np.zeros(1)),
        xyz[:, [BONE_NAMES.index(bone) for bone in LIMBS]],
    )


def rows(footage: Path | None = None) -> list[Row]:
    """All figures that can be measured with the footage at hand."""
    found: list[Row] = []
    for name, noise in (("body_25", 0.0), ("body_25", 0.01), ("whole_body", 0.003)):
        motion, truth = made_up(name, noise)
        found.append(measured(f"made up, {name}, noise {1000 * noise:g} mm", motion, truth))
    if footage is None:
        return found
    take = footage / "mv_pose2sim" / "reference_run_0.10.49" / "single_0-99.trc"
    if take.is_file():
        found.append(measured("mv_pose2sim, published track", read_trc(take)))
    body = footage / "body_makehuman_dressed" / "male_a"
    if body.is_dir():
        found.append(measured("body_makehuman_dressed, true joints", *known_body(body)))
    return found


def main(footage: Path | None = None, peers: Path | None = None, json: bool = False) -> None:
    """Measure the avatar.

    Args:
        footage: The folder of real takes (mv_pose2sim ...).
        peers: Not used here.
        json: Print one JSON object.
    """
    if footage is not None and not footage.is_dir():
        raise StudioError(f"“{footage}” is not a folder.", "Give the folder that holds the takes.")
    del peers
    found = rows(footage)
    if json:
        print(json_module.dumps({"figures": [asdict(row) for row in found]}))
        return
    table = Table("take", "joints", "keypoints", "feet", "height", "live", "whole")
    for row in found:
        table.add_row(
            row.name,
            "" if row.joints_mm is None else f"{row.joints_mm:.1f} mm",
            f"{row.keypoints_mm:.1f} mm", f"{row.slide_mm:.1f} mm", f"{row.height_m:.2f} m",
            "" if row.live_fps is None else f"{row.live_fps:.0f} frames/s", f"{row.seconds:.1f} s",
        )  # fmt: skip
    Console().print(table)
