"""Who is to blame: suspicions tested one after another, the strongest first.

Each accepted suspicion becomes a free unknown, so that what it explains is not blamed on the next
camera too; what is worth less than a tenth of the strongest is left for the next calibration,
because a large fault bends the linear picture. With two cameras some suspicions are the same to
the last digit (either may have moved): then all who may be meant are named.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from jaxtyping import Float, Int

from studio.vision.calibration.evidence import CLOCK, LENS, POSE, PRIOR, SIZE, Evidence

Kind = Literal["moved", "clock", "lens", "view"]
_PARTS: dict[Kind, slice] = {"moved": POSE, "view": POSE, "clock": CLOCK, "lens": LENS}
_TIE = 0.97
_MINOR = 0.1
_LEAST_SEEN = 3


@dataclass(frozen=True, eq=False)
class Suspect:
    """One suspicion. It holds from ``moment`` on (-1: all along), or for that ``view`` alone;
    ``before`` is the last moment that speaks for the time before it.

    ``effect`` is the unknowns' estimate (rad and m; s; focal share, px, k1), ``spread`` its
    standard deviation; ``gain`` the fall of the squared error in units of the noise; ``off_px``
    what it moves in the picture. ``rivals`` explain it as well.
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
        if len(seen) < 2 * _LEAST_SEEN or name in settled:
            continue
        after = seen[_LEAST_SEEN : 1 - _LEAST_SEEN]
        tests += solver.test("moved", c, _suffixes(len(e.moments))[after], limit_px)
        tests += solver.test("view", c, np.eye(len(e.moments))[seen], limit_px)
        tests += solver.test("clock", c, whole, limit_px)
    tests = [t for t in tests if (t.suspect.kind, t.suspect.camera, t.suspect.moment) not in told]
    if not tests:
        return None
    best = max(tests, key=lambda test: test.worth)
    rivals = {
        t.suspect.camera for t in tests
        if t.suspect.kind == best.suspect.kind and t.suspect.moment == best.suspect.moment
        and t.worth > _TIE * best.worth and t.suspect.camera != best.suspect.camera
    }  # fmt: skip
    own = shared[:, e.cameras.index(best.suspect.camera)] & (e.moments < best.suspect.moment)
    before = int(e.moments[own][-1]) if own.any() else -1
    named = replace(best.suspect, rivals=tuple(sorted(rivals)), before=before)
    return named, best.columns, best.mask


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
        block = e.matrix[:, free.columns[:, None], free.columns]
        normal = np.einsum("mij,mi,mj->ij", block, free.mask, free.mask, optimize=True)
        normal[np.diag_indices_from(normal)] += PRIOR[free.columns % SIZE] ** -2
        self.inverse = np.linalg.inv(normal)
        self.slope = (e.slope[:, free.columns] * free.mask).sum(0)

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
        bare = np.tensordot(masks, e.camera_matrix[:, camera, part, part], 1)
        points = np.fmax(masks @ e.points[:, camera], 1)
        off = e.sigma_px * np.sqrt(np.einsum("ti,tij,tj->t", effect, bare, effect) / points)
        worth = gain - len(columns) * np.log(max(int(e.points.sum()), 2))
        tests: list[_Test] = []
        for t in np.flatnonzero((off > limit_px) & (worth > 0)):
            first = int(e.moments[int(np.argmax(masks[t] > 0))]) if len(masks) > 1 else -1
            spread = np.sqrt(np.fmax(np.diag(covariance[t]), 0))
            suspect = Suspect(kind, e.cameras[camera], first, float(gain[t]), float(off[t]),
                              effect[t], spread)  # fmt: skip
            tests.append(_Test(suspect, float(worth[t]), columns, masks[t]))
        return tests


def _suffixes(count: int) -> np.ndarray:
    """Row t: one from moment t on."""
    return np.triu(np.ones((count, count)))
