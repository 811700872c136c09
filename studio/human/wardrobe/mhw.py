"""Skin weights of assets: MakeHuman's ``.mhw`` (JSON), for bones of Anny's rig."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix, diags

from studio.core.errors import StudioError
from studio.human.rig import BONE_NAMES

_AGAIN = "Fetch the asset again, or delete the file: the asset then moves with the skin below it."
_FACE = (
    "jaw", "tongue", "levator", "oculi", "orbicularis", "oris", "risorius", "special",
    "temporalis",
)  # fmt: skip
Pairs = Mapping[str, Iterable[tuple[int, float]]]


def bone_of(name: str) -> int | None:
    """The bone of Anny's rig for one of MakeHuman's default rig; None for any other.

    Anny turns the face by shapes, not bones: face bones are the head's.
    """
    if name in BONE_NAMES:
        return BONE_NAMES.index(name)
    if name.startswith(_FACE):
        return BONE_NAMES.index("head")
    if name.startswith("breast."):
        return BONE_NAMES.index("spine02")
    return None


def read_mhw(text: str, name: str) -> Pairs:
    """Bone names to (vertex, weight) pairs. Raises StudioError if the file is damaged."""
    try:
        found: Any = json.loads(text)
        bones: Any = found["weights"]
        return {
            str(bone): tuple((int(vertex), float(weight)) for vertex, weight in pairs)
            for bone, pairs in bones.items()
        }
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StudioError(f"The skin weights “{name}” cannot be read ({error}).", _AGAIN) from error


def weights_from(pairs: Pairs, vertices: int, name: str) -> csr_matrix | None:
    """Weights (vertices, bones), rows that sum to one, or to zero where the file says nothing.

    None if none of the bones is one of Anny's. Raises StudioError for a vertex that is not there.
    """
    rows: list[int] = []
    columns: list[int] = []
    values: list[float] = []
    for bone, entries in pairs.items():
        column = bone_of(bone)
        if column is None:
            continue
        for vertex, weight in entries:
            if not 0 <= vertex < vertices or not np.isfinite(weight):
                raise StudioError(
                    f"The skin weights “{name}” speak of vertex {vertex}; there are {vertices}.",
                    _AGAIN,
                )
            if weight > 0:
                rows.append(vertex)
                columns.append(column)
                values.append(weight)
    if not values:
        return None
    found = csr_matrix((values, (rows, columns)), shape=(vertices, len(BONE_NAMES)))
    total = np.asarray(found.sum(axis=1)).ravel()
    return csr_matrix(diags(1 / np.where(total > 0, total, 1)) @ found)


def write_mhw(weights: csr_matrix, name: str, licence: str) -> str:
    """The text of an ``.mhw`` file for weights (vertices, bones); those under 0.01 are left
    out."""
    table = weights.tocsc()
    bones: dict[str, list[list[float]]] = {}
    for column, bone in enumerate(BONE_NAMES):
        part = slice(table.indptr[column], table.indptr[column + 1])
        pairs = zip(table.indices[part].tolist(), table.data[part].tolist(), strict=True)
        kept = [[vertex, round(weight, 2)] for vertex, weight in pairs if weight >= 0.01]
        if kept:
            bones[bone] = sorted(kept)
    head = {"name": f"{name} weights", "license": licence, "version": 110, "weights": bones}
    return json.dumps(head, separators=(",", ":")) + "\n"
