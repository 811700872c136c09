"""A character as GLB: skinned, animated, with morph targets; metres, Y up, facing +Z.

Targets carry their names in ``mesh.extras.targetNames``, the place that Blender, three.js,
Unity's and Unreal's importers read. Rest pose and bind pose are the same. Blender turns Y up into
its own Z up on import; Unity and Unreal mirror one axis and scale by themselves, so nothing is
to be ticked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from studio.core.types import Animation, Character, Material, Part
from studio.media.formats.gltf.binary import INDICES, VERTICES, Binary
from studio.media.formats.gltf.drawn import Drawn, draw, influences
from studio.media.formats.gltf.tracks import Tracks
from studio.media.formats.rights import GENERATOR, Rights
from studio.media.formats.trs import check, continuous, in_frame, local_matrices, split


@dataclass(frozen=True, eq=False)
class Built:
    """A glTF under construction. ``bones`` maps bone names to nodes, ``targets`` a mesh node to
    the names of its morph targets, in order."""

    file: Binary
    bones: dict[str, int]
    targets: dict[int, tuple[str, ...]]


def write_glb(
    path: Path,
    character: Character,
    *,
    animation: bool = True,
    morphs: bool = True,
    sparse: bool = True,
    rights: Rights | None = None,
    notes: Mapping[str, str] | None = None,
) -> None:
    """Write a character as GLB.

    ``sparse`` keeps only the vertices that a morph target moves, which makes the file several
    times smaller; a few readers, VTK's among them, know only the other way. ``notes`` are kept
    beside the rights, for programs that know them. Raises StudioError if the character has missing
    values or if the file cannot be written.
    """
    built = build(character, animation=animation, morphs=morphs, sparse=sparse, rights=rights)
    built.file.document["asset"]["extras"] |= notes or {}
    built.file.write(path)


def build(
    character: Character,
    *,
    animation: bool = True,
    morphs: bool = True,
    sparse: bool = True,
    rights: Rights | None = None,
) -> Built:
    """The glTF document and buffer of a character."""
    check(character)
    rights = rights or Rights()
    file = Binary()
    file.document["asset"] |= {
        "generator": GENERATOR,
        "copyright": rights.copyright,
        "extras": {"rights": rights.note()},
    }
    bones, skin, top = _skeleton(file, character)
    materials: dict[int, int] = {}
    targets: dict[int, tuple[str, ...]] = {}
    for part in character.parts:
        if len(part.mesh.faces):
            drawn = draw(part, morphs=morphs)
            material = materials.get(id(part.material))
            if material is None:
                material = materials[id(part.material)] = _material(file, part.material)
            mesh = _mesh(file, part, drawn, material, len(bones), sparse)
            node: dict[str, Any] = {"name": part.name, "mesh": mesh}
            index = file.add("nodes", node if skin is None else node | {"skin": skin})
            top.append(index)
            targets[index] = tuple(drawn.morphs)
    moving = character.animation if animation else None
    if moving is not None and len(moving) and (bones or any(targets.values())):
        _animate(file, character, moving, bones, targets)
    if top:
        file.document["scenes"] = [{"name": character.name, "nodes": top}]
        file.document["scene"] = 0
    return Built(file, dict(zip(character.armature.names, bones, strict=True)), targets)


def _skeleton(file: Binary, character: Character) -> tuple[list[int], int | None, list[int]]:
    """The bones' nodes under one node named like the character, and their skin."""
    armature = character.armature
    if not armature.names:
        return [], None, []
    rest, _ = in_frame(armature, None, "y")
    moves, turns, scales = split(local_matrices(armature.parents, rest))
    root = file.add("nodes", {"name": character.name})
    bones: list[int] = []
    for name, parent, move, turn, scale in zip(
        armature.names, armature.parents, moves, turns, scales, strict=True
    ):
        node: dict[str, Any] = {"name": name, "translation": move.tolist(), "rotation": _unit(turn)}
        if (scale != 1).any():
            node["scale"] = scale.tolist()
        bones.append(file.add("nodes", node))
        above = file.document["nodes"][bones[parent] if parent >= 0 else root]
        above.setdefault("children", []).append(bones[-1])
    inverse = np.linalg.inv(rest).astype("<f4")
    inverse[:, 3] = (0, 0, 0, 1)
    skin: dict[str, Any] = {
        "name": character.name,
        "skeleton": root,
        "joints": bones,
        "inverseBindMatrices": file.accessor(inverse.transpose(0, 2, 1), "MAT4"),
    }
    return bones, file.add("skins", skin), [root]


