"""A character frozen at one moment, for formats that know no bones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from studio.core.errors import StudioError
from studio.core.types import Character, Mesh, Part


def posed_mesh(character: Character, part: Part, frame: int | None) -> Mesh:
    """A part's mesh at one frame of the animation (linear blend skinning), or at rest."""
    animation = character.animation
    if frame is None:
        return part.mesh
    if animation is None or not 0 <= frame < len(animation):
        count = 0 if animation is None else len(animation)
        raise StudioError(
            f"“{character.name}” has no frame {frame}: it has {count}.", "Choose one of them."
        )
    vertices = np.array(part.mesh.vertices_m, np.float64)
    for k, name in enumerate(character.morph_names):
        if name in part.morphs and k < animation.morphs.shape[1]:
            vertices += animation.morphs[frame, k] * part.morphs[name]
    bones = animation.bones_world[frame] @ np.linalg.inv(character.armature.rest_world)
    posed = np.zeros_like(vertices)
    for k in range(part.joints.shape[1]):
        moved = bones[part.joints[:, k]]
        place = np.einsum("vij,vj->vi", moved[:, :3, :3], vertices) + moved[:, :3, 3]
        posed += part.weights[:, k, None] * place
    return replace(part.mesh, vertices_m=posed)


def joined(character: Character, frame: int | None) -> Mesh:
    """All parts as one mesh with vertex colours; texture coordinates are left out."""
    meshes = [posed_mesh(character, part, frame) for part in character.parts]
    if not meshes:
        raise StudioError(
            f"“{character.name}” has no mesh.", "Fit a person first, or export its motion."
        )
    starts = np.cumsum([0, *(len(mesh.vertices_m) for mesh in meshes)])
    colours = [
        mesh.colours if mesh.colours is not None else _tint(part, len(mesh.vertices_m))
        for mesh, part in zip(meshes, character.parts, strict=True)
    ]
    return Mesh(
        np.concatenate([mesh.vertices_m for mesh in meshes]),
        np.concatenate([mesh.faces + s for mesh, s in zip(meshes, starts, strict=False)]),
        None,
        np.concatenate(colours),
    )


def _tint(part: Part, count: int) -> np.ndarray:
    """The part's colour at each vertex: its texture where a face touches it, else its base."""
    base = np.asarray(part.material.base[:3])
    picture, uv = part.material.texture, part.mesh.uv
    if picture is None or uv is None or picture.ndim != 3:
        return np.tile(np.rint(_srgb(base) * 255).astype(np.uint8), (count, 1))
    height, width = picture.shape[:2]
    corner = uv.reshape(-1, 2)
    x = np.clip((corner[:, 0] % 1.0001 * width).astype(int), 0, width - 1)
    y = np.clip(((1 - corner[:, 1] % 1.0001) * height).astype(int), 0, height - 1)
    colours = np.zeros((count, 3), np.uint8)
    colours[part.mesh.faces.reshape(-1)] = np.rint(picture[y, x, :3] * base)
    return colours


def _srgb(linear: np.ndarray) -> np.ndarray:
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
