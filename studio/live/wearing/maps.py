"""Which pixels of an item are seen: by a fixed rule of its kind, or by the depth of the wearer.

Maps are 1 where the item is seen and 0 where something is before it; beside the item they mean
nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

from studio.core.items import ItemKind
from studio.live.wearing.drawing import GLASSES, DrawnItem, along
from studio.live.wearing.wear_settings import Occlusion
from studio.perception.occluder.predictor import covered
from studio.perception.occluder.rims import RIM_M, whole_rims

Map = Float32[np.ndarray, "height width"]


@dataclass(frozen=True)
class Rule:
    """How an item is hidden, in metres of its anchor's frame.

    Without a picture of the wearer everything further behind than ``behind_m`` is hidden. Against
    the wearer's depth the item may be ``loose_m`` behind the skin and is still seen, down to
    ``from_m`` behind the anchor; from there on that shrinks and is ``tight_m`` at ``to_m``.
    """

    behind_m: float
    loose_m: float
    tight_m: float
    from_m: float
    to_m: float


_GLASSES = Rule(0.085, 0.03, 0.0, 0.03, 0.1)
_HAT = Rule(0.03, 0.018, 0.012, -0.04, 0.04)
RULES: dict[ItemKind, Rule] = {
    "glasses": _GLASSES,
    "sunglasses": _GLASSES,
    "hat": _HAT,
    "ears": Rule(0.05, 0.03, 0.02, 0.0, 0.05),
    "earrings": Rule(0.03, 0.012, 0.006, 0.0, 0.03),
    "necklace": Rule(0.0, 0.025, 0.0, -0.02, 0.04),
    "watch": Rule(0.004, 0.006, 0.003, -0.01, 0.02),
    "shoes": Rule(0.5, 0.03, 0.02, -0.1, 0.05),
    "top": Rule(0.05, 0.04, 0.02, -0.1, 0.1),
    "bag": Rule(0.2, 0.04, 0.02, -0.1, 0.1),
    "logo": Rule(0.05, 0.06, 0.04, -0.1, 0.1),
}
UNLEARNED: frozenset[ItemKind] = frozenset({"bag"})
"""What the network would hide for no reason: it has not learned any (logos it tells unlearned)."""
_SOFT_M, _SURELY_M = 0.003, 0.02
_RIM_PX = 7
"""How wide holes' soft rims are, both sides together."""


def way_of(kind: ItemKind, wanted: Occlusion) -> Occlusion:
    """How a kind of thing is hidden: what the network has not learned goes by depth instead."""
    return "depth" if wanted == "predicted" and kind in UNLEARNED else wanted


def static_map(drawn: DrawnItem) -> Map:
    """By the kind alone: the part that is hidden on anybody."""
    rule = RULES[drawn.item.kind]
    return _ramp((rule.behind_m - drawn.inwards_m) / _SOFT_M)


def depth_map(drawn: DrawnItem, hiding_m: Float32[np.ndarray, "height width"]) -> Map:
    """By the depth of what is known of the wearer, in the item's crop; infinite where nothing."""
    rule = RULES[drawn.item.kind]
    item = filled(drawn.depth_m)
    inwards = along(item, drawn.crop, drawn.frame, 1)
    share = np.clip((inwards - rule.from_m) / (rule.to_m - rule.from_m), 0, 1)
    loose = rule.loose_m + share * (rule.tight_m - rule.loose_m)
    return _before(hiding_m + loose, item)


def unbroken(
    seen: Map, drawn: DrawnItem, hiding_m: Float32[np.ndarray, "height width"] | None = None
) -> Map:  # fmt: skip
    """A predicted map with the rims of glasses whole
    (:func:`studio.perception.occluder.rims.whole_rims`), and hats without holes: what is before a
    hat comes from beside it. Where the depth of what hides is given, what lies surely behind it is
    hidden: of shoes looked down at, the network shows the collar's far side through the leg."""
    if hiding_m is not None:
        seen = np.minimum(seen, _before(hiding_m + _SURELY_M, filled(drawn.depth_m)))
    if drawn.item.kind == "hat":
        return without_holes(seen, drawn.rgba[..., 3])
    if drawn.item.kind not in GLASSES:
        return seen
    inwards = along(filled(drawn.depth_m), drawn.crop, drawn.frame, 1)
    rim_px = RIM_M * float(drawn.crop.camera.matrix[0, 0]) / float(drawn.frame[1, 3])
    return whole_rims(seen, drawn.rgba[..., 3], inwards, rim_px)


def without_holes(seen: Map, alpha: UInt8[np.ndarray, "height width"]) -> Map:
    """A map in which what is hidden in the midst of what is seen of an item is seen too."""
    there = covered(alpha).astype(np.uint8)
    count, parts = cv2.connectedComponents((seen < 0.5).astype(np.uint8) & there, connectivity=8)
    which = parts.astype(np.intp)
    inside = cv2.erode(there, np.ones((3, 3), np.uint8), borderType=cv2.BORDER_CONSTANT,
                       borderValue=0)  # fmt: skip
    holes = np.ones(count, bool)
    holes[which[inside == 0]] = False
    holes[0] = False
    wide = cv2.dilate(holes[which].astype(np.uint8), np.ones((_RIM_PX, _RIM_PX), np.uint8))
    return np.where(wide > 0, np.float32(1), seen)


def softened(seen: Map, edge_px: float) -> Map:
    """A map with softer edges."""
    if edge_px < 0.2:
        return seen
    return cv2.GaussianBlur(seen, (0, 0), edge_px)


def filled(depth_m: Float32[np.ndarray, "height width"]) -> Float32[np.ndarray, "height width"]:
    """Depths, and beside them for two pixels the nearest: what is only touched at its edge has
    one."""
    near = cv2.erode(np.minimum(depth_m, np.float32(1e3)), np.ones((5, 5), np.uint8))
    return np.where(np.isfinite(depth_m), depth_m, near)


def _before(hiding_m: np.ndarray, item_m: np.ndarray) -> Map:
    """Where something lies before what would hide it, or nothing does."""
    with np.errstate(invalid="ignore"):
        before = (hiding_m - item_m) / _SOFT_M
    return _ramp(np.nan_to_num(before, nan=1.0, posinf=1.0, neginf=0.0))


def _ramp(x: np.ndarray) -> Map:
    """0 below -1, 1 above 1."""
    return np.clip(0.5 + 0.5 * x, 0.0, 1.0).astype(np.float32)
