"""Colours of the 3D scene, in a dark and a light theme.

Left and right are blue and orange of Okabe and Ito's colour-blind safe set; no meaning rests on
colour alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Rgb = tuple[float, float, float]
ThemeName = Literal["dark", "light"]


def rgb(code: str) -> Rgb:
    """``#rrggbb`` as three floats 0..1."""
    return (int(code[1:3], 16) / 255, int(code[3:5], 16) / 255, int(code[5:7], 16) / 255)


@dataclass(frozen=True)
class Palette:
    """One theme's colours (sRGB, 0..1). ``top`` and ``bottom`` shade the background."""

    name: ThemeName
    top: Rgb
    bottom: Rgb
    grid: Rgb
    text: Rgb
    axis_x: Rgb
    axis_y: Rgb
    left: Rgb
    right: Rgb
    middle: Rgb
    truth: Rgb
    camera: Rgb
    accent: Rgb
    skin: Rgb
    shadow: float
    people: tuple[Rgb, ...]

    def person(self, number: int) -> Rgb:
        """The colour of one of several people, counted from 1."""
        return self.people[(number - 1) % len(self.people)]


DARK = Palette(
    "dark",
    top=rgb("#3d4046"),
    bottom=rgb("#26282c"),
    grid=rgb("#8b9099"),
    text=rgb("#b9bdc5"),
    axis_x=rgb("#c2615a"),
    axis_y=rgb("#7aa35c"),
    left=rgb("#56b4e9"),
    right=rgb("#f0a030"),
    middle=rgb("#e6e8eb"),
    truth=rgb("#d68fc0"),
    camera=rgb("#9aa2ae"),
    accent=rgb("#ffd166"),
    skin=rgb("#c99a83"),
    shadow=0.55,
    people=tuple(map(rgb, ("#56b4e9", "#f0a030", "#7fd08a", "#e87aa8",
                           "#b39ddb", "#e8dc6a", "#a0763c", "#e0795a"))),
)  # fmt: skip
LIGHT = Palette(
    "light",
    top=rgb("#f2f3f5"),
    bottom=rgb("#d3d6db"),
    grid=rgb("#767b84"),
    text=rgb("#4a4f57"),
    axis_x=rgb("#b84a42"),
    axis_y=rgb("#5b8a3c"),
    left=rgb("#0072b2"),
    right=rgb("#c85a00"),
    middle=rgb("#3a3e45"),
    truth=rgb("#a8488a"),
    camera=rgb("#5f6670"),
    accent=rgb("#b06000"),
    skin=rgb("#c99a83"),
    shadow=0.34,
    people=tuple(map(rgb, ("#0072b2", "#c85a00", "#2e8b47", "#b3437c",
                           "#6a4fa3", "#8a7a00", "#0f857a", "#5a3a1a"))),
)  # fmt: skip
PALETTES: dict[ThemeName, Palette] = {"dark": DARK, "light": LIGHT}
