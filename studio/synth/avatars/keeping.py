"""An avatar's shell among the arrays of a project's avatar, and back."""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np
from jaxtyping import Float, UInt8

from studio.core.errors import StudioError
from studio.core.types import Character, Material, Mesh, Part
from studio.synth.avatars.painting import Painted

_PREFIX, _PAINT = "shell_", "painted_"
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


def paint_arrays(paint: Painted) -> dict[str, np.ndarray]:
    """What of a shell was seen, and the backs to choose from, as named arrays beside its part's.

    Raises StudioError if a picture cannot be packed.
    """
    told = {"told": np.rint(255 * paint.told.clip(0, 1)).astype(np.uint8)}
    backs = {f"back_{how}": _packed(picture) for how, picture in paint.backs.items()}
    return {_PAINT + name: value for name, value in (told | backs).items()}


def told_from(arrays: Mapping[str, np.ndarray]) -> Float[np.ndarray, "vertices 2"] | None:
    """How surely each vertex of a shell was seen, and how surely only its place on the other side
    (0 to 1); None of an older avatar."""
    told = arrays.get(f"{_PAINT}told")
    return None if told is None else told / 255.0


def backs_from(arrays: Mapping[str, np.ndarray]) -> dict[str, UInt8[np.ndarray, "tall wide 4"]]:
    """The small pictures of the backs to choose from, RGBA, by their names. Raises StudioError if
    one is damaged."""
    start = f"{_PAINT}back_"
    return {
        name.removeprefix(start): _unpacked(data, cv2.IMREAD_UNCHANGED)
        for name, data in arrays.items() if name.startswith(start)
    }  # fmt: skip


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
    ways = cv2.COLOR_RGBA2BGRA if picture.shape[2] == 4 else cv2.COLOR_RGB2BGR
    turned = cv2.cvtColor(picture, ways)
    done, data = cv2.imencode(".webp", turned, [cv2.IMWRITE_WEBP_QUALITY, _QUALITY])
    if not done:
        raise StudioError("The texture cannot be written.", "Choose a smaller texture.")
    return data.ravel()


def _unpacked(data: np.ndarray, how: int = cv2.IMREAD_COLOR) -> np.ndarray:
    found = cv2.imdecode(data.astype(np.uint8), how)
    if found is None:
        raise StudioError("The avatar's texture is damaged.", "Make the avatar again.")
    ways = cv2.COLOR_BGRA2RGBA if found.shape[2] == 4 else cv2.COLOR_BGR2RGB
    return cv2.cvtColor(found, ways)
