"""The hair styles as assets, each in a natural colour, all with one picture of strands."""

from __future__ import annotations

from collections.abc import Iterator

from studio.human.wardrobe.asset import Asset, AssetMaterial, Colour

from .pack import asset, bound, calm_faces, webp
from .strands import picture
from .styles import STYLES

TITLES = {
    "buzz": ("Buzz cut", "#3b2a20"), "crop": ("Short crop", "#4a3325"),
    "receding": ("High forehead", "#6b5f55"), "side_part": ("Side parting", "#5a3d29"),
    "swept_back": ("Swept back", "#6e4a2f"), "afro": ("Afro", "#2b211c"),
    "curly": ("Curls", "#7a4e2e"), "bob": ("Bob", "#8a6238"),
    "wavy": ("Shoulder waves", "#b48a55"), "long_straight": ("Long and straight", "#2e211b"),
    "ponytail": ("Ponytail", "#5b3a26"), "bun": ("Bun", "#3a2a22"),
}  # fmt: skip
HANGING = ("curly", "bob", "wavy", "long_straight")
"""Styles that lie on the neck and shoulders, and move with them there."""


def srgb(colour: str) -> Colour:
    """``#rrggbb`` as numbers 0 to 1."""
    red, green, blue = (int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5))
    return red, green, blue


def make() -> Iterator[Asset]:
    """Every style."""
    strands = webp("shared_strands.webp", picture(), 72)
    for name, make_style in STYLES.items():
        title, colour = TITLES[name]
        piece = make_style()
        material = AssetMaterial(
            name, srgb(colour), (0.25, 0.23, 0.2), 0.3, 0.75, transparent=True,
            backface_cull=False, pictures={"diffuse": strands},
        )  # fmt: skip
        yield asset(
            name, title, "hair", piece, bound(piece, calm_faces(name not in HANGING)), (material,),
            {"main": colour}, ("hair",), 60,
        )  # fmt: skip
