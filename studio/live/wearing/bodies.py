"""Bodies and hands before a camera, from picture to picture: the anchor points of them that are
seen, calmed, and known again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from jaxtyping import Float, UInt8

from studio.core.items import AnchorPoint
from studio.core.types import Camera
from studio.human.anchors import SizeName
from studio.live.wearing.calming import QUICK, Calming
from studio.live.wearing.forearm import ELBOWS, Forearm
from studio.live.wearing.heads import HeadNow
from studio.live.wearing.limb_frames import (
    FEET,
    SURE,
    Framed,
    HeadSeen,
    foot,
    standing,
    torso,
    wrist,
)
from studio.live.wearing.lone_feet import LoneFeet, has_trunk
from studio.live.wearing.trembling import Trembling
from studio.perception.wearers.followed import Followed, SeenPoints
from studio.perception.wearers.head_pose import projected

HOLD_S = 0.4
"""So long a part that was lost keeps what it wears."""
WRISTS: frozenset[AnchorPoint] = frozenset(("wrist.L", "wrist.R"))
BODY_POINTS: frozenset[AnchorPoint] = frozenset(("neck", "torso", "foot.L", "foot.R"))
LIMB_POINTS = WRISTS | BODY_POINTS
"""The anchor points that bodies and hands have."""
SURE_HAND, STILL_SURE = 0.82, 0.7
"""Feet are taken for hands that are less sure; a hand that is known may be."""
_AT_HAND, _SAME = 0.6, 0.6
_SIDES: Mapping[AnchorPoint, tuple[int, ...]] = {"wrist.L": (13, 15), "wrist.R": (14, 16)}
_FEET: tuple[AnchorPoint, ...] = ("foot.L", "foot.R")
_ROOM_M, _NEAR_M = 0.05, 0.1
_LONE = "feet"
_FEET_QUICK = 8.0
"""Feet are small in pictures and seen unsurely: they tremble where they are followed as closely as
hands (by up to 1.4 px; by 1.0 px so, and lag 2 mm more behind somebody who walks)."""


@dataclass(frozen=True, eq=False)
class PartsNow:
    """The anchor points of one body, or of one hand, at a moment; ``head`` is the number of the
    head that it belongs to, None where none is seen; ``lone`` are feet without a body."""

    number: int
    frames: Mapping[AnchorPoint, Float[np.ndarray, "4 4"]]
    sizes_m: Mapping[SizeName, float]
    head: int | None
    opacity: float
    jitter_px: float
    lone: bool = False


@dataclass(eq=False)
class _Track:
    """What is remembered of a body or a hand."""

    number: int
    side: str
    middle_px: np.ndarray
    wide_px: float
    seen_s: float
    now: PartsNow | None = None
    calm: dict[AnchorPoint, Calming] = field(default_factory=dict)
    tremble: dict[AnchorPoint, Trembling] = field(default_factory=dict)
    forearm: Forearm = field(default_factory=Forearm)


class Bodies:
    """Follows bodies, hands, or both: a network is loaded when its parts are first wanted. For one
    thread; close it when done."""

    def __init__(
        self, make_pose: Callable[[], Followed], make_hands: Callable[[], Followed],
        lone_feet: LoneFeet | None = None,
    ) -> None:  # fmt: skip
        """``lone_feet`` finds feet where no body is seen above them; without it they are not
        looked for."""
        self._make = {"pose": make_pose, "hand": make_hands}
        self._lone_feet = lone_feet
        self._followed: dict[str, Followed] = {}
        self._tracks: list[_Track] = []
        self._count = 0
        self.there: frozenset[AnchorPoint] = frozenset()
        """The anchor points of anybody's body that were in the picture at last, roughly."""

    def close(self) -> None:
        """Free the networks."""
        for each in self._followed.values():
            each.close()
        self._followed = {}

    def find(
        self, rgb: UInt8[np.ndarray, "height width 3"], time_s: float, camera: Camera,
        points: frozenset[AnchorPoint], heads: tuple[HeadNow, ...], lag_ms: float, most: int,
        foot_m: float | None = None,
    ) -> tuple[PartsNow, ...]:  # fmt: skip
        """What is seen of the anchor points that are wanted, and what was lost just now; of so
        many people at most. ``foot_m`` is how long their feet are, where that is known.

        Raises StudioError if a network is not installed.
        """
        if any(time_s < track.seen_s for track in self._tracks):
            self._tracks = []  # a film began again
        self._tracks = [track for track in self._tracks if time_s - track.seen_s < HOLD_S]
        found: list[PartsNow] = []
        free = list(self._tracks)
        bodies = self._seen("pose", rgb, time_s)[:most] if points & LIMB_POINTS else ()
        hands = self._seen("hand", rgb, time_s)[: 2 * most] if points & WRISTS else ()
        for hand, body, side in _owned(hands, bodies):
            point: AnchorPoint = "wrist.L" if side == "left" else "wrist.R"
            palm = wrist(hand, side, camera)
            if point in points and _in_picture({point: palm}, camera):
                head = None if body is None else _head_of(body, heads)
                track = self._track(hand, side, free, time_s)
                arm = body if side == hand.side else None
                one: dict[AnchorPoint, Framed] = {
                    point: track.forearm(time_s, palm, arm, side, camera)
                }
                found.append(self._told(track, one, head, camera, time_s, lag_ms))
        lone = self._lone(rgb, time_s, camera, points, bodies, heads, foot_m)
        if lone is not None:
            framed, seen = lone
            head = heads[0] if len(heads) == 1 else None
            track = self._track(seen, _LONE, free, time_s)
            told = self._told(track, framed, head, camera, time_s, lag_ms)
            track.now = replace(told, lone=True)
            found.append(track.now)
        if points & BODY_POINTS:
            here = points - FEET.keys() if lone is not None else points
            for body in bodies:
                head = _head_of(body, heads)
                framed = _in_picture(_framed(body, head, camera, here, foot_m), camera)
                if framed:
                    track = self._track(body, "", free, time_s)
                    found.append(self._told(track, framed, head, camera, time_s, lag_ms))
        for track in free:
            gone = (time_s - track.seen_s) / HOLD_S
            if track.now is not None and track.now.frames.keys() & points:
                found.append(replace(track.now, opacity=max(1 - gone, 0.0)))
        return tuple(found)

    def glance(self, rgb: UInt8[np.ndarray, "height width 3"], time_s: float) -> None:
        """Only look which anchor points are ``there``.

        Raises StudioError if the network is not installed.
        """
        bodies = self._seen("pose", rgb, time_s)
        if self._lone_feet is not None and not self._feet_told(bodies, rgb):
            self.there |= self._lone_feet.there(rgb, time_s)

    def _lone(
        self, rgb: np.ndarray, time_s: float, camera: Camera, points: frozenset[AnchorPoint],
        bodies: tuple[SeenPoints, ...], heads: tuple[HeadNow, ...], foot_m: float | None,
    ) -> tuple[dict[AnchorPoint, Framed], SeenPoints] | None:  # fmt: skip
        """Feet where no body tells them."""
        wanted = points & FEET.keys()
        if self._lone_feet is None or not wanted or self._feet_told(bodies, rgb):
            return None
        size = rgb.shape[1], rgb.shape[0]
        doubted = any(has_trunk(body, size) for body in bodies)
        faces = [head.face_px for head in heads]
        feet = self._lone_feet.find(
            rgb, time_s, camera, foot_m, faces_px=faces, doubted=doubted
        )  # fmt: skip
        if feet is None:
            return None
        self.there |= feet.framed.keys()
        framed = _in_picture(feet.framed, camera)
        kept: dict[AnchorPoint, Framed] = {p: each for p, each in framed.items() if p in wanted}
        return (kept, feet.seen) if kept else None

    @staticmethod
    def _feet_told(bodies: tuple[SeenPoints, ...], rgb: np.ndarray) -> bool:
        """Whether a body that is seen tells where its feet are."""
        size = rgb.shape[1], rgb.shape[0]
        return any(
            has_trunk(body, size)
            and any((body.confidence[list(which[:3])] > SURE).all() for which in FEET.values())
            for body in bodies
        )

    def _seen(self, kind: str, rgb: np.ndarray, time_s: float) -> tuple[SeenPoints, ...]:
        if kind not in self._followed:
            self._followed[kind] = self._make[kind]()
        size = rgb.shape[1], rgb.shape[0]
        seen = self._followed[kind].find(rgb, time_s)
        if kind == "pose":
            seen = tuple(one for one in seen if _true(one, size))
            self.there = _there(seen, size)
        else:
            seen = tuple(one for one in seen if float(one.confidence[0]) > self._sure(one))
        return tuple(sorted(seen, key=lambda one: -float(np.ptp(one.xyz_px[:, 1]))))

    def _sure(self, hand: SeenPoints) -> float:
        """How sure a hand must be to be believed."""
        middle = hand.xyz_px[:, :2].mean(0)
        known = any(
            t.side in ("left", "right") and np.linalg.norm(t.middle_px - middle) < _SAME * t.wide_px
            for t in self._tracks
        )
        return STILL_SURE if known else SURE_HAND

    def _track(
        self, seen: SeenPoints, side: str, free: list[_Track], time_s: float
    ) -> _Track:  # fmt: skip
        """What is remembered of what is seen here, taken out of those that are free."""
        sure = seen.confidence > SURE
        middle = seen.xyz_px[sure if sure.any() else slice(None), :2].mean(0)
        wide = max(float(np.ptp(seen.xyz_px[:, :2], axis=0).max()), 1.0)

        def away(track: _Track) -> float:
            return float(np.linalg.norm(track.middle_px - middle))

        near = [t for t in free if t.side == side and away(t) < _SAME * t.wide_px]
        if near:
            track = min(near, key=away)
            free.remove(track)
        else:
            track = _Track(self._count, side, middle, wide, time_s)
            self._count += 1
            self._tracks.append(track)
        track.middle_px, track.wide_px, track.seen_s = middle, wide, time_s
        return track

    def _told(
        self, track: _Track, framed: Mapping[AnchorPoint, Framed], head: HeadNow | None,
        camera: Camera, time_s: float, lag_ms: float,
    ) -> PartsNow:  # fmt: skip
        frames: dict[AnchorPoint, np.ndarray] = {}
        sizes: dict[SizeName, float] = {}
        jitter = 0.0
        for gone in set(track.calm) - set(framed):
            track.calm[gone].forget()
        for point, each in framed.items():
            calm = track.calm.setdefault(point, Calming(_FEET_QUICK if point in FEET else QUICK))
            tremble = track.tremble.setdefault(point, Trembling())
            size_px = 0.15 * float(camera.matrix[0, 0]) / max(float(each.place_m[1]), 0.1)
            turn, place = calm(time_s, each.turn, each.place_m, camera, size_px, lag_ms)
            frame = np.eye(4)
            frame[:3, :3], frame[:3, 3] = turn, place
            frames[point] = frame
            sizes[each.size] = each.size_m
            ends = place + _ROOM_M * np.array([[-1.0], [1.0]]) * turn[:, 0]
            jitter = max(jitter, tremble(time_s, projected(ends, camera)))
        number = None if head is None else head.number
        track.now = PartsNow(track.number, frames, sizes, number, 1.0, jitter)
        return track.now


