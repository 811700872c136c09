"""Kinds of things to try on in words: groups to choose from, symbols, what must be seen."""

from __future__ import annotations

from studio.core.items import ItemKind

WORDS: dict[ItemKind, str] = {
    "glasses": "Glasses", "sunglasses": "Sunglasses", "hat": "Hat", "ears": "Ears on a band",
    "earrings": "Earrings", "necklace": "Necklace", "watch": "Watch", "shoes": "Shoes",
    "top": "Top", "bag": "Bag", "logo": "Logo",
}  # fmt: skip

SYMBOLS: dict[ItemKind, str] = {
    "glasses": "ph.eye", "sunglasses": "ph.eye", "hat": "ph.crown-simple", "ears": "ph.paw-print",
    "earrings": "ph.ear", "necklace": "ph.link-simple", "watch": "ph.watch",
    "shoes": "ph.footprints", "top": "ph.t-shirt", "bag": "ph.handbag", "logo": "ph.image-square",
}  # fmt: skip

GROUPS: tuple[tuple[str, tuple[ItemKind, ...]], ...] = (
    ("Glasses", ("glasses", "sunglasses")),
    ("Hats", ("hat", "ears")),
    ("Jewellery", ("earrings", "necklace")),
    ("Watches", ("watch",)),
    ("Shoes", ("shoes",)),
    ("Tops", ("top", "logo")),
    ("Bags", ("bag",)),
)
"""What the user chooses from, most wanted first."""

BODY: dict[ItemKind, str] = {
    "glasses": "face", "sunglasses": "face", "hat": "face", "ears": "face", "earrings": "face",
    "necklace": "neck", "watch": "wrists", "shoes": "feet", "top": "shoulders",
    "bag": "shoulders", "logo": "shoulders",
}  # fmt: skip
"""The part of the body in a word."""
SHOWN: dict[str, str] = {
    "face": "Look at the camera, with light on your face",
    "neck": "Step back until both shoulders are in the picture",
    "wrists": "Hold a hand before the camera, with its forearm",
    "feet": "Point the camera at your feet, or step back until all of you is in the picture",
    "shoulders": "Step back until both shoulders are in the picture",
}
"""What to do so that a part is seen."""
