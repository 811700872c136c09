"""A place before it is looked at: solids to draw, the floor, the light and how far it reaches."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from studio.render.scene import Drawable, Lighting


@dataclass(frozen=True, eq=False)
class Scenery:
    """What a place is made of.

    ``shown`` is drawn into the panorama; ``floors`` too, and again under the people, whose
    shadows fall on them. ``reach_m`` are half the width, half the depth and the height of the box
    that the panorama is seen on: a room's own, or that of the open. ``sky`` is a picture of the
    radiance all around (equirectangular, see :mod:`studio.render.environment`) behind it all.
    """

    name: str
    shown: tuple[Drawable, ...]
    floors: tuple[Drawable, ...]
    lighting: Lighting
    reach_m: tuple[float, float, float]
    sky: np.ndarray | None = None


def one_light(
    towards: np.ndarray,
    radiance: np.ndarray,
    soft_m: np.ndarray,
    fill: float,
    ambient: np.ndarray | None = None,
    exposure: float = 1.0,
) -> Lighting:
    """Lighting from directions that need not be of unit length."""
    unit = towards / np.linalg.norm(towards, axis=1, keepdims=True)
    return Lighting(
        unit, radiance, soft_m, fill=(fill, fill, 1.03 * fill), centre_m=(0, 0, 1.0),
        radius_m=1.7, ambient=ambient, exposure=exposure,
    )  # fmt: skip
