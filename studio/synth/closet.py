"""What a designed person can wear, by name, and how it is put on a person at rest.

Most of it are assets (:mod:`studio.human.wardrobe`): the starter set, and what the user added.
Some clothes are sewn: cut on the person's own resting vertices. A colour dyes what is white.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from pathlib import Path

import numpy as np

from studio.core.folders import data_folder
from studio.core.types import Material, Mesh, Part
from studio.human.character import TOUCHED_M
from studio.human.design import Colour, Worn
from studio.human.rig import ACTIONS
from studio.human.wardrobe.library import Entry, find, load
from studio.human.wardrobe.reading import read_assets
from studio.human.wardrobe.wearing import Item, material_of, wear
from studio.human.wardrobe.wearing import Worn as Put
from studio.human.wardrobe.writing import write_asset
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
    ``studio.human.wardrobe.asset.KINDS``), what it is called, and the colour that it comes in.

    ``dyeable`` says whether another colour can be chosen; ``root`` is the wardrobe that holds it
    (None: Doppel's own); ``notice`` is what its licence asks for, if anything.
    """

    name: str
    kind: str
    title: str
    colour: Colour
    dyeable: bool = True
    root: Path | None = None
    notice: str = ""


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
SHIPPED = frozenset({
    "hair", "brows", "lashes", "teeth", "skin", "top", "bottom", "dress", "suit", "shoes", "hat",
    "glasses",
})  # fmt: skip
"""Kinds of the starter set that are offered; eyes come with the body, in any colour."""
OF_FACE = frozenset({"brows", "lashes", "eyes", "teeth", "tongue"})
"""What moves with the face's actions."""
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


def own_folder() -> Path:
    """Where clothes lie that the user brought along, one folder each, by kind."""
    return data_folder("wardrobe")


@cache
def catalogue() -> tuple[Piece, ...]:
    """Everything that can be worn here and now: the starter set, what is sewn, what was added."""
    shipped = [_listed(entry) for entry in find() if entry.card.kind in SHIPPED]
    names = {one.name for one in shipped}
    sewn = [one for one in SEWN if one.name not in names]
    own = [_listed(entry, own_folder()) for entry in find(root=own_folder())]
    return (*shipped, *sewn, *own)


def _listed(entry: Entry, root: Path | None = None) -> Piece:
    main = entry.card.colours.get("main")
    return Piece(
        entry.name, entry.card.kind, entry.card.title, _colour(main or "#ffffff"),
        main is not None, root, entry.card.notice,
    )  # fmt: skip


def _colour(hexed: str) -> Colour:
    red, green, blue = (int(hexed[k : k + 2], 16) / 255 for k in (1, 3, 5))
    return red, green, blue


def add(path: Path) -> tuple[Piece, ...]:
    """Add what a folder or zip of MakeHuman or MPFB holds to the user's wardrobe.

    Raises StudioError if it holds nothing, or something damaged.
    """
    added: list[str] = []
    taken = {one.name for one in catalogue() if one.root is None} | {one.name for one in SEWN}
    for asset in read_assets(path):
        name = re.sub(r"[^a-z0-9_-]+", "_", asset.name.lower()).strip("_") or "item"
        name = f"{name}_own" if name in taken else name
        write_asset(replace(asset, name=name), own_folder() / asset.kind / name)
        added.append(name)
    catalogue.cache_clear()
    load.cache_clear()
    return tuple(one for one in catalogue() if one.name in added)


def piece(name: str) -> Piece | None:
    """The piece of that name, or None where this machine does not have it."""
    return next((one for one in (*catalogue(), *SEWN) if one.name == name), None)


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


@dataclass(frozen=True, eq=False)
class PutOn:
    """What is worn, on one person: its parts, the base vertices that it hides, and the materials
    of what only colours the body, by kind."""

    parts: tuple[Part, ...]
    hidden: np.ndarray
    colours: dict[str, Material]


