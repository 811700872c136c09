"""What a designed person can wear, by name, and how it is put on a person at rest.

Clothes that Doppel sews itself are cut on the person's own resting vertices; a colour dyes them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from studio.core.types import Material, Mesh, Part
from studio.human.design import Colour, Worn
from studio.synth import complexion
from studio.synth.dressed import CLOTH, LAYERS, SOLE_M, STEP_M, strongest
from studio.synth.dye import dyed, kept, unwrapped
from studio.synth.figure import Figure
from studio.synth.hair import Hairstyle, make_hair
from studio.synth.wardrobe import (
    Garment,
    Outfit,
    make_shirt,
    make_shoes,
    make_trousers,
    shirt_region,
    shoe_region,
    trouser_region,
)

TOPS = frozenset({"top", "dress", "suit"})
BOTTOMS = frozenset({"bottom", "dress", "suit"})
ALONE = {"dress": ("top", "bottom", "suit"), "suit": ("top", "bottom", "dress"),
         "top": ("dress", "suit"), "bottom": ("dress", "suit")}  # fmt: skip
"""What is taken off when something of a kind is put on, besides what is of that kind itself."""
_WHITE: Colour = (0.94, 0.94, 0.94)
_UNDYED = Outfit(shirt=_WHITE, trousers=_WHITE, shoes=_WHITE, sole=_WHITE)
_HIDDEN_M = 0.02


@dataclass(frozen=True)
class Piece:
    """Something that can be worn: its name in designs, its kind (of
    ``studio.human.wardrobe.KINDS``), what it is called, and the colour that it comes in."""

    name: str
    kind: str
    title: str
    colour: Colour


_CUTS: dict[str, Outfit | Hairstyle] = {
    "tee": replace(_UNDYED, shirt_end_m=0.012),
    "long-sleeve": replace(_UNDYED, sleeve=1.9, shirt_end_m=-0.02, shirt_loose_m=0.013),
    "trousers": _UNDYED,
    "shorts": replace(_UNDYED, trouser_end_m=0.1, trouser_loose_m=0.016),
    "trainers": _UNDYED,
    "short-hair": Hairstyle(_WHITE, top_m=0.030, side_m=0.010, layers=5),
    "cropped-hair": Hairstyle(_WHITE, top_m=0.013, side_m=0.006, layers=5),
    "full-hair": Hairstyle(_WHITE, top_m=0.055, side_m=0.030, layers=5),
}
SEWN = (
    Piece("short-hair", "hair", "Short hair", (0.22, 0.15, 0.10)),
    Piece("cropped-hair", "hair", "Cropped hair", (0.22, 0.15, 0.10)),
    Piece("full-hair", "hair", "Full hair", (0.22, 0.15, 0.10)),
    Piece("tee", "top", "T-shirt", (0.36, 0.45, 0.52)),
    Piece("long-sleeve", "top", "Long sleeves", (0.55, 0.50, 0.44)),
    Piece("trousers", "bottom", "Trousers", (0.20, 0.215, 0.25)),
    Piece("shorts", "bottom", "Shorts", (0.42, 0.40, 0.34)),
    Piece("trainers", "shoes", "Trainers", (0.80, 0.79, 0.77)),
)


def catalogue() -> tuple[Piece, ...]:
    """Everything that can be worn here and now."""
    return SEWN


def piece(name: str) -> Piece | None:
    """The piece of that name, or None where this machine does not have it."""
    return next((one for one in catalogue() if one.name == name), None)


def pieces(worn: Iterable[Worn]) -> tuple[tuple[Piece, Colour | None], ...]:
    """What is worn and known here, innermost first, each with the colour that was chosen."""
    known = ((piece(one.item), one.colour) for one in worn)
    return tuple((found, colour) for found, colour in known if found is not None)


def put_on(worn: tuple[Worn, ...], name: str) -> tuple[Worn, ...]:
    """What is worn after putting this on, or after taking it off if it was worn.

    One thing of a kind; a dress takes the place of top and bottom.
    """
    if any(one.item == name for one in worn):
        return tuple(one for one in worn if one.item != name)
    new = piece(name)
    if new is None:
        return worn
    gone = {new.kind, *ALONE.get(new.kind, ())} - {"other"}
    kinds = {one.item: found.kind for one in worn if (found := piece(one.item)) is not None}
    return (*(one for one in worn if kinds.get(one.item) not in gone), Worn(item=name))


def hidden(worn: tuple[Worn, ...]) -> np.ndarray:
    """Base vertices that lie well under what is worn, whose skin need not be drawn."""
    inside: np.ndarray | None = None
    for one, _ in pieces(worn):
        cut = _CUTS[one.name]
        if isinstance(cut, Hairstyle):
            continue
        region = {
            "top": lambda c=cut: shirt_region(c),
            "bottom": lambda c=cut: trouser_region(c),
            "shoes": lambda: shoe_region() + 0.01,
        }[one.kind]()
        inside = region if inside is None else np.maximum(inside, region)
    return shoe_region() > np.inf if inside is None else inside > _HIDDEN_M


def parts(figure: Figure, worn: tuple[Worn, ...], hair: Colour) -> list[Part]:
    """What is worn, on a person at rest."""
    found: list[Part] = []
    for one, colour in pieces(worn):
        cut = _CUTS[one.name]
        if isinstance(cut, Hairstyle):
            found += _hair(figure, one, cut, colour or hair)
        else:
            found += [_garment(one, g, colour or one.colour) for g in _sew(figure, one, cut)]
    return found


def materials(worn: tuple[Worn, ...], hair: Colour) -> dict[str, Material]:
    """The materials of what is worn, by the names of its parts."""
    found: dict[str, Material] = {}
    for one, colour in pieces(worn):
        wanted = colour or (hair if one.kind == "hair" else one.colour)
        for key, (_, material) in _undyed.items():
            if key.split(" ")[0] == one.name:
                found[key] = complexion.dyed(material, _own(key, wanted))
    return found


def _sew(figure: Figure, one: Piece, cut: Outfit) -> tuple[Garment, ...]:
    if one.kind == "top":
        return (make_shirt(figure, cut),)
    if one.kind == "bottom":
        return (make_trousers(figure, cut),)
    return make_shoes(figure, cut)


_undyed: dict[str, tuple[np.ndarray | None, Material]] = {}
"""By part: texture coordinates and material, in white."""


def _own(part: str, colour: Colour) -> Colour:
    return (0.92, 0.91, 0.89) if part.endswith(" soles") else colour


def _garment(one: Piece, garment: Garment, colour: Colour) -> Part:
    joints, weights = strongest(garment.weights)
    key = f"{one.name} {garment.name}"
    if key not in _undyed:
        seen, side_px, weave, crease = CLOTH[garment.name]
        picture = kept(
            f"undyed {key}", _CUTS[one.name], lambda: dyed(garment, seen, side_px, weave, crease)
        )
        _undyed[key] = unwrapped(garment, seen), replace(garment.material, texture=picture)
    uv, material = _undyed[key]
    vertices = garment.vertices_m.copy()
    if garment.name in ("shoes", "soles"):
        low = vertices[:, 2] < STEP_M
        vertices[low, 2] = (vertices[low, 2] + SOLE_M) * STEP_M / (STEP_M + SOLE_M)
    mesh = Mesh(vertices, garment.faces, uv)
    return Part(key, mesh, complexion.dyed(material, _own(key, colour)), joints, weights)


def _hair(figure: Figure, one: Piece, cut: Hairstyle, colour: Colour) -> list[Part]:
    found: list[Part] = []
    for layer, hair in enumerate(make_hair(figure, cut)[:LAYERS]):
        key = f"{one.name} layer {layer + 1}"
        sheet = hair.material.texture
        if key not in _undyed and sheet is not None:
            strands = Material("hair", roughness=0.8, texture=sheet[::2, ::2].copy())
            _undyed[key] = None, strands
        joints, weights = strongest(hair.weights)
        mesh = Mesh(hair.vertices_m, hair.faces, hair.uv)
        found.append(Part(key, mesh, complexion.dyed(_undyed[key][1], colour), joints, weights))
    return found
