"""The person a recording is about, among all that a detector found in one camera."""

from __future__ import annotations

import numpy as np

from studio.core.types import Crowd, Detections

JUMP_COST = 2.0
"""Per body size moved between two frames; higher than a frame's worth, so ghosts are skipped."""
GAP_COST = 1.0
"""For starting anew anywhere, after an absence."""
WINDOW = 10
HOME = 0.06
"""How far, in body sizes, a point of another half may lie from where it is expected."""


def main_detections(crowd: Crowd) -> Detections:
    """In each camera the person that is largest, surest and seen throughout."""
    xy = np.full_like(crowd.xy_px[:, :, 0], np.nan)
    confidence = np.zeros_like(crowd.confidence[:, :, 0])
    for view in range(len(crowd.cameras)):
        every = crowd.xy_px[:, view], crowd.confidence[:, view]
        xy[:, view], confidence[:, view] = complete(*every, main_person(*every))
    return Detections(crowd.cameras, crowd.times_s, crowd.layout, xy, confidence)


def main_person(xy_px: np.ndarray, confidence: np.ndarray) -> np.ndarray:
    """Which person to follow in each frame: Int (frames,), -1 where none.

    ``xy_px`` (frames, persons, points, 2) and ``confidence`` (frames, persons, points). The best
    chain of detections by dynamic programming: being large and sure is worth up to one a frame,
    jumping costs, and a frame may be skipped.
    """
    frames, persons = confidence.shape[:2]
    seen = confidence > 0
    there = seen.sum(axis=2) >= 3
    centre, size = _boxes(xy_px, seen)
    worth = confidence.mean(axis=2) * size / max(float(size.max(initial=0.0)), 1e-9)
    worth[~there] = -np.inf
    total = np.full((frames, persons), -np.inf)
    back = np.full((frames, persons), -1)
    best_so_far, best_at = 0.0, -1
    for frame in np.flatnonzero(there.any(axis=1)).tolist():
        total[frame] = worth[frame]
        if best_at >= 0:
            total[frame] += max(best_so_far - GAP_COST, 0.0)
            back[frame] = best_at if best_so_far > GAP_COST else -1
        for before in range(max(0, frame - WINDOW), frame):
            moved = _moved(xy_px, seen, centre, frame, before)
            body = np.maximum(np.maximum(size[frame][:, None], size[before]), 1e-9)
            chained = total[before] - JUMP_COST * np.nan_to_num(moved / body, nan=1e9)
            pick = chained.argmax(axis=1)
            gain = worth[frame] + chained[np.arange(persons), pick]
            better = gain > total[frame]
            total[frame][better] = gain[better]
            back[frame][better] = before * persons + pick[better]
        if total[frame].max() > best_so_far:
            best_so_far = float(total[frame].max())
            best_at = int(frame * persons + total[frame].argmax())
    chosen = np.full(frames, -1)
    at = int(best_at)
    while at >= 0:
        frame, person = divmod(at, persons)
        chosen[frame] = person
        at = int(back[frame, person])
    return chosen


def _moved(
    xy_px: np.ndarray, seen: np.ndarray, centre: np.ndarray, frame: int, before: int
) -> np.ndarray:
    """How far each person of a frame is from each of another: the median over the points that
    both show, so that half a person is still at home; by the boxes' centres without any."""
    common = seen[frame][:, None] & seen[before]
    off = np.linalg.norm(xy_px[frame][:, None] - xy_px[before], axis=-1)
    off = np.sort(np.where(common, off, np.inf), axis=-1)
    middle = np.maximum(common.sum(-1) - 1, 0) // 2
    median = np.take_along_axis(off, middle[..., None], -1)[..., 0]
    boxes = np.linalg.norm(centre[frame][:, None] - centre[before], axis=-1)
    return np.where(common.sum(-1) >= 3, median, boxes)


def complete(
    xy_px: np.ndarray, confidence: np.ndarray, chosen: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The followed person (frames, points, 2) and its confidence, made whole where it was split.

    A detector sometimes takes one person for two halves. A point that the followed half lacks is
    taken from another half if it lies where the neighbouring frames have it.
    """
    frames, _, points = confidence.shape
    xy, sure = np.full((frames, points, 2), np.nan), np.zeros((frames, points))
    there = np.flatnonzero(chosen >= 0)
    xy[there], sure[there] = xy_px[there, chosen[there]], confidence[there, chosen[there]]
    if len(there) < 3:
        return xy, sure
    _, size = _boxes(xy[:, None], (sure > 0)[:, None])
    body = float(np.median(size[there]))
    for frame in there:
        near = there[(np.abs(there - frame) <= WINDOW // 2) & (there != frame)]
        for point in np.flatnonzero(sure[frame] == 0):
            known = near[sure[near, point] > 0]
            if not len(known):
                continue
            home = np.median(xy[known, point], axis=0)
            off = np.linalg.norm(xy_px[frame, :, point] - home, axis=-1)
            off = np.where(confidence[frame, :, point] > 0, off, np.inf)
            other = int(off.argmin())
            if off[other] < HOME * body:
                xy[frame, point] = xy_px[frame, other, point]
                sure[frame, point] = confidence[frame, other, point]
    return xy, sure


def _boxes(xy_px: np.ndarray, seen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Centre (frames, persons, 2), NaN if empty, and diagonal of each person's box."""
    low = np.where(seen[..., None], xy_px, np.inf).min(axis=2)
    high = np.where(seen[..., None], xy_px, -np.inf).max(axis=2)
    empty = ~seen.any(axis=2)
    low[empty], high[empty] = np.nan, np.nan
    size = np.linalg.norm(np.nan_to_num(high - low), axis=-1)
    return (low + high) / 2, size
