"""Our own networks behind the :class:`~studio.perception.detector.Detector` protocol.

People are found by their parts (:mod:`studio.perception.dope.finder`), each is marked closer with
the heatmap network, put in space with the lifting network's help, and followed from picture to
picture. Where somebody is told unsurely, pictures are looked at turned as well
(:mod:`studio.perception.dope.askew`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from jaxtyping import Float, UInt8

from studio.core.types import Layout
from studio.human.convert import convert
from studio.human.layouts import layout
from studio.perception.crops import bounds
from studio.perception.detector import InSpace, Person2D
from studio.perception.dope.askew import TURNS_DEG, Look, Turned, distinct
from studio.perception.dope.assemble import Whole, assemble
from studio.perception.dope.finder import PoseFinder
from studio.perception.dope.kinds import FACE, LEFT_HAND, LEGS, RIGHT_HAND
from studio.perception.dope.lifted import lifted
from studio.perception.heatmaps.marker import Marked, Marker
from studio.perception.lifting.lifter import Lifter
from studio.vision.filters import one_euro

REVISION = 10
"""Raised whenever the same pictures may give other points than before."""
LAYOUT = "coco_133"
_BODY, _FEET, _LIMBS = slice(0, 17), slice(17, 23), slice(5, 17)
_MORE, _GHOST = 3, 0.2
"""How many more people are marked than are wanted, to choose among them; how surely somebody's
points must be seen."""
_SURE, _LEAST = 0.35, 0.15
"""How sure a map must be of a point that was not found; how sure one is at least that was."""
_SEEN, _FEWEST = 0.4, 4
_OFF, _NEAR, _TAKEN = 0.15, 0.3, 0.3
"""How far off points are as they are found, how near to them maps must be to mean the same place,
both in heights of what was found, and how sure a map must be to be taken where it means another
(chosen on validation people)."""
_ROOM = 0.12
_UNSURE, _AROUND = 0.8, 10
"""How sure somebody must be for pictures not to be turned, and after how many pictures they are
turned again."""
_FORGOTTEN, _REACH = 15, 0.5
_KEPT, _HEIGHT_M, _BETA = 20, 1.7, 1.5

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Settings:
    """``people`` at most; ``refined``: mark each person closer with the heatmap network;
    ``smooth_hz``: One-Euro's cutoff at rest, 0 for points as they are found; ``askew``: turn
    pictures too where somebody is told unsurely."""

    people: int = 1
    refined: bool = True
    hands: bool = True
    face: bool = True
    smooth_hz: float = 0.0
    askew: bool = True


@dataclass(eq=False)
class _Track:
    """Somebody who is followed: where they were last, since when they are gone, and what the filter
    remembers (times, points)."""

    person: Person2D
    gone: int = 0
    times_s: list[float] = field(default_factory=list[float])
    points: list[np.ndarray] = field(default_factory=list[np.ndarray])


class DopeDetector:
    """People in pictures by Doppel's own networks. Close it when done, or use ``with``."""

    def __init__(
        self, finder: PoseFinder, marker: Marker | None, settings: Settings = Settings(),
        weights: str = "", lifter: Lifter | None = None,
    ) -> None:  # fmt: skip
        """``weights`` names the files that the networks come from, for :attr:`identity`. Without
        ``lifter`` the 3D of bodies is what the finder tells of them."""
        self.settings = settings
        self.layout: Layout = layout(LAYOUT)
        self.identity = f"dope {REVISION} {settings} {finder.mode} {weights}"
        self._finder, self._marker, self._lifter = finder, marker, lifter
        self._tracks: list[_Track] = []
        self._next = 0
        self._turns, self._since = (0.0,), _AROUND

    def __enter__(self) -> DopeDetector:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Forget everybody."""
        self._tracks = []

    def follow(self, people: Sequence[Person2D]) -> None:
        """Take up tracking from these people; from nobody, to begin afresh."""
        self._tracks = [_Track(person) for person in people]
        self._next = max((p.track + 1 for p in people), default=0)
        self._turns, self._since = (0.0,), _AROUND

    def detect(
        self, rgb: UInt8[np.ndarray, "height width 3"], time_s: float = 0.0
    ) -> tuple[Person2D, ...]:
        """The people in a picture, the most prominent first."""
        looks = {deg: self._looks(rgb, deg) for deg in self._turns}
        told = self._told(looks)
        self._since += 1
        unsure = min((look.trust for look in told), default=0.0) < _UNSURE
        if self.settings.askew and unsure and self._marker and self._since > _AROUND:
            told = self._told({
                deg: looks[deg] if deg in looks else self._looks(rgb, deg) for deg in TURNS_DEG
            })  # fmt: skip
            self._turns = tuple(sorted({0.0, *(look.deg for look in told)}))
            self._since = 0
        found = [self._person(look, rgb.shape[:2]) for look in told]
        return tuple(self._followed(found, time_s))

    def _told(self, by_turn: Mapping[float, Sequence[Look]]) -> list[Look]:
        """Who is told of a picture, by what is seen in it turned so, the most prominent first."""
        looks = [look for each in by_turn.values() for look in each]
        if len(by_turn) > 1:
            looks = distinct(looks)
        return sorted(looks, key=_worth, reverse=True)[: self.settings.people]

    def _looks(self, rgb: np.ndarray, deg: float) -> list[Look]:
        """Those who may be told of a picture that is turned, marked twice. Whoever is no person has
        few points that are surely seen."""
        turned = Turned.by(rgb, deg)
        wholes = sorted(assemble(self._finder.find(turned.rgb)), key=_prominence, reverse=True)
        out: list[Look] = []
        for whole in wholes[: self.settings.people + _MORE]:
            marked = None
            if self._marker is not None and whole.body is not None:
                marked = self._marker.mark(turned.rgb, _box(whole))
                if marked.sure[_LIMBS].mean() <= _GHOST:
                    continue
                marked = self._closer(turned.rgb, marked)
            out.append(Look(turned, deg, whole, _as_coco(whole), marked))
        return out

    def _closer(self, rgb: np.ndarray, marked: Marked) -> Marked:
        """The points as they are marked in the box of those that were seen: boxes of parts that
        were found wrongly are loose."""
        seen = marked.sure > _SEEN
        if self._marker is None or seen[_BODY].sum() < _FEWEST:
            return marked
        points = marked.xy_px[seen]
        (left, top), (right, bottom) = points.min(0).tolist(), points.max(0).tolist()
        return self._marker.mark(rgb, (left, top, right, bottom))

    def _person(self, look: Look, shape: tuple[int, ...]) -> Person2D:
        told = look.found.copy()
        there = told[:, 2] > 0
        told[there, :2] = look.turned.back(told[there, :2])
        if look.marked is not None:
            told = _refined(told, look.turned.marked(look.marked))
        space = self._in_space(look, told, shape)
        parts = self.layout.parts
        if not self.settings.hands:
            told[[*parts["left_hand"], *parts["right_hand"]], 2] = 0.0
        if not self.settings.face:
            told[list(parts["face"]), 2] = 0.0
        lost = told[:, 2] <= 0
        points = np.where(lost[:, None], np.nan, told[:, :2]).astype(np.float32)
        single = told[:, 2].astype(np.float32).astype(np.float64)
        return Person2D(self.layout, points.astype(np.float64), single, space=space)

    def _in_space(self, look: Look, told: np.ndarray, shape: tuple[int, ...]) -> InSpace:
        """The same person in 3D, without the parts that nobody wants; ``told`` (133, 3) are the
        points in 2D. They are lifted as they stand in the picture that was looked at."""
        look = look.upright or look
        size, whole = (int(shape[1]), int(shape[0])), look.whole
        if self._lifter is not None and whole.body is not None:
            middle, upright = (np.array(size) - 1) / 2, told.copy()
            upright[:, :2] = (told[:, :2] - middle) @ look.turned.into[:, :2].T + middle
            whole = replace(whole, body=lifted(whole.body, upright, size, self._lifter))
        whole = look.turned.whole(whole)
        xyz, sure = whole.xyz_m(size), whole.points()[1]
        unwanted = [] if self.settings.hands else [*LEFT_HAND, *RIGHT_HAND]
        unwanted += [] if self.settings.face else [*FACE]
        xyz[unwanted], sure[unwanted] = np.nan, 0.0
        return InSpace(layout("dope_139"), xyz, sure, size)

    def _followed(self, found: Sequence[Person2D], time_s: float) -> list[Person2D]:
        """The same people with the tracks they are on, their points filtered."""
        free, out = list(self._tracks), list[Person2D]()
        for person in found:
            apart = [_apart(person, track.person) for track in free]
            best = int(np.argmin(apart)) if apart else -1
            if best >= 0 and apart[best] < _REACH:
                track = free.pop(best)
            else:
                track = _Track(replace(person, track=self._next))
                self._next += 1
                self._tracks.append(track)
            number = track.person.track
            xy = self._filtered(track, person.xy_px, time_s)
            track.person = replace(person, track=number)
            track.gone = 0
            out.append(replace(person, xy_px=xy, track=number))
        for track in free:
            track.gone += 1
        self._tracks = [track for track in self._tracks if track.gone <= _FORGOTTEN]
        return out

    def _filtered(
        self, track: _Track, xy_px: Float[np.ndarray, "points 2"], time_s: float
    ) -> np.ndarray:
        if self.settings.smooth_hz <= 0:
            return xy_px
        if track.times_s and time_s <= track.times_s[-1]:
            track.times_s, track.points = [], []
        track.times_s = [*track.times_s[-_KEPT:], time_s]
        track.points = [*track.points[-_KEPT:], xy_px]
        if len(track.points) < 3:
            return xy_px
        rate = (len(track.times_s) - 1) / (track.times_s[-1] - track.times_s[0])
        if self.settings.smooth_hz >= 0.45 * rate:
            return xy_px
        metres = _HEIGHT_M / bounds(xy_px)[1]
        past = np.stack(track.points) * metres
        latest = past[-1]
        for back in range(len(past) - 2, -1, -1):  # a point that was lost begins afresh
            past[back] = np.where(np.isfinite(past[back]), past[back], past[back + 1])
        deep = np.concatenate([past, np.zeros((*past.shape[:2], 1))], -1)
        known = np.isfinite(latest).all(1)
        out = xy_px.copy()
        calm = one_euro(deep[:, known], rate, self.settings.smooth_hz, beta=_BETA, causal=True)
        out[known] = calm[-1, :, :2] / metres
        return out


def _prominence(whole: Whole) -> float:
    size = max(part.size_px for part, _ in whole.parts.values())
    return whole.score * size**0.5 * (1.0 if whole.body is not None else 0.3)


def _worth(look: Look) -> float:
    return look.sure * _prominence(look.whole)


def _as_coco(whole: Whole) -> np.ndarray:
    """What was found in the layout of detectors: x, y and how sure, 0 for what was not."""
    xy, sure = whole.points()
    given = np.column_stack([xy, np.where(np.isfinite(xy[:, 0]), sure, 0.0)])
    told = convert(given, "dope_139", LAYOUT)
    told[~np.isfinite(told[:, :2]).all(1), 2] = 0.0
    return np.nan_to_num(told)


def _box(whole: Whole) -> Box:
    """A person with some room around: left, top, right, bottom. Legs of whom only the upper half
    was seen are guesses and left out."""
    xy, _ = whole.points()
    if whole.body is not None and whole.body.family == 1:
        xy[list(LEGS)] = np.nan
    xy = xy[np.isfinite(xy).all(1)]
    low, high = xy.min(0), xy.max(0)
    room = _ROOM * (high - low).max()
    left, top, right, bottom = (*(low - room), *(high + room))
    return float(left), float(top), float(right), float(bottom)


def _refined(told: np.ndarray, marked: Marked) -> np.ndarray:
    """Points (133, 3) with what the heatmap network marks.

    Where both mean the same place, a body's point lies between them, nearer to the map the narrower
    that is: they err each in their own way, and the mean is nearer to the truth than either; where
    they do not, a map that is sure is taken. Body
    and feet that are missing, and hands and face that nobody found, are as the maps mark them.
    """
    out, xy, sure = told.copy(), marked.xy_px, marked.sure
    known = told[_BODY, 2] > _LEAST
    height = float(np.ptp(told[_BODY][known, :2], axis=0).max()) if known.any() else 0.0
    off = (_OFF * height) ** 2
    share = off / np.maximum(off + marked.spread_px[_BODY] ** 2, 1e-9)
    apart = xy[_BODY] - told[_BODY, :2]
    both = known & (np.linalg.norm(apart, axis=1) < _NEAR * height)
    out[_BODY, :2] += np.where(both, share, 0.0)[:, None] * apart
    out[_BODY, 2] = np.where(both, np.maximum(told[_BODY, 2], sure[_BODY]), told[_BODY, 2])
    for part in (_BODY, _FEET):
        lost = (told[part, 2] <= _LEAST) & ((sure[part] > _SURE) | (told[part, 2] <= 0))
        if part is _BODY:
            lost |= known & ~both & (sure[part] > _TAKEN)
        out[part] = np.where(lost[:, None], np.column_stack([xy[part], sure[part]]), out[part])
    for part in (slice(23, 91), slice(91, 112), slice(112, 133)):
        if not (told[part, 2] > 0).any():
            out[part] = np.column_stack([xy[part], sure[part]])
    return out


def _apart(a: Person2D, b: Person2D) -> float:
    """Mean distance of the points that both have, in sizes of the second."""
    both = np.isfinite(a.xy_px).all(1) & np.isfinite(b.xy_px).all(1)
    body = both & (np.arange(len(a.layout)) < _BODY.stop)
    use = body if body.sum() >= 4 else both
    if use.sum() < 4:
        return np.inf
    size = bounds(b.xy_px[np.isfinite(b.xy_px).all(1)])[1]
    return float(np.linalg.norm(a.xy_px[use] - b.xy_px[use], axis=1).mean()) / size