def _true(body: SeenPoints, size: tuple[int, int]) -> bool:
    """Whether it is a body: of a forearm alone MediaPipe makes one whose elbows are nowhere."""
    elbows = body.xyz_px[[13, 14], :2]
    inside = ((elbows >= 0) & (elbows < size)).all(1)
    return bool(not inside.all() or (body.confidence[[13, 14]] > SURE).any())


def _there(bodies: tuple[SeenPoints, ...], size: tuple[int, int]) -> frozenset[AnchorPoint]:
    found: set[AnchorPoint] = set()
    for body in bodies:
        at = body.xyz_px[:, :2]
        there = (at >= 0).all(1) & (at < size).all(1) & (body.confidence > SURE)
        if there[[11, 12]].all():
            found |= {"neck", "torso"}
        found |= {point for point, which in _SIDES.items() if there[list(which)].all()}
        found |= {point for point in _FEET if there[list(FEET[point][:3])].all()}
    return frozenset(found)


def _framed(
    body: SeenPoints, head: HeadNow | None, camera: Camera, points: frozenset[AnchorPoint],
    foot_m: float | None,
) -> dict[AnchorPoint, Framed]:  # fmt: skip
    """The frames of a body's anchor points that are seen and wanted."""
    above = None if head is None else HeadSeen(head.frames["head"], head.shape.size)
    stands = standing(body, above, camera)
    found: dict[AnchorPoint, Framed] = {}
    both = torso(body, stands, above, camera) if points & {"neck", "torso"} else None
    if both is not None:
        found["neck"], found["torso"] = both
    for point in _FEET:
        seen = bool((body.confidence[list(FEET[point][:3])] > SURE).all())
        if point in points and seen and stands is not None:
            found[point] = foot(body, point, stands, camera, foot_m)
    return {point: each for point, each in found.items() if point in points}


