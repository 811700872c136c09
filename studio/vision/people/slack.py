"""Which cameras seem turned from their calibration, as the people themselves tell.

Whoever is solved from all other cameras should be where a camera sees somebody. If whole people
always lie aside by the same way, the camera was bumped; its gate is then widened, and it has less
say. One wild point, one wrong match or a detector's own bias does not do that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Float

from studio.vision.people.follow import Track
from studio.vision.people.seen import LEAST_POINTS, Seen
from studio.vision.people.solve import solve

LEAST_RAD = np.radians(0.5)
"""A camera that seems turned by less is believed."""
_MOST_RAD = np.radians(5.0)
_LOOKS, _LEAST_LOOKS = 40, 12
_OTHERS = 2
_STEADY = 0.6
"""The whole must be at least so much larger than how it varies."""


def slack_of(seen: Seen, tracks: Sequence[Track]) -> Float[np.ndarray, " views"]:
    """How far each camera seems turned (radians, 0 for those that agree), the worst first: one that
    is found has less say when the others are judged."""
    told = np.zeros(seen.views)
    if seen.views <= _OTHERS:
        return told
    for _ in range(seen.views - _OTHERS):
        now = replace(seen, slack=told)
        turned = np.array([
            0.0 if told[view] else _turned(now, tracks, view) for view in range(seen.views)
        ])  # fmt: skip
        worst = int(turned.argmax())
        if turned[worst] < LEAST_RAD:
            break
        told[worst] = min(float(turned[worst]), _MOST_RAD)
    return told


def _turned(seen: Seen, tracks: Sequence[Track], view: int) -> float:
    """By how much the people of the other cameras lie aside in a view, all the same way."""
    ways = _aside(seen, tracks, view)
    if len(ways) < _LEAST_LOOKS:
        return 0.0
    every = np.stack(ways)
    middle = np.median(every, axis=0)
    spread = float(np.median(np.linalg.norm(every - middle, axis=1)))
    size = float(np.linalg.norm(middle))
    return size if spread < _STEADY * size else 0.0


def _aside(seen: Seen, tracks: Sequence[Track], view: int) -> list[np.ndarray]:
    """How far from people, as the other cameras solve them, the nearest in a view are (2,): a few
    moments of every track, all solved together."""
    looks = [
        (track, k)
        for track in tracks
        for k in np.unique(np.linspace(0, len(track.frames) - 1, _LOOKS).astype(int)).tolist()
    ]
    if not looks:
        return []
    places = np.stack([track.places[k] for track, k in looks])
    places[:, view] = -1
    frames = np.array([track.frames[k] for track, k in looks])
    mirrored = np.stack([track.mirrored[k] for track, k in looks])
    points = np.stack([track.points[k] for track, k in looks])
    enough = (places >= 0).sum(1) >= _OTHERS
    if not enough.any():
        return []
    frames = frames[enough]
    xyz, _ = solve(seen, frames, places[enough], mirrored[enough], points[enough])
    at, _ = seen.project(xyz)
    ways = (
        _nearest(seen, frame, view, one)
        for frame, one in zip(frames.tolist(), at[view], strict=True)
    )
    return [way for way in ways if way is not None]


def _nearest(seen: Seen, frame: int, view: int, at: np.ndarray) -> np.ndarray | None:
    """How far aside the nearest that a view sees lies from where a person's joints would be."""
    way = seen.uv[frame, view] - at
    there = np.isfinite(way).all(-1) & (seen.weight[frame, view] > 0)
    best: np.ndarray | None = None
    for place in np.flatnonzero(there.sum(-1) >= LEAST_POINTS).tolist():
        mean = np.median(way[place, there[place]], axis=0)
        if best is None or np.linalg.norm(mean) < np.linalg.norm(best):
            best = mean
    return None if best is None or np.linalg.norm(best) > _MOST_RAD else best
