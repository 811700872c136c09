"""What makers hand over: pieces of one material, each on its anchor point, put together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from jaxtyping import UInt8

from studio.core.items import ANCHORED, AnchorPoint, Fit, Item, ItemKind
from studio.core.types import Armature, Character, Material, Mesh, Part
from studio.synth.solids import Piece, joined

Colour = tuple[float, float, float]
"""sRGB, 0 to 1."""
Model = TypeVar("Model")


@dataclass(frozen=True, eq=False)
class Made:
    """Pieces of one material, by the anchor points that carry them."""

    material: Material
    pieces: Mapping[AnchorPoint, Sequence[Piece]]


def plain(name: str, colour: Colour, roughness: float, metallic: float = 0.0) -> Material:
    """A material of one colour."""
    return Material(name, (*colour, 1.0), metallic, roughness)


def painted(
    name: str, picture: UInt8[np.ndarray, "height width channels"], roughness: float
) -> Material:
    """A material of a picture."""
    return Material(name, roughness=roughness, texture=picture)


def assembled(name: str, kind: ItemKind, made: Sequence[Made], fit: Fit = "true") -> Item:
    """A thing to try on. Its parts are named like their materials."""
    bones = ANCHORED[kind]
    count = len(bones)
    tails = np.tile((0.0, 0.0, 0.02), (count, 1))
    armature = Armature(bones, np.full(count, -1), np.tile(np.eye(4), (count, 1, 1)), tails)
    parts = tuple(_part(one, bones) for one in made)
    return Item(name, kind, Character(name, armature, parts), fit)


def _part(made: Made, bones: tuple[AnchorPoint, ...]) -> Part:
    pieces, joints = [], []
    for number, bone in enumerate(bones):
        own = made.pieces.get(bone, ())
        pieces += own
        joints += [np.full(len(piece.vertices), number) for piece in own]
    whole = joined(pieces)
    bound = np.zeros((len(whole.vertices), 4), np.int64)
    bound[:, 0] = np.concatenate(joints)
    weights = np.tile((1.0, 0.0, 0.0, 0.0), (len(whole.vertices), 1))
    mesh = Mesh(whole.vertices, whole.faces, whole.uv)
    return Part(made.material.name, mesh, made.material, bound, weights)


def one_of(rng: np.random.Generator, models: Mapping[str, Model]) -> Model:
    """One of a maker's models."""
    every = list(models.values())
    return every[int(rng.integers(len(every)))]


def picked(rng: np.random.Generator, choices: Sequence[Colour]) -> Colour:
    """One of these colours, a little changed."""
    r, g, b = (float(v) for v in np.array(choices[int(rng.integers(len(choices)))]))
    shade = float(rng.uniform(0.9, 1.1))
    return tuple(min(1.0, max(0.0, v * shade)) for v in (r, g, b))  # pyright: ignore[reportReturnType]


def near(rng: np.random.Generator, value: float, share: float = 0.08) -> float:
    """A number near this one, within a share of it."""
    return float(value * rng.uniform(1 - share, 1 + share))
