"""Any glTF figure as a character: its bones, its skin, what its face can do.

Vertices that were only doubled for a texture's seam are one again, skins of more than four bones a
vertex keep the four that count most, and things that hang on a bone are bound to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from studio.core import frames
from studio.core.errors import StudioError
from studio.core.types import Armature, Character, Mesh, Part
from studio.media.formats.gltf.document import Document
from studio.media.formats.gltf.surfaces import material_of
from studio.media.formats.gltf.tree import Tree, armature_of, inverse_binds, tree_of

TRIANGLES, STRIP, FAN = 4, 5, 6


@dataclass(frozen=True, eq=False)
class Read:
    """A figure that was read. ``bone_of`` maps the file's nodes to bones; ``targets`` a mesh's
    number to its targets' names; ``meshes`` a node to the number of its mesh."""

    document: Document
    character: Character
    bone_of: dict[int, int]
    targets: dict[int, tuple[str, ...]]
    meshes: dict[int, int]


def read_gltf(path: Path, also: frozenset[int] | None = None) -> Read:
    """Read a .glb, .gltf or .vrm as a character in metres, Z up, as the file holds it: unscaled.

    ``also`` are nodes that are bones, whatever the skins say. A file without a skeleton has one
    bone, ``root``. Raises StudioError if it is no glTF 2.0, is damaged, or shows nothing.
    """
    document = Document(path)
    if also is None:
        also = _human_nodes(document)
    tree = tree_of(document, also)
    armature = armature_of(document, tree)
    if not armature.names:
        armature = _one_bone()
    parts: list[Part] = []
    targets: dict[int, tuple[str, ...]] = {}
    meshes: dict[int, int] = {}
    materials: dict[int | None, Any] = {}
    nodes = document.all("nodes")
    shown = _shown(document, tree)
    for node in tree.order:
        number = nodes[node].get("mesh")
        if number is None or node not in shown or not 0 <= number < len(document.all("meshes")):
            continue
        mesh = document.all("meshes")[number]
        meshes[node] = number
        targets[number] = _target_names(mesh)
        for k, primitive in enumerate(mesh.get("primitives", ())):
            material = primitive.get("material")
            if material not in materials:
                materials[material] = material_of(document, material)
            name = str(nodes[node].get("name") or mesh.get("name") or f"mesh {number}")
            name = name if len(mesh["primitives"]) == 1 else f"{name} {k + 1}"
            part = _part(document, tree, node, primitive, name, targets[number])
            if part is not None:
                joints, weights, shape, morphs = part
                parts.append(Part(name, shape, materials[material], joints, weights, morphs))
    if not parts:
        raise StudioError(
            f"“{path.name}” shows nothing: there is no mesh in it.",
            "Choose the file that holds the figure, not its motion alone.",
        )
    names = tuple(dict.fromkeys(name for part in parts for name in part.morphs))
    title = str(_title(document) or path.stem)
    return Read(document, Character(title, armature, tuple(parts), names), tree.bone_of, targets,
                meshes)  # fmt: skip


def _human_nodes(document: Document) -> frozenset[int]:
    """The nodes that a VRM calls bones."""
    new = (document.extension("VRMC_vrm") or {}).get("humanoid", {}).get("humanBones", {})
    old = (document.extension("VRM") or {}).get("humanoid", {}).get("humanBones", [])
    told = [*(new.values() if isinstance(new, dict) else ()), *(old or ())]
    return frozenset(int(bone["node"]) for bone in told if "node" in bone)


def _title(document: Document) -> str:
    new = (document.extension("VRMC_vrm") or {}).get("meta", {}).get("name")
    old = (document.extension("VRM") or {}).get("meta", {}).get("title")
    scenes = document.all("scenes")
    at = document.json.get("scene", 0)
    own = scenes[at].get("name") if 0 <= at < len(scenes) else ""
    said = str(own or "")
    return str(new or old or ("" if said.lower() in ("scene", "auxscene") else said))


def _shown(document: Document, tree: Tree) -> set[int]:
    """The nodes of the scene that the file opens with; all, if it names none."""
    scenes = document.all("scenes")
    at = document.json.get("scene", 0)
    if not 0 <= at < len(scenes):
        return set(tree.order)
    roots = set(scenes[at].get("nodes", ()))
    shown: set[int] = set()
    for node in tree.order:
        if node in roots or tree.parents[node] in shown:
            shown.add(node)
    return shown


