"""What a designed person can wear, by name, and how it is put on a person at rest.

It is the starter set (:mod:`studio.human.wardrobe`) and what the user added. A colour dyes what is
white.
"""

from __future__ import annotations

import hashlib
import re
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from pathlib import Path
from threading import Lock

import numpy as np

from studio.core.folders import data_folder
from studio.core.types import Material, Mesh, Part
from studio.human.character import TOUCHED_M
from studio.human.design import Colour, Worn
from studio.human.rig import ACTIONS
from studio.human.wardrobe.asset import Binding
from studio.human.wardrobe.library import Entry, find, load
from studio.human.wardrobe.materials import material_of
from studio.human.wardrobe.reading import read_assets
from studio.human.wardrobe.wearing import Item, Memory, wear
from studio.human.wardrobe.wearing import Worn as Put
from studio.human.wardrobe.writing import write_asset
from studio.synth import complexion
from studio.synth.figure import Figure, strongest

TOPS = frozenset({"top", "dress", "suit"})
BOTTOMS = frozenset({"bottom", "dress", "suit"})
ALONE = {"dress": ("top", "bottom", "suit"), "suit": ("top", "bottom", "dress"),
         "top": ("dress", "suit"), "bottom": ("dress", "suit")}  # fmt: skip
"""What is taken off when something of a kind is put on, besides what is of that kind itself."""
UNDER = frozenset({"tshirt", "long_sleeve", "tank_top", "shirt", "summer_dress"})
"""What is thin enough to be worn under a jacket."""


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


SHIPPED = frozenset({
    "hair", "brows", "lashes", "teeth", "skin", "top", "jacket", "bottom", "dress", "suit", "shoes",
    "hat", "glasses",
})  # fmt: skip
"""Kinds of the starter set that are offered; eyes come with the body, in any colour."""
REMEMBERED = 2
"""How many bodies are remembered with what was put on them."""
OF_FACE = frozenset({"brows", "lashes", "eyes", "teeth", "tongue"})
"""What moves with the face's actions."""
TEETH = Worn(item="teeth")
"""Whoever chose no teeth has the starter set's: the body's own are bars without gaps."""


def own_folder() -> Path:
    """Where clothes lie that the user brought along, one folder each, by kind."""
    return data_folder("wardrobe")


@cache
def catalogue() -> tuple[Piece, ...]:
    """Everything that can be worn here and now: the starter set, and what was added."""
    shipped = [_listed(entry) for entry in find() if entry.card.kind in SHIPPED]
    own = [_listed(entry, own_folder()) for entry in find(root=own_folder())]
    return (*shipped, *own)


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
    taken = {one.name for one in catalogue() if one.root is None}
    for asset in read_assets(path):
        name = re.sub(r"[^a-z0-9_-]+", "_", asset.name.lower()).strip("_") or "item"
        name = f"{name}_own" if name in taken else name
        write_asset(replace(asset, name=name), own_folder() / asset.kind / name)
        added.append(name)
    forget()
    return tuple(one for one in catalogue() if one.name in added)


def piece(name: str) -> Piece | None:
    """The piece of that name, or None where this machine does not have it."""
    return next((one for one in catalogue() if one.name == name), None)


def pieces(worn: Iterable[Worn]) -> tuple[tuple[Piece, Colour | None], ...]:
    """What is worn and known here, innermost first, each with the colour that was chosen."""
    known = ((piece(one.item), one.colour) for one in worn)
    return tuple((found, colour) for found, colour in known if found is not None)


def put_on(worn: tuple[Worn, ...], name: str) -> tuple[Worn, ...]:
    """What is worn after putting this on, or after taking it off if it was worn.

    One thing of a kind; a dress takes the place of top and bottom, a jacket goes over either.
    """
    if any(one.item == name for one in worn):
        return tuple(one for one in worn if one.item != name)
    new = piece(name)
    if new is None:
        return worn
    gone = {new.kind, *ALONE.get(new.kind, ())} - {"other"}
    kinds = {one.item: found.kind for one in worn if (found := piece(one.item)) is not None}
    return (*(one for one in worn if kinds.get(one.item) not in gone), Worn(item=name))


def at_least(worn: tuple[Worn, ...], usual: Worn) -> tuple[Worn, ...]:
    """What is worn, and what is ``usual`` for whoever chose nothing of its kind."""
    kind = next(one.kind for one, _ in pieces((usual,)))
    return worn if any(one.kind == kind for one, _ in pieces(worn)) else (usual, *worn)


def without(worn: tuple[Worn, ...], kind: str) -> tuple[Worn, ...]:
    """What is worn, but nothing of that kind."""
    gone = {one.name for one, _ in pieces(worn) if one.kind == kind}
    return tuple(one for one in worn if one.item not in gone)


@dataclass(frozen=True, eq=False)
class PutOn:
    """What is worn, on one person: its parts, how each is bound to the base mesh, the base vertices
    that they hide, and the kinds of what only colours the body."""

    parts: tuple[Part, ...]
    bindings: tuple[Binding, ...]
    hidden: np.ndarray
    colours: frozenset[str]


def put_on_body(
    figure: Figure,
    worn: tuple[Worn, ...],
    hair: Colour,
    brows: Colour,
    actions_m: np.ndarray | None = None,
) -> PutOn:
    """What is worn, on a person at rest; what belongs to the face follows its ``actions_m``
    (actions, base vertices, 3). Raises StudioError for damaged assets."""
    items = [(one, Item(load(one.name, one.root))) for one, _ in pieces(worn)]
    hidden = np.zeros(len(figure.vertices_m), bool)
    if not items:
        return PutOn((), (), hidden, frozenset())
    parts: list[Part] = []
    skin_faces = figure.surface.faces["skin"]
    put = wear([i for _, i in items], figure.vertices_m, skin_faces, _before(figure.vertices_m))
    hidden[put.deletes] = True
    names = {id(item): one for one, item in items}
    paint = materials(worn, hair, brows)
    for thing in put.worn:
        name = names[id(thing.item)].name
        joints, weights = strongest(thing.weights)
        mesh = Mesh(thing.vertices_m, thing.faces, thing.uv)
        morphs = {} if actions_m is None else _following(thing, actions_m)
        parts.append(Part(name, mesh, paint[name], joints, weights, morphs))
    bindings = tuple(thing.asset.binding for thing in put.worn if thing.asset.binding is not None)
    return PutOn(tuple(parts), bindings, hidden, frozenset(put.colours))


_worn_before: OrderedDict[str, Memory] = OrderedDict()
_remembering = Lock()


def _before(vertices_m: np.ndarray) -> Memory:
    """What was put on this very body before; the last few bodies are remembered."""
    key = hashlib.sha256(vertices_m.tobytes()).hexdigest()
    with _remembering:
        found = _worn_before[key] = _worn_before.pop(key, {})
        while len(_worn_before) > REMEMBERED:
            _worn_before.popitem(last=False)
    return found


def forget() -> None:
    """Forget what was put on anybody: assets may have changed."""
    catalogue.cache_clear()
    load.cache_clear()
    with _remembering:
        _worn_before.clear()


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


def materials(worn: tuple[Worn, ...], hair: Colour, brows: Colour) -> dict[str, Material]:
    """The materials of what is worn, by the names of its parts."""
    found: dict[str, Material] = {}
    for one, colour in pieces(worn):
        own = plain(one)
        dye = _wanted(one, colour, hair, brows)
        found[one.name] = complexion.dyed(own, dye) if one.dyeable else own
    return found


def has_mesh(one: Piece) -> bool:
    """Whether it is more than a colour of the body."""
    return load(one.name, one.root).mesh is not None


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
