"""The cast of a block of pictures: people who are dressed once and then act in many moments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from studio.human.wardrobe.library import Entry, find, load
from studio.synth.actor import Actor, Choice
from studio.synth.cast import random_phenotype
from studio.synth.closet import UNDER
from studio.synth.factory.streams import Split, identity, stream
from studio.synth.figure import make_figure

Rng = np.random.Generator
Colour = tuple[float, float, float]

_HAIRS: tuple[Colour, ...] = (
    (0.055, 0.045, 0.04), (0.10, 0.07, 0.05), (0.17, 0.11, 0.075), (0.27, 0.17, 0.10),
    (0.42, 0.28, 0.16), (0.62, 0.46, 0.28), (0.78, 0.64, 0.42), (0.45, 0.20, 0.10),
    (0.50, 0.50, 0.50), (0.78, 0.77, 0.75),
)  # fmt: skip
_GREY = 2  # the last of them, for those who are old
_CLOTHS: tuple[Colour, ...] = (
    (0.92, 0.91, 0.88), (0.13, 0.13, 0.14), (0.45, 0.46, 0.48), (0.16, 0.21, 0.33),
    (0.35, 0.45, 0.58), (0.62, 0.24, 0.22), (0.26, 0.36, 0.27), (0.76, 0.64, 0.42),
    (0.55, 0.44, 0.33), (0.80, 0.66, 0.66), (0.46, 0.34, 0.46), (0.72, 0.76, 0.80),
    (0.84, 0.72, 0.34), (0.36, 0.52, 0.52), (0.85, 0.46, 0.30), (0.30, 0.24, 0.20),
)  # fmt: skip
_EVERYBODY = ("top", "bottom", "shoes")
_JACKETS = 0.4
"""How many of those whose top fits under a jacket wear one."""
_TONES = {  # how much each skin's name is at home with people of African, Asian, European build
    "ebony": (1, 0, 0), "umber": (1, 0.1, 0), "amber": (0.5, 0.5, 0.2), "tanned": (0.2, 0.6, 0.5),
    "olive": (0.1, 0.6, 0.6), "golden": (0.1, 1, 0.3), "fair": (0, 0.4, 1), "elder": (0, 0.3, 0.8),
    "mature": (0, 0.3, 0.8), "freckled": (0, 0.1, 0.8), "porcelain": (0, 0.4, 0.8),
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Member:
    """Somebody of the cast: their number, build, what they wear in words, and their actor."""

    identity: int
    phenotype: Mapping[str, float]
    looks: Mapping[str, str]
    actor: Actor


def make_member(
    seed: int, split: Split, block: int, place: int, version: int, bare: float = 0.0
) -> Member:
    """Who stands at a place of a block's cast; ``bare`` is the chance of men to wear no top, and of
    everybody to wear no shoes."""
    who = identity(stream("person", version, seed, split, block, place), split)
    rng = stream("build", version, who)
    phenotype = random_phenotype(rng)
    wardrobe = by_kind()
    choices = random_head(wardrobe, phenotype, rng)
    clothes = random_clothes(wardrobe, phenotype, rng)
    clothes |= random_jacket(wardrobe, clothes, stream("jacket", version, who))
    for kind in bared(phenotype, bare, stream("bare", version, who)):
        clothes.pop(kind, None)
    tone = float(rng.uniform(0.94, 1.05))
    every = choices | clothes
    actor = Actor(make_figure(**phenotype), tuple(every.values()), tone)
    told = {kind: choice.name for kind, choice in every.items()}
    return Member(who, phenotype, told, actor)


def by_kind() -> dict[str, list[Entry]]:
    """The starter set."""
    found: dict[str, list[Entry]] = {}
    for entry in find():
        found.setdefault(entry.card.kind, []).append(entry)
    return found


def random_head(
    wardrobe: Mapping[str, list[Entry]], phenotype: Mapping[str, float], rng: Rng
) -> dict[str, Choice]:
    """Skin, eyes, teeth, brows, lashes and hair, perhaps a hat and glasses, by kind."""
    out = {"skin": Choice(_skin(wardrobe["skin"], phenotype, rng))}
    old = phenotype["age"] > 0.78 and rng.random() < 0.7
    dark = phenotype["african"] + phenotype["asian"] > 1.2 * phenotype["caucasian"]
    first, end = (len(_HAIRS) - _GREY, len(_HAIRS)) if old else (0, 4 if dark else 8)
    hair = _near(_HAIRS[int(rng.integers(first, end))], rng, 0.02)
    if rng.random() > 0.06:
        out["hair"] = Choice(_hair(wardrobe["hair"], phenotype, rng), hair)
    brow = tuple(0.75 * c for c in hair)
    out["brows"] = Choice(_any(wardrobe["brows"], rng), (brow[0], brow[1], brow[2]))
    out["lashes"] = Choice(_any(wardrobe["lashes"], rng))
    out["teeth"] = Choice(_any(wardrobe["teeth"], rng))
    for kind, share in (("glasses", 0.22), ("hat", 0.12)):
        if rng.random() < share:
            out[kind] = Choice(_any(wardrobe[kind], rng), _dye(kind, rng))
    out["eyes"] = Choice(_any(wardrobe["eyes"], rng), None, _iris(dark, rng))
    return out


def _any(entries: list[Entry], rng: Rng) -> str:
    return entries[int(rng.integers(len(entries)))].name


def _near(colour: Colour, rng: Rng, spread: float = 0.05) -> Colour:
    r, g, b = np.clip(np.array(colour) * rng.uniform(0.85, 1.15) + rng.normal(0, spread, 3),
                      0.02, 0.97).tolist()  # fmt: skip
    return r, g, b


def _skin(entries: list[Entry], phenotype: Mapping[str, float], rng: Rng) -> str:
    """A skin that goes with gender and build; now and then any other tone of the gender."""
    gender = "woman" if phenotype["gender"] > 0.5 else "man"
    names = [e.name for e in entries if e.name.startswith(f"{gender}_")]
    build = np.array([phenotype[k] for k in ("african", "asian", "caucasian")]) ** 2
    likely = np.array([0.03 + build @ _TONES[name.partition("_")[2]] for name in names])
    return str(names[int(rng.choice(len(names), p=likely / likely.sum()))])


_SHORT = ("buzz", "crop", "side_part", "swept_back", "receding", "curly", "afro")


def _hair(entries: list[Entry], phenotype: Mapping[str, float], rng: Rng) -> str:
    """A hair style; men rather wear it short, women rather not, all wear what they like."""
    man = phenotype["gender"] < 0.5
    likely = np.array([3.0 if (e.name in _SHORT) == man else 0.5 for e in entries])
    if not man:
        likely *= [0.05 if e.name == "receding" else 1.0 for e in entries]
    return entries[int(rng.choice(len(entries), p=likely / likely.sum()))].name


def _iris(dark: bool, rng: Rng) -> int:
    """The number of the eyes' material: brown mostly, in the order in which they are kept."""
    count = len(load("eyes").materials)
    brown = [k for k in range(count) if "brown" in load("eyes").materials[k].name or k == 0]
    if dark or rng.random() < 0.4:
        return brown[int(rng.integers(len(brown)))]
    return int(rng.integers(count))