def _one_bone() -> Armature:
    return Armature(("root",), np.array([-1]), np.eye(4)[None], np.array([[0.0, 0.0, 0.1]]))


def _target_names(mesh: dict[str, Any]) -> tuple[str, ...]:
    primitives = mesh.get("primitives") or [{}]
    first = primitives[0]
    count = max(len(p.get("targets", ())) for p in primitives)
    said = (mesh.get("extras") or {}).get("targetNames") or (first.get("extras") or {}).get(
        "targetNames"
    )
    said = said if isinstance(said, list) else []
    called = str(mesh.get("name") or "shape")
    names: list[str] = []
    for k in range(count):
        name = base = str(said[k]) if k < len(said) and said[k] else f"{called}.{k}"
        again = 2
        while name in names:
            name, again = f"{base}.{again}", again + 1
        names.append(name)
    return tuple(names)


def _part(
    document: Document, tree: Tree, node: int, primitive: dict[str, Any], name: str,
    targets: tuple[str, ...],
) -> tuple[np.ndarray, np.ndarray, Mesh, dict[str, np.ndarray]] | None:  # fmt: skip
    told = primitive.get("attributes", {})
    corners = _corners(document, primitive)
    if "POSITION" not in told or corners is None or not len(corners):
        return None
    used, faces = np.unique(corners, return_inverse=True)
    faces = faces.reshape(-1, 3)

    def of(name: str) -> np.ndarray | None:
        return document.accessor(told[name])[used] if name in told else None

    points = of("POSITION")
    if points is None or points.shape[1] != 3 or not np.isfinite(points).all():
        raise StudioError(
            f"The mesh “{name}” of “{document.path.name}” has no places.", "Export it again."
        )
    points = points.astype(np.float64)
    joints, weights, carried = _bound_to(document, tree, node, told, of)
    moved: dict[str, np.ndarray] = {}
    for target, shape in zip(targets, primitive.get("targets", ()), strict=False):
        if "POSITION" in shape:
            offset = document.accessor(shape["POSITION"])[used].astype(np.float64)
            if offset.any():
                moved[target] = offset
    points, moved = _carried(points, moved, carried, weights)
    normals, flat, colours = of("NORMAL"), of("TEXCOORD_0"), of("COLOR_0")
    source, place = _welded(points, normals, joints, weights, moved)
    faces_w = place[faces]
    solid = (faces_w[:, 0] != faces_w[:, 1]) & (faces_w[:, 1] != faces_w[:, 2])
    solid &= faces_w[:, 2] != faces_w[:, 0]
    uv = None
    if flat is not None:
        flat = _placed(document, primitive, flat.astype(np.float64))
        uv = (flat * (1, -1) + (0, 1))[faces][solid]
    mesh = Mesh(
        frames.points_to_world(points[source], "y"), faces_w[solid], uv, _colours(colours, source)
    )
    morphs = {
        key: frames.points_to_world(offset[source], "y").astype(np.float32)
        for key, offset in moved.items()
    }
    return joints[source], weights[source], mesh, morphs


