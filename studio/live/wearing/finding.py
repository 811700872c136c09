"""The items that there are: models read from files, until a catalogue finds them by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from studio.core.items import ANCHORED, Item, ItemKind
from studio.core.types import Armature, Character, Part
from studio.media.formats.gltf.read import read_gltf

FindItem = Callable[[str], Item]
"""Loads an item by the name that settings give it; raises StudioError if there is none."""


def of_files(name: str) -> Item:
    """The item of a model's file, placed by what its file's name and size tell."""
    path = Path(name)
    read = read_gltf(path)
    kind: ItemKind = "hat" if "hat" in path.stem.lower() else "sunglasses"
    point = ANCHORED[kind][0]
    parts: list[Part] = []
    moved = np.array([0.0, -0.012, -0.036])
    for part in read.character.parts:
        mesh = replace(part.mesh, vertices_m=part.mesh.vertices_m + moved)
        count = len(mesh.vertices_m)
        joints = np.zeros((count, 4), int)
        weights = np.zeros((count, 4))
        weights[:, 0] = 1
        parts.append(Part(part.name, mesh, part.material, joints, weights))
    armature = Armature((point,), np.array([-1]), np.eye(4)[None], np.zeros((1, 3)))
    return Item(path.stem, kind, Character(path.stem, armature, tuple(parts)))
