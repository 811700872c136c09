"""Designed people to begin with, and strangers: the same for the same seed."""

from __future__ import annotations

import numpy as np

from studio.core.errors import StudioError
from studio.human.design import Colour, Design, Worn
from studio.human.segments import SEGMENT_NAMES
from studio.synth import closet
from studio.synth.cast import random_phenotype
from studio.synth.poses import EXPRESSIONS, pose

SKINS: tuple[Colour, ...] = (
    (0.95, 0.80, 0.72), (0.87, 0.69, 0.58), (0.79, 0.60, 0.49), (0.69, 0.49, 0.37),
    (0.55, 0.38, 0.28), (0.42, 0.28, 0.21), (0.31, 0.20, 0.155),
)  # fmt: skip
HAIRS: tuple[Colour, ...] = (
    (0.06, 0.05, 0.05), (0.16, 0.10, 0.07), (0.28, 0.18, 0.11), (0.42, 0.26, 0.13),
    (0.66, 0.48, 0.26), (0.55, 0.22, 0.10), (0.55, 0.54, 0.53), (0.86, 0.85, 0.83),
)  # fmt: skip
EYES: tuple[Colour, ...] = (
    (0.22, 0.14, 0.09), (0.36, 0.26, 0.16), (0.42, 0.38, 0.20), (0.28, 0.42, 0.26),
    (0.30, 0.46, 0.58), (0.42, 0.48, 0.52),
)  # fmt: skip
CLOTHS: tuple[Colour, ...] = (
    (0.92, 0.91, 0.88), (0.60, 0.60, 0.60), (0.16, 0.17, 0.19), (0.20, 0.26, 0.38),
    (0.33, 0.45, 0.58), (0.24, 0.40, 0.33), (0.58, 0.52, 0.34), (0.72, 0.45, 0.24),
    (0.62, 0.20, 0.20), (0.50, 0.32, 0.46),
)  # fmt: skip


def _worn(**items: Colour | None) -> tuple[Worn, ...]:
    return tuple(Worn(item=name, colour=colour) for name, colour in items.items())


def _made(
    build: dict[str, float], worn: tuple[Worn, ...], skin: int, hair: int, eyes: int,
    face: str = "Neutral", **more: float,
) -> Design:  # fmt: skip
    return Design(
        phenotypes=build, scales=more, worn=worn, skin=SKINS[skin], hair=HAIRS[hair],
        brows=HAIRS[min(hair, 3)], eyes=EYES[eyes], expression=EXPRESSIONS[face],
        pose=dict(pose("Relaxed")),
    )  # fmt: skip


def _of(african: float = 0.0, asian: float = 0.0, caucasian: float = 0.0) -> dict[str, float]:
    return {"african": african, "asian": asian, "caucasian": caucasian}


