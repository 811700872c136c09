"""Moments that every camera notices at once: a light switched on, matched camera to camera."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from studio.vision.synchrony.lag import Lag

_SUDDEN = 12.0
_LEAST_STEP = 4.0
_RISE_FRAMES = 3


@dataclass(frozen=True)
class Event:
    """Something sudden at a time on the camera's own clock."""

    time_s: float
    sd_s: float
    strength: float


def flashes(
    times_s: Float[np.ndarray, " frames"], level: Float[np.ndarray, " frames"]
) -> tuple[Event, ...]:
    """When it suddenly became light, from the brightness of every picture (0..255).

    A picture that was exposed while the light came on is half lit; the centroid of the rise is
    the moment of switching for a shutter that is open all the time, and within half a frame of
    it for a short one. The standard deviation is that of not knowing where in a frame it fell.
    """
    if len(level) < 3:
        return ()
    rise = np.diff(level)
    rise = rise - np.median(rise)
    usual = 1.4826 * float(np.median(np.abs(rise)))
    limit = max(_SUDDEN * usual, _LEAST_STEP)
    found: list[Event] = []
    i = 0
    while i < len(rise):
        if rise[i] <= limit:
            i += 1
            continue
        stop = min(i + _RISE_FRAMES, len(rise))
        start = i - 1 if i and 0.05 * rise[i] < rise[i - 1] <= limit else i
        part = np.fmax(rise[start:stop], 0.0)
        end = int(np.argmax(part <= 0)) or len(part)
        at = times_s[start + 1 : start + 1 + end]
        frame = float(np.median(np.diff(times_s)))
        moment = float(part[:end] @ at / part[:end].sum())
        found.append(Event(moment, frame / np.sqrt(12), float(part[:end].sum())))
        i = stop
    return tuple(found)


def match_events(
    first: str,
    second: str,
    a: Sequence[Event],
    b: Sequence[Event],
    tolerance_s: float,
) -> Lag | None:
    """The lag at which most events of two cameras fall together; None if one has none.

    ``rival`` is how many as a share fall together at the next best: a lone flash is sure, three
    in an even beat of which one camera missed an end are not.
    """
    if not a or not b:
        return None
    ta, tb = np.array([e.time_s for e in a]), np.array([e.time_s for e in b])
    between = (tb[None] - ta[:, None]).ravel()
    votes = np.array([(np.abs(between - lag) <= tolerance_s).sum() for lag in between])
    best = int(np.argmax(votes))
    chosen = np.abs(between - between[best]) <= tolerance_s
    others = votes[np.abs(between - between[best]) > 2 * tolerance_s]
    count, rows = len(b), np.flatnonzero(chosen)
    pairs = [(a[int(r) // count], b[int(r) % count]) for r in rows]
    sd = np.array([np.hypot(one.sd_s, other.sd_s) for one, other in pairs])
    lags = between[rows]
    scatter = float(lags.std(ddof=1)) if len(lags) > 1 else 0.0
    spread = max(scatter, float(sd.mean()))
    share = float(len(lags) / min(len(a), len(b)))
    rival = float(others.max(initial=0)) / len(lags) * share
    return Lag(
        first, second, float(lags.mean()), spread / np.sqrt(len(lags)),
        float(ta[rows // count].mean()), score=share, rival=rival,
    )  # fmt: skip
