"""The mouth shapes of lip sync, mixed from ARKit's 52, as morph targets of their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from jaxtyping import Float

from studio.core.types import Animation, Character, Part


def _both(**weights: float) -> dict[str, float]:
    return {f"{name}{side}": w for name, w in weights.items() for side in ("Left", "Right")}


VISEMES: dict[str, dict[str, float]] = {
    "viseme_PP": {"mouthClose": 0.1, "mouthRollLower": 0.4, "mouthRollUpper": 0.4,
                  **_both(mouthPress=0.5)},
    "viseme_FF": {"jawOpen": 0.08, "mouthRollLower": 0.6, **_both(mouthUpperUp=0.3)},
    "viseme_TH": {"jawOpen": 0.15, "tongueOut": 0.35, **_both(mouthUpperUp=0.15,
                                                              mouthLowerDown=0.15)},
    "viseme_DD": {"jawOpen": 0.15, **_both(mouthUpperUp=0.2, mouthLowerDown=0.25)},
    "viseme_kk": {"jawOpen": 0.2, **_both(mouthStretch=0.2, mouthLowerDown=0.2)},
    "viseme_CH": {"jawOpen": 0.1, "mouthFunnel": 0.6, **_both(mouthUpperUp=0.15,
                                                              mouthLowerDown=0.2)},
    "viseme_SS": {"jawOpen": 0.04, **_both(mouthStretch=0.45, mouthLowerDown=0.3,
                                           mouthUpperUp=0.15)},
    "viseme_nn": {"jawOpen": 0.12, **_both(mouthLowerDown=0.2, mouthUpperUp=0.1)},
    "viseme_RR": {"jawOpen": 0.12, "mouthFunnel": 0.35, "mouthPucker": 0.2},
    "viseme_aa": {"jawOpen": 0.6, **_both(mouthLowerDown=0.2)},
    "viseme_E": {"jawOpen": 0.25, **_both(mouthSmile=0.2, mouthStretch=0.3, mouthLowerDown=0.15)},
    "viseme_I": {"jawOpen": 0.12, **_both(mouthSmile=0.3, mouthStretch=0.4, mouthLowerDown=0.2)},
    "viseme_O": {"jawOpen": 0.4, "mouthFunnel": 0.65},
    "viseme_U": {"jawOpen": 0.1, "mouthPucker": 0.85, "mouthFunnel": 0.3},
}  # fmt: skip
"""What each of the 14 is made of; names as lip-sync programs look for them (Oculus). Silence, their
fifteenth, is the face as it is."""


def with_visemes(character: Character) -> Character:
    """A character with the visemes after its other morph targets, where its parts have the shapes
    that they are made of. In its animation they stay at 0."""
    names = tuple(name for name in VISEMES if name not in character.morph_names)
    parts = tuple(_spoken(part, names) for part in character.parts)
    moves = character.animation
    if moves is not None:
        still = np.zeros((len(moves), len(names)))
        moves = Animation(moves.times_s, moves.bones_world, np.hstack([moves.morphs, still]))
    return replace(
        character, parts=parts, morph_names=(*character.morph_names, *names), animation=moves
    )


def _spoken(part: Part, names: tuple[str, ...]) -> Part:
    """A part with the visemes, if any of their shapes moves it."""
    if not any(shape in part.morphs for mix in VISEMES.values() for shape in mix):
        return part
    made = {name: mixed(VISEMES[name], part.morphs, len(part.mesh.vertices_m)) for name in names}
    return replace(part, morphs={**part.morphs, **made})


def mixed(
    weights: Mapping[str, float], morphs: Mapping[str, Float[np.ndarray, "vertices 3"]], count: int
) -> Float[np.ndarray, "vertices 3"]:
    """A morph target of so many vertices, put together of others as far as they are there."""
    out = np.zeros((count, 3))
    for name, weight in weights.items():
        if name in morphs:
            out += weight * morphs[name]
    return out
