"""Maps that the network predicts, moved along with their items until the next prediction.

Live, one map a picture is predicted, the one that waited longest, so that six wearers take no
longer than one; the others' are the last ones, moved as their items moved since. So is what was
predicted a moment ago: what hides an item moves less than the item does. Only the first one of an
item is waited for; the next ones are made on a thread of their own while pictures go on. Films and
photographs have time for all.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

import cv2
import numpy as np
from jaxtyping import Float32

from studio.core.closing import Closing
from studio.core.types import Camera
from studio.live.relay import Lane
from studio.live.stage.blending import straight
from studio.live.wearing.drawing import Crop, DrawnItem
from studio.live.wearing.maps import Map
from studio.perception.occluder.network import SIDE_PX
from studio.perception.occluder.predictor import OccluderInput, OcclusionPredictor, square_around
from studio.perception.wearers.head_pose import projected

Key = tuple[int, str, str]
"""Wearer, item and anchor point."""
Depths = Callable[[Crop], Float32[np.ndarray, "height width"]]
"""The wearer's depth as a crop's camera sees it."""
REST_S = 0.045
"""So soon after a map no other one of the same item is predicted: at 30 pictures a second, every
second one."""
WORTH_PX = 8
_REACH_M = 0.05
_STALE_S = 0.5
_CALM = 0.35
"""How much of the map before remains in the next one, where the item hardly moved."""


class Predictor(Protocol):
    """Who predicts maps (:class:`studio.perception.occluder.predictor.OcclusionPredictor`)."""

    def predict(self, crop: OccluderInput) -> Float32[np.ndarray, "256 256"]: ...


@dataclass(eq=False)
class _Kept:
    """The last map of an item, the square of the picture it is of, where its anchor was then."""

    map: np.ndarray
    square: tuple[float, float, float]
    corners_px: np.ndarray
    time_s: float


@dataclass(frozen=True, eq=False)
class Wanted:
    """An item whose map is wanted, with the wearer's depths."""

    key: Key
    drawn: DrawnItem
    depths: Depths


@dataclass(frozen=True, eq=False)
class _Asked:
    """What the network is asked, and of what."""

    key: Key
    given: OccluderInput
    square: tuple[float, float, float]
    corners_px: np.ndarray
    time_s: float


class Predictions(Closing):
    """Predicts maps. For one thread, which must also close it. ``apart`` waits for none but the
    first of an item."""

    def __init__(
        self, make: Callable[[], Predictor] = OcclusionPredictor, *, apart: bool = False
    ) -> None:
        """Raises StudioError if the network is not installed."""
        self._predictor = make()
        self._kept: dict[Key, _Kept] = {}
        self._alone = threading.Lock()
        self._lane = Lane("maps", self._answer) if apart else None
        self._waits: _Asked | None = None
        self._answered: tuple[_Asked, np.ndarray] | None = None

    def close(self) -> None:
        """End the thread."""
        if self._lane is not None:
            self._lane.close()

    def forget(self) -> None:
        """Begin anew: another film, other items."""
        self._kept = {}

    def maps(
        self, rgb: np.ndarray, wanted: list[Wanted], time_s: float, *, at_leisure: bool = False
    ) -> list[Map | None]:
        """The map of each item in its crop; None where nothing was predicted yet. ``at_leisure``
        predicts them all, for films and photographs; else there is one a picture at most."""
        self._take_answer()
        self._kept = {
            key: kept
            for key, kept in self._kept.items()
            if 0 <= time_s - kept.time_s < _STALE_S
        }  # fmt: skip
        late = [
            k
            for k, one in enumerate(wanted)
            if at_leisure
            or one.key not in self._kept
            or time_s - self._kept[one.key].time_s >= REST_S
        ]
        order = sorted(
            late,
            key=lambda k: kept.time_s if (kept := self._kept.get(wanted[k].key)) else -np.inf,
        )
        for k in order if at_leisure else order[:1]:
            self._ask(rgb, wanted[k], time_s, wait=at_leisure or wanted[k].key not in self._kept)
        return [self._moved_to(one) for one in wanted]

    def _ask(self, rgb: np.ndarray, one: Wanted, time_s: float, *, wait: bool) -> None:
        """Predict a map, at once or beside the pictures; not while another one is under way."""
        if self._lane is None or wait:
            if (asked := _asked(rgb, one, time_s)) is not None:
                self._keep(asked, self._predicted(asked.given))
        elif self._waits is None and (asked := _asked(rgb, one, time_s)) is not None:
            self._waits = asked
            self._lane.put(asked)

    def _predicted(self, given: OccluderInput) -> np.ndarray:
        with self._alone:
            return self._predictor.predict(given)

    def _answer(self, asked: _Asked) -> None:
        self._answered = asked, self._predicted(asked.given)

    def _take_answer(self) -> None:
        """Keep what was predicted since."""
        if self._lane is None:
            return
        if self._lane.error is not None:
            raise self._lane.error
        if self._answered is not None and self._answered[0] is self._waits:
            self._keep(*self._answered)
            self._waits = self._answered = None

    def _keep(self, asked: _Asked, found: np.ndarray) -> None:
        before = self._kept.get(asked.key)
        if before is not None and 0 <= asked.time_s - before.time_s < _STALE_S:
            previous = _between(before, asked.square, asked.corners_px)
            moved = float(np.abs(asked.corners_px - before.corners_px).max())
            moved *= SIDE_PX / asked.square[2]
            share = _CALM * float(np.clip(1 - moved / 4, 0, 1))
            found = (1 - share) * found + share * previous
        self._kept[asked.key] = _Kept(
            found.astype(np.float32), asked.square, asked.corners_px, asked.time_s
        )

    def _moved_to(self, one: Wanted) -> Map | None:
        """A kept map in an item's crop as it is now."""
        kept = self._kept.get(one.key)
        if kept is None:
            return None
        crop = one.drawn.crop
        back = _affine(_to_square(kept.square))
        move = _moving(kept.corners_px, _corners(one.drawn))
        shift = np.eye(3)
        shift[:2, 2] = -crop.left, -crop.top
        matrix = (shift @ move @ np.linalg.inv(back))[:2]
        return cv2.warpAffine(kept.map, matrix, crop.camera.size_px, flags=cv2.INTER_LINEAR,
                              borderMode=cv2.BORDER_REPLICATE)  # fmt: skip


