"""A person re-posed as VRM wants its rest pose: T, facing +Z, soles on the floor, no turned nodes.

Source: VRMC_vrm 1.0, "VRM T-pose".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from studio.core import frames
from studio.core.types import Animation, Armature, Character, Part
from studio.human.tpose import turns_to_t


def t_posed(character: Character, bones: Mapping[str, int]) -> Character:
    """The character with the T as its rest pose; ``bones`` maps VRM bones to its own.

    Every bone's rest axes are those of the file (Y up). An animation keeps its world motion.
    """
    armature = character.armature
    turns = turns_to_t(armature, bones)
    rest = armature.rest_world
    heads = rest[:, :3, 3]
    placed = heads.copy()
    for k, parent in enumerate(armature.parents):
        if parent >= 0:
            placed[k] = placed[parent] + turns[parent] @ (heads[k] - heads[parent])
    shift = placed - np.einsum("bij,bj->bi", turns, heads)
    parts = tuple(_reposed(part, turns, shift) for part in character.parts)

    hips = placed[bones["hips"]]
    lows = [p.mesh.vertices_m[p.mesh.faces, 2].min() for p in parts if len(p.mesh.faces)]
    origin = np.array([hips[0], hips[1], min(lows, default=placed[:, 2].min())])
    parts = tuple(
        replace(part, mesh=replace(part.mesh, vertices_m=part.mesh.vertices_m - origin))
        for part in parts
    )
    flat = np.tile(np.eye(4), (len(heads), 1, 1))
    flat[:, :3, :3] = frames.world_from("y")
    flat[:, :3, 3] = placed - origin
    tails = placed + np.einsum("bij,bj->bi", turns, armature.tails_m - heads) - origin
    still = Armature(armature.names, armature.parents, flat, tails)

    moved: Animation | None = None
    if character.animation is not None:
        own = (turns @ rest[:, :3, :3]).transpose(0, 2, 1) @ flat[:, :3, :3]
        world = character.animation.bones_world.copy()
        world[..., :3, :3] = world[..., :3, :3] @ own
        moved = replace(character.animation, bones_world=world)
    return replace(character, armature=still, parts=parts, animation=moved)


def _reposed(part: Part, turns: np.ndarray, shift: np.ndarray) -> Part:
    """The part's skin, and what its morph targets add to it, carried into the new pose."""
    weights = part.weights[..., None, None]
    blended = (turns[part.joints] * weights).sum(1)
    moved = (shift[part.joints] * part.weights[..., None]).sum(1)
    vertices = np.einsum("vij,vj->vi", blended, part.mesh.vertices_m) + moved
    morphs = {
        name: np.einsum("vij,vj->vi", blended, offset) for name, offset in part.morphs.items()
    }
    return replace(part, mesh=replace(part.mesh, vertices_m=vertices), morphs=morphs)
