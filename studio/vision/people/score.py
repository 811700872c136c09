"""What following several people is worth against truth: parts, points, ghosts, identities."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.optimize import linear_sum_assignment

from studio.vision.gaps import runs

_SAME_M = 0.5
_NEAR_M = 0.7
_APART_FRAMES = 15
_LOOK_FRAMES = 10


@dataclass(frozen=True)
class Score:
    """``parts`` is the share of correct parts (strict PCP at 0.5: both ends of a limb within half
    its length), of all that two cameras have in view; ``mpjpe_mm`` the mean distance of the joints
    that were found. ``ghost_frames`` is the longest that somebody was followed who is not there.
    ``switches`` counts changes of a person's identity; ``meetings`` encounters closer than 0.7 m,
    of which ``kept`` left both identities as they were; ``returns`` the same for people who left
    all pictures and came back, ``returned`` those who got their identity back. ``ids`` is the share
    of all moments at which people bear the one identity that is theirs (the recall of IDF1)."""

    parts: float
    mpjpe_mm: float
    people: int
    found: int
    ghost_frames: int
    ghosts: int
    switches: int
    meetings: int
    kept: int
    returns: int
    returned: int
    ids: float


def score(
    truth_m: Float[np.ndarray, "people frames joints 3"],
    present: Bool[np.ndarray, "people frames"],
    found_m: Float[np.ndarray, "found frames joints 3"],
    limbs: tuple[tuple[int, int], ...],
    middle: int,
) -> Score:
    """Judge people who were followed (NaN where they were not) against those who were there.

    ``present`` says when a person counts; ``middle`` is the joint by which people are near.
    """
    who = identities(truth_m, found_m)
    people = len(present)
    good = total = 0
    errors: list[np.ndarray] = []
    a, b = np.array(limbs).T
    for person in range(people):
        at = np.flatnonzero(present[person])
        total += len(at) * len(limbs)
        at = at[who[person, at] >= 0]
        off = np.linalg.norm(found_m[who[person, at], at] - truth_m[person, at], axis=-1)
        errors.append(off[np.isfinite(off)])
        size = np.linalg.norm(truth_m[person, at][:, a] - truth_m[person, at][:, b], axis=-1)
        with np.errstate(invalid="ignore"):
            good += int(((off[:, a] <= 0.5 * size) & (off[:, b] <= 0.5 * size)).sum())
    every = np.concatenate(errors) if errors else np.zeros(0)
    ghosts = _ghosts(who, found_m)
    meetings, kept = _meetings(truth_m[:, :, middle], present, who)
    returns, returned = _returns(present, who)
    return Score(
        good / max(total, 1), float(every.mean() * 1000) if len(every) else float("nan"),
        people, len(found_m), max(ghosts, default=0), sum(run > 5 for run in ghosts),
        _switches(present, who), meetings, kept, returns, returned,
        _ids(present, who, len(found_m)),
    )  # fmt: skip


def identities(truth_m: np.ndarray, found_m: np.ndarray) -> Int[np.ndarray, "people frames"]:
    """Who each person was taken for in each frame, -1 for nobody: the nearest by mean distance,
    one each."""
    people, frames = truth_m.shape[:2]
    who = np.full((people, frames), -1)
    for frame in range(frames):
        there = np.flatnonzero(np.isfinite(found_m[:, frame, :, 0]).sum(-1) >= 4)
        if not len(there):
            continue
        off = np.linalg.norm(truth_m[:, frame, None] - found_m[None, there, frame], axis=-1)
        known = np.isfinite(off)
        cost = np.where(known, off, 0).sum(-1) / np.fmax(known.sum(-1), 1)
        rows, columns = linear_sum_assignment(np.fmin(cost, 10 * _SAME_M))
        for row, column in zip(rows, columns, strict=True):
            if cost[row, column] < _SAME_M:
                who[row, frame] = there[column]
    return who


def _ghosts(who: np.ndarray, found_m: np.ndarray) -> list[int]:
    """How long each stretch of somebody who is not there lasts, in frames."""
    lengths: list[int] = []
    for number, points in enumerate(found_m):
        there = np.isfinite(points[..., 0]).sum(-1) >= 4
        lengths += [end - start for start, end in runs(there & ~(who == number).any(0))]
    return lengths


def _switches(present: np.ndarray, who: np.ndarray) -> int:
    count = 0
    for person in range(len(who)):
        ids = who[person, present[person] & (who[person] >= 0)]
        count += int((np.diff(ids) != 0).sum())
    return count


def _ids(present: np.ndarray, who: np.ndarray, found: int) -> float:
    """The share of moments under the one identity of each person that makes it greatest."""
    borne = np.array([[(row == one).sum() for one in range(found)]
                      for row in np.where(present, who, -1)])  # fmt: skip
    rows, columns = linear_sum_assignment(-borne.reshape(len(who), found))
    return float(borne[rows, columns].sum()) / max(int(present.sum()), 1) if found else 0.0


def _usual(ids: np.ndarray) -> int:
    known = ids[ids >= 0]
    return int(np.bincount(known).argmax()) if len(known) else -1


def _meetings(middle: np.ndarray, present: np.ndarray, who: np.ndarray) -> tuple[int, int]:
    meetings = kept = 0
    for a in range(len(middle)):
        for b in range(a):
            near = np.linalg.norm(middle[a] - middle[b], axis=-1) < _NEAR_M
            for start, end in runs(_closed(near)):
                before = slice(max(0, start - _LOOK_FRAMES), start)
                after = slice(end, end + _LOOK_FRAMES)
                enough = start >= 3 and end + 3 <= len(near)
                both = present[[a, b]][:, [*range(*before.indices(len(near)))]].all() and (
                    present[[a, b]][:, [*range(*after.indices(len(near)))]].all()
                )
                if not (enough and both):
                    continue
                meetings += 1
                kept += all(_usual(who[p, before]) == _usual(who[p, after]) >= 0 for p in (a, b))
    return meetings, kept


def _closed(near: np.ndarray) -> np.ndarray:
    """Encounters shortly after one another are one."""
    out = near.copy()
    for start, end in runs(~near):
        if start > 0 and end < len(near) and end - start < _APART_FRAMES:
            out[start:end] = True
    return out


def _returns(present: np.ndarray, who: np.ndarray) -> tuple[int, int]:
    returns = returned = 0
    for person in range(len(who)):
        for start, end in runs(~present[person]):
            if start < 3 or end + _LOOK_FRAMES > len(present[person]) or end - start < 15:
                continue
            returns += 1
            after = _usual(who[person, end : end + 2 * _LOOK_FRAMES])
            returned += _usual(who[person, max(0, start - _LOOK_FRAMES) : start]) == after >= 0
    return returns, returned
