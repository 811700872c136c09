"""Levels of detail of a character: the same bones, morph targets and texture coordinates on fewer
triangles, a file for each, as game engines take them (NAME_LOD0.glb is the finest)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Float, Int

from studio.core.errors import StudioError
from studio.core.types import Character, Material, Mesh, Part

MOST = 5
_SMALLEST_PX = 256
_CREASES_DEG, _NEAR = (15.0, 20.0, 45.0), 1.02
"""Flatter places than these are thinned out first, as far as so much of what is wanted is left:
lips and noses stay longest."""
_ROUNDS, _NEARLY = 3, 1.01
_FEW = 60
"""Parts with no more triangles stay as they are."""

Write = Callable[[Path, Character], None]


def check_levels(count: int) -> None:
    """Raises StudioError unless that many levels can be had."""
    if not 1 <= count <= MOST:
        raise StudioError(f"{count} levels of detail cannot be had.", f"Give 1 to {MOST}.")


def levels(character: Character, count: int) -> tuple[Character, ...]:
    """``count`` characters, each with half the triangles and half the texture's side of the one
    before; the first is ``character``."""
    few = (
        replace(character, parts=tuple(coarser(part, 0.5**k) for part in character.parts))
        for k in range(1, count)
    )
    return (character, *few)


def within(character: Character, triangles: int) -> Character:
    """A character with about that many triangles at most, its pictures as they are; all of its
    parts give up the same share, but those that have few already."""
    every = sum(len(part.mesh.faces) for part in character.parts)
    few = sum(len(p.mesh.faces) for p in character.parts if len(p.mesh.faces) <= _FEW)
    if every <= triangles:
        return character
    share, parts = max(triangles - few, 1) / (every - few), character.parts
    for _ in range(_ROUNDS):
        parts = tuple(coarser(part, share, pictures=False) for part in character.parts)
        count = sum(len(part.mesh.faces) for part in parts)
        if count < _NEARLY * triangles:
            break
        share *= triangles / count
    return replace(character, parts=parts)


def level_paths(path: Path, count: int) -> tuple[Path, ...]:
    """Where the levels go: NAME_LOD0.glb and so on, or ``path`` itself for one."""
    if count == 1:
        return (path,)
    return tuple(path.with_name(f"{path.stem}_LOD{k}{path.suffix}") for k in range(count))


def write_levels(path: Path, character: Character, count: int, write: Write) -> tuple[Path, ...]:
    """Write each level by ``write``; the files."""
    paths = level_paths(path, count)
    for one, level in zip(paths, levels(character, count), strict=True):
        write(one, level)
    return paths


def coarser(part: Part, share: float, pictures: bool = True) -> Part:
    """A part with about that share of its triangles, between vertices that it has: they keep their
    bones' weights, morph targets and texture coordinates; its ``pictures`` become smaller, too.
    What lies along an edge or a seam of the texture stays whole, so no cracks open.

    Source: Schroeder, Zarge and Lorensen, Decimation of Triangle Meshes (1992).
    """
    mesh, material = part.mesh, _smaller(part.material, share) if pictures else part.material
    if share >= 1 or len(mesh.faces) <= _FEW:
        return replace(part, material=material)
    vertex, uv, faces = _split(mesh)
    kept = _thinned(mesh.vertices_m[vertex], faces, share)
    ids, corners = np.unique(vertex[kept], return_inverse=True)
    coordinates = None if uv is None else uv[kept]
    colours = None if mesh.colours is None else mesh.colours[ids]
    fewer = Mesh(mesh.vertices_m[ids], corners.reshape(-1, 3), coordinates, colours)
    morphs = {name: moved[ids] for name, moved in part.morphs.items()}
    return Part(part.name, fewer, material, part.joints[ids], part.weights[ids], morphs)


def _split(
    mesh: Mesh,
) -> tuple[Int[np.ndarray, " wedges"], Float[np.ndarray, "wedges 2"] | None, np.ndarray]:
    """The mesh cut open along the texture's seams: of each new vertex the old one and its texture
    coordinate, and the triangles."""
    corners = mesh.faces.reshape(-1)
    if mesh.uv is None:
        ids, faces = np.unique(corners, return_inverse=True)
        return ids, None, faces.reshape(-1, 3)
    flat = mesh.uv.reshape(-1, 2)
    key = np.column_stack([corners, np.rint(flat * 1e6).astype(np.int64)])
    _, first, faces = np.unique(key, axis=0, return_index=True, return_inverse=True)
    return corners[first], flat[first], faces.reshape(-1, 3)


def _thinned(
    vertices_m: Float[np.ndarray, "wedges 3"], faces: np.ndarray, share: float
) -> Int[np.ndarray, "faces 3"]:
    import pyvista

    mesh = pyvista.PolyData.from_regular_faces(vertices_m.astype(np.float64), faces)
    mesh.point_data["wedge"] = np.arange(len(vertices_m))
    few = mesh
    for angle in _CREASES_DEG:
        few = mesh.decimate_pro(
            1 - share, feature_angle=angle, preserve_topology=True, splitting=False,
            boundary_vertex_deletion=False,
        )  # fmt: skip
        if few.n_cells <= _NEAR * share * len(faces):
            break
    return np.asarray(few.point_data["wedge"])[few.regular_faces]


def _smaller(material: Material, share: float) -> Material:
    """The material with pictures whose sides are shorter by that share."""

    def fewer(image: np.ndarray | None) -> np.ndarray | None:
        if image is None:
            return None
        wide, tall = (
            max(round(side * share), min(side, _SMALLEST_PX)) for side in image.shape[1::-1]
        )
        return cv2.resize(image, (wide, tall), interpolation=cv2.INTER_AREA)

    return replace(
        material, texture=fewer(material.texture), normal_map=fewer(material.normal_map),
        orm_map=fewer(material.orm_map),
    )  # fmt: skip