PRESETS: dict[str, Design] = {
    "Mara": _made(
        {
            "gender": 1.0,
            "age": 0.66,
            "height": 0.42,
            "weight": 0.42,
            "muscle": 0.5,
            **_of(caucasian=0.9, asian=0.1),
        },
        _worn(
            woman_freckled=None,
            wavy=None,
            brows_soft=None,
            tshirt=CLOTHS[8],
            jeans=None,
            trainers=None,
        ),
        1,
        3,
        3,
        "Smile",
    ),
    "Jonas": _made(
        {
            "gender": 0.0,
            "age": 0.70,
            "height": 0.39,
            "weight": 0.5,
            "muscle": 0.58,
            **_of(caucasian=1.0),
        },
        _worn(
            man_fair=None,
            side_part=None,
            brows_thick=None,
            jumper=CLOTHS[5],
            jeans=CLOTHS[2],
            boots=None,
        ),
        1,
        2,
        4,
    ),
    "Amara": _made(
        {
            "gender": 1.0,
            "age": 0.69,
            "height": 0.4,
            "weight": 0.46,
            "muscle": 0.56,
            **_of(african=1.0),
        },
        _worn(woman_ebony=None, afro=None, brows_arched=None, summer_dress=CLOTHS[7], sandals=None),
        5,
        0,
        0,
        "Smile",
    ),
    "Kofi": _made(
        {
            "gender": 0.0,
            "age": 0.68,
            "height": 0.38,
            "weight": 0.46,
            "muscle": 0.75,
            **_of(african=0.9, caucasian=0.1),
        },
        _worn(
            man_umber=None,
            buzz=None,
            brows_thick=None,
            tshirt=CLOTHS[0],
            shorts=CLOTHS[2],
            trainers=None,
        ),
        6,
        0,
        0,
    ),
    "Mei": _made(
        {
            "gender": 0.95,
            "age": 0.67,
            "height": 0.43,
            "weight": 0.40,
            "muscle": 0.45,
            **_of(asian=1.0),
        },
        _worn(
            woman_golden=None,
            bob=None,
            brows_soft=None,
            shirt=CLOTHS[0],
            pencil_skirt=CLOTHS[2],
            flats=None,
        ),
        2,
        0,
        0,
    ),
    "Kenji": _made(
        {
            "gender": 0.05,
            "age": 0.82,
            "height": 0.42,
            "weight": 0.55,
            "muscle": 0.5,
            **_of(asian=1.0),
        },
        _worn(
            man_tanned=None,
            swept_back=None,
            brows_thick=None,
            glasses_metal=None,
            shirt=CLOTHS[4],
            wide_trousers=CLOTHS[1],
            boots=None,
        ),
        2,
        0,
        1,
    ),
    "Ingrid": _made(
        {
            "gender": 1.0,
            "age": 0.96,
            "height": 0.36,
            "weight": 0.52,
            "muscle": 0.38,
            **_of(caucasian=1.0),
        },
        _worn(woman_mature=None, bun=None, brows_sparse=None, knit_dress=CLOTHS[4], flats=None),
        0,
        7,
        5,
        "Smile",
    ),
    "Rashid": _made(
        {
            "gender": 0.0,
            "age": 0.90,
            "height": 0.37,
            "weight": 0.68,
            "muscle": 0.5,
            **_of(caucasian=0.6, asian=0.2, african=0.2),
        },
        _worn(
            man_elder=None,
            receding=None,
            brows_thick=None,
            shirt=CLOTHS[0],
            cardigan=CLOTHS[3],
            jeans=None,
            boots=None,
        ),
        3,
        6,
        1,
    ),
    "Lena": _made(
        {
            "gender": 0.85,
            "age": 0.50,
            "height": 0.55,
            "weight": 0.42,
            "muscle": 0.45,
            **_of(caucasian=0.7, african=0.3),
        },
        _worn(
            woman_amber=None,
            ponytail=None,
            brows_soft=None,
            hoodie=CLOTHS[6],
            joggers=CLOTHS[2],
            trainers=None,
        ),
        3,
        1,
        2,
        "Smile",
    ),
    "Tomas": _made(
        {
            "gender": 0.1,
            "age": 0.47,
            "height": 0.53,
            "weight": 0.45,
            "muscle": 0.42,
            **_of(caucasian=0.8, asian=0.2),
        },
        _worn(
            man_fair=None,
            crop=None,
            brows_soft=None,
            tshirt=CLOTHS[0],
            jacket=CLOTHS[5],
            jeans=CLOTHS[2],
            trainers=None,
        ),
        1,
        4,
        4,
    ),
}
"""Ten people, by name."""
FIRST = next(iter(PRESETS))


def preset(name: str) -> Design:
    """A preset by name, in any case. Raises StudioError naming those there are."""
    found = next((design for one, design in PRESETS.items() if one.lower() == name.lower()), None)
    if found is None:
        raise StudioError(f"There is no person “{name}”.", f"There are: {', '.join(PRESETS)}.")
    return found


def stranger(seed: int) -> Design:
    """A random adult in random clothes of the starter set, standing relaxed: the same wherever it
    is asked for, whatever was added to the user's wardrobe."""
    rng = np.random.default_rng(seed)

    def pick(colours: tuple[Colour, ...]) -> Colour:
        return colours[int(rng.integers(len(colours)))]

    build = {name: round(value, 3) for name, value in random_phenotype(rng).items()}
    build["height"] = round(0.25 + 0.4 * build["height"], 3)
    hair = pick(HAIRS[:-1] if build["age"] < 0.8 else HAIRS)
    tone = int(np.clip(rng.normal(1 + 5 * build["african"] + build["asian"], 0.8), 0, 6))
    kinds: dict[str, list[str]] = {}
    for piece in closet.catalogue():
        if piece.root is None:
            kinds.setdefault(piece.kind, []).append(piece.name)
    outfit = ("dress", "shoes") if build["gender"] > 0.6 and rng.random() < 0.3 else (
        "top", "bottom", "shoes")  # fmt: skip
    worn = tuple(
        Worn(
            item=str(rng.choice(kinds[kind])),
            colour=pick(CLOTHS) if kind in ("top", "jacket", "bottom", "dress") else None,
        )
        for kind in ("hair", "brows", *outfit, "jacket")
        if kind in kinds and rng.random() > {"hair": 0.08, "jacket": 0.6}.get(kind, 0.0)
    )
    if not any(one.item in closet.UNDER for one in worn):
        worn = closet.without(worn, "jacket")
    scales = {name: round(float(np.clip(rng.normal(1, 0.02), 0.95, 1.05)), 3)
              for name in SEGMENT_NAMES if name not in ("head", "hand", "foot")}  # fmt: skip
    return Design(
        phenotypes=build, scales=scales, worn=worn, skin=SKINS[tone], hair=hair,
        brows=HAIRS[min(HAIRS.index(hair), 3)], eyes=pick(EYES[: 2 + int(5 * build["caucasian"])]),
        expression=EXPRESSIONS["Smile" if rng.random() < 0.4 else "Neutral"],
        pose=dict(pose("Relaxed")),
    )  # fmt: skip
