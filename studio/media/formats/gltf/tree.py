"""The nodes of a glTF scene, and those of them that are bones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from studio.core import frames
from studio.core.types import Armature
from studio.media.formats.gltf.document import Document

SAME = 1e-3
"""Bind matrices that differ by less are the same."""
LEAF_M = 0.03


@dataclass(frozen=True, eq=False)
class Tree:
    """The nodes' places in the file's frame (nodes, 4, 4), their parents (-1: none), and which of
    them are bones: ``bone_of`` maps nodes to bones, parents first. ``bind`` are the bones' places
    (bones, 4, 4) in which their skins were bound, moved to where the figure stands."""

    world: np.ndarray
    parents: tuple[int, ...]
    order: tuple[int, ...]
    bone_of: dict[int, int]
    bind: np.ndarray
    root: np.ndarray

    def bone_above(self, node: int) -> int:
        """The bone at or above a node, -1 if there is none."""
        while node >= 0 and node not in self.bone_of:
            node = self.parents[node]
        return self.bone_of[node] if node >= 0 else -1


def tree_of(document: Document, also: frozenset[int] = frozenset()) -> Tree:
    """The nodes of a document; bones are the skins' joints, and ``also`` these nodes."""
    nodes = document.all("nodes")
    parents = [-1] * len(nodes)
    for k, node in enumerate(nodes):
        for child in node.get("children", ()):
            if 0 <= child < len(nodes) and child != k:
                parents[child] = k
    order = _order(parents)
    world = np.tile(np.eye(4), (len(nodes), 1, 1))
    for k in order:
        local = local_matrix(nodes[k])
        world[k] = world[parents[k]] @ local if parents[k] >= 0 else local
    joints = {j for skin in document.all("skins") for j in skin.get("joints", ())} | also
    bone_of = {node: k for k, node in enumerate(n for n in order if n in joints)}
    bind, root = _bound(document, world, bone_of)
    return Tree(world, tuple(parents), tuple(order), bone_of, bind, root)


def inverse_binds(document: Document, skin: dict[str, object]) -> np.ndarray:
    """A skin's inverse bind matrices (joints, 4, 4)."""
    joints, at = skin.get("joints", ()), skin.get("inverseBindMatrices")
    count = len(joints) if isinstance(joints, list) else 0
    if not isinstance(at, int):
        return np.tile(np.eye(4), (count, 1, 1))
    return document.accessor(at).reshape(-1, 4, 4).transpose(0, 2, 1).astype(np.float64)


def armature_of(document: Document, tree: Tree) -> Armature:
    """The bones as an armature in the world's frame, with names of their own."""
    nodes = document.all("nodes")
    taken: set[str] = set()
    names: list[str] = []
    for node in tree.bone_of:
        name = base = str(nodes[node].get("name") or f"bone{node}")
        count = 2
        while name in taken:
            name, count = f"{base}.{count}", count + 1
        taken.add(name)
        names.append(name)
    parents = np.array([tree.bone_above(tree.parents[node]) for node in tree.bone_of], int)
    rest = frames.matrices_to_world(tree.bind, "y") if len(names) else np.zeros((0, 4, 4))
    return Armature(tuple(names), parents, rest, tails_of(parents, rest[:, :3, 3]))


def tails_of(parents: np.ndarray, heads: np.ndarray) -> np.ndarray:
    """Where bones end: in the middle of their children's heads; the last ones run on straight."""
    tails = heads.copy()
    for k, parent in enumerate(parents):
        below = np.flatnonzero(parents == k)
        if len(below):
            tails[k] = heads[below].mean(0)
        elif parent >= 0 and np.linalg.norm(heads[k] - heads[parent]) > 1e-6:
            tails[k] = heads[k] + 0.5 * (heads[k] - heads[parent])
        else:
            tails[k] = heads[k] + (0, 0, LEAF_M)
    return tails


def local_matrix(node: dict[str, object]) -> np.ndarray:
    """A node's own transform (4, 4)."""
    if "matrix" in node:
        return np.array(node["matrix"], np.float64).reshape(4, 4).T
    out = np.eye(4)
    turn = np.array(node.get("rotation", (0, 0, 0, 1)), np.float64)
    if np.linalg.norm(turn) > 1e-9:
        out[:3, :3] = Rotation.from_quat(turn).as_matrix()
    out[:3, :3] = out[:3, :3] * np.array(node.get("scale", (1, 1, 1)), np.float64)
    out[:3, 3] = np.array(node.get("translation", (0, 0, 0)), np.float64)
    return out


def _order(parents: list[int]) -> list[int]:
    """All nodes, parents first, otherwise as they are stored; those in a ring are left out."""
    below: dict[int, list[int]] = {}
    for k, parent in enumerate(parents):
        below.setdefault(parent, []).append(k)
    order: list[int] = []
    waiting = below.get(-1, [])[::-1]
    while waiting:
        node = waiting.pop()
        order.append(node)
        waiting += below.get(node, [])[::-1]
    return order


def _bound(
    document: Document, world: np.ndarray, bone_of: dict[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """Where the bones were when the skins were bound, and what carries the skins there.

    Files may hold a figure in another pose than it was bound in; the first skin's bind pose is
    its rest then, so that its skin deforms as its maker saw it.
    """
    place = np.array([world[node] for node in bone_of]).reshape(-1, 4, 4)
    root = np.eye(4)
    bound = place.copy()
    known: set[int] = set()
    for number, skin in enumerate(document.all("skins")):
        inverse = inverse_binds(document, skin)
        joints = [bone_of[j] for j in skin.get("joints", ()) if j in bone_of]
        if not joints or len(inverse) < len(joints):
            continue
        if number == 0:
            first = min(range(len(joints)), key=lambda k: joints[k])
            root = place[joints[first]] @ inverse[first]
        for k, bone in enumerate(joints):
            if bone not in known and abs(np.linalg.det(inverse[k, :3, :3])) > 1e-12:
                bound[bone] = root @ np.linalg.inv(inverse[k])
                known.add(bone)
    if not known:
        return place, root
    scale = max(float(np.ptp(place[:, :3, 3], axis=0).max()), 1e-9)
    if np.abs(bound[..., :3, 3] - place[..., :3, 3]).max() < SAME * scale:
        return place, root
    nodes = list(bone_of)
    lost = [k for k in range(len(nodes)) if k not in known]
    for k in lost:  # bones of no skin go along with what they hang on
        node = nodes[k]
        above = next((b for b in reversed(range(k)) if b in known), None)
        if above is not None:
            bound[k] = bound[above] @ np.linalg.inv(place[above]) @ world[node]
    return bound, root
