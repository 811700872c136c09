"""Where a film was cut, told by how a person's points jump: no picture is looked at."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float

_LEAST = 6
_JUMP, _ACCELERATION = 0.45, 45.0
_LOST_S = 1.0


def cuts(
    rays: Float[np.ndarray, "frames points 2"],
    seen: Bool[np.ndarray, "frames points"],
    step_s: float,
) -> tuple[int, ...]:
    """The first frames of new shots: those in which the person is not where their movement, before
    or after, would have brought them.

    ``rays`` are the body's points in any unit. What counts is how far points are from where they
    would be at the speed they have, by the person's size (RMS distance from their middle; about
    0.45 m of a standing adult): half of the points must be off by 0.45 of it, and by what an
    acceleration of twice gravity makes of a frame's time.
    """
    found: list[int] = []
    least = _JUMP + _ACCELERATION * step_s**2
    for frame in range(1, len(rays)):
        both = seen[frame] & seen[frame - 1]
        if both.sum() < _LEAST:
            continue
        now, before = rays[frame, both], rays[frame - 1, both]
        size = max(_size(now), _size(before))
        moved = now - before
        off = np.linalg.norm(moved, axis=1)
        for one, next_to in ((frame - 2, frame - 1), (frame, frame + 1)):
            if one < 0 or next_to == len(rays) or next_to in found:
                continue
            known = both & seen[one] & seen[next_to]
            if known.sum() >= _LEAST:
                speed = np.median(rays[next_to, known] - rays[one, known], axis=0)
                off = np.minimum(off, np.linalg.norm(moved - speed, axis=1))
        if float(np.median(off)) > least * size:
            found.append(frame)
    return tuple(found)


def losses(there: Bool[np.ndarray, " frames"], step_s: float) -> tuple[int, ...]:
    """The first frames in which somebody is seen again after more than a second."""
    at = np.flatnonzero(there)
    away = np.diff(at) * step_s > _LOST_S
    return tuple(int(frame) for frame in at[1:][away])


def _size(points: np.ndarray) -> float:
    off = points - points.mean(0)
    return max(float(np.sqrt((off**2).sum(1).mean())), 1e-6)
