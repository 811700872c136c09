"""Where an item hangs on a wearer, and how large it is there."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from studio.core.items import AnchorPoint, Item
from studio.human.anchors import growth
from studio.live.wearing.heads import HeadNow
from studio.live.wearing.wear_settings import WearSettings


@dataclass(frozen=True, eq=False)
class Placed:
    """One bone of an item at an anchor point of a wearer: a frame whose axes are as long as the
    item is scaled."""

    item: Item
    point: AnchorPoint
    bone: int
    frame: Float[np.ndarray, "4 4"]
    wearer: HeadNow


def places_of(item: Item, head: HeadNow, settings: WearSettings) -> list[Placed]:
    """Every part of an item whose anchor point is seen."""
    grown = growth(item, {"head": head.width_m})
    found: list[Placed] = []
    for bone, name in enumerate(item.character.armature.names):
        frame = head.frames.get(name)  # pyright: ignore[reportArgumentType]
        if frame is None:
            continue
        scaled = frame @ np.diag([grown, grown, grown, 1.0])
        found.append(Placed(item, name, bone, scaled, head))  # pyright: ignore[reportArgumentType]
    return found


def nudged(placed: list[Placed], nudge: Float[np.ndarray, "4 4"] | None) -> list[Placed]:
    """The same, moved in the axes of their anchor points; what is worn right moves as in a mirror
    of what is worn left."""
    if nudge is None:
        return placed
    mirror = np.diag([-1.0, 1.0, 1.0, 1.0])
    own = {False: nudge, True: mirror @ nudge @ mirror}
    two = len(placed) > 1
    return [replace(one, frame=one.frame @ own[two and one.point.endswith(".R")]) for one in placed]