def put_on_body(
    figure: Figure,
    worn: tuple[Worn, ...],
    hair: Colour,
    brows: Colour,
    actions_m: np.ndarray | None = None,
) -> PutOn:
    """What is worn, on a person at rest; what belongs to the face follows its ``actions_m``
    (actions, base vertices, 3). Raises StudioError for damaged assets."""
    parts: list[Part] = []
    hidden = np.zeros(len(figure.vertices_m), bool)
    items: list[tuple[Piece, Item]] = []
    for one, colour in pieces(worn):
        cut = _CUTS.get(one.name)
        wanted = _wanted(one, colour, hair, brows)
        if cut is None:
            items.append((one, Item(load(one.name, one.root))))
        elif isinstance(cut, Hairstyle):
            parts += _hair(figure, one, cut, wanted)
        else:
            parts += [_garment(one, garment, wanted) for garment in _sew(figure, one, cut)]
            hidden |= _under(one, cut) > _HIDDEN_M
    if not items:
        return PutOn(tuple(parts), hidden, {})
    put = wear([item for _, item in items], figure.vertices_m, figure.surface.faces["skin"])
    hidden[put.deletes] = True
    names = {id(item): one for one, item in items}
    paint = materials(worn, hair, brows)
    for thing in put.worn:
        name = names[id(thing.item)].name
        joints, weights = strongest(thing.weights)
        mesh = Mesh(thing.vertices_m, thing.faces, thing.uv)
        morphs = {} if actions_m is None else _following(thing, actions_m)
        parts.append(Part(name, mesh, paint[name], joints, weights, morphs))
    return PutOn(tuple(parts), hidden, put.colours)


def _following(thing: Put, actions_m: np.ndarray) -> dict[str, np.ndarray]:
    """How what belongs to the face moves with each facial action that moves it."""
    binding = thing.asset.binding
    if thing.kind not in OF_FACE or binding is None:
        return {}
    rows = binding.matrix
    moves = {action: rows @ actions_m[k] for k, action in enumerate(ACTIONS)}
    return {
        action: move.astype(np.float32)
        for action, move in moves.items()
        if np.abs(move).max() > TOUCHED_M
    }


def _wanted(one: Piece, colour: Colour | None, hair: Colour, brows: Colour) -> Colour:
    return colour or {"hair": hair, "brows": brows}.get(one.kind, one.colour)


def _under(one: Piece, cut: Outfit) -> np.ndarray:
    """How deep base vertices lie under something sewn (metres)."""
    if one.kind == "top":
        return shirt_region(cut)
    return trouser_region(cut) if one.kind == "bottom" else shoe_region() + 0.01


def materials(worn: tuple[Worn, ...], hair: Colour, brows: Colour) -> dict[str, Material]:
    """The materials of what is worn, by the names of its parts."""
    found: dict[str, Material] = {}
    for one, colour in pieces(worn):
        wanted = _wanted(one, colour, hair, brows)
        if one.name not in _CUTS:
            own = plain(one)
            found[one.name] = complexion.dyed(own, wanted) if one.dyeable else own
        for key, (_, material) in _undyed.items():
            if key.split(" ")[0] == one.name:
                found[key] = complexion.dyed(material, _own(key, wanted))
    return found


def has_roots(one: Piece) -> bool:
    """Whether this is hair whose roots are painted on the scalp."""
    return isinstance(_CUTS.get(one.name), Hairstyle)


def has_mesh(one: Piece) -> bool:
    """Whether it is more than a colour of the body."""
    return one.name in _CUTS or load(one.name, one.root).mesh is not None


def plain(one: Piece) -> Material:
    """An asset's material as it comes; one that can be dyed, in white."""
    return _plain(one.name, one.root)


@lru_cache(maxsize=64)
def _plain(name: str, root: Path | None) -> Material:
    asset = load(name, root)
    material = material_of(asset.material)
    if "main" in asset.card.colours:
        return replace(material, base=(1.0, 1.0, 1.0, material.base[3]))
    return material


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