def _in_picture(framed: Mapping[AnchorPoint, Framed], camera: Camera) -> dict[AnchorPoint, Framed]:
    """Those that lie before the camera, in its picture."""
    found: dict[AnchorPoint, Framed] = {}
    for point, each in framed.items():
        if np.isfinite(each.place_m).all() and each.place_m[1] > _NEAR_M:
            at = projected(each.place_m[None], camera)[0]
            if ((at >= 0) & (at < camera.size_px)).all():
                found[point] = each
    return found


def _owned(
    hands: tuple[SeenPoints, ...], bodies: tuple[SeenPoints, ...]
) -> list[tuple[SeenPoints, SeenPoints | None, str]]:
    """Hands, whose they are, and which: a body knows its sides better than a hand does, and has
    one hand a side."""
    found: list[tuple[SeenPoints, SeenPoints | None, str]] = []
    taken: dict[tuple[int, str], float] = {}
    told = [(hand, *_owner(hand, bodies)) for hand in hands]
    for hand, body, side, away in sorted(told, key=lambda one: one[3]):
        if body is None or taken.setdefault((id(body), side), away) == away:
            found.append((hand, body, side))
    return found


def _owner(
    hand: SeenPoints, bodies: tuple[SeenPoints, ...]
) -> tuple[SeenPoints | None, str, float]:  # fmt: skip
    """Whose hand it is, which, and how far from that body's wrist (pixels)."""
    wide = float(np.ptp(hand.xyz_px[:, :2], axis=0).max())
    body, side, least = None, hand.side, _AT_HAND * wide
    for each in bodies:
        for which, elbow in ELBOWS.items():
            away = float(np.linalg.norm(each.xyz_px[elbow + 2, :2] - hand.xyz_px[0, :2]))
            if which != hand.side:
                away *= 2
            if each.confidence[elbow + 2] > SURE and away < least:
                body, side, least = each, which, away
    return body, side, least


def _head_of(body: SeenPoints, heads: tuple[HeadNow, ...]) -> HeadNow | None:
    """The head on a body: the nearest to its nose, if that lies in it."""
    nose = body.xyz_px[0, :2]

    def away(head: HeadNow) -> float:
        return float(np.linalg.norm(head.face_px[:, :2].mean(0) - nose))

    best = min(heads, key=away, default=None)
    if best is None or away(best) > float(np.ptp(best.face_px[:, 1])):
        return None
    return best
