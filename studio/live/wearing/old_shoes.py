"""The shoes that somebody has on are painted out before new ones are put on, so that no old edge
shows around them.

In a small picture of each foot, what surely is of the shoe and what surely is not follow from where
the tracked foot lies; the outline between is found by colours (GrabCut, Rother et al. 2004). It is
believed where it fills about what a shoe would, and filled from around (Telea 2004).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np
from jaxtyping import Float, Float32, UInt8

from studio.core.items import AnchorPoint
from studio.core.types import Camera
from studio.live.wearing.glanced import Glanced
from studio.vision.camera import project

Foot = tuple[int, AnchorPoint]
"""A wearer's number, and which of their feet."""
SIDE_PX, _LONG_PX = 112, 64.0
"""The small picture of a foot, and how much of it a shoe takes up."""
_LOOK_S, _CALM, _SURE = 0.25, 0.5, 0.5
_ROUNDS, _BEYOND_PX, _RIM_PX = 2, 8, 2
_LEAST_SHARED = 0.45
"""How much of the outline and of the usual shoe's must be the same (intersection over union)."""


def _oval(heel_m: float, toes_m: float, half_m: float, up_m: float) -> np.ndarray:
    """An oval level with the sole, in the axes of ``foot.L``: toes are ahead at -y."""
    turn = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    middle, reach = (heel_m + toes_m) / 2, (heel_m - toes_m) / 2
    along, across = middle + reach * np.sin(turn), half_m * np.cos(turn)
    return np.column_stack([across, along, np.full(len(turn), up_m)])


_SHOE_M = np.vstack([_oval(0.09, -0.265, 0.055, -0.012), _oval(0.08, -0.245, 0.05, 0.045),
                     _oval(0.07, -0.07, 0.045, 0.1)])  # fmt: skip
_CORE_M = np.vstack([_oval(0.055, -0.19, 0.026, 0.02), _oval(0.045, -0.1, 0.022, 0.06)])
"""Within what the average adult's left shoe lies, and what surely is of it."""


@dataclass(frozen=True, eq=False)
class FootSeen:
    """A foot before the camera: its anchor point's frame, to the world (see
    :mod:`studio.human.anchors`), its length as a share of the average adult's, and which it is."""

    frame: Float[np.ndarray, "4 4"]
    grown: float
    left: bool


class OldShoes:
    """Remembers who has which shoes on. For one thread."""

    def __init__(self) -> None:
        self._worn: dict[Foot, Glanced] = {}

    def painted_out(
        self,
        rgb: UInt8[np.ndarray, "height width 3"],
        feet: Mapping[Foot, FootSeen],
        camera: Camera,
        time_s: float,
    ) -> tuple[UInt8[np.ndarray, "height width 3"], Float32[np.ndarray, "height width"]]:
        """The picture without the shoes on these feet, and where they were (0 to 1). The same
        picture where no shoe is found."""
        self._worn = {k: v for k, v in self._worn.items() if k in feet}
        gone = np.zeros(rgb.shape[:2], np.float32)
        for key, foot in feet.items():
            shoe, core = (_seen(points, foot, camera) for points in (_SHOE_M, _CORE_M))
            if not (np.isfinite(shoe).all() and np.isfinite(core).all()):
                continue
            into = _square(shoe)
            small = cv2.warpAffine(rgb, into, (SIDE_PX, SIDE_PX), flags=cv2.INTER_AREA,
                                   borderMode=cv2.BORDER_REPLICATE)  # fmt: skip
            known = self._worn.setdefault(key, Glanced(_LOOK_S, _CALM))
            look = partial(outlined, small, _moved(shoe, into), _moved(core, into))
            mask = (known.at(time_s, look) > _SURE).astype(np.uint8)
            if mask.any():
                rgb = _filled(rgb, gone, small, mask, into)
        return rgb, gone


