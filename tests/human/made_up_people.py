"""Made-up motions of the parametric person, with everything known about them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import torch

from studio.core.types import Motion
from studio.human.descent import limits
from studio.human.joints import dofs
from studio.human.keypoints import landmarks, needed_vertices
from studio.human.layouts import layout
from studio.human.names import face_vertices
from studio.human.person import Shape, whole
from studio.human.rig import ACTIONS, BONE_NAMES
from studio.human.solver import Kinematics, Poses
from studio.vision.rotations import rotation


@dataclass(frozen=True)
class MadeUp:
    motion: Motion
    joints_m: np.ndarray
    kinematics: Kinematics
    poses: Poses
    actions: np.ndarray
    shape: Shape


def kinematics_of(name: str, shape: Shape) -> Kinematics:
    wanted = layout(name)
    person = whole().subset(needed_vertices(wanted))
    with torch.no_grad():
        rest = person.rest(shape)
        marks = landmarks(person, rest, wanted)
    heads = rest.heads_m.numpy().astype(float)
    return Kinematics(dofs(heads), rest.offsets_m.numpy().astype(float), marks)


def random_angles(kinematics: Kinematics, rng: np.random.Generator, count: int) -> np.ndarray:
    low, high = limits(kinematics)
    usual = np.radians([dof.usual_deg for dof in kinematics.dofs])
    return np.clip(0.7 * usual * rng.normal(size=(count, len(usual))), 0.8 * low, 0.8 * high)


@cache
def made_up(name: str, frames: int = 16, noise_m: float = 0.0, rate_hz: float = 30.0) -> MadeUp:
    """A random smooth motion, in a layout, of a person off the middle."""
    rng = np.random.default_rng(3)
    shape = Shape.of({"thigh": 1.05, "forearm": 0.96, "torso": 0.97}, height=0.42)
    kinematics = kinematics_of(name, shape)
    kinematics.__dict__["alive"] = list(range(len(BONE_NAMES)))
    knots = random_angles(kinematics, rng, frames // 12 + 2)
    time = np.arange(frames) / 12
    at, mix = time.astype(int), (time % 1)[:, None]
    mix = mix * mix * (3 - 2 * mix)
    angles = knots[at] * (1 - mix) + knots[at + 1] * mix
    root = np.stack([0.3 * time, 0 * time, 1 + 0 * time], 1)
    turn = rotation(np.stack([0 * time, 0 * time, 0.5 * np.sin(time)], 1))
    poses = Poses(turn, root, angles)
    actions = np.zeros((frames, len(ACTIONS)))
    actions[:, ACTIONS.index("jawOpen")] = 0.5 - 0.5 * np.cos(2 * time)
    smile = np.clip(np.sin(2 * time - 1.8), 0, 1)
    for side in ("Left", "Right"):
        actions[:, ACTIONS.index(f"mouthSmile{side}")] = smile
        actions[:, ACTIONS.index(f"eyeBlink{side}")] = np.sin(3 * time) > 0.7
    xyz = kinematics.points(poses)
    meshed = [i for i, p in enumerate(layout(name).points) if p.startswith("mesh_")]
    if meshed:
        xyz[:, meshed] = _face(name, shape, kinematics, poses, actions)
    xyz = xyz + noise_m * rng.normal(size=xyz.shape)
    unknown = np.full(xyz.shape[:2], np.nan)
    motion = Motion(
        layout(name), np.arange(frames) / rate_hz, xyz, unknown, unknown,
        np.zeros(xyz.shape[:2], int), np.zeros(xyz.shape[:2], bool),
    )  # fmt: skip
    return MadeUp(motion, kinematics.forward(poses)[1], kinematics, poses, actions, shape)


@torch.no_grad()
def _face(name, shape, kinematics, poses, actions):
    names = [p for p in layout(name).points if p.startswith("mesh_")]
    ids = sorted({v for p in names for v in face_vertices(p)})
    person = whole().subset(ids)
    posed = person.pose(
        person.rest(shape),
        torch.tensor(kinematics.rotations(poses)).float(),
        torch.tensor(poses.root_m).float(),
        torch.tensor(actions).float(),
    )
    at = {v: i for i, v in enumerate(ids)}
    skin = posed.vertices_m.numpy()
    return np.stack([skin[:, [at[v] for v in face_vertices(p)]].mean(1) for p in names], 1)
