"""Whole people from pixels: MediaPipe's body, hands and face, put together point by point.

The body is found in the whole picture once and then followed: each picture is looked at through
upright crops around where the person was, some of them mirrored, and the looks are combined
(:mod:`studio.perception.agreement`). Hands and face are looked for in enlarged crops around the
body's wrists and head; left and right are those of the body.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import UInt8

from studio.core.types import Layout
from studio.human.layouts import layout
from studio.perception import closeups
from studio.perception.agreement import combine, side_groups
from studio.perception.crops import Crop, bounds, upright_angle
from studio.perception.detector import Person2D
from studio.perception.landmarkers import Found, Landmarker

Quality = Literal["fast", "balanced", "thorough"]

REVISION = 2
"""Raised whenever the same pictures may give other points than before."""

BODY, LEFT_HAND, RIGHT_HAND = slice(0, 33), slice(33, 54), slice(54, 75)
FACE = slice(75, 553)

# (tilt in degrees, size in person heights, mirrored) of each look at a body.
_LOOKS = ((0.0, 1.25, False), (0.0, 1.25, True), (12.0, 1.25, False), (-12.0, 1.25, True))
_BODY_LOOKS = {"fast": 1, "balanced": 2, "thorough": 4}
_PART_LOOKS = {"fast": 1, "balanced": 1, "thorough": 2}
_SIDE_PX = 512
_SEEN, _SURE = 0.35, 0.8
_TILE, _TILE_EVERY = 0.4, 15
_HAND_OF_BODY = 0.35
_WRIST_SEEN = 0.2


@dataclass(frozen=True)
class Networks:
    """The files of the three networks."""

    pose: Path
    hand: Path
    face: Path


@dataclass(frozen=True)
class Options:
    """What to look for, and how often to look. ``people`` is how many at most; ``live`` pictures
    leave no time for looks that are seldom needed.

    Without ``body``, hands and a face are looked for in the whole picture: for takes of hands.
    """

    quality: Quality = "balanced"
    body: bool = True
    hands: bool = True
    face: bool = True
    people: int = 1
    live: bool = field(default=False, repr=False)


class _Opened:
    """The networks, each loaded when it is first asked for."""

    def __init__(self, files: Networks, options: Options) -> None:
        self._files, self._options = files, options
        self._loaded: list[Landmarker] = []

    @cached_property
    def poses(self) -> Landmarker:
        return self._load("pose", self._files.pose, max(3, self._options.people), 0.4)

    @cached_property
    def pose(self) -> Landmarker:
        return self._load("pose", self._files.pose, 1, 0.4)

    @cached_property
    def hand(self) -> Landmarker | None:
        return self._load("hand", self._files.hand, 2, 0.3) if self._options.hands else None

    @cached_property
    def face(self) -> Landmarker | None:
        return self._load("face", self._files.face, 1, 0.3) if self._options.face else None

    def _load(self, kind: str, file: Path, most: int, least_score: float) -> Landmarker:
        self._loaded.append(Landmarker(kind, file, most, least_score))
        return self._loaded[-1]

    def close(self) -> None:
        for network in self._loaded:
            network.close()


class WholeBodyDetector:
    """MediaPipe behind the :class:`~studio.perception.detector.Detector` protocol.

    Close it when done, or use ``with``. Detecting raises StudioError if a network cannot be
    loaded.
    """

    def __init__(self, networks: Networks, options: Options = Options()) -> None:
        self.options = options
        self.layout: Layout = layout("whole_body")
        mirror = np.array(self.layout.mirror)
        self._body_mirror = mirror[BODY]
        self._face_mirror = mirror[FACE] - FACE.start
        self._sides = tuple(
            (anchor, mirror[anchor]) for anchor, _ in side_groups(layout("mediapipe_33"))
        )
        self._networks = networks
        self._opened: _Opened | None = None
        files = (networks.pose, networks.hand, networks.face)
        self.identity = (
            f"whole_body {REVISION} mediapipe {version('mediapipe')} {options} "
            + " ".join(f"{file.name}:{file.stat().st_size}" for file in files)
        )
        self._people: list[Person2D] = []
        self._next_track = 0
        self._empty = 0

    def __enter__(self) -> WholeBodyDetector:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Free the networks."""
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    @property
    def _open(self) -> _Opened:
        """The networks, loaded when the first picture comes."""
        if self._opened is None:
            self._opened = _Opened(self._networks, self.options)
        return self._opened

    def follow(self, people: Sequence[Person2D]) -> None:
        """Take up tracking from these people; from nobody, to begin afresh."""
        self._people = list(people)
        self._next_track = max((p.track + 1 for p in people), default=0)
        self._empty = 0

    def detect(
        self, rgb: UInt8[np.ndarray, "height width 3"], time_s: float = 0.0
    ) -> tuple[Person2D, ...]:
        """The people in a picture, the most prominent first; see the class."""
        del time_s  # people are followed from picture to picture, however far apart in time
        people = [self._assemble(rgb, track, body) for track, body in self._bodies(rgb)]
        if not people and (lone := self._without_body(rgb)) is not None:
            people = [lone]
        if not people:
            people = [self._assemble(rgb, track, body) for track, body in self._far(rgb)]
        return self._kept(people)

    @property
    def in_two(self) -> bool:
        """Whether there are hands or a face to be found after the bodies."""
        return self.options.body and (self.options.hands or self.options.face)

    def bodies(
        self, rgb: UInt8[np.ndarray, "height width 3"], time_s: float = 0.0
    ) -> tuple[Person2D, ...]:
        """The same people, and nothing of their hands and faces yet."""
        del time_s
        found = self._bodies(rgb) or self._far(rgb)
        return self._kept([self._person(track, body, {}, None) for track, body in found])

    def parts(
        self, rgb: UInt8[np.ndarray, "height width 3"], people: Sequence[Person2D]
    ) -> tuple[Person2D, ...]:
        """The people whose bodies were found in this picture, with their hands and faces; without
        any, hands and a face that fill the picture."""
        whole = [
            self._assemble(rgb, one.track, Found(one.xy_px[BODY], one.confidence[BODY]))
            for one in people
        ]
        if not whole and (lone := self._without_body(rgb)) is not None:
            whole = [lone]
        return self._kept(whole)

    def _kept(self, people: list[Person2D]) -> tuple[Person2D, ...]:
        if people:
            self._empty = 0
        self._people = people
        return tuple(people)

    def _bodies(self, rgb: np.ndarray) -> list[tuple[int, Found]]:
        """The bodies that were followed or are new, with their numbers."""
        bodies: list[tuple[int, Found]] = []
        for person in self._people:
            if np.isfinite(person.xy_px[BODY]).all():
                before = Found(person.xy_px[BODY], person.confidence[BODY])
                if (body := self._look(rgb, before)) is not None and not _known(body, bodies):
                    bodies.append((person.track, body))
        if self.options.body and len(bodies) < self.options.people:
            bodies += self._newcomers(rgb, bodies)
        return bodies

    def _far(self, rgb: np.ndarray) -> list[tuple[int, Found]]:
        """Bodies that are small in the picture: looked for now and then, where nobody is seen."""
        if not self.options.body or self.options.quality == "fast":
            return []
        self._empty += 1
        if (self._empty - 1) % _TILE_EVERY:
            return []
        far = [body for body in self._search_tiles(rgb) if _is_person(body, _SURE)]
        return self._new(rgb, far, [])

    def _newcomers(
        self, rgb: np.ndarray, known: list[tuple[int, Found]]
    ) -> list[tuple[int, Found]]:
        found = [body for body in self._open.poses.find(rgb) if _is_person(body)]
        if self.options.people > 1:
            # The network prefers one person: it looks again with those that are known painted over.
            every = [body for _, body in known] + found
            if 0 < len(every) < self.options.people:
                found += [b for b in self._open.poses.find(_without(rgb, every)) if _is_person(b)]
        if found and (network := self._open.hand) is not None:
            # A hand or an arm before the camera is sometimes taken for a person.
            hand = max((bounds(h.xy_px)[1] for h in network.find(rgb)), default=0.0)
            found = [body for body in found if hand < _HAND_OF_BODY * bounds(body.xy_px)[1]]
        return self._new(rgb, found, known)

    def _new(
        self, rgb: np.ndarray, found: Sequence[Found], known: list[tuple[int, Found]]
    ) -> list[tuple[int, Found]]:
        """Those of the found bodies that we do not have yet, after a closer look."""
        new: list[tuple[int, Found]] = []
        for coarse in sorted(found, key=_prominence, reverse=True):
            if len(known) + len(new) >= self.options.people:
                break
            body = self._look(rgb, coarse) or coarse
            if _is_person(body) and not _known(body, [*known, *new]):
                new.append((self._next_track, body))
                self._next_track += 1
        return new

    def _search_tiles(self, rgb: np.ndarray) -> tuple[Found, ...]:
        """People too small to be found in the whole picture, looked for piece by piece."""
        height, width = rgb.shape[:2]
        side = int(max(height, width) * _TILE)
        found: list[Found] = []
        for top in _steps(height, side):
            for left in _steps(width, side):
                tile = np.ascontiguousarray(rgb[top : top + side, left : left + side])
                corner = np.array([left, top])
                found += [
                    Found(body.xy_px + corner, body.confidence)
                    for body in self._open.pose.find(tile)
                ]
        return tuple(found)

    def _look(self, rgb: np.ndarray, before: Found) -> Found | None:
        """A closer look at a body that was about there; None if it is gone."""
        sure = before.confidence > _WRIST_SEEN
        xy = before.xy_px[sure] if sure.sum() >= 4 else before.xy_px
        centre, size = bounds(xy)
        up = before.xy_px[[11, 12]].mean(0) - before.xy_px[[23, 24]].mean(0)
        lean = upright_angle(up) / 2
        seen: list[Found] = []
        for tilt, margin, mirrored in _LOOKS[: _BODY_LOOKS[self.options.quality]]:
            crop = Crop.around(
                centre, margin * size, angle=lean + np.deg2rad(tilt), mirror=mirrored,
                side_px=_SIDE_PX,
            )  # fmt: skip
            for found in self._open.pose.find(crop.cut(rgb))[:1]:
                order = self._body_mirror if mirrored else slice(None)
                seen.append(Found(crop.back(found.xy_px)[order], found.confidence[order]))
        if not seen:
            return None
        body = Found(
            *combine(
                np.stack([f.xy_px for f in seen]),
                np.stack([f.confidence for f in seen]),
                self._sides,
            )
        )
        return body if _is_person(body) else None

    def _assemble(self, rgb: np.ndarray, track: int, body: Found) -> Person2D:
        looks = _PART_LOOKS[self.options.quality]
        wrists = {"left": body.xy_px[15], "right": body.xy_px[16]}
        hands: dict[str, Found] = {}
        if (network := self._open.hand) is not None:
            for side, index in (("left", 15), ("right", 16)):
                if body.confidence[index] < _WRIST_SEEN:
                    continue
                where = closeups.hand_square(body.xy_px, side)
                if (hand := closeups.hand(network, rgb, where, wrists[side], looks)) is not None:
                    hands[side] = hand
        face = None
        if (network := self._open.face) is not None:
            where = closeups.head_square(body.xy_px)
            face = closeups.face(network, rgb, where, body.xy_px[0], looks, self._face_mirror)
        return self._person(track, body, closeups.drop_twin(hands, wrists), face)

    def _without_body(self, rgb: np.ndarray) -> Person2D | None:
        """Hands and a face that fill the picture; followed by their own places from then on."""
        looks = _BODY_LOOKS[self.options.quality]
        before = self._people[0].xy_px if self._people else np.full((len(self.layout), 2), np.nan)
        hands: dict[str, Found] = {}
        if (network := self._open.hand) is not None:
            for side, place in (("left", LEFT_HAND), ("right", RIGHT_HAND)):
                if np.isfinite(before[place]).all():
                    where = closeups.around(before[place], (0, 9), 2.0)
                    hand = closeups.hand(network, rgb, where, before[place][0], looks)
                    if hand is not None:
                        hands[side] = hand
            if len(hands) < 2:
                for side, coarse in closeups.by_side(network.find(rgb)).items():
                    if not any(closeups.same_hand(coarse, hand) for hand in hands.values()):
                        where = closeups.around(coarse.xy_px, (0, 9), 2.0)
                        hand = closeups.hand(network, rgb, where, coarse.xy_px[0], looks)
                        hands.setdefault(side, hand or coarse)
        hands = closeups.surer_twin(hands)
        face = None
        if (network := self._open.face) is not None:
            for coarse in network.find(rgb):
                where = closeups.around(coarse.xy_px, (152, 10), 1.8)
                again = closeups.face(
                    network, rgb, where, coarse.xy_px[1], looks, self._face_mirror
                )
                face = again or coarse
        if not hands and face is None:
            return None
        track = self._people[0].track if self._people else 0
        return self._person(track, None, hands, face)

    def _person(
        self, track: int, body: Found | None, hands: dict[str, Found], face: Found | None
    ) -> Person2D:
        xy = np.full((len(self.layout), 2), np.nan)
        confidence = np.zeros(len(self.layout))
        parts = ((BODY, body), (LEFT_HAND, hands.get("left")), (RIGHT_HAND, hands.get("right")),
                 (FACE, face))  # fmt: skip
        for place, found in parts:
            if found is not None:
                xy[place], confidence[place] = found.xy_px, found.confidence
        # Single precision, as it is kept: going on from the cache is then the same as going on.
        return Person2D(self.layout, _single(xy), _single(confidence), track)