def outlined(
    small: UInt8[np.ndarray, "side side 3"],
    shoe: Float[np.ndarray, "points 2"],
    core: Float[np.ndarray, "points 2"],
) -> Float32[np.ndarray, "side side"]:
    """Where the shoe is (1, elsewhere 0) in a small picture of a foot; nowhere if no outline is
    believed. ``shoe`` are points within whose hull it usually lies, ``core`` those of what surely
    is of it (pixels)."""
    usual, sure = (_hull(points, small.shape[:2]) for points in (shoe, core))
    beyond = np.ones((2 * _BEYOND_PX + 1,) * 2, np.uint8)
    told = np.full(usual.shape, cv2.GC_BGD, np.uint8)
    told[cv2.dilate(usual, beyond) > 0] = cv2.GC_PR_BGD
    told[usual > 0] = cv2.GC_PR_FGD
    told[sure > 0] = cv2.GC_FGD
    nothing = np.zeros(usual.shape, np.float32)
    if not sure.any() or not (told == cv2.GC_BGD).any():
        return nothing
    cv2.setRNGSeed(7)  # the same picture, the same outline
    cv2.grabCut(small, told, None, np.zeros((1, 65)), np.zeros((1, 65)), _ROUNDS,  # pyright: ignore[reportCallIssue, reportArgumentType]
                cv2.GC_INIT_WITH_MASK)  # fmt: skip
    found = np.isin(told, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8)
    _, parts = cv2.connectedComponents(found)
    found = np.isin(parts, np.unique(parts[sure > 0])) & (found > 0)
    shared = (found & (usual > 0)).sum() / max((found | (usual > 0)).sum(), 1)
    return found.astype(np.float32) if shared >= _LEAST_SHARED else nothing


def _seen(points_m: np.ndarray, foot: FootSeen, camera: Camera) -> Float[np.ndarray, "points 2"]:
    """Points in the axes of ``foot.L``, as the camera sees them at this foot."""
    own = foot.grown * points_m * (1.0 if foot.left else -1.0, 1.0, 1.0)
    return project(camera, own @ foot.frame[:3, :3].T + foot.frame[:3, 3])


def _square(shoe_px: np.ndarray) -> Float[np.ndarray, "2 3"]:
    """From a picture's pixels to the small picture of a foot."""
    low, high = shoe_px.min(0), shoe_px.max(0)
    scale = _LONG_PX / max(float((high - low).max()), 1.0)
    shift = SIDE_PX / 2 - scale * (low + high) / 2
    return np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])


def _moved(points: np.ndarray, into: np.ndarray) -> np.ndarray:
    return points @ into[:, :2].T + into[:, 2]


def _hull(points: np.ndarray, shape: tuple[int, ...]) -> UInt8[np.ndarray, "side side"]:
    mask = np.zeros(shape, np.uint8)
    cv2.fillConvexPoly(mask, cv2.convexHull(np.rint(points).astype(np.int32)), 1)
    return mask


def _filled(
    rgb: np.ndarray, gone: np.ndarray, small: np.ndarray, mask: np.ndarray, into: np.ndarray
) -> np.ndarray:
    """A picture, what a mask of the small one covers filled from around; ``gone`` is told where
    that is."""
    height, width = rgb.shape[:2]
    back = cv2.invertAffineTransform(into)
    corners = _moved(np.array([[0.0, 0.0], [SIDE_PX, SIDE_PX]]), back)
    left, top = np.clip(corners[0].astype(int), 0, (width, height))
    right, below = np.clip(corners[1].astype(int) + 1, 0, (width, height))
    if right - left < 8 or below - top < 8:
        return rgb
    rim = np.ones((2 * _RIM_PX + 1,) * 2, np.uint8)
    wide = cv2.dilate(mask, rim)
    bare = cv2.inpaint(small, wide, 3, cv2.INPAINT_TELEA)
    back[:, 2] -= left, top
    size = (int(right - left), int(below - top))
    soft = cv2.GaussianBlur(255 * wide, (0, 0), 1.0)
    large, soft = (cv2.warpAffine(one, back, size, flags=cv2.INTER_LINEAR) for one in (bare, soft))
    share = soft.astype(np.float32)[..., None] / 255
    np.maximum(gone[top:below, left:right], share[..., 0], out=gone[top:below, left:right])
    out = rgb.copy()
    part = rgb[top:below, left:right]
    out[top:below, left:right] = (part + share * (large.astype(np.float32) - part) + 0.5).astype(
        np.uint8
    )
    return out
