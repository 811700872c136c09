"""Another head for a body: a design, a head that was exported, or one of the project."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from studio.core.errors import StudioError
from studio.features.body.params import Params
from studio.human.design import Design, Worn, read, read_file
from studio.media.formats.gltf.document import Document
from studio.media.formats.gltf.read import read_gltf
from studio.synth import closet
from studio.synth.avatars.assembling import ON_HEAD

NOTE = "doppel_design"
"""What a design is called among the notes of a GLB."""


@dataclass(frozen=True, eq=False)
class Given:
    """A head that is given: its design, and its skin in the template's layout where it brings
    one."""

    design: Design
    skin: UInt8[np.ndarray, "rows columns channels"] | None = None


def given_head(params: Params, heads: Mapping[str, Design]) -> Given | None:
    """The head that the params ask for; None: the photographs'.

    Raises StudioError if it is gone, or the file holds none.
    """
    if params.head_item:
        if params.head_item not in heads:
            raise StudioError("The chosen head is not in the project any more.", "Choose another.")
        return _own(heads[params.head_item])
    path = params.head
    if path is None:
        return None
    if path.suffix.lower() == ".json":
        return _own(read_file(path))
    if path.suffix.lower() != ".glb":
        raise StudioError(f"“{path.name}” is no head.", _HINT)
    return _from_glb(path)


_HINT = "Give what “doppel head” wrote: F.glb by --out, or F.json by --design."


def _own(design: Design) -> Given:
    """A head with a skin of the wardrobe."""
    piece = next((p for p, _ in closet.pieces(design.worn) if p.kind == "skin"), None)
    return Given(design, None if piece is None else closet.plain(piece).texture)


def _from_glb(path: Path) -> Given:
    notes = Document(path).json.get("asset", {}).get("extras", {})
    text = notes.get(NOTE) if isinstance(notes, dict) else None
    if not isinstance(text, str):
        raise StudioError(f"“{path.name}” tells no head that Doppel made.", _HINT)
    design = read(text, f"“{path.name}”")
    character = read_gltf(path).character
    body = next((part for part in character.parts if part.name == "body"), None)
    skin = None if body is None else body.material.texture
    return Given(design, skin) if skin is not None else _own(design)


def with_head(design: Design, given: Given, skin: str) -> Design:
    """A body's design with another head, what it wears there, and a skin of the wardrobe."""
    head = given.design
    kinds = ON_HEAD | {"eyes"}
    there = {piece.name for piece, _ in closet.pieces(head.worn) if piece.kind in kinds}
    worn = tuple(one for one in head.worn if one.item in there)
    return design.but(local=head.local, carved=head.carved, eyes=head.eyes, hair=head.hair,
                      brows=head.brows, worn=(Worn(item=skin), *worn))  # fmt: skip