def _single(values: np.ndarray) -> np.ndarray:
    return values.astype(np.float32).astype(np.float64)


def _is_person(body: Found, least: float = _SEEN) -> bool:
    """Whether at least a third of the body is surely there."""
    return bool(np.sort(body.confidence)[-11:].mean() > least)


def _steps(length: int, side: int) -> list[int]:
    """Where tiles of a side begin so that they cover a length, overlapping by about half."""
    last = max(length - side, 0)
    gaps = max(1, math.ceil(2 * last / side))
    return sorted({round(last * i / gaps) for i in range(gaps + 1)})


def _without(rgb: np.ndarray, bodies: Sequence[Found]) -> np.ndarray:
    """The picture with these people painted over in its mean colour."""
    out, colour = rgb.copy(), rgb.reshape(-1, 3).mean(0).astype(np.uint8)
    height, width = rgb.shape[:2]
    for body in bodies:
        sure = body.xy_px[body.confidence > _WRIST_SEEN]
        if len(sure):
            margin = 0.05 * bounds(sure)[1]
            low, high = sure.min(0) - margin, sure.max(0) + margin
            left, top = np.clip(low, 0, [width, height]).astype(int)
            right, bottom = np.clip(high, 0, [width, height]).astype(int)
            out[top:bottom, left:right] = colour
    return out


def _prominence(body: Found) -> float:
    return bounds(body.xy_px)[1] * float(body.confidence.mean())


def _known(body: Found, others: list[tuple[int, Found]]) -> bool:
    """Whether it is a person we already have."""
    size = bounds(body.xy_px)[1]
    apart = [np.linalg.norm(body.xy_px - other.xy_px, axis=1).mean() for _, other in others]
    return bool(min(apart, default=np.inf) < 0.15 * size)
