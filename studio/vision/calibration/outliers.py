"""One bad view or board: found, named and left out, without eating good data.

Single corners that stand far out of an otherwise good view go first, so that they do not cost the
view. A view is suspect when its error stands far outside what its camera's other views show. Who
is to blame is asked of the other cameras of its moment: if they agree once the view is gone, it
was the view; if two cameras contradict each other and either is fine by itself, the moment goes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float

from studio.core.calibration import Dropped
from studio.vision.calibration.bundle import knee_of
from studio.vision.calibration.observations import Observations
from studio.vision.calibration.planar import Twins
from studio.vision.calibration.resect import resect
from studio.vision.calibration.state import State, lengths_px, off_px

_LEAST, _MOST = 3.0, 5.0
_WIDTHS = 3.5
_SHARE = 0.05
_LEAST_PX = 0.5
_ROUNDS = 4
_WILD = 6.0
_ACCIDENTS = 2

Adjust = Callable[[Observations, State], State]


def view_px(o: Observations, s: State) -> Float[np.ndarray, " views"]:
    """Root mean square error of each view."""
    squares = np.square(off_px(o, s)).sum((1, 2))
    return np.sqrt(squares / np.fmax(o.seen.sum(-1), 1))


def limits_px(o: Observations, rms: Float[np.ndarray, " views"]) -> Float[np.ndarray, " views"]:
    """Above which error a view stands out from its camera's others: three to five times their
    median, by how widely they vary themselves."""
    out = np.empty(len(o))
    for camera in range(len(o.cameras)):
        rows = o.of_camera(camera)
        if rows.start == rows.stop:
            continue
        logs = np.log(np.fmax(rms[rows], 1e-6))
        middle = np.median(logs)
        width = 1.4826 * np.median(np.abs(logs - middle))
        factor = np.clip(_WIDTHS * width, np.log(_LEAST), np.log(_MOST))
        out[rows] = np.fmax(np.exp(middle + factor), _LEAST_PX)
    return out


@dataclass(frozen=True, eq=False)
class Cleaned:
    """What is left, solved anew; the views that went, those that only lost wild corners, how many
    corners that were in all, and how many views stood out but had to stay."""

    o: Observations
    s: State
    twins: Twins
    dropped: tuple[Dropped, ...]
    saved: tuple[Dropped, ...]
    corners: int
    left: int


def wild_corners(o: Observations, s: State) -> Bool[np.ndarray, "views points"]:
    """Corners six times further off than is usual both in their camera and in their view; at most
    a tenth of a view's (at least one)."""
    off = lengths_px(o, s)
    usual = np.zeros(len(o))
    for camera in range(len(o.cameras)):
        rows = o.of_camera(camera)
        if o.seen[rows].any():
            usual[rows] = np.median(off[rows][o.seen[rows]])
    own = np.nanmedian(np.where(o.seen, off, np.nan), axis=1)
    wild = o.seen & (off > np.fmax(_WILD * np.fmax(usual, own), _LEAST_PX)[:, None])
    few = wild.sum(1) <= np.fmax(o.seen.sum(1) // 10, 1)
    return wild & (few & (o.seen.sum(1) > 6))[:, None]


def drop_bad(o: Observations, s: State, twins: Twins, adjust: Adjust) -> Cleaned:
    """Leave out bad views and solve again, in rounds; at most a twentieth of each camera's."""
    dropped: list[Dropped] = []
    allowed = np.fmax((_SHARE * np.bincount(o.camera, minlength=len(o.cameras))).astype(int), 1)
    wild = wild_corners(o, s)
    saved = tuple(_saved(o, s, wild))
    if wild.any():
        o = replace(o, seen=o.seen & ~wild)
        s = adjust(o, s)
    left = 0
    for _ in range(_ROUNDS):
        rms = view_px(o, s)
        bad = rms > limits_px(o, rms)
        if not bad.any():
            left = 0
            break
        going, reports = _blamed(o, s, twins, rms, bad, allowed)
        left = int(bad.sum() - (bad & going).sum())
        if not going.any():
            break
        dropped += reports
        allowed -= np.bincount(o.camera[going], minlength=len(o.cameras))
        o, twins = o.take(~going), twins.take(~going)
        s = adjust(o, s)
    return Cleaned(o, s, twins, tuple(dropped), saved, int(wild.sum()), left)


def _saved(o: Observations, s: State, wild: np.ndarray) -> list[Dropped]:
    """Views that only their wild corners would have cost, where a camera has one or two of them:
    accidents worth showing. Where there are more, the detector is just like that."""
    rms = view_px(o, s)
    off = np.where(wild, lengths_px(o, s), 0.0)
    saved = wild.any(1) & (rms > limits_px(o, rms))
    few = np.bincount(o.camera[saved], minlength=len(o.cameras)) <= _ACCIDENTS
    return [
        Dropped(
            o.moments[o.moment[row]], o.cameras[o.camera[row]],
            f"{wild[row].sum()} of its {o.seen[row].sum()} points up to {off[row].max():.1f} px "
            "off; only these were left out", float(rms[row]), unfit=False,
        )
        for row in np.flatnonzero(saved & few[o.camera])
    ]  # fmt: skip


def _blamed(
    o: Observations,
    s: State,
    twins: Twins,
    rms: np.ndarray,
    bad: Bool[np.ndarray, " views"],
    allowed: np.ndarray,
) -> tuple[Bool[np.ndarray, " views"], list[Dropped]]:
    """Views to leave out in this round, and the reports on them."""
    going = np.zeros(len(o), bool)
    reports: list[Dropped] = []
    budget = allowed.copy()
    limit = limits_px(o, rms)
    without = without_each(o, s, np.unique(o.moment[bad]), limit)
    for row in sorted(np.flatnonzero(bad), key=lambda r: -rms[r] / limit[r]):
        rows = np.flatnonzero(o.moment == o.moment[row])
        if going[rows].any():
            continue
        number, name = o.moments[o.moment[row]], o.cameras[o.camera[row]]
        others = rows[rows != row]
        alone = twins.rms_px[row, 0]
        fits_alone = bool(alone < limit[row])
        if len(others) == 1 and fits_alone and bool(twins.rms_px[others[0], 0] < limit[others[0]]):
            if (budget[o.camera[rows]] < 1).any():
                continue
            going[rows] = True
            budget[o.camera[rows]] -= 1
            both = " and ".join(o.cameras[o.camera[r]] for r in rows)
            reports.append(
                Dropped(number, "", f"{both} contradict each other: {rms[rows].max():.2f} px.",
                        float(rms[rows].max()))
            )  # fmt: skip
            continue
        if len(others) > 1:
            row = _culprit([int(row), *others.tolist()], without)
            name = o.cameras[o.camera[row]]
        if budget[o.camera[row]] < 1:
            continue
        going[row] = True
        budget[o.camera[row]] -= 1
        usual = float(np.median(rms[o.of_camera(int(o.camera[row]))]))
        why = "contradicts the other cameras" if len(others) and fits_alone else "does not fit"
        reports.append(
            Dropped(number, name, f"{why}: {rms[row]:.2f} px where {usual:.2f} px is usual.",
                    float(rms[row]))
        )  # fmt: skip
    return going, reports


def without_each(
    o: Observations, s: State, moments: np.ndarray, limit: np.ndarray
) -> Float[np.ndarray, " views"]:
    """By each view of these moments, where at least three cameras saw: the worst of the others'
    errors, in their limits, once it is gone and the target's pose is found from them alone."""
    absent = [
        (row, rest)
        for rows in (np.flatnonzero(o.moment == moment) for moment in moments)
        if len(rows) > 2
        for row, rest in ((row, rows[rows != row]) for row in rows)
    ]
    out = np.full(len(o), np.inf)
    if not absent:
        return out
    rows = np.concatenate([rest for _, rest in absent])
    case = np.repeat(np.arange(len(absent)), [len(rest) for _, rest in absent])
    order = np.argsort(o.camera[rows], kind="stable")
    rows, case = rows[order], case[order]
    gone = [row for row, _ in absent]
    part = replace(o.take(rows), moments=tuple(range(len(absent))), moment=case)
    posed = s.with_targets(s.targets[o.moment[gone]])
    off = view_px(part, resect(part, posed, knee_px=knee_of(o, s))) / limit[rows]
    worst = np.zeros(len(absent))
    np.maximum.at(worst, case, off)
    out[gone] = worst
    return out


def _culprit(rows: list[int], without: Float[np.ndarray, " views"]) -> int:
    """Which view's absence lets the others of its moment agree: the first of ``rows`` if it does,
    else the one that does it best."""
    return next((row for row in rows if without[row] < 1), min(rows, key=lambda row: without[row]))
