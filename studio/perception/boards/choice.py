"""Which sightings of a board are worth solving: crisp, slow, and each telling something new."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np

from studio.core.calibration import Dropped, Target
from studio.core.percent import percent
from studio.perception.boards.board import Found
from studio.vision.calibration.lean import lean_of

_BLURRED = 0.5
_SMEARED = 0.08
_HASTY = 0.12
_RESTING = 0.004
_COLUMNS, _ROWS = 8, 6
_PAIR_WEIGHT, _POSE_WEIGHT = 3.0, 2.0


@dataclass(frozen=True, eq=False)
class Seen:
    """A board found by one camera at one moment."""

    camera: str
    moment: int
    time_s: float
    frame: int
    found: Found


def choose(
    seen: Sequence[Seen],
    target: Target,
    sizes_px: Mapping[str, tuple[int, int]],
    most: int,
) -> tuple[list[Seen], tuple[Dropped, ...]]:
    """The sightings to solve with, in order of time, and why the others fell out."""
    hurried, dropped = _hurried(seen)
    rest = [one for one in seen if id(one) not in hurried]
    moments: dict[int, list[Seen]] = defaultdict(list)
    for one in rest:
        moments[one.moment].append(one)
    standing, collapsed = _without_resting(moments, sizes_px)
    if len(standing) > most:
        standing = _telling(standing, target, sizes_px, most)
    kept = [one for group in sorted(standing, key=lambda g: g[0].moment) for one in group]
    return kept, tuple(dropped + collapsed)


def _hurried(seen: Sequence[Seen]) -> tuple[set[int], list[Dropped]]:
    """Sightings that are smeared by movement, or of a board that moves too fast to be trusted.

    A camera's own crisp pictures say what crisp is. The fast ones matter even when crisp: shutters
    roll, and cameras that are half a frame apart see the board in two places.
    """
    out: set[int] = set()
    dropped: list[Dropped] = []
    for own in _by_camera(seen).values():
        crisp = np.array([one.found.sharpness for one in own])
        usual = float(np.nanpercentile(crisp, 75)) if np.isfinite(crisp).any() else 0.0
        speed = _frame_steps(own)
        for one, sharp, step in zip(own, crisp, speed, strict=True):
            if sharp < max(_BLURRED * usual, _SMEARED):
                reason = f"smeared by movement (edges {1 / max(sharp, 0.01):.0f} px wide)"
            elif step > _HASTY:
                reason = f"the board moved by {percent(step)} of its size from frame to frame"
            else:
                continue
            out.add(id(one))
            dropped.append(Dropped(one.moment, one.camera, reason, frame=one.frame, unfit=False))
    return out, dropped


def _frame_steps(own: Sequence[Seen]) -> np.ndarray:
    """How far the board moves in one frame of the clip, in shares of its size; by sighting.

    The slower of the ways from the sighting before and to the one after; 0 where neither is known.
    """
    steps = np.full((len(own), 2), np.nan)
    for index, (one, other) in enumerate(pairwise(own)):
        frames = other.frame - one.frame
        if not 0 < frames <= 15 or other.time_s - one.time_s > 0.5:
            continue
        moved, extent = _shift(one.found, other.found)
        steps[index, 1] = steps[index + 1, 0] = moved / max(extent, 1.0) / frames
    return np.nan_to_num(np.fmin(steps[:, 0], steps[:, 1]))


def _shift(a: Found, b: Found) -> tuple[float, float]:
    """How far the points that both have moved (median), and how large the board is, in pixels."""
    _, first, second = np.intersect1d(a.points, b.points, return_indices=True)
    extent = float(np.linalg.norm(np.ptp(a.xy_px, axis=0)))
    if not len(first):
        return extent, extent
    return float(np.median(np.linalg.norm(a.xy_px[first] - b.xy_px[second], axis=-1))), extent


def _without_resting(
    moments: Mapping[int, list[Seen]], sizes_px: Mapping[str, tuple[int, int]]
) -> tuple[list[list[Seen]], list[Dropped]]:
    """Moments that follow each other while nothing moves, as the best one of them."""
    groups: list[list[list[Seen]]] = []
    for number in sorted(moments):
        now = moments[number]
        if groups and _same_place(groups[-1][0], now, sizes_px):
            groups[-1].append(now)
        else:
            groups.append([now])
    standing = [max(group, key=_worth) for group in groups]
    dropped = [
        Dropped(one.moment, one.camera, "the board rested", frame=one.frame, unfit=False)
        for group, best in zip(groups, standing, strict=True)
        for moment in group
        if moment is not best
        for one in moment
    ]
    return standing, dropped


def _worth(moment: list[Seen]) -> tuple[int, int, float]:
    crisp = np.nan_to_num([one.found.sharpness for one in moment]).mean()
    return len(moment), sum(len(one.found) for one in moment), float(crisp)


def _same_place(
    before: list[Seen], now: list[Seen], sizes_px: Mapping[str, tuple[int, int]]
) -> bool:
    old = {one.camera: one for one in before}
    if not {one.camera for one in now} <= set(old):
        return False
    for one in now:
        moved, _ = _shift(old[one.camera].found, one.found)
        if moved > _RESTING * float(np.hypot(*sizes_px[one.camera])):
            return False
    return True


def _telling(
    moments: list[list[Seen]],
    target: Target,
    sizes_px: Mapping[str, tuple[int, int]],
    most: int,
) -> list[list[Seen]]:
    """The moments that together tell most, picked one by one by what each adds."""
    features: dict[tuple[object, ...], int] = {}
    rows: list[dict[int, float]] = []
    for moment in moments:
        row: dict[int, float] = {}
        for key, weight in _features(moment, target, sizes_px):
            row[features.setdefault(key, len(features))] = weight
        rows.append(row)
    told = np.zeros((len(rows), len(features)))
    for index, row in enumerate(rows):
        told[index, list(row)] = list(row.values())
    times = np.zeros(len(features))
    open_ = np.ones(len(rows), bool)
    for _ in range(most):
        gain = np.where(open_, told @ (1 / (1 + times)), -np.inf)
        best = int(gain.argmax())
        open_[best] = False
        times += told[best] > 0
    return [moment for moment, left in zip(moments, open_, strict=True) if not left]


def _features(
    moment: list[Seen], target: Target, sizes_px: Mapping[str, tuple[int, int]]
) -> list[tuple[tuple[object, ...], float]]:
    """What a moment tells: cells of each picture, tilts, distances, pairs of cameras; weighted."""
    told: list[tuple[tuple[object, ...], float]] = []
    for one in moment:
        size = sizes_px[one.camera]
        cells = np.floor(one.found.xy_px / size * [_COLUMNS, _ROWS]).astype(int)
        told += [((one.camera, "cell", *cell), 1.0) for cell in {tuple(c) for c in cells}]
        points = target.points_m[one.found.points]
        lean = lean_of(points, one.found.xy_px, size, target.flat)
        if lean is not None:
            sector = round(lean.towards_deg / 45) % 8 if lean.tilt_deg > 12 else -1
            told.append(((one.camera, "tilt", sector), _POSE_WEIGHT))
            depth = round(3 * float(np.log2(max(lean.depth_m, 1e-3))))
            told.append(((one.camera, "depth", depth), _POSE_WEIGHT))
    for pair in combinations(sorted({one.camera for one in moment}), 2):
        told.append((("pair", *pair), _PAIR_WEIGHT))
    return told


def _by_camera(seen: Sequence[Seen]) -> dict[str, list[Seen]]:
    cameras: dict[str, list[Seen]] = defaultdict(list)
    for one in seen:
        cameras[one.camera].append(one)
    return cameras