def _corners(document: Document, primitive: dict[str, Any]) -> np.ndarray | None:
    """The triangles' vertices (faces * 3); None for points and lines."""
    mode = primitive.get("mode", TRIANGLES)
    if "indices" in primitive:
        index = document.accessor(primitive["indices"])[:, 0].astype(np.int64)
    elif "POSITION" in primitive.get("attributes", {}):
        index = np.arange(len(document.accessor(primitive["attributes"]["POSITION"])))
    else:
        return None
    if mode == TRIANGLES:
        return index[: len(index) // 3 * 3]
    if mode not in (STRIP, FAN) or len(index) < 3:
        return None
    count = np.arange(len(index) - 2)
    if mode == FAN:
        return np.stack([np.full_like(count, index[0]), index[1:-1], index[2:]], 1).ravel()
    odd = count % 2
    return np.stack([index[count], index[count + 1 + odd], index[count + 2 - odd]], 1).ravel()


def _bound_to(
    document: Document, tree: Tree, node: int, told: dict[str, int], of: Any
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Four bones a vertex, their shares, and what carries the vertices to where the bones rest."""
    entry = document.all("nodes")[node]
    skins = document.all("skins")
    at = entry.get("skin")
    sets = [k for k in range(8) if f"JOINTS_{k}" in told and f"WEIGHTS_{k}" in told]
    if at is None or not 0 <= at < len(skins) or not sets:
        count = len(of("POSITION"))
        bone = max(tree.bone_above(node), 0)
        joints = np.zeros((count, 4), np.int64)
        joints[:, 0] = bone
        weights = np.tile((1.0, 0.0, 0.0, 0.0), (count, 1))
        return joints, weights, _ridden(tree, node, bone)[None, None].repeat(count, 0)
    skin = skins[at]
    table = np.array([tree.bone_of[j] for j in skin["joints"]])
    own = np.concatenate([of(f"JOINTS_{k}").astype(np.int64) for k in sets], 1)
    shares = np.concatenate([of(f"WEIGHTS_{k}").astype(np.float64) for k in sets], 1)
    own, shares = np.clip(own, 0, len(table) - 1), np.maximum(np.nan_to_num(shares), 0)
    if own.shape[1] > 4:
        best = np.argsort(-shares, 1, kind="stable")[:, :4]
        own, shares = np.take_along_axis(own, best, 1), np.take_along_axis(shares, best, 1)
    total = shares.sum(1, keepdims=True)
    shares = np.where(total > 1e-9, shares / np.maximum(total, 1e-9), (1.0, 0, 0, 0))
    carry = tree.bind[table] @ inverse_binds(document, skin)[: len(table)]
    return table[own], shares, carry[own]


def _ridden(tree: Tree, node: int, bone: int) -> np.ndarray:
    """What carries a rigid thing to where it rests: with its bone into the bind pose."""
    if not len(tree.bind) or tree.bone_above(node) < 0:
        return tree.world[node]
    own = next(n for n, b in tree.bone_of.items() if b == bone)
    return tree.bind[bone] @ np.linalg.inv(tree.world[own]) @ tree.world[node]


def _carried(
    points: np.ndarray, moved: dict[str, np.ndarray], carried: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Vertices and their offsets where the bones rest (``carried``: vertices, 1 or 4, 4, 4)."""
    shares = weights[:, : carried.shape[1]]
    blend = np.einsum("vk,vkij->vij", shares, carried)
    placed = np.einsum("vij,vj->vi", blend[:, :3, :3], points) + blend[:, :3, 3]
    return placed, {
        name: np.einsum("vij,vj->vi", blend[:, :3, :3], offset) for name, offset in moved.items()
    }


def _welded(
    points: np.ndarray, normals: np.ndarray | None, joints: np.ndarray, weights: np.ndarray,
    moved: dict[str, np.ndarray],
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Which vertices stay, and which of them each one is: those alike in all but texture are one.

    Different normals at one place are an edge that was meant to be hard.
    """
    columns = [points, weights, np.asarray(joints, np.float64)]
    if normals is not None:
        columns.append(np.asarray(normals, np.float64))
    turn = np.random.default_rng(0).normal(size=(3, max(len(moved), 1)))
    told = np.zeros((len(points), 1))
    for k, offset in enumerate(moved.values()):
        told[:, 0] += offset @ turn[:, k]
    rows = np.ascontiguousarray(np.concatenate([*columns, told], 1).astype("<f4")) + np.float32(0)
    packed = rows.view(f"V{rows.shape[1] * 4}").ravel()
    _, first, place = np.unique(packed, return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return first[order], rank[place.ravel()]


def _placed(document: Document, primitive: dict[str, Any], uv: np.ndarray) -> np.ndarray:
    """Texture coordinates as the base colour's texture transform moves them."""
    at = primitive.get("material")
    if at is None:
        return uv
    surface = document.all("materials")[at].get("pbrMetallicRoughness") or {}
    told = surface.get("baseColorTexture") or {}
    change = (told.get("extensions") or {}).get("KHR_texture_transform")
    if not change:
        return uv
    angle = float(change.get("rotation", 0.0))
    cos, sin = np.cos(angle), np.sin(angle)
    scaled = uv * np.array(change.get("scale", (1, 1)), float)
    turned = scaled @ np.array([[cos, sin], [-sin, cos]]).T
    return turned + np.array(change.get("offset", (0, 0)), float)


def _colours(linear: np.ndarray | None, source: np.ndarray) -> np.ndarray | None:
    if linear is None:
        return None
    value = np.clip(linear[source, :3].astype(np.float64), 0, 1)
    curved = np.where(value <= 0.0031308, value * 12.92, 1.055 * value ** (1 / 2.4) - 0.055)
    return np.rint(curved * 255).astype(np.uint8)
