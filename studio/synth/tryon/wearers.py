"""Who tries things on: somebody of the factory's cast, dressed so that what is tried on shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from studio.core.items import AnchorPoint, ItemKind
from studio.human.anchors import Anchors, anchors
from studio.human.wardrobe.library import Entry
from studio.synth.actor import Actor, Choice, Posed
from studio.synth.cast import random_phenotype
from studio.synth.factory.people import by_kind, random_clothes, random_head, random_jacket
from studio.synth.factory.streams import Split, identity, stream
from studio.synth.figure import make_figure

_HELD_OUT = frozenset({"bob", "swept_back"})
"""Hair styles that only people of the splits validation and test have."""
_BARE = frozenset({"tshirt", "tank_top", "summer_dress"})
_LOW = frozenset({"flats", "trainers", "sandals"})
_SLEEVED = frozenset({"jumper", "hoodie", "long_sleeve", "shirt", "knit_dress"})
_LONG = frozenset({"jeans", "joggers", "leggings", "wide_trousers"})


@dataclass(frozen=True, eq=False)
class Wearer:
    """Somebody dressed, and where things are worn on them at rest."""

    actor: Actor
    anchors: Anchors
    looks: Mapping[str, str]

    def frames(self, posed: Posed) -> dict[AnchorPoint, np.ndarray]:
        """The anchor points' frames in a pose."""
        return self.anchors.carried(
            posed.bones_world @ np.linalg.inv(self.actor.figure.bones_world)
        )


def make_wearer(seed: int, split: Split, number: int, kind: ItemKind) -> Wearer:
    """Who tries on something of a kind: arms mostly bare for watches, low shoes for shoes, hair
    down rather than not for what hangs at ears and necks. Whoever is learned from wears more of
    what hides: long sleeves and trousers."""
    who = identity(stream("wearer", seed, split, number), split)
    rng = stream("wearer looks", who)
    phenotype = random_phenotype(rng)
    wardrobe = {k: list(v) for k, v in by_kind().items()}
    wardrobe["hair"] = [e for e in wardrobe["hair"] if (e.name in _HELD_OUT) == (split != "train")]
    if split != "train":
        wardrobe["hair"] += [e for e in by_kind()["hair"] if rng.random() < 0.3]
    if kind == "watch":
        if rng.random() < (0.7 if split != "train" else 0.3):
            _keep(wardrobe, _BARE, "top", "dress")
        elif split == "train":
            _keep(wardrobe, _SLEEVED, "top", "dress")
    if kind == "shoes" and rng.random() < 0.85:
        _keep(wardrobe, _LOW, "shoes")
    if kind == "shoes" and split == "train" and rng.random() < 0.75:
        _keep(wardrobe, _LONG, "bottom")
    choices = random_head(wardrobe, phenotype, rng)
    if kind in ("hat", "ears") or rng.random() < 0.7:
        choices.pop("hat", None)
    clothes = random_clothes(wardrobe, phenotype, rng)
    if kind != "watch" or rng.random() < 0.3:
        clothes |= random_jacket(wardrobe, clothes, rng)
    return wearer_of(phenotype, choices | clothes, rng)


def wearer_of(
    phenotype: Mapping[str, float], choices: Mapping[str, Choice], rng: np.random.Generator,
    looks: Mapping[str, str] | None = None,
) -> Wearer:  # fmt: skip
    """Somebody of a build who wears these things, a little darker or paler by the dice; ``looks``
    is what else there is to tell of them."""
    figure = make_figure(**phenotype)
    actor = Actor(figure, tuple(choices.values()), float(rng.uniform(0.9, 1.08)))
    told = {**(looks or {}), **{name: choice.name for name, choice in choices.items()}}
    return Wearer(actor, anchors(figure.vertices_m, figure.heads_m), told)


def _keep(wardrobe: dict[str, list[Entry]], names: frozenset[str], *kinds: str) -> None:
    """Leave only things of these names in some kinds, where there are any."""
    for kind in kinds:
        wardrobe[kind] = [e for e in wardrobe[kind] if e.name in names] or wardrobe[kind]
