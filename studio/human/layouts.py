"""Keypoint layouts: the catalogue, conversion between layouts, and guessing one from names."""

from studio.human.catalogue import LAYOUTS, add_layout, known, layout, make
from studio.human.convert import conversion, convert, layout_of, match

__all__ = [
    "LAYOUTS", "add_layout", "conversion", "convert", "known", "layout", "layout_of", "make",
    "match",
]  # fmt: skip
