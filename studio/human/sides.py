"""Which points of a layout are left and which are right."""

from __future__ import annotations

import re

import numpy as np

from studio.core.types import Layout

_LEFT = re.compile(r"left|^l[_\-. ]|[_\-. ]l$|^L[A-Z]|\.L", re.ASCII)
_RIGHT = re.compile(r"right|^r[_\-. ]|[_\-. ]r$|^R[A-Z]|\.R", re.ASCII)


def sides(layout: Layout) -> np.ndarray:
    """+1 for points of the left half, -1 right, 0 on the midline."""
    side = np.zeros(len(layout), int)
    for index, name in enumerate(layout.points):
        if layout.mirror and layout.mirror[index] == index:
            continue
        side[index] = bool(_LEFT.search(name)) - bool(_RIGHT.search(name))
    for part, sign in (("left_hand", 1), ("right_hand", -1)):
        side[list(layout.parts.get(part, ()))] = sign
    return side
