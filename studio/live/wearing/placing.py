"""Where an item hangs on a wearer, and how large it is there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import cast

import numpy as np
from jaxtyping import Float

from studio.core.items import AnchorPoint, Item
from studio.human.anchors import growth
from studio.live.wearing.wear_settings import WearSettings
from studio.live.wearing.wearers import WearerNow


@dataclass(frozen=True, eq=False)
class Placed:
    """One bone of an item at an anchor point of a wearer: a frame whose axes are as long as the
    item is scaled."""

    item: Item
    point: AnchorPoint
    bone: int
    frame: Float[np.ndarray, "4 4"]
    wearer: WearerNow


def points_of(item: Item, settings: WearSettings) -> tuple[AnchorPoint, ...]:
    """Where the bones of an item go: a watch on the wrist that is wanted, whichever it was made
    for."""
    wrist: AnchorPoint = "wrist.L" if settings.wrist == "left" else "wrist.R"
    return tuple(
        wrist if name.startswith("wrist") else cast(AnchorPoint, name)
        for name in item.character.armature.names
    )


def places_of(item: Item, wearer: WearerNow, settings: WearSettings) -> list[Placed]:
    """Every part of an item whose anchor point is seen."""
    grown = growth(item, wearer.sizes_m)
    found: list[Placed] = []
    for bone, point in enumerate(points_of(item, settings)):
        frame = wearer.frames.get(point)
        if frame is not None:
            scaled = frame @ np.diag([grown, grown, grown, 1.0])
            found.append(Placed(item, point, bone, scaled, wearer))
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
