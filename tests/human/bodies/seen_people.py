"""A made-up person before a made-up camera: every point, the mask and the truth."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import torch

from studio.core.types import Camera, Keypoints
from studio.human.bodies.build import Builder
from studio.human.bodies.fitted import BodyPhoto
from studio.human.bodies.outline import Window, hits
from studio.human.bodies.silhouette import skin_faces
from studio.human.catalogue import make
from studio.human.design import Design
from studio.human.layouts import layout
from studio.human.person import whole
from studio.human.rig import BONE_NAMES
from studio.human.solver import Poses
from studio.vision.camera import in_camera, project
from studio.vision.one_view import assumed

SIZE_PX = 320, 480
DESIGN = Design(phenotypes={"gender": 0.0, "weight": 0.6, "muscle": 0.6, "height": 0.6},
                scales={"thigh": 1.04})  # fmt: skip
ANGLES_DEG = {
    "shoulder_y.L": -35, "elbow_flexion.L": 30, "shoulder_y.R": 20, "hip_abduction.L": 12,
    "hip_flexion.R": 25, "knee_flexion.R": 30, "head_twist": 15,
}  # fmt: skip
JOINTS = [f"{bone}.{side}" for side in "LR" for bone in (
    "upperarm01", "lowerarm01", "wrist", "upperleg01", "lowerleg01", "foot")]  # fmt: skip


@dataclass(frozen=True, eq=False)
class Seen:
    photo: BodyPhoto
    joints_m: np.ndarray
    height_m: float


def joints(posed: np.ndarray) -> np.ndarray:
    """The joints of the limbs among all bones' heads."""
    return posed[[BONE_NAMES.index(name) for name in JOINTS]]


@cache
def camera() -> Camera:
    return assumed("made up", SIZE_PX, 42.0)


@cache
@torch.no_grad()
def seen(
    noise_px: float = 1.0,
    clothes_m: float = 0.0,
    yaw: float = 0.35,
    bent_deg: float = 0.0,
    sits: bool = False,
) -> Seen:
    """A man who has lifted an arm and sets a foot forward, seen obliquely; his other arm bent
    more, or sitting, if told."""
    points = layout("whole_body")
    body = make(points.name, points.points[:33], ())
    builder = Builder(DESIGN, body, hands=False)
    rest = builder.rest(builder.start, every=True)
    near = builder.near(builder.start)
    names = [dof.name for dof in near.kinematics.dofs]
    angles = np.zeros((1, len(names)))
    for name, value in ANGLES_DEG.items():
        angles[0, names.index(name)] = np.radians(value)
    angles[0, names.index("elbow_flexion.R")] = np.radians(bent_deg)
    for side in "LR" if sits else "":
        angles[0, names.index(f"hip_flexion.{side}")] = np.radians(85)
        angles[0, names.index(f"knee_flexion.{side}")] = np.radians(85)
    c, s = np.cos(yaw), np.sin(yaw)
    turn = np.array([[[c, -s, 0], [s, c, 0], [0, 0, 1.0]]])
    pose = Poses(turn, np.array([[0.05, 3.2, 0.05]]), angles)
    posed = whole().pose(
        rest, torch.from_numpy(near.kinematics.rotations(pose)).float(),
        torch.from_numpy(pose.root_m).float(),
    )  # fmt: skip
    marks = near.kinematics.points(pose)[0][:33]
    rng = np.random.default_rng(3)
    xy = np.full((len(points), 2), np.nan)
    xy[:33] = project(camera(), marks) + noise_px * rng.standard_normal((33, 2))
    sure = np.zeros(len(points))
    sure[:33] = 0.95
    space = in_camera(camera(), marks) + 0.03 * rng.standard_normal((33, 3))
    whole_picture = Window(0, 0, *SIZE_PX, 1.0)
    from studio.human.bodies.clothed import grown

    skin = grown(posed.vertices_m[0].double().numpy(), np.full(19_158, clothes_m))
    ahead, _ = hits(whole_picture, camera(), skin[:13_380], skin_faces())
    mask = np.where(np.isfinite(ahead), 255, 0).astype(np.uint8)
    photo = BodyPhoto(
        "made up", np.repeat(mask[..., None], 3, 2), mask,
        Keypoints("made up", 0.0, points, xy, sure), space, focal_px=camera().matrix[0, 0],
    )  # fmt: skip
    return Seen(photo, joints(posed.joints_m[0].double().numpy()), near.height_m)
