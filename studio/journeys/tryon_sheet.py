"""A sheet of people who wear things: portraits, paintings, and people who do not exist."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import UInt8

from studio.core.pictures import read_picture
from studio.core.types import Frame
from studio.journeys.strangers import stood
from studio.live.wearing.tryon import TryOn
from studio.live.wearing.wear_settings import Occlusion, WearSettings
from studio.live.wearing.worn import Worn
from studio.perception.wearers.head_pose import projected
from studio.synth.factory.sheet import contact_sheet

PORTRAITS = "face_public_domain"
COLUMNS, TILE_PX = 6, 300
_LARGEST_PX, _ROOM_M, _ABOVE = 1100, 0.36, 0.56
_PORTRAIT_DEG, _WEBCAM_DEG = 30.0, 50.0
_WEBCAM_PX, _AWAY_M = (960, 720), 0.65
_SETTLES = 6


@dataclass(frozen=True)
class Tile:
    """Who wears what: a picture's name, or a stranger's seed with the angle (degrees) at which they
    are seen."""

    who: str | tuple[int, float]
    item: str


TILES = (
    Tile("obama.jpg", "wayfarer"), Tile("astronaut.png", "cat_eye"),
    Tile("painting_s3.jpg", "sun_hat"), Tile((9003, -25.0), "panto"),
    Tile("painting_joconde.jpg", "aviator"), Tile((9002, 20.0), "hoops"),
    Tile((9000, 20.0), "beanie"), Tile("painting_s0.jpg", "panto"),
    Tile("biden.jpg", "aviator"), Tile((9001, 25.0), "square"),
    Tile("obama3.jpg", "fedora"), Tile("painting_s10.jpg", "aviator"),
    Tile("painting_louis14.jpg", "wayfarer"), Tile((9005, -20.0), "fedora"),
    Tile("obama.jpg", "square"), Tile((9006, 15.0), "cat_eye"),
    Tile("astronaut.png", "beanie"), Tile("painting_s3.jpg", "wayfarer"),
    Tile((9004, 0.0), "bunny_ears"), Tile("painting_s0.jpg", "cat_eye"),
    Tile("obama3.jpg", "panto"), Tile((9007, -30.0), "wayfarer"),
    Tile("painting_joconde.jpg", "cap"), Tile("biden.jpg", "fedora"),
)  # fmt: skip


def sheet(
    portraits: Path, tiles: tuple[Tile, ...] = TILES, occlusion: Occlusion = "predicted"
) -> tuple[UInt8[np.ndarray, "height width 3"], int]:
    """The sheet, and how many pictures on it somebody wears something in.

    Raises StudioError for a picture or an item that is not there.
    """
    pictures: list[np.ndarray] = []
    count = 0
    for tile in tiles:
        rgb, view_deg = _seen(tile, portraits)
        settings = WearSettings(items=(tile.item,), occlusion=occlusion, view_deg=view_deg)
        with TryOn() as tryon:
            worn = tryon.show(Frame("still", 0.0, rgb), settings)
            for k in range(1, _SETTLES):
                worn = tryon.show(Frame("still", k / 30, rgb), settings)
        if worn.trouble is not None:
            raise worn.trouble
        count += bool(worn.wearers)
        pictures.append(around_head(worn, TILE_PX))
    return contact_sheet(pictures, COLUMNS), count


def _seen(tile: Tile, portraits: Path) -> tuple[np.ndarray, float]:
    if isinstance(tile.who, tuple):
        seed, turn_deg = tile.who
        return next(stood(seed, _WEBCAM_PX, _WEBCAM_DEG, _AWAY_M, (turn_deg,))).rgb, _WEBCAM_DEG
    rgb = read_picture(portraits / tile.who, "rgb", "the picture")
    shrink = _LARGEST_PX / max(rgb.shape[:2])
    if shrink < 1:
        rgb = cv2.resize(rgb, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(rgb), _PORTRAIT_DEG


def around_head(worn: Worn, side_px: int) -> UInt8[np.ndarray, "side side 3"]:
    """The square around the largest wearer's head; the whole picture's middle where nobody is."""
    height, width = worn.rgba.shape[:2]
    side, left, top = min(height, width), 0.0, 0.0
    if worn.wearers and worn.camera is not None:
        eyes = worn.wearers[0].frames["eyes"]
        x, y = projected(eyes[None, :3, 3], worn.camera)[0]
        side = int(_ROOM_M * worn.camera.matrix[0, 0] / eyes[1, 3])
        side = min(side, height, width)
        left = float(np.clip(x - side / 2, 0, width - side))
        top = float(np.clip(y - _ABOVE * side, 0, height - side))
    part = worn.rgba[int(top) : int(top) + side, int(left) : int(left) + side, :3]
    how = cv2.INTER_AREA if side > side_px else cv2.INTER_CUBIC
    return cv2.resize(part, (side_px, side_px), interpolation=how).astype(np.uint8)
