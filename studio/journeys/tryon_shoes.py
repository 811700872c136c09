"""How much of the shoes that somebody has on shows around new ones, and how much is painted out."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from jaxtyping import Bool

from studio.core.parts import PartLabel
from studio.core.types import Frame
from studio.journeys.figures import Figure
from studio.journeys.tryon_limbs import (
    LOOKS,
    PEOPLE,
    SEED,
    SHOES,
    SIZE_PX,
    THEMES,
    VIEW_DEG,
    Filmed,
    filmed,
)
from studio.live.wearing.tryon import TryOn
from studio.live.wearing.wear_settings import WearSettings
from studio.render.raster import Renderer
from studio.synth.tryon.wearers import make_wearer

ITEM = "sneakers"
_CHANGED, _ALPHA, _EDGE_PX = 4, 8, 5
Mask = Bool[np.ndarray, "height width"]


def old_shoes() -> Iterator[Figure]:
    """Rows on made-up people, of whose pictures every pixel is known."""
    pictures, feet = 0, 0
    around, left, wrong = list[float](), list[float](), list[float]()
    with Renderer(SIZE_PX, samples=2) as renderer, TryOn() as tryon:
        for who in range(THEMES.index(SHOES), PEOPLE, len(THEMES)):
            wearer = make_wearer(SEED, "test", who, SHOES.kind)
            for moment in range(2):
                seen = filmed(renderer, wearer, SHOES, who, moment)
                covered, painted, worn = tried(tryon, seen)
                pictures, feet = pictures + 1, feet + worn
                old = seen.parts == PartLabel.SHOES
                if not worn or not old.any():
                    continue
                near = cv2.dilate(old.astype(np.uint8), np.ones((_EDGE_PX, _EDGE_PX))) > 0
                around.append(float((old & ~covered).sum() / old.sum()))
                left.append(float((old & ~covered & ~painted).sum() / old.sum()))
                wrong.append(float((painted & ~covered & ~near).sum() / old.sum()))
    yield Figure(
        "old shoes around new ones on made-up people, share of the old: as they are, painted out",
        f"{_share(around)}; {_share(left)}", "", None,
        f"{feet} feet in {pictures} pictures; painted beside them {_share(wrong)}",
    )  # fmt: skip


def tried(tryon: TryOn, seen: Filmed) -> tuple[Mask, Mask, int]:
    """What new shoes cover of a picture, what is painted out under them, and on how many feet they
    are worn."""
    plain = WearSettings(items=(ITEM,), occlusion="depth", view_deg=VIEW_DEG, only_items=True)
    worn = tryon.show(Frame("still", 0.0, seen.rgb), plain)
    for k in range(1, LOOKS):
        worn = tryon.show(Frame("still", k / 30, seen.rgb), plain)
    bare = plain.model_copy(update={"paint_out": True, "only_items": False})
    bared = tryon.show(Frame("still", LOOKS / 30, seen.rgb), bare)
    covered = worn.rgba[..., 3] > _ALPHA
    changed = np.abs(bared.rgba[..., :3].astype(int) - seen.rgb).max(-1) > _CHANGED
    feet = sum(point in one.frames for one in worn.wearers for point in SHOES.points)
    return covered, changed & ~covered, feet


def _share(values: list[float]) -> str:
    return f"{np.mean(values):.0%}" if values else "-"