def _mesh(file: Binary, part: Part, drawn: Drawn, material: int, bones: int, sparse: bool) -> int:
    attributes: dict[str, int] = {
        "POSITION": file.accessor(drawn.positions, "VEC3", VERTICES, bounds=True),
        "NORMAL": file.accessor(drawn.normals, "VEC3", VERTICES),
    }
    if drawn.uv is not None:
        attributes["TEXCOORD_0"] = file.accessor(drawn.uv, "VEC2", VERTICES)
    if part.mesh.colours is not None:
        colours = _linear(part.mesh.colours[drawn.source])
        attributes["COLOR_0"] = file.accessor(colours, "VEC4", VERTICES, normalised=True)
    if bones:
        joints, weights = influences(part)
        joints = joints[drawn.source].astype("u1" if bones <= 256 else "<u2")
        attributes["JOINTS_0"] = file.accessor(joints, "VEC4", VERTICES)
        attributes["WEIGHTS_0"] = file.accessor(weights[drawn.source], "VEC4", VERTICES)
    faces = drawn.faces.astype("<u2" if len(drawn.positions) < 65_535 else "<u4")
    primitive: dict[str, Any] = {
        "attributes": attributes,
        "indices": file.accessor(faces, "SCALAR", INDICES),
        "material": material,
    }
    mesh: dict[str, Any] = {"name": part.name, "primitives": [primitive]}
    if drawn.morphs:
        primitive["targets"] = [
            {"POSITION": file.offsets(o, sparse)} for o in drawn.morphs.values()
        ]
        mesh["weights"] = [0.0] * len(drawn.morphs)
        mesh["extras"] = {"targetNames": list(drawn.morphs)}
    return file.add("meshes", mesh)


def _material(file: Binary, material: Material) -> int:
    surface: dict[str, Any] = {
        "baseColorFactor": [
            *_linear_light(np.array(material.base[:3])).tolist(),
            float(np.clip(material.base[3], 0, 1)),
        ],
        "metallicFactor": float(material.metallic),
        "roughnessFactor": float(material.roughness),
    }
    entry: dict[str, Any] = {"name": material.name, "pbrMetallicRoughness": surface}
    picture = material.texture
    if picture is not None:
        cut_out = (
            picture.ndim == 3 and picture.shape[2] == 4 and bool((picture[..., 3] < 255).any())
        )
        if picture.ndim == 3 and picture.shape[2] == 4 and not cut_out:
            picture = picture[..., :3]
        surface["baseColorTexture"] = {"index": file.texture(material.name, picture)}
        if cut_out:
            entry |= {"alphaMode": "MASK", "alphaCutoff": 0.5, "doubleSided": True}
    if material.base[3] < 1:
        entry |= {"alphaMode": "BLEND", "doubleSided": True}
        entry.pop("alphaCutoff", None)
    return file.add("materials", entry)


def _animate(
    file: Binary,
    character: Character,
    animation: Animation,
    bones: list[int],
    targets: dict[int, tuple[str, ...]],
) -> None:
    """Linear tracks: every bone's rotation, and the translations, scales and weights that move."""
    _, posed = in_frame(character.armature, animation, "y")
    assert posed is not None
    tracks = Tracks(file, animation.times_s)
    moves, turns, scales = split(local_matrices(character.armature.parents, posed))
    turns = continuous(turns)
    for k, node in enumerate(bones):
        tracks.add(node, "rotation", turns[:, k])
        still: dict[str, Any] = file.document["nodes"][node]
        if np.abs(moves[:, k] - still["translation"]).max() > 1e-6:
            tracks.add(node, "translation", moves[:, k])
        if np.abs(scales[:, k] - still.get("scale", 1.0)).max() > 0:
            tracks.add(node, "scale", scales[:, k])
    column = {name: k for k, name in enumerate(character.morph_names)}
    for node, names in targets.items():
        weights = np.zeros((len(animation), len(names)))
        for k, name in enumerate(names):
            if name in column and animation.morphs.shape[1] > column[name]:
                weights[:, k] = animation.morphs[:, column[name]]
        if weights.any():
            tracks.add(node, "weights", weights)
    tracks.finish(f"{character.name} take")


def _unit(quaternion: np.ndarray) -> list[float]:
    return (quaternion / np.linalg.norm(quaternion)).tolist()


def _linear(colours: np.ndarray) -> np.ndarray:
    """sRGB bytes (vertices, 3) as linear 16-bit RGBA."""
    linear = _linear_light(colours.astype(np.float64) / 255)
    return np.rint(np.column_stack([linear, np.ones(len(linear))]) * 65_535).astype("<u2")


def _linear_light(srgb: np.ndarray) -> np.ndarray:
    value = np.clip(srgb, 0, 1)
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
