"""Things to try on: what they are, and where on a wearer they belong.

An anchor point has a frame in metres that turns with the part it lies on: x to the wearer's left,
-y the way the wearer faces, z up. All are defined on the parametric person at rest:

- ``eyes``: on the skin at the bridge of the nose, axes of the head;
- ``head``: midway between the ears' tragi, axes of the head;
- ``ear.L``, ``ear.R``: the lowest point of the lobe; turned about the world's up alone: it hangs;
- ``neck``: the middle of the neck's base, axes of the upper chest;
- ``wrist.L``, ``wrist.R``: the middle of the forearm, 25 mm before the joint; -y out of the back of
  the hand, z towards the elbow;
- ``foot.L``, ``foot.R``: on the sole under the ankle, -y to the toes, z up;
- ``torso``: midway between the shoulders' joints, axes of the upper chest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from studio.core.types import Character

ItemKind = Literal[
    "glasses",
    "sunglasses",
    "hat",
    "ears",
    "earrings",
    "necklace",
    "watch",
    "shoes",
    "top",
    "bag",
    "logo",
]
ITEM_KINDS: tuple[ItemKind, ...] = get_args(ItemKind)

AnchorPoint = Literal[
    "eyes", "head", "ear.L", "ear.R", "neck", "wrist.L", "wrist.R", "foot.L", "foot.R", "torso"
]
ANCHOR_POINTS: tuple[AnchorPoint, ...] = get_args(AnchorPoint)

Fit = Literal["true", "wearer"]

ANCHORED: dict[ItemKind, tuple[AnchorPoint, ...]] = {
    "glasses": ("eyes",),
    "sunglasses": ("eyes",),
    "hat": ("head",),
    "ears": ("head",),
    "earrings": ("ear.L", "ear.R"),
    "necklace": ("neck",),
    "watch": ("wrist.L",),
    "shoes": ("foot.L", "foot.R"),
    "top": ("torso",),
    "bag": ("torso",),
    "logo": ("torso",),
}
"""The anchor points of each kind, as its character's bones are named."""


@dataclass(frozen=True, eq=False)
class Item:
    """Something to try on.

    ``character`` has one bone an anchor point of its kind, named like it and the identity at rest:
    the vertices that a bone carries are in metres in its anchor point's frame. ``fit`` ``true`` is
    worn at its own size, ``wearer`` is scaled to the wearer's. ``notes`` say in the user's words
    what is missing or was guessed.
    """

    name: str
    kind: ItemKind
    character: Character
    fit: Fit = "true"
    notes: tuple[str, ...] = ()