def random_clothes(
    wardrobe: Mapping[str, list[Entry]], phenotype: Mapping[str, float], rng: Rng
) -> dict[str, Choice]:
    """Clothes and shoes by kind."""
    kinds = _EVERYBODY
    if phenotype["gender"] > 0.5 and rng.random() < 0.25:
        kinds = ("dress", "shoes")
    return {kind: Choice(_any(wardrobe[kind], rng), _dye(kind, rng)) for kind in kinds}


def random_jacket(
    wardrobe: Mapping[str, list[Entry]], clothes: Mapping[str, Choice], rng: Rng
) -> dict[str, Choice]:
    """Perhaps a jacket, by kind, where one fits over what is worn."""
    if rng.random() > _JACKETS or not any(one.name in UNDER for one in clothes.values()):
        return {}
    return {"jacket": Choice(_any(wardrobe["jacket"], rng), _dye("jacket", rng))}


def bared(phenotype: Mapping[str, float], share: float, rng: Rng) -> tuple[str, ...]:
    """Kinds of clothes that somebody leaves off."""
    top, shoes = rng.random(2) < share
    tops = ("top", "jacket") if top and phenotype["gender"] < 0.5 else ()
    return (*tops, "shoes") if shoes else tops


def _dye(kind: str, rng: Rng) -> Colour | None:
    """The colour of something to wear; glasses and a third of the rest stay as they are."""
    if kind == "glasses" or rng.random() < 0.3:
        return None
    return _near(_CLOTHS[int(rng.integers(len(_CLOTHS)))], rng)
