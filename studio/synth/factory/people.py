"""The cast of a block of pictures: people who are dressed once and then act in many moments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from studio.synth.actor import Actor
from studio.synth.cast import random_phenotype, random_style
from studio.synth.factory.labels import Labels
from studio.synth.factory.streams import Split, identity, stream
from studio.synth.figure import make_figure

TEXTURE_PX = 512


@dataclass(frozen=True, eq=False)
class Member:
    """Somebody of the cast: their number, build, what they wear in words, and their actor."""

    identity: int
    phenotype: Mapping[str, float]
    looks: Mapping[str, str]
    actor: Actor
    label: Labels


def _word(colour: tuple[float, float, float]) -> str:
    return "#" + "".join(f"{round(255 * c):02x}" for c in colour)


def make_member(seed: int, split: Split, block: int, place: int, version: int) -> Member:
    """Who stands at a place of a block's cast."""
    who = identity(stream("person", version, seed, split, block, place), split)
    rng = stream("build", version, who)
    phenotype = random_phenotype(rng)
    looks, outfit, hair = random_style(rng)
    told = {
        "skin": _word(looks.skin), "hair": "none" if hair is None else _word(hair.colour),
        "top": _word(outfit.shirt), "bottom": _word(outfit.trousers), "shoes": _word(outfit.shoes),
    }  # fmt: skip
    actor = Actor(make_figure(**phenotype), looks, outfit, hair, TEXTURE_PX)
    return Member(who, phenotype, told, actor, Labels())
