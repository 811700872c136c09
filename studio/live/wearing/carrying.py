"""Bodies and hands are followed beside the picture, which does not wait: what was found in an
earlier picture is carried along to where it is seen now.

Around each anchor point a few corners of the earlier picture are found again in the newest (Lucas
and Kanade, pyramids: Bouguet 2001). They tell how far the part has moved since; its turn and its
distance are the last ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import cv2
import numpy as np
from jaxtyping import Float

from studio.core.closing import Closing
from studio.core.items import AnchorPoint
from studio.core.types import Camera, Frame
from studio.live.relay import Lane
from studio.live.wearing.bodies import HOLD_S, LIMB_POINTS, Bodies, PartsNow
from studio.live.wearing.heads import HeadNow
from studio.perception.wearers.head_pose import projected
from studio.perception.wearers.point_pose import at_pixel

GLANCE_S, RARELY_S = 2.0, 8.0
"""So often somebody is looked at while nothing is worn below the head, to know what could be; and
where each look tells the same as the one before."""
WIDE_PX = 480
_AROUND_M = 0.07
_CORNERS, _LEAST = 14, 4
_CLOSE_WAIT_S = 10.0


@dataclass(frozen=True, eq=False)
class Wanted:
    """A picture, its camera, the heads in it, and which anchor points are wanted in it: of how many
    people, how calm, and how long their feet are, where that is known."""

    frame: Frame
    camera: Camera
    points: frozenset[AnchorPoint]
    heads: tuple[HeadNow, ...]
    lag_ms: float
    most: int
    foot_m: float | None = None


@dataclass(frozen=True, eq=False)
class _Found:
    time_s: float
    points: frozenset[AnchorPoint]
    parts: tuple[PartsNow, ...]
    grey: np.ndarray
    scale: float
    corners: Mapping[tuple[int, AnchorPoint], np.ndarray]


class Limbs(Closing):
    """Where bodies and hands are. ``apart`` follows them on a thread of its own and carries them
    along; otherwise every picture waits for them. For one thread."""

    def __init__(self, make: Callable[[], Bodies], *, apart: bool) -> None:
        self._make, self._apart = make, apart
        self._bodies: Bodies | None = None
        self._lane: Lane[Wanted] | None = None
        self._newest: _Found | None = None
        self._looked_s = -np.inf
        self.rests_s = GLANCE_S
        """How long nobody is glanced at after a glance."""
        self.there: frozenset[AnchorPoint] = frozenset()
        """The anchor points below heads that are in the picture, roughly."""

    def close(self) -> None:
        """End the thread, and free the networks."""
        if self._lane is not None:
            self._lane.close(_CLOSE_WAIT_S)
        else:
            self._end()

    def find(self, wanted: Wanted) -> tuple[PartsNow, ...]:
        """Where the wanted parts are in this picture.

        Raises StudioError if a network is not installed.
        """
        if not self._apart:
            if not wanted.points & LIMB_POINTS:
                self.there = frozenset()
                return ()
            return self._look(wanted)
        if self._lane is None:
            self._lane = Lane("limbs", self._work, self._end)
        if self._lane.error is not None:
            raise self._lane.error
        time_s = wanted.frame.time_s
        worn = bool(wanted.points & LIMB_POINTS)
        if worn or not 0 <= time_s - self._looked_s < self.rests_s:
            self._looked_s = time_s
            self._lane.put(wanted)
        newest = self._newest
        if newest is None or not worn or not 0 <= time_s - newest.time_s < HOLD_S:
            return ()
        return _carried(newest, wanted)

    def _work(self, wanted: Wanted) -> None:
        if not wanted.points & LIMB_POINTS:
            before = self.there
            self._own().glance(wanted.frame.rgb, wanted.frame.time_s)
            self.there, self._newest = self._own().there, None
            same = self.there == before
            self.rests_s = min(2 * self.rests_s, RARELY_S) if same else GLANCE_S
            return
        parts = self._look(wanted)
        grey, scale = _grey(wanted.frame.rgb)
        corners: dict[tuple[int, AnchorPoint], np.ndarray] = {
            (part.number, point): found
            for part in parts
            for point, frame in part.frames.items()
            if (found := _corners(grey, scale, frame, wanted.camera)) is not None
        }
        self._newest = _Found(wanted.frame.time_s, wanted.points, parts, grey, scale, corners)

    def _look(self, wanted: Wanted) -> tuple[PartsNow, ...]:
        own = self._own()
        parts = own.find(wanted.frame.rgb, wanted.frame.time_s, wanted.camera, wanted.points,
                         wanted.heads, wanted.lag_ms, wanted.most, wanted.foot_m)  # fmt: skip
        self.there = own.there
        return parts

    def _own(self) -> Bodies:
        if self._bodies is None:
            self._bodies = self._make()
        return self._bodies

    def _end(self) -> None:
        if self._bodies is not None:
            self._bodies.close()
            self._bodies = None


def _grey(rgb: np.ndarray) -> tuple[np.ndarray, float]:
    """A grey picture, smaller where it is wide, and how much smaller."""
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    scale = min(WIDE_PX / rgb.shape[1], 1.0)
    if scale < 1:
        grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return grey, scale


def _corners(
    grey: np.ndarray, scale: float, frame: Float[np.ndarray, "4 4"], camera: Camera
) -> np.ndarray | None:
    """Corners about an anchor point (n, 2), in pixels of the grey picture."""
    at = scale * projected(frame[None, :3, 3], camera)[0]
    reach = max(scale * _AROUND_M * float(camera.matrix[0, 0]) / float(frame[1, 3]), 8.0)
    height, width = grey.shape
    low = np.clip(at - reach, 0, (width, height)).astype(int)
    high = np.clip(at + reach + 1, 0, (width, height)).astype(int)
    if (high - low).min() < 8:
        return None
    part = np.ascontiguousarray(grey[low[1] : high[1], low[0] : high[0]])
    found = cv2.goodFeaturesToTrack(part, _CORNERS, 0.02, 3)
    if np.size(found) < 2 * _LEAST:  # nothing at all is None
        return None
    return found.reshape(-1, 2) + low.astype(np.float32)


def _carried(found: _Found, wanted: Wanted) -> tuple[PartsNow, ...]:
    """The parts where they are seen now."""
    parts = [part for part in found.parts if part.frames.keys() & wanted.points]
    if wanted.frame.time_s == found.time_s or not found.corners:
        return tuple(parts)
    grey, scale = _grey(wanted.frame.rgb)
    if grey.shape != found.grey.shape:
        return tuple(parts)
    before = np.concatenate(list(found.corners.values())).astype(np.float32)[:, None]
    after, there = _flown(found.grey, grey, before)
    again, back = _flown(grey, found.grey, after)
    true = there & back
    true &= np.linalg.norm((again - before)[:, 0], axis=1) < 1.0
    moved, first = (after - before)[:, 0] / scale, 0
    shifts: dict[tuple[int, AnchorPoint], np.ndarray] = {}
    for key, own in found.corners.items():
        good = true[first : first + len(own)]
        if good.sum() >= _LEAST:
            shifts[key] = np.median(moved[first : first + len(own)][good], axis=0)
        first += len(own)
    return tuple(_shifted(part, shifts, wanted.camera) for part in parts)


def _flown(
    before: np.ndarray, after: np.ndarray, points: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Where points of one picture are in another (n, 1, 2), and which were found."""
    found, there, _ = cv2.calcOpticalFlowPyrLK(
        before, after, points, np.zeros_like(points), winSize=(15, 15), maxLevel=3
    )
    return found, there.ravel() > 0


def _shifted(
    part: PartsNow, shifts: Mapping[tuple[int, AnchorPoint], np.ndarray], camera: Camera
) -> PartsNow:
    frames = dict(part.frames)
    for point, frame in part.frames.items():
        shift = shifts.get((part.number, point))
        if shift is not None:
            frame = frame.copy()
            at = projected(frame[None, :3, 3], camera)[0] + shift
            frame[:3, 3] = at_pixel(at, float(frame[1, 3]), camera)
            frames[point] = frame
    return replace(part, frames=frames)
