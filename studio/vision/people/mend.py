"""Identities exchanged at close meetings, put back by how people look before and after.

Two who meet may come out of it under each other's names. Every meeting is judged in order of time:
if either looks like the other had looked before, and not like themselves, the rest of their ways
is exchanged.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float

from studio.vision.gaps import runs
from studio.vision.people.follow import Track
from studio.vision.people.looks import Look, Looks, sightings, unlike_looks
from studio.vision.people.seen import Seen

_NEAR_M = 0.7
_APART_S = 0.6
"""Encounters that follow one another so soon are one."""
_SURE = 2.0
"""Nats by which exchanged looks must fit better than those that were kept."""
_LEAST_SIGHTINGS = 4
_MOST = 60
"""So many moments of a stretch are looked at."""


def mend(seen: Seen, tracks: Sequence[Track]) -> int:
    """Exchange the rest of tracks after meetings where their looks say so; how many there were.

    Without looks nothing is changed.
    """
    if seen.looks is None or len(tracks) < 2:
        return 0
    roots = _roots(tracks, len(seen.times_s))
    step = float(np.median(np.diff(seen.times_s)))
    close = max(round(_APART_S / step), 1)
    done, judged = 0, (0, 0, 0)
    while (meeting := _next(roots, judged, close)) is not None:
        one, other, _, middle, _ = meeting
        judged = _order(meeting)
        if _exchanged(seen.looks, tracks, roots, meeting, close):
            tracks[one].exchange(tracks[other], middle)
            roots[[one, other], middle:] = roots[[other, one], middle:]
            done += 1
    return done


Meeting = tuple[int, int, int, int, int]
"""Two tracks; the first frame in which they are near, the nearest, and the first after."""


def _next(roots: np.ndarray, after: tuple[int, int, int], close: int) -> Meeting | None:
    """The first meeting that ends later than one that was judged."""
    best: Meeting | None = None
    for meeting in _meetings(roots, close):
        if _order(meeting) > after and (best is None or _order(meeting) < _order(best)):
            best = meeting
    return best


def _order(meeting: Meeting) -> tuple[int, int, int]:
    return meeting[4], meeting[0], meeting[1]


def _meetings(roots: np.ndarray, close: int) -> list[Meeting]:
    out: list[Meeting] = []
    for one in range(len(roots)):
        for other in range(one):
            apart = np.linalg.norm(roots[one] - roots[other], axis=-1)
            with np.errstate(invalid="ignore"):
                near = apart < _NEAR_M
            for start, end in _joined(near, close):
                middle = start + int(np.nanargmin(apart[start:end]))
                out.append((one, other, start, middle, end))
    return out


def _joined(near: Bool[np.ndarray, " frames"], close: int) -> list[tuple[int, int]]:
    """Stretches, those after one another so soon as one."""
    out: list[tuple[int, int]] = []
    for start, end in runs(near):
        if out and start - out[-1][1] < close:
            out[-1] = out[-1][0], end
        else:
            out.append((start, end))
    return out


def _exchanged(
    looks: Looks, tracks: Sequence[Track], roots: np.ndarray, meeting: Meeting, close: int
) -> bool:
    """Whether those who come out of a meeting look as if they had been exchanged."""
    one, other, start, _, end = meeting
    later = [m[2] for m in _meetings(roots, close) if m[2] >= end and {one, other} & {*m[:2]}]
    until = max(min(later, default=roots.shape[1]), end + 2 * close)
    before = [_look(looks, tracks[who], 0, start) for who in (one, other)]
    after = [_look(looks, tracks[who], end, until) for who in (one, other)]
    gain, known = 0.0, 0
    for who in range(2):
        if all(look.count.max() >= _LEAST_SIGHTINGS for look in (after[who], *before)):
            gain += unlike_looks(looks, before[who], after[who])
            gain -= unlike_looks(looks, before[1 - who], after[who])
            known += 1
    return known > 0 and gain > _SURE


def _look(looks: Looks, track: Track, start: int, end: int) -> Look:
    """How somebody looks between two frames."""
    first, last = np.searchsorted(track.frames, [start, end])
    dims = looks.told.shape[-1]
    if first == last:
        return Look.of(np.empty((0, dims)))
    some = np.unique(np.linspace(first, last - 1, _MOST).astype(int))
    frames = np.array(track.frames)[some]
    places = np.stack([track.places[k] for k in some.tolist()])
    return Look.of(sightings(looks.told, frames, places).reshape(-1, dims))


def _roots(tracks: Sequence[Track], frames: int) -> Float[np.ndarray, "tracks frames 3"]:
    """Where everybody is; NaN while they are not followed."""
    out = np.full((len(tracks), frames, 3), np.nan)
    for row, track in enumerate(tracks):
        for frame, points in zip(track.frames, track.points, strict=True):
            known = np.isfinite(points[:, 0])
            if known.any():
                out[row, frame] = np.median(points[known], axis=0)
    return out
