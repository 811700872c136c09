"""Skins as assets: a picture each, and the relief and roughness that they share."""

from __future__ import annotations

from collections.abc import Iterator

from studio.human.wardrobe.asset import Asset, AssetMaterial, Card

from .pack import AUTHOR, LICENCE, webp
from .skin import COMPLEXIONS, diffuse, relief

SIZE_PX, RELIEF_PX = 2048, 2048


def make() -> Iterator[Asset]:
    """Every skin."""
    normal, rough = relief(RELIEF_PX)
    shared = {
        "normal": webp("shared_skin_normal.webp", normal, 80),
        "roughness": webp("shared_skin_roughness.webp", rough, 60),
    }
    for name, complexion in COMPLEXIONS.items():
        picture = webp(f"{name}_diffuse.webp", diffuse(complexion, SIZE_PX), 84)
        material = AssetMaterial(
            name, specular=(0.3, 0.3, 0.3), shininess=0.4, roughness=0.55,
            pictures={"diffuse": picture, **shared},
        )  # fmt: skip
        title = name.replace("_", ", ").capitalize()
        yield Asset(name, Card(title, "skin", LICENCE, AUTHOR), (material,), tags=("skin",))
