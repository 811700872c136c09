"""From tracks to people: ghosts refused, absences bridged, the most present first.

People are followed by geometry alone: where somebody is, clothes tell less than rays do. From those
who were followed it is learned what clothes tell; if that is anything, identities exchanged at
meetings are put back, and who comes back is known by them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float, Int

from studio.core.types import CameraRig, Crowd, Detections
from studio.vision.people.chains import linked, root
from studio.vision.people.follow import GATE_M, Follower, Track
from studio.vision.people.looks import colours_of, learn
from studio.vision.people.mend import mend
from studio.vision.people.seen import Seen, look
from studio.vision.people.slack import slack_of

_LEAST_S, _LEAST_FRAMES = 0.25, 6
_LEAST_EVIDENCE = 0.1
_TALL_M = (0.35, 2.6)
_DOUBT_M = 0.08
_NEAR_M = 0.7
_FIRST = 0.5
"""How far the work is when everybody was followed once."""


@dataclass(frozen=True, eq=False)
class Person:
    """Somebody through a take: in each frame the place of each view that shows them (-1: none),
    whether it took left for right, and where the joints are (NaN while not followed)."""

    places: Int[np.ndarray, "frames views"]
    mirrored: Bool[np.ndarray, "frames views"]
    xyz_m: Float[np.ndarray, "frames joints 3"]
    evidence: float

    @property
    def there(self) -> Bool[np.ndarray, " frames"]:
        """When they were followed."""
        return np.asarray(np.isfinite(self.xyz_m[..., 0]).any(-1))

    @property
    def cameras(self) -> float:
        """How many cameras see them, on the average of the frames they are there."""
        return float((self.places[self.there] >= 0).sum(1).mean())


@dataclass(frozen=True)
class Doubt:
    """Two people (counted from 0) who could hardly be told apart at a moment."""

    time_s: float
    one: int
    other: int


@dataclass(frozen=True, eq=False)
class People:
    """Everybody in a take, the most present first; ``refused`` counts ghosts: what two cameras or
    more seemed to see for a while, and others that should have seen it did not. ``turned_deg`` is
    how far each camera seems turned from its calibration; 0 for those that agree."""

    persons: tuple[Person, ...]
    doubts: tuple[Doubt, ...]
    refused: int
    turned_deg: tuple[float, ...]


def find_people(
    rig: CameraRig,
    crowd: Crowd,
    *,
    people: int = 0,
    min_confidence: float = 0.3,
    check: Callable[[float], object] = lambda fraction: None,
) -> People:
    """Who is who in a take, without knowing how many there are.

    ``people`` is the most there can be (0: not known): the best supported are kept. ``check`` is
    called now and then with the fraction done. Raises StudioError for a single camera.
    """
    seen = look(rig, crowd, min_confidence)
    tracks = Follower(seen).run(lambda share: check(share * _FIRST))
    slack = slack_of(seen, [track for track in tracks if is_real(seen, track)])
    if slack.any():
        seen = replace(seen, slack=slack)
        tracks = Follower(seen).run(lambda share: check(_FIRST + share * (1 - _FIRST)))
    real = [track for track in tracks if is_real(seen, track)]
    refused = [t for t in tracks if t not in real and len(t.frames) >= _LEAST_FRAMES]
    if crowd.looks is not None:
        seen = replace(seen, looks=learn(colours_of(crowd.looks), seen.times_s, real))
        mend(seen, real)
        real = [track for track in real if track.frames]
    chains = linked(seen, real)
    persons = [_person(seen, chain) for chain in chains]
    order = np.argsort([-p.evidence for p in persons], kind="stable")
    kept = [persons[i] for i in order[: people or None]]
    doubts = _doubts(seen, kept, chains, order)
    return People(tuple(kept), doubts, len(refused), tuple(np.degrees(slack).tolist()))


def is_real(seen: Seen, track: Track) -> bool:
    """Whether a track is a person: followed long enough, seen by who should see it, as tall as
    people are."""
    step = float(np.median(np.diff(seen.times_s))) if len(seen.times_s) > 1 else 1.0
    least = max(_LEAST_FRAMES, round(_LEAST_S / step))
    if len(track.frames) < min(least, len(seen.times_s)):
        return False
    points = np.stack(track.points)
    known = np.isfinite(points[..., 2])
    tall = np.where(known, points[..., 2], -np.inf).max(1)
    tall -= np.where(known, points[..., 2], np.inf).min(1)
    size = float(np.median(tall))
    return float(np.mean(track.evidence)) > _LEAST_EVIDENCE and _TALL_M[0] < size < _TALL_M[1]


def _person(seen: Seen, chain: list[Track]) -> Person:
    frames = len(seen.times_s)
    places = np.full((frames, seen.views), -1)
    mirrored = np.zeros((frames, seen.views), bool)
    xyz = np.full((frames, len(seen.joints), 3), np.nan)
    total = 0.0
    for track in chain:
        at = np.array(track.frames)
        places[at], mirrored[at] = np.stack(track.places), np.stack(track.mirrored)
        xyz[at] = np.stack(track.points)
        total += float(np.sum(np.array(track.evidence) + 1.0))
    return Person(places, mirrored, xyz, total)


def _doubts(
    seen: Seen, kept: list[Person], chains: list[list[Track]], order: np.ndarray
) -> tuple[Doubt, ...]:
    """Moments at which the identities of two people who stand together hang by little."""
    margins = np.full((len(kept), len(seen.times_s)), 2 * GATE_M)
    for number, row in enumerate(order[: len(kept)]):
        for track in chains[row]:
            margins[number, track.frames] = track.margin
    roots = np.array([[root(points) for points in person.xyz_m] for person in kept])
    found: list[Doubt] = []
    for one in range(len(kept)):
        for other in range(one):
            apart = np.linalg.norm(roots[one] - roots[other], axis=-1)
            with np.errstate(invalid="ignore"):
                close = (apart < _NEAR_M) & (np.fmin(margins[one], margins[other]) < _DOUBT_M)
            last = -np.inf
            for frame in np.flatnonzero(close):
                time_s = float(seen.times_s[frame])
                if time_s - last > 1.0:
                    found.append(Doubt(time_s, other, one))
                last = time_s
    return tuple(sorted(found, key=lambda doubt: doubt.time_s))


def detections_of(crowd: Crowd, person: Person) -> Detections:
    """One person's detections in all cameras, left and right as they are; NaN where unseen."""
    frames, views = person.places.shape
    at = np.where(person.places >= 0, person.places, 0)
    rows, columns = np.arange(frames)[:, None], np.arange(views)
    seen = person.places >= 0
    xy = np.where(seen[..., None, None], crowd.xy_px[rows, columns, at], np.nan)
    sure = np.where(seen[..., None], crowd.confidence[rows, columns, at], 0.0)
    twin = np.array(crowd.layout.mirror)
    turn = person.mirrored & seen
    xy = np.where(turn[..., None, None], xy[:, :, twin], xy)
    sure = np.where(turn[..., None], sure[:, :, twin], sure)
    return Detections(crowd.cameras, crowd.times_s, crowd.layout, xy, sure)
