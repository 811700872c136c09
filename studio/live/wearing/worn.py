"""What comes out when somebody wears things."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float, UInt8

from studio.core.errors import StudioError
from studio.core.items import AnchorPoint
from studio.core.types import Camera
from studio.human.anchors import SizeName
from studio.live.wearing.wear_settings import Occlusion


@dataclass(frozen=True, eq=False)
class Wearer:
    """Somebody in the picture: a number that stays theirs, which anchor points of them are seen,
    the width of their head between the tragi as it is believed (metres; 0 where no head is seen),
    how much their place trembles (pixels), the frames of those anchor points (to the world of
    the picture's camera, metres), and their sizes as they are believed (metres)."""

    number: int
    points: tuple[AnchorPoint, ...]
    head_m: float
    jitter_px: float
    frames: Mapping[AnchorPoint, Float[np.ndarray, "4 4"]] = field(default_factory=dict)
    sizes_m: Mapping[SizeName, float] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Worn:
    """A picture in which things are worn.

    ``rgba`` is sRGB with alpha that is not multiplied in; ``compared`` the same with the other way
    of hiding, if one was asked for. ``maps`` tell for each item what is seen (255) and what is
    hidden or beside it (0). ``stages_ms`` are milliseconds by the clock of each part of the work.
    ``notes`` are what the user should know, ``trouble`` why an item is not worn. ``camera`` is the
    one that is believed to have taken the picture, level, in the world's origin. ``there`` are
    anchor points of bodies that are in the picture though nothing is worn at them.
    """

    rgba: UInt8[np.ndarray, "height width 4"]
    time_s: float
    stages_ms: Mapping[str, float] = field(default_factory=dict)
    wearers: tuple[Wearer, ...] = ()
    jitter_px: float = 0.0
    maps: Mapping[str, UInt8[np.ndarray, "height width"]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    trouble: StudioError | None = None
    compared: UInt8[np.ndarray, "height width 4"] | None = None
    used: Occlusion = "depth"
    camera: Camera | None = None
    there: frozenset[AnchorPoint] = frozenset()
