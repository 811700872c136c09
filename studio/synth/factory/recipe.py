"""Recipes: what kind of pictures the factory makes, by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from studio.core.errors import StudioError

Framing = Literal["full_body", "upper_body", "head", "hand", "foot", "group", "rig"]
MapName = Literal["parts", "instances", "depth", "normal", "xyz", "uv", "item"]

GEOMETRY: tuple[MapName, ...] = ("parts", "instances", "depth", "normal", "xyz", "uv")


@dataclass(frozen=True)
class Recipe:
    """What a factory makes.

    ``framings`` are kinds of pictures with their shares (``group`` shows everybody, the others the
    first of them); ``people`` are the chances of one, two and three people; ``views`` is how many
    pictures are taken of one moment, and with ``rig`` they are those of calibrated cameras with
    lenses around the people. ``layouts`` are the keypoint layouts of
    :mod:`studio.human.catalogue` whose points are told. ``hands_full`` and
    ``occluded`` are the chances that a hand holds something and that something stands in the way.
    ``hindered`` is the chance, for each camera of a rig, that something stands in its way alone.
    ``sampled`` is the share of people whose pose is drawn from the learned pose prior instead of a
    motion: never in split ``test``, whose locked sets stay as they are. ``bare`` is the chance of
    men to wear no top and of everybody to wear no shoes, in split ``train`` alone.
    ``clear_hands`` moves arms until no hand sinks into clothes or a body.
    A block of ``block`` pictures shares a cast of ``cast`` people and ``places`` places.

    ``version`` grows with every change of what a recipe makes.
    """

    name: str
    size_px: tuple[int, int] = (256, 256)
    framings: tuple[tuple[Framing, float], ...] = (("full_body", 1.0),)
    people: tuple[float, float, float] = (1.0, 0.0, 0.0)
    views: int = 4
    rig: bool = False
    maps: tuple[MapName, ...] = GEOMETRY
    layouts: tuple[str, ...] = ("whole_body",)
    hands_full: float = 0.15
    occluded: float = 0.15
    hindered: float = 0.0
    sampled: float = 0.0
    bare: float = 0.0
    clear_hands: bool = False
    block: int = 64
    cast: int = 4
    places: int = 2
    version: int = 1

    def __post_init__(self) -> None:
        if min(self.size_px) < 16 or max(self.size_px) > 4096:
            raise StudioError(
                f"A picture of {self.size_px[0]} × {self.size_px[1]} px cannot be made.",
                "A side may have 16 to 4,096 pixels.",
            )
        if not 1 <= self.views <= 8:
            raise StudioError(
                f"{self.views} pictures of a moment are too many or too few.", "1 to 8 can be had."
            )
        if self.block % self.views:
            raise StudioError(
                f"A block of {self.block} pictures is not made of moments of {self.views}.",
                "Choose a block that is a multiple of the views.",
            )


_ALL = (*GEOMETRY, "item")

RECIPES: dict[str, Recipe] = {
    recipe.name: recipe
    for recipe in (
        Recipe("whole_body", framings=(("full_body", 0.6), ("upper_body", 0.4)),
               people=(0.75, 0.18, 0.07), sampled=0.25, bare=0.25),
        Recipe("parts", framings=(("full_body", 0.4), ("upper_body", 0.3), ("head", 0.15),
                                  ("hand", 0.1), ("foot", 0.05)), people=(0.85, 0.12, 0.03),
               sampled=0.25, bare=0.25),
        Recipe("heads", framings=(("head", 1.0),), hands_full=0.0),
        Recipe("hands", framings=(("hand", 1.0),), hands_full=0.3, clear_hands=True,
               version=2),
        Recipe("tryon", framings=(("full_body", 0.4), ("upper_body", 0.3), ("head", 0.15),
                                  ("foot", 0.15)), maps=_ALL, sampled=0.25),
        Recipe("rig", framings=(("rig", 1.0),), people=(0.7, 0.2, 0.1), views=4, rig=True,
               sampled=0.25),
        Recipe("views", framings=(("rig", 1.0),), people=(0.85, 0.12, 0.03), rig=True,
               maps=("parts",), layouts=("coco_133", "halpe_26", "h36m_17"), occluded=0.0,
               hindered=0.35, sampled=0.25, bare=0.35, cast=3),
    )
}  # fmt: skip


def find_recipe(name: str) -> Recipe:
    """The recipe of that name. Raises StudioError if there is none."""
    if name not in RECIPES:
        raise StudioError(f"There is no recipe “{name}”.", f"There are: {', '.join(RECIPES)}.")
    return RECIPES[name]
