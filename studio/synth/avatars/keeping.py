"""An avatar's shell among the arrays of a project's avatar, and back."""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np

from studio.core.errors import StudioError
from studio.core.types import Character, Material, Mesh, Part

_PREFIX = "shell_"
_QUALITY = 92


def part_arrays(character: Character) -> dict[str, np.ndarray]:
    """The first part of a character, in the armature's reference pose, as named arrays.

    Raises StudioError if its pictures cannot be packed.
    """
    part = character.parts[0]
    names = sorted(part.morphs)
    count = len(part.mesh.vertices_m)
    moved = np.stack([part.morphs[name] for name in names]) if names else np.zeros((0, count, 3))
    where = np.flatnonzero(np.abs(moved).max((0, 2), initial=0) > 1e-6)
    told: dict[str, np.ndarray] = {
        "vertices": part.mesh.vertices_m.astype(np.float32),
        "faces": part.mesh.faces.astype(np.int32),
        "joints": part.joints.astype(np.uint8),
        "weights": part.weights.astype(np.float32),
        "morph_names": np.array(names, dtype=np.str_),
        "morph_where": where.astype(np.int32),
        "morphs": moved[:, where].astype(np.float32),
        "roughness": np.array(part.material.roughness),
    }
    if part.mesh.uv is not None:
        told["uv"] = part.mesh.uv.astype(np.float32)
    for role in ("texture", "orm_map"):
        picture = getattr(part.material, role)
        if picture is not None:
            told[role] = _packed(picture)
    return {_PREFIX + name: value for name, value in told.items()}


def has_part(arrays: Mapping[str, np.ndarray]) -> bool:
    """Whether there is a shell among an avatar's arrays."""
    return f"{_PREFIX}vertices" in arrays


def part_from(arrays: Mapping[str, np.ndarray]) -> Part:
    """Inverse of :func:`part_arrays`. Raises StudioError if a picture is damaged."""
    told = {k.removeprefix(_PREFIX): v for k, v in arrays.items() if k.startswith(_PREFIX)}
    vertices = told["vertices"].astype(float)
    morphs: dict[str, np.ndarray] = {}
    for name, moved in zip(told["morph_names"].tolist(), told["morphs"], strict=True):
        morphs[name] = np.zeros(vertices.shape, np.float32)
        morphs[name][told["morph_where"]] = moved
    pictures = {role: _unpacked(told[role]) for role in ("texture", "orm_map") if role in told}
    material = Material(
        "person",
        roughness=float(told["roughness"]),
        texture=pictures.get("texture"),
        orm_map=pictures.get("orm_map"),
    )
    uv = told["uv"].astype(float) if "uv" in told else None
    mesh = Mesh(vertices, told["faces"].astype(np.int64), uv)
    return Part("person", mesh, material, told["joints"].astype(np.int64), told["weights"], morphs)


def _packed(picture: np.ndarray) -> np.ndarray:
    done, data = cv2.imencode(".webp", picture[..., ::-1], [cv2.IMWRITE_WEBP_QUALITY, _QUALITY])
    if not done:
        raise StudioError("The texture cannot be written.", "Choose a smaller texture.")
    return data.ravel()


def _unpacked(data: np.ndarray) -> np.ndarray:
    found = cv2.imdecode(data.astype(np.uint8), cv2.IMREAD_COLOR)
    if found is None:
        raise StudioError("The avatar's texture is damaged.", "Make the avatar again.")
    return np.ascontiguousarray(found[..., ::-1])
