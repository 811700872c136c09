"""Who is to blame: suspicions tested one after another, the strongest first.

Each accepted suspicion becomes a free unknown, so that what it explains is not blamed on the next
camera too; what is worth less than a tenth of the strongest is left for the next calibration,
because a large fault bends the linear picture. What a camera is accused of must be seen more than
once: a bump still stands when any one second of the session is left out. With two cameras some
suspicions are the same to the last digit (either may have moved): then all who may be meant are
named.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from copy import copy
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from jaxtyping import Float, Int

from studio.vision.calibration.trust.evidence import CLOCK, LENS, POSE, PRIOR, SIZE, Evidence

Kind = Literal["moved", "clock", "lens", "view"]
_PARTS: dict[Kind, slice] = {"moved": POSE, "view": POSE, "clock": CLOCK, "lens": LENS}
_TIE = 0.97
_MINOR = 0.1
LEAST_SEEN = 3
_SURELY, _VIEW_PX = 3.0, 1.0
_CLOCK = 0.5
_TRIED, _BLOCKS = 24, 3


@dataclass(frozen=True, eq=False)
class Suspect:
    """One suspicion. It holds from ``moment`` on (-1: all along), or for that ``view`` alone;
    ``before`` is the last moment that speaks for the time before it.

    ``effect`` is the unknowns' estimate (rad and m; s; focal share, px, k1), ``spread`` its
    standard deviation; ``gain`` the fall of the squared error in units of the noise; ``off_px``
    what it moves in the picture (of a view: what is left of it when the target has followed).
    ``rivals`` explain it as well.
    """

    kind: Kind
    camera: str
    moment: int
    gain: float
    off_px: float
    effect: Float[np.ndarray, " unknowns"]
    spread: Float[np.ndarray, " unknowns"]
    before: int = -1
    rivals: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class _Free:
    """Columns of the unknowns, each with the moments in which it counts."""

    columns: Int[np.ndarray, " free"]
    mask: Float[np.ndarray, "moments free"]

    def plus(self, columns: np.ndarray, mask: np.ndarray) -> _Free:
        more = np.repeat(mask[:, None].astype(np.float64), len(columns), axis=1)
        return _Free(np.append(self.columns, columns), np.concatenate([self.mask, more], 1))


def suspects(
    e: Evidence,
    *,
    refined: Collection[str] = (),
    least_px: float = 0.25,
    least_gain: float = 40.0,
    most: int = 8,
) -> tuple[Suspect, ...]:
    """Suspicions worth ``least_gain`` that move the picture by ``least_px``, strongest first.

    ``refined`` cameras had their lens solved along with the poses: it is free throughout.
    """
    free = _Free(np.empty(0, np.int64), np.empty((len(e.moments), 0)))
    always = np.ones(len(e.moments))
    for c, name in enumerate(e.cameras):
        free = free.plus(e.of(c, POSE), always)
        if name in refined:
            free = free.plus(e.of(c, LENS), always)
    found: list[Suspect] = []
    limit_px = max(least_px, 0.6 * e.sigma_px)
    while len(found) < most:
        tried = _strongest(e, free, refined, found, limit_px)
        if tried is None or tried[0].gain < max(least_gain, _MINOR * found[0].gain if found else 0):
            break
        suspect, columns, mask = tried
        found.append(suspect)
        free = free.plus(columns, mask)
    return tuple(found)


def _strongest(
    e: Evidence, free: _Free, refined: Collection[str], known: list[Suspect], limit_px: float
) -> tuple[Suspect, np.ndarray, np.ndarray] | None:
    """The suspicion that explains most beyond its own freedom, with its columns and moments."""
    solver = _Solver(e, free)
    told = {(s.kind, s.camera, s.moment) for s in known}
    settled = {s.camera for s in known if s.kind in ("clock", "lens")}
    shared = (e.points > 0) & ((e.points > 0).sum(1, keepdims=True) > 1)
    tests: list[_Test] = []
    for c, name in enumerate(e.cameras):
        seen = np.flatnonzero(shared[:, c])
        whole = np.ones((1, len(e.moments)))
        if name not in refined and name not in settled:
            tests += solver.test("lens", c, whole, limit_px)
        if len(seen) < 2 * LEAST_SEEN or name in settled:
            continue
        after = seen[LEAST_SEEN : 1 - LEAST_SEEN]
        tests += solver.test("moved", c, _suffixes(len(e.moments))[after], limit_px)
        tests += solver.test("view", c, np.eye(len(e.moments))[seen], limit_px)
        tests += solver.test("clock", c, whole, limit_px)
    tests = [t for t in tests if (t.suspect.kind, t.suspect.camera, t.suspect.moment) not in told]
    if not tests:
        return None
    best = _lasting(solver, sorted(tests, key=lambda test: -test.worth), limit_px)
    if best is None:
        return None
    rivals = {
        t.suspect.camera for t in tests
        if t.suspect.kind == best.suspect.kind and t.suspect.moment == best.suspect.moment
        and t.worth > _TIE * best.worth and t.suspect.camera != best.suspect.camera
    }  # fmt: skip
    own = shared[:, e.cameras.index(best.suspect.camera)] & (e.moments < best.suspect.moment)
    before = int(e.moments[own][-1]) if own.any() else -1
    named = replace(best.suspect, rivals=tuple(sorted(rivals)), before=before)
    return named, best.columns, best.mask


def _lasting(solver: _Solver, tests: list[_Test], limit_px: float) -> _Test | None:
    """The best one that no single block of moments carries alone, where it is said of many.

    A late clock is asked before a bump that explains little more: the one has one unknown, and a
    bump six and a moment to choose.
    """
    clocks = [t for t in tests if t.suspect.kind == "clock"]
    if tests[0].suspect.kind == "moved" and clocks and clocks[0].worth > _CLOCK * tests[0].worth:
        tests = [clocks[0], *tests]
    for test in tests[:_TRIED]:
        if test.suspect.kind in ("view", "lens") or all(
            solver.without(rows).stands(test, rows, limit_px) for rows in _telling(solver.e, test)
        ):
            return test
    return None


def _telling(e: Evidence, test: _Test) -> Iterator[Int[np.ndarray, " rows"]]:
    """The blocks of moments that know most of a suspicion, on either side of its beginning."""
    pull = test.suspect.effect
    known = np.einsum("i,mij,j->m", pull, e.matrix[:, test.columns[:, None], test.columns], pull)
    for side in (test.mask > 0, test.mask == 0):
        by_block = np.bincount(e.block[side], known[side], minlength=1)
        for block in np.argsort(-by_block)[:_BLOCKS]:
            if by_block[block] > 0:
                yield np.flatnonzero(side & (e.block == block))


@dataclass(frozen=True, eq=False)
class _Test:
    suspect: Suspect
    worth: float
    columns: np.ndarray
    mask: np.ndarray


class _Solver:
    """The unknowns that are free anyway, eliminated once for all tests."""

    def __init__(self, e: Evidence, free: _Free) -> None:
        self.e, self.free = e, free
        self.normal, self.slope = self._sums(np.arange(len(e.moments)))
        self.normal[np.diag_indices_from(self.normal)] += PRIOR[free.columns % SIZE] ** -2
        self.inverse = np.linalg.inv(self.normal)

    def _sums(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        columns, mask = self.free.columns, self.free.mask[rows]
        block = self.e.matrix[np.ix_(rows, columns, columns)]
        normal = np.einsum("mij,mi,mj->ij", block, mask, mask, optimize=True)
        return normal, (self.e.slope[np.ix_(rows, columns)] * mask).sum(0)

    def without(self, rows: np.ndarray) -> _Solver:
        """The same, some moments left out of what is free; leave them out of the tests too."""
        normal, slope = self._sums(rows)
        less = copy(self)
        less.normal, less.slope = self.normal - normal, self.slope - slope
        less.inverse = np.linalg.inv(less.normal)
        return less

    def stands(self, test: _Test, rows: np.ndarray, limit_px: float) -> bool:
        """Whether a suspicion still stands without some moments."""
        mask = test.mask.copy()
        mask[rows] = 0
        camera = self.e.cameras.index(test.suspect.camera)
        again = self.test(test.suspect.kind, camera, mask[None], limit_px)
        return bool(again)

    def test(self, kind: Kind, camera: int, masks: np.ndarray, limit_px: float) -> list[_Test]:
        """One suspicion of one camera at each of several sets of moments (tests, moments)."""
        e, part = self.e, _PARTS[kind]
        columns = e.of(camera, part)
        own = e.matrix[:, columns[:, None], columns]
        cross = e.matrix[:, self.free.columns[:, None], columns] * self.free.mask[..., None]
        d = np.tensordot(masks, own, 1)
        b = np.tensordot(masks, cross, 1)
        followed = self.inverse @ b
        z = masks @ e.slope[:, columns] - self.slope @ followed
        k = d - np.swapaxes(b, 1, 2) @ followed
        k = k + np.diag(PRIOR[part] ** -2)
        covariance = np.linalg.inv(k)
        effect = (covariance @ z[..., None])[..., 0]
        gain = (effect * z).sum(1)
        points = np.fmax(masks @ e.points[:, camera], 1)
        if kind == "view":
            usual = masks @ np.nan_to_num(e.noise_px[:, camera])
            off = usual * np.sqrt(np.fmax(gain, 0) / points)
            least = np.fmax(_VIEW_PX, _SURELY * usual)
        else:
            bare = np.tensordot(masks, e.camera_px2[:, camera, part, part], 1)
            off = np.sqrt(np.einsum("ti,tij,tj->t", effect, bare, effect) / points)
            chance = np.sqrt(np.fmax(np.einsum("tij,tji->t", bare, covariance), 0) / points)
            least = np.fmax(limit_px, _SURELY * chance)
        worth = gain - len(columns) * np.log(max(int(e.points.sum()), 2))
        tests: list[_Test] = []
        for t in np.flatnonzero((off > least) & (worth > 0)):
            first = int(e.moments[int(np.argmax(masks[t] > 0))]) if len(masks) > 1 else -1
            spread = np.sqrt(np.fmax(np.diag(covariance[t]), 0))
            suspect = Suspect(kind, e.cameras[camera], first, float(gain[t]), float(off[t]),
                              effect[t], spread)  # fmt: skip
            tests.append(_Test(suspect, float(worth[t]), columns, masks[t]))
        return tests


def _suffixes(count: int) -> np.ndarray:
    """Row t: one from moment t on."""
    return np.triu(np.ones((count, count)))
