"""Keypoint layouts: the catalogue, conversion between layouts, and guessing one from names."""

from studio.human.catalogue import LAYOUTS, layout, make
from studio.human.convert import conversion, convert, layout_of, match

__all__ = ["LAYOUTS", "conversion", "convert", "layout", "layout_of", "make", "match"]
