"""Regions of the base mesh by name: which vertices are a face, a hand, a foot."""

from __future__ import annotations

from functools import cache

import numpy as np

from studio.human.names import face_vertices
from studio.human.rig import HAND, bones_of
from studio.human.wardrobe.fitting import share_of
from studio.synth.figure import base_surface, make_figure

_THIN = {"body": 5, "face": 1, "left_hand": 2, "right_hand": 2, "left_foot": 2, "right_foot": 2}
_STARTS = {"hand": HAND, "foot": ("foot", "toe")}


@cache
def region(name: str) -> np.ndarray:
    """Vertices around which the box of a region is drawn: ``body``, ``face``, ``left_hand`` ...;
    of large regions every few."""
    if name == "face":
        return np.unique([v for k in range(468) for v in face_vertices(f"mesh_{k}")])
    skin = np.unique(base_surface().faces["skin"])
    if name != "body":
        side, _, part = name.partition("_")
        own = bones_of(_STARTS[part], side[0].upper())
        skin = skin[share_of(make_figure().weights[skin], own) > 0.5]
    return skin[:: _THIN[name]]
