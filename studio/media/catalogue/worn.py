"""A model and its card as a thing to try on: scaled, turned, moved, and put on both sides."""

from __future__ import annotations

import numpy as np

from studio.core.errors import StudioError
from studio.core.items import ANCHORED, AnchorPoint, Item
from studio.core.types import Armature, Character, Mesh, Part
from studio.media.catalogue.card import ItemCard


def item_of(character: Character, card: ItemCard, notes: tuple[str, ...] = ()) -> Item:
    """The thing to try on. Raises StudioError if a model that says so has no such bones."""
    bones = ANCHORED[card.kind]
    if card.framed:
        parts = _framed(character, card, bones)
    else:
        middles = _middles(character, card) if card.pair else (0.0, 0.0)
        parts = tuple(
            one for part in character.parts for one in _placed(part, card, bones, middles)
        )
    count = len(bones)
    tails = np.tile((0.0, 0.0, 0.02), (count, 1))
    armature = Armature(bones, np.full(count, -1), np.tile(np.eye(4), (count, 1, 1)), tails)
    told = tuple(dict.fromkeys((*card.notes, *notes)))
    return Item(card.name, card.kind, Character(card.name, armature, parts), card.fit, told)


def _framed(
    character: Character, card: ItemCard, bones: tuple[AnchorPoint, ...]
) -> tuple[Part, ...]:
    names = character.armature.names
    if not set(bones) <= set(names):
        raise StudioError(
            f"The model of “{card.name}” lacks bones that its card speaks of.",
            "Set “framed = false” in its card, or bring the model in again.",
        )
    number = np.zeros(len(names), np.int64)
    for k, bone in enumerate(bones):
        number[names.index(bone)] = k
    return tuple(
        Part(part.name, _moved(part.mesh, card), part.material, number[part.joints], part.weights)
        for part in character.parts
    )


def _moved(mesh: Mesh, card: ItemCard) -> Mesh:
    return Mesh(card.placement.moved(mesh.vertices_m), mesh.faces, mesh.uv, mesh.colours)


def _placed(
    part: Part, card: ItemCard, bones: tuple[AnchorPoint, ...], middles: tuple[float, float]
) -> tuple[Part, ...]:
    mesh = _moved(part.mesh, card)
    if len(bones) == 1:
        return (_bound(part, mesh, 0),)
    if not card.pair:
        mirror = np.array([-1.0, 1.0, 1.0])
        uv = None if mesh.uv is None else mesh.uv[:, ::-1]
        other = Mesh(mesh.vertices_m * mirror, mesh.faces[:, ::-1], uv, mesh.colours)
        return _bound(part, mesh, 0), _bound(part, other, 1)
    left = mesh.vertices_m[mesh.faces, 0].mean(1) > 0
    found: list[Part] = []
    for side, mine in enumerate((left, ~left)):
        if mine.any():
            uv = None if mesh.uv is None else mesh.uv[mine]
            places = mesh.vertices_m - (middles[side], 0.0, 0.0)
            found.append(_bound(part, Mesh(places, mesh.faces[mine], uv, mesh.colours), side))
    return tuple(found)


def _middles(character: Character, card: ItemCard) -> tuple[float, float]:
    """Where the middles of a pair's left and right one lie (x)."""
    x = np.concatenate([
        _moved(part.mesh, card).vertices_m[part.mesh.faces, 0] for part in character.parts
    ])  # fmt: skip
    left = x.mean(1) > 0
    both = (x[left], x[~left])
    ends = [float(0.5 * (own.min() + own.max())) if len(own) else 0.0 for own in both]
    return ends[0], ends[1]


def _bound(part: Part, mesh: Mesh, bone: int) -> Part:
    count = len(mesh.vertices_m)
    joints = np.full((count, 4), bone, np.int64)
    weights = np.tile((1.0, 0.0, 0.0, 0.0), (count, 1))
    name = part.name if bone == 0 else f"{part.name} right"
    return Part(name, mesh, part.material, joints, weights)
