"""The parts of a picture of people: which label each pixel carries, its name and its colour."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from types import MappingProxyType

import numpy as np


class PartLabel(IntEnum):
    """What a pixel belongs to. The numbers are stored in label pictures and never change.

    ``FACE`` is the skin of head and neck with ears, eyes and mouth; ``SKIN`` all other skin but
    the ``HANDS``; a dress is a ``TOP``; ``ITEMS`` are glasses, hats, jewellery, watches and what
    is held.
    """

    BACKGROUND = 0
    HAIR = 1
    FACE = 2
    HANDS = 3
    SKIN = 4
    TOP = 5
    BOTTOM = 6
    SHOES = 7
    ITEMS = 8


PART_TITLES: Mapping[PartLabel, str] = MappingProxyType(
    {
        PartLabel.BACKGROUND: "Background",
        PartLabel.HAIR: "Hair",
        PartLabel.FACE: "Face",
        PartLabel.HANDS: "Hands",
        PartLabel.SKIN: "Other skin",
        PartLabel.TOP: "Top",
        PartLabel.BOTTOM: "Bottom",
        PartLabel.SHOES: "Shoes",
        PartLabel.ITEMS: "Worn and held items",
    }
)
"""Each label in plain words."""

PART_COLOURS = np.array(
    [
        (38, 40, 44), (140, 92, 46), (240, 178, 142), (226, 108, 96), (250, 214, 186),
        (76, 140, 214), (66, 84, 150), (108, 186, 122), (236, 200, 64),
    ],
    np.uint8,
)  # fmt: skip
"""Each label's sRGB colour in a label picture: ``PART_COLOURS[labels]``."""
PART_COLOURS.setflags(write=False)
