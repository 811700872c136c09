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
    ways: list[np.ndarray] = []
    for track in tracks:
        for k in np.unique(np.linspace(0, len(track.frames) - 1, _LOOKS).astype(int)).tolist():
            way = _aside(seen, track, k, view)
            if way is not None:
                ways.append(way)
    if len(ways) < _LEAST_LOOKS:
        return 0.0
    every = np.stack(ways)
    middle = np.median(every, axis=0)
    spread = float(np.median(np.linalg.norm(every - middle, axis=1)))
    size = float(np.linalg.norm(middle))
    return size if spread < _STEADY * size else 0.0


def _aside(seen: Seen, track: Track, k: int, view: int) -> np.ndarray | None:
    """How far from a person, as the other cameras solve them, the nearest in a view is (2,)."""
    places = track.places[k].copy()
    places[view] = -1
    if (places >= 0).sum() < _OTHERS:
        return None
    frame = track.frames[k]
    xyz, _ = solve(seen, frame, places[None], track.mirrored[k][None], track.points[k][None])
    at, _ = seen.project(xyz)
    way = seen.uv[frame, view] - at[view, 0]
    there = np.isfinite(way).all(-1) & (seen.weight[frame, view] > 0)
    best: np.ndarray | None = None
    for place in np.flatnonzero(there.sum(-1) >= LEAST_POINTS).tolist():
        mean = np.median(way[place, there[place]], axis=0)
        if best is None or np.linalg.norm(mean) < np.linalg.norm(best):
            best = mean
    return None if best is None or np.linalg.norm(best) > _MOST_RAD else best
