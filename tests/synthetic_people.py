"""Characters that need no body model: a random tree of bones dressed in boxes."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from studio.core.types import Animation, Armature, Character, Material, Mesh, Part

CUBE = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], float)
QUADS = np.array(
    [[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]]
)
BOX_FACES = np.concatenate([QUADS[:, [0, 1, 2]], QUADS[:, [0, 2, 3]]])


def rigid(rotation: np.ndarray, move: np.ndarray) -> np.ndarray:
    matrix = np.zeros((*np.shape(move)[:-1], 4, 4))
    matrix[..., :3, :3], matrix[..., :3, 3], matrix[..., 3, 3] = rotation, move, 1
    return matrix


def tree(bones: int, seed: int = 0) -> Armature:
    """A random armature; parents first."""
    rng = np.random.default_rng(seed)
    parents = np.array([-1, *(rng.integers(0, k) for k in range(1, bones))][:bones], int)
    rest = np.zeros((bones, 4, 4))
    for k, parent in enumerate(parents):
        local = rigid(Rotation.random(rng=rng).as_matrix(), rng.normal(0, 0.3, 3))
        rest[k] = local if parent < 0 else rest[parent] @ local
    tails = rest[:, :3, 3] + rest[:, :3, 1] * 0.2
    return Armature(tuple(f"bone.{k}.ü" for k in range(bones)), parents, rest, tails)


def motion(armature: Armature, frames: int, morphs: int, seed: int = 0) -> Animation:
    """A smooth random animation at 30 frames a second: every bone turns, the roots also move."""
    rng = np.random.default_rng(seed)
    bones = len(armature.names)
    times = np.arange(frames) / 30
    axis = rng.normal(0, 1, (bones, 3))
    phase = rng.uniform(0, 6, bones)
    angle = np.sin(times[:, None] * 4 + phase) * 1.5
    world = np.zeros((frames, bones, 4, 4))
    for k, parent in enumerate(armature.parents):
        turn = Rotation.from_rotvec(angle[:, k, None] * axis[k]).as_matrix()
        delta = rigid(turn, np.zeros((frames, 3)))
        if parent < 0:
            world[:, k] = armature.rest_world[k] @ delta
            world[:, k, :3, 3] += np.column_stack([times, np.sin(times), 0.1 * times])
        else:
            local = np.linalg.inv(armature.rest_world[parent]) @ armature.rest_world[k]
            world[:, k] = world[:, parent] @ local @ delta
    return Animation(times, world, rng.uniform(0, 1, (frames, morphs)))


def box_part(
    armature: Armature, name: str = "boxes", seed: int = 0, morphs: tuple[str, ...] = ()
) -> Part:
    """A box on every bone, softly bound to up to four bones, textured face by face."""
    rng = np.random.default_rng(seed)
    bones = len(armature.names)
    heads = armature.rest_world[:, :3, 3]
    vertices = (heads[:, None] + CUBE * rng.uniform(0.03, 0.1, (bones, 1, 3))).reshape(-1, 3)
    faces = (np.arange(bones)[:, None, None] * 8 + BOX_FACES).reshape(-1, 3)
    square = np.array([[[0, 0], [1, 0], [1, 1]]] * 6 + [[[0, 0], [1, 1], [0, 1]]] * 6, float)
    joints = np.column_stack([np.repeat(np.arange(bones), 8),
                              rng.integers(0, bones, (len(vertices), 3))])  # fmt: skip
    weights = rng.uniform(0, 1, (len(vertices), 4)) * (1, 0.3, 0.2, 0)
    weights /= weights.sum(-1, keepdims=True)
    offsets: dict[str, np.ndarray] = {}
    for k, morph in enumerate(morphs):
        offset = np.zeros_like(vertices)
        moved = rng.choice(len(vertices), max(1, len(vertices) // (k + 1) // 2), replace=False)
        offset[moved] = rng.normal(0, 0.02, (len(moved), 3))
        offsets[morph] = offset
    picture = rng.integers(0, 255, (16, 32, 3), dtype=np.uint8)
    return Part(
        name,
        Mesh(vertices, faces, np.tile(square, (bones, 1, 1))),
        Material(f"{name} skin", (1.0, 0.9, 0.8, 1.0), texture=picture),
        joints,
        weights,
        offsets,
    )


def person(
    bones: int = 12, frames: int = 20, morphs: tuple[str, ...] = ("jawOpen", "eyeBlinkLeft"),
    seed: int = 0,
) -> Character:  # fmt: skip
    """A character with two parts; the second lacks the first target."""
    armature = tree(bones, seed)
    parts = (
        box_part(armature, "Körper", seed, morphs),
        box_part(armature, "eyes", seed + 1, morphs[1:]),
    )
    animation = motion(armature, frames, len(morphs), seed) if frames else None
    return Character("Jördis", armature, parts, morphs, animation)


def posed_triangles(character: Character, part: Part, frame: int | None = None) -> np.ndarray:
    """Slow twin of every skinning: triangle corners (faces, 3, 3) in world metres."""
    rest = character.armature.rest_world
    vertices = part.mesh.vertices_m.copy()
    bones = rest
    if frame is not None and character.animation is not None:
        bones = character.animation.bones_world[frame]
        for k, name in enumerate(character.morph_names):
            if name in part.morphs:
                vertices += character.animation.morphs[frame, k] * part.morphs[name]
    posed = np.zeros_like(vertices)
    for v, point in enumerate(vertices):
        for joint, weight in zip(part.joints[v], part.weights[v], strict=True):
            home = np.linalg.inv(rest[joint]) @ (*point, 1)
            posed[v] += weight * (bones[joint] @ home)[:3]
    return posed[part.mesh.faces]
