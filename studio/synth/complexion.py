"""Skin in the colours of a design, at once: the painted skin taken apart into what each tints.

The painting is linear in its colours, so two paintings tell how much of each texel is skin and
how much is brow; a plain sportswear for the undressed lies on top.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import cache, lru_cache
from importlib.metadata import version

import cv2
import numpy as np

from studio.core.errors import StudioError
from studio.core.folders import cache_folder
from studio.core.pictures import write_picture
from studio.core.types import Material
from studio.human.design import Colour
from studio.synth.atlas import skin_atlas
from studio.synth.figure import make_figure
from studio.synth.looks import Looks, eye_texture, skin_texture

_SKIN = (0.79, 0.60, 0.49)
_LIPS = (0.90, 0.67, 0.70)
"""Lips, as shares of the skin's colour."""
SPORTSWEAR = (0.24, 0.27, 0.31)
PAINTED = 2
"""Counts changes of how pictures are painted."""


def _looks(brows: Colour) -> Looks:
    red, green, blue = (float(a * b) for a, b in zip(_SKIN, _LIPS, strict=True))
    return Looks(_SKIN, (red, green, blue), brows)


def _kept(name: str, made_of: object, paint: Callable[[], np.ndarray]) -> np.ndarray:
    """A picture that is painted once and then read from the user's cache."""
    recipe = repr((name, made_of, version("doppel-studio"), PAINTED))
    digest = hashlib.sha256(recipe.encode()).hexdigest()[:16]
    path = cache_folder("wardrobe") / f"{name}-{digest}.png"
    found = cv2.imread(str(path), cv2.IMREAD_COLOR) if path.is_file() else None
    if found is not None:
        return np.ascontiguousarray(found[..., ::-1])
    picture = paint()
    with suppress(StudioError):  # a cache that cannot be written only costs time
        write_picture(path, picture)
    return picture


@cache
def _layers() -> tuple[np.ndarray, np.ndarray]:
    """How strongly each texel shows the skin's colour, (size, size, 3), and the brows'."""
    bare = _kept("skin without brows", _looks((0, 0, 0)), lambda: skin_texture(_looks((0, 0, 0))))
    white = _kept("skin, white brows", _looks((1, 1, 1)), lambda: skin_texture(_looks((1, 1, 1))))
    brows = (white.astype(np.float32) - bare).max(axis=2, keepdims=True).clip(0) / 255
    return bare.astype(np.float32) / np.array(_SKIN, np.float32), brows


@cache
def _sportswear() -> tuple[np.ndarray, np.ndarray]:
    """Which texels a sports top covers, and which its shorts (0 to 1, soft edges)."""
    p = skin_atlas(1024).xyz_m
    figure = make_figure()
    hip, knee = figure.head("upperleg01.L")[2], figure.head("lowerleg01.L")[2]
    chest, shoulder = figure.head("spine01")[2], 0.17
    x, z = np.abs(p[..., 0]), p[..., 2]

    def inside(value: np.ndarray) -> np.ndarray:
        return cv2.GaussianBlur((value > 0).astype(np.float32), (0, 0), 0.8)[..., None]

    legs = np.minimum(hip + 0.09 - z, z - (hip - 0.22 * (hip - knee)))
    legs = np.where((x > 0.27) & (p[..., 1] < 0.2) & (z > knee), -1, legs)
    top = np.minimum(np.minimum(chest + 0.07 - z, z - (chest - 0.13)), shoulder - x)
    return inside(top), inside(legs)


@lru_cache(maxsize=6)
def skin(colour: Colour, brows: Colour | None, top: bool, bottom: bool) -> Material:
    """The body's material. Without ``brows`` none are painted; ``top`` and ``bottom`` say whether
    something is worn there, else plain sportswear is painted on."""
    share, of_brows = _layers()
    picture = share * np.array(colour, np.float32)
    if brows is not None:
        picture += of_brows * (255 * np.array(brows, np.float32))
    else:
        picture /= 1 - of_brows.clip(0, 0.95)
    return Material("skin", roughness=0.58, texture=_covered(picture, top, bottom))


@lru_cache(maxsize=6)
def worn_skin(material: Material, top: bool, bottom: bool) -> Material:
    """A skin of the wardrobe as the body's material, with sportswear likewise."""
    assert material.texture is not None
    picture = np.ascontiguousarray(material.texture[..., :3], np.float32)
    return replace(material, name="skin", texture=_covered(picture, top, bottom))


def _covered(picture: np.ndarray, top: bool, bottom: bool) -> np.ndarray:
    size = (picture.shape[1], picture.shape[0])
    for worn, cover in zip((top, bottom), _sportswear(), strict=True):
        if not worn:
            share = cover if cover.shape[1::-1] == size else cv2.resize(cover, size)[..., None]
            picture += share * (255 * np.array(SPORTSWEAR, np.float32) - picture)
    return picture.clip(0, 255).astype(np.uint8)


@lru_cache(maxsize=6)
def eyes(colour: Colour) -> Material:
    """The eyes' material."""
    return Material("eyes", roughness=0.12, texture=eye_texture(Looks(iris=colour)))


@lru_cache(maxsize=6)
def lashes(brows: Colour, skin_colour: Colour) -> Material:
    """The lashes' material: between the brows and the skin."""
    red, green, blue = (float(0.4 * a + 0.35 * b) for a, b in zip(brows, skin_colour, strict=True))
    return Material("lashes", base=(red, green, blue, 1.0), roughness=0.8)


@lru_cache(maxsize=32)
def dyed(material: Material, colour: Colour) -> Material:
    """A white material in a colour: its picture times the colour."""
    if material.texture is None:
        return replace(material, base=(*colour, material.base[3]))
    tint = np.ones(material.texture.shape[2])
    tint[:3] = colour
    return replace(material, texture=(material.texture * tint).astype(np.uint8))