def _asked(rgb: np.ndarray, one: Wanted, time_s: float) -> _Asked | None:
    """What the network is asked about an item; None where too little of it is in the picture."""
    drawn = one.drawn
    box = _box(drawn)
    if box is None:
        return None
    anchor_m = float(drawn.frame[1, 3])
    camera = drawn.crop.camera
    square = square_around(box, float(camera.matrix[0, 0]) / anchor_m)
    scale = SIDE_PX / square[2]
    whole = _to_square(square)
    part = whole.copy()
    part[:, 2] += scale * np.array([drawn.crop.left, drawn.crop.top])
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    seen = _warped(rgb, whole, how, cv2.BORDER_REPLICATE)
    item = straight(_warped(drawn.rgba, part, how, cv2.BORDER_CONSTANT))
    depth = np.where(np.isfinite(drawn.depth_m), drawn.depth_m, np.float32(1e4))
    item_m = cv2.warpAffine(depth, part, (SIDE_PX, SIDE_PX), flags=cv2.INTER_NEAREST,
                            borderMode=cv2.BORDER_CONSTANT, borderValue=1e4)  # fmt: skip
    item_m[item_m > 1e3] = np.inf
    # Told the map before, the weights that ship flicker more (1.4 %) than untold (0.1 %).
    depths_m = one.depths(_looking(camera, drawn.crop, square))
    given = OccluderInput(seen, item, item_m, depths_m, anchor_m)
    return _Asked(one.key, given, square, _corners(drawn), time_s)


def _box(drawn: DrawnItem) -> tuple[float, float, float, float] | None:
    """Where an item is in the whole picture; None where too little of it is."""
    alpha = drawn.rgba[..., 3] > 8
    rows, columns = np.flatnonzero(alpha.any(1)), np.flatnonzero(alpha.any(0))
    if len(rows) < 2 or len(columns) < 2 or int(alpha.sum()) < WORTH_PX:
        return None
    left, top = drawn.crop.left, drawn.crop.top
    return (float(columns[0] + left), float(rows[0] + top),
            float(columns[-1] + left + 1), float(rows[-1] + top + 1))  # fmt: skip


def _to_square(square: tuple[float, float, float]) -> np.ndarray:
    """From the picture's pixels to a square's (2, 3); pixel centres lie at integers."""
    left, top, side = square
    scale = SIDE_PX / side
    return np.array([
        [scale, 0, scale * (0.5 - left) - 0.5], [0, scale, scale * (0.5 - top) - 0.5],
    ])  # fmt: skip


def _affine(matrix: np.ndarray) -> np.ndarray:
    return np.vstack([matrix, [0.0, 0.0, 1.0]])


def _warped(picture: np.ndarray, matrix: np.ndarray, how: int, border: int) -> np.ndarray:
    """A square of a picture; one that is made smaller is smoothed before."""
    if how == cv2.INTER_AREA:
        sigma = 0.4 * (1 / float(matrix[0, 0]) - 1)
        if sigma > 0.2:
            picture = cv2.GaussianBlur(picture, (0, 0), sigma)
    return cv2.warpAffine(picture, matrix, (SIDE_PX, SIDE_PX), flags=cv2.INTER_LINEAR,
                          borderMode=border)  # fmt: skip


def _looking(camera: Camera, crop: Crop, square: tuple[float, float, float]) -> Crop:
    """The camera that sees a square of the whole picture, 256 pixels wide."""
    matrix = camera.matrix.copy()
    matrix[:2, 2] += crop.left, crop.top
    looking = replace(
        camera, size_px=(SIDE_PX, SIDE_PX), matrix=_affine(_to_square(square)) @ matrix
    )
    return Crop(0, 0, looking)


def _corners(drawn: DrawnItem) -> np.ndarray:
    """Four places around an item's anchor, in the whole picture (pixels)."""
    grid = np.array([[-1, 0, 0], [1, 0, 0], [0, 0, -1], [0, 0, 1.0]]) * _REACH_M
    axes = drawn.frame[:3, :3] / np.linalg.norm(drawn.frame[:3, :3], axis=0)
    at = projected(grid @ axes.T + drawn.frame[:3, 3], drawn.crop.camera)
    return at + np.array([drawn.crop.left, drawn.crop.top])


def _moving(before_px: np.ndarray, now_px: np.ndarray) -> np.ndarray:
    """The affine movement (3, 3) that takes places where they are now."""
    given = np.column_stack([before_px, np.ones(len(before_px))])
    found = np.linalg.lstsq(given, now_px, rcond=None)[0]
    return _affine(found.T)


def _between(kept: _Kept, square: tuple[float, float, float], corners: np.ndarray) -> np.ndarray:
    """A kept map in another square, moved as its item moved."""
    move = _moving(kept.corners_px, corners)
    matrix = _affine(_to_square(square)) @ move @ np.linalg.inv(_affine(_to_square(kept.square)))
    return cv2.warpAffine(kept.map, matrix[:2], (SIDE_PX, SIDE_PX), flags=cv2.INTER_LINEAR,
                          borderMode=cv2.BORDER_REPLICATE)  # fmt: skip
