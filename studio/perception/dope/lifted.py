"""A body in 3D as the picture and its own points tell it together.

The network that finds people sees what is near and far, but knows points coarsely; the one that
lifts is told where they are marked, but nothing of the picture. They err each in their own way.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from jaxtyping import Float

from studio.human.convert import convert
from studio.perception.detector import LENS
from studio.perception.dope.kinds import BODY, WHOLE, find_kind
from studio.perception.dope.ppi import Part
from studio.perception.lifting.lifter import Lifter, seen_of
from studio.perception.lifting.normalise import POINTS

_LIMBS, _HANDS = slice(5, 17), slice(91, 133)
_LEAST_SURE = 0.3
_SHARE = 0.6
"""How surely limbs that are seen count at least, and how much of 3D is lifted (chosen on validation
people)."""
_ORIGIN = list(find_kind("body").origin)


def lifted(
    body: Part,
    told: Float[np.ndarray, "133 3"],
    size_px: tuple[int, int],
    lifter: Lifter,
) -> Part:
    """The same body, in 3D between what its network tells of it and where lifting puts its points.

    ``told`` are pixels of coco_133 and how surely each is seen (0 where unknown), in a picture of
    ``size_px`` (width, height) whose lens is :data:`LENS`. Hands say too little of a body to be
    lifted with it.
    """
    middle = (np.array(size_px) - 1) / 2
    rays = (told[:, :2] - middle) / (LENS * max(size_px))
    sure = told[:, 2].copy()
    sure[_LIMBS] = np.where(sure[_LIMBS] > 0, np.maximum(sure[_LIMBS], _LEAST_SURE), 0.0)
    sure[_HANDS] = 0.0
    lifter.forget()
    frames = lifter.lift(seen_of("coco_133", rays[None], sure[None], 1 / 30))
    xyz = convert(frames.xyz_m[0], POINTS, WHOLE)[BODY.start : BODY.stop]
    xyz = xyz - xyz[_ORIGIN].mean(0) + body.xyz_m[_ORIGIN].mean(0)
    return replace(body, xyz_m=body.xyz_m + _SHARE * (xyz - body.xyz_m))
