"""Feet where no body is seen above them: legs from the knee down, or one's own from above."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from jaxtyping import UInt8

from studio.core.items import AnchorPoint
from studio.core.types import Camera
from studio.human.anchors import REFERENCE_M
from studio.live.wearing.limb_frames import SURE, Framed
from studio.perception.feet.pose import SeenFoot, foot_pose
from studio.perception.wearers.followed import SeenPoints

_POINTS: dict[str, AnchorPoint] = {"L": "foot.L", "R": "foot.R"}
_TRUNK = (11, 12, 23, 24)
_OFF = 0.12
"""Marks that lie further from where such a foot's would, in feet's lengths, are no foot's."""
_LOST_S, _UNDOUBTED = 1.0, 0.8
_ROOM, _UPON = 0.4, 0.3


class Finder(Protocol):
    """Who finds feet (:class:`studio.perception.feet.finder.FeetFinder`)."""

    def find(self, rgb: UInt8[np.ndarray, "height width 3"]) -> tuple[SeenFoot, ...]: ...

    def forget(self) -> None: ...


@dataclass(frozen=True, eq=False)
class Alone:
    """Feet without a body: their frames, and their marks as if they were a body's points."""

    framed: dict[AnchorPoint, Framed]
    seen: SeenPoints


class LoneFeet:
    """Finds the feet of somebody whose body is not seen. The network is loaded when it is first
    needed. For one thread."""

    def __init__(self, make: Callable[[], Finder]) -> None:
        self._make = make
        self._finder: Finder | None = None
        self._time_s = 0.0

    def find(
        self, rgb: UInt8[np.ndarray, "height width 3"], time_s: float, camera: Camera,
        foot_m: float | None, *, faces_px: Sequence[np.ndarray] = (), doubted: bool = False,
    ) -> Alone | None:  # fmt: skip
        """The feet in the next picture, None where none is. ``foot_m`` is how long they are, where
        that is known; else as the average adult's. ``doubted`` ones must be surer: where a face is
        seen (their points, ``faces_px``), or a body that tells no feet, they mostly are not there;
        and a face is no foot.

        Raises StudioError if the network is not installed.
        """
        long_m = REFERENCE_M["foot"] if foot_m is None else foot_m
        framed: dict[AnchorPoint, Framed] = {}
        marks: list[np.ndarray] = []
        for foot in self.seen(rgb, time_s):
            if (doubted or faces_px) and foot.score < _UNDOUBTED:
                continue
            if any(_upon(foot, face) for face in faces_px):
                continue
            pose = foot_pose(foot, camera, long_m)
            if pose.off < _OFF and np.isfinite(pose.place_m).all():
                framed[_POINTS[foot.side]] = Framed(pose.turn, pose.place_m, "foot", long_m)
                marks.append(foot.xy_px)
        if not framed:
            return None
        points = np.concatenate(marks)
        flat = np.column_stack([points, np.zeros(len(points))])
        return Alone(framed, SeenPoints(flat, 0 * flat, np.ones(len(points))))

    def there(
        self, rgb: UInt8[np.ndarray, "height width 3"], time_s: float
    ) -> frozenset[AnchorPoint]:
        """The anchor points of feet that are surely in the next picture. Raises StudioError if the
        network is not installed."""
        sure = (foot for foot in self.seen(rgb, time_s) if foot.score >= _UNDOUBTED)
        return frozenset(_POINTS[foot.side] for foot in sure)

    def seen(self, rgb: UInt8[np.ndarray, "height width 3"], time_s: float) -> tuple[SeenFoot, ...]:
        """The marks of the feet in the next picture. Raises StudioError if the network is not
        installed."""
        if self._finder is None:
            self._finder = self._make()
        if not 0 <= time_s - self._time_s < _LOST_S:
            self._finder.forget()
        self._time_s = time_s
        return self._finder.find(rgb)


def _upon(foot: SeenFoot, face_px: np.ndarray) -> bool:
    """Whether a foot is seen where a head is."""
    low, high = face_px[:, :2].min(0), face_px[:, :2].max(0)
    room = _ROOM * (high - low)
    inside = (foot.xy_px > low - room) & (foot.xy_px < high + room)
    return bool(inside.all(1).mean() > _UPON)


def has_trunk(body: SeenPoints, size: tuple[int, int]) -> bool:
    """Whether enough of a body is seen above its feet that these are where they are told: of legs
    alone MediaPipe makes bodies whose feet are anywhere."""
    at = body.xyz_px[list(_TRUNK), :2]
    inside = ((at >= 0) & (at < size)).all(1) & (body.confidence[list(_TRUNK)] > SURE)
    return int(inside.sum()) >= 2
