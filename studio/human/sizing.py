"""From wanted measures to a person: the build nearest to where it began that has them.

Levenberg-Marquardt steps on phenotypes, segment scales and MakeHuman's measuring sliders, within
their bounds. Each step measures a batch of slightly different people once, and a few candidates.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

import numpy as np
import torch
from scipy.optimize import lsq_linear

from studio.core.errors import StudioError
from studio.human import sliders
from studio.human.compact import Change, CompactRest
from studio.human.measures import Hulls, changes, fullness, fullness_near, measures, tape
from studio.human.person import Shape
from studio.human.phenotypes import PHENOTYPES
from studio.human.segments import SEGMENT_NAMES

_BUILD = {"muscle": 0.3, "weight": 0.3, "height": 0.3, "proportions": 0.5}
_SCALE = 0.08
_LOOSE = 0.5
_LOCAL = {
    "measure-neck-circ": "neck_girth", "measure-bust-circ": "chest_girth",
    "measure-underbust-circ": "chest_girth", "measure-waist-circ": "waist_girth",
    "measure-hips-circ": "hip_girth", "measure-thigh-circ": "thigh_girth",
    "measure-calf-circ": "calf_girth", "measure-upperarm-circ": "upper_arm_girth",
    "measure-wrist-circ": "wrist_girth", "measure-shoulder-dist": "shoulders",
    "head-scale-horiz": "head_girth", "head-scale-depth": "head_girth",
}  # fmt: skip
"""MakeHuman's measuring sliders, and what they are for; all of them are for volume and mass."""
_UNITS = {"volume": 1e-4, "mass": 0.1}
"""What counts as much as a millimetre; five of them are missed."""
_SCALES = (0.75, 1.3)
_PULL = 0.04
"""How strongly everything is drawn to where it began, against a millimetre of a measure."""
_FAR = 30.0
"""Beyond so many millimetres a measure pulls no harder: what nobody has spoils nothing else."""
_NUDGE = 2e-3
_STILL = 1e-4
_GOOD = 0.5
"""A whole step that leaves so much of the cost needs no shorter one to compare with."""


@dataclass(frozen=True, eq=False)
class Sized:
    """A build, what was asked for as it came out (``found``), and what ``missed`` it: by how much,
    for those that are off by more than 5 mm (or half a kilogram, or half a litre)."""

    shape: Shape
    local: dict[str, float]
    found: dict[str, float]
    missed: dict[str, float] = field(default_factory=dict)

    @cached_property
    def measures(self) -> dict[str, float]:
        """All measures of the build, taken when they are first asked for."""
        return measures(self.shape, self.local)


def solve(
    targets: Mapping[str, float],
    pinned: Mapping[str, float] | None = None,
    shape: Shape | None = None,
    local: Mapping[str, float] | None = None,
    steps: int = 12,
) -> Sized:
    """The build that has the ``targets`` and keeps the ``pinned`` measures (both by name).

    ``shape`` and ``local`` are where to begin; gender, age and ancestry stay, and so do sliders
    that do not measure. What is neither wanted nor pinned goes along as little as possible. While
    a slider is dragged, one step a frame from the last result is enough: some 8 ms on one core,
    10 with volume or mass. Raises StudioError for an unknown measure or one that nobody has.
    """
    wanted = {**(pinned or {}), **targets}
    wrong = [name for name, value in wanted.items() if not 0 < value < float("inf")]
    if wrong:
        raise StudioError(f"Nobody has {wrong[0]} {wanted[wrong[0]]}.", "Give a positive number.")
    held = {*(pinned or {})} - {*targets}
    problem = _Problem(wanted, held, shape or Shape.of(), dict(local or {}), quick=steps == 1)
    for left in range(steps, 0, -1):
        if not problem.step() or (left > 1 and problem.settled()):
            break
    return problem.result()


@lru_cache(maxsize=64)
def _basis(local: tuple[str, ...], names: tuple[str, ...]) -> sliders.Basis:
    return sliders.basis(local, tape(names).person.ids.numpy())


class _Problem:
    """Where the search is: parameters p (phenotypes, scales and sliders, side by side), what they
    measure (``now``), and what is wanted."""

    def __init__(
        self, wanted: Mapping[str, float], held: set[str], shape: Shape, local: dict[str, float],
        quick: bool,
    ) -> None:  # fmt: skip
        self.tape, self.shape = tape(tuple(wanted)), shape
        bulk = bool(len(self.tape.faces))
        self.own = tuple(name for name, of in _LOCAL.items() if bulk or of in wanted)
        self.other = {name: value for name, value in local.items() if name not in self.own}
        self.fixed = changes(self.tape.person, self.other)
        self.build = [PHENOTYPES.index(name) for name in _BUILD]
        n, m, k = self.parts = (len(_BUILD), len(SEGMENT_NAMES), len(self.own))
        self.low = np.r_[np.zeros(n), np.full(m, _SCALES[0]), np.full(k, -1.0)]
        self.high = np.r_[np.ones(n), np.full(m, _SCALES[1]), np.ones(k)]
        self.loose = np.r_[list(_BUILD.values()), np.full(m, _SCALE), np.full(k, _LOOSE)]
        own = [local.get(name, 0.0) for name in self.own]
        start = np.r_[shape.phenotypes[self.build].numpy(), shape.scales.numpy(), own]
        self.p = self.start = np.clip(start.astype(float), self.low, self.high)
        self.goal = np.array(list(wanted.values()), float)
        self.close = np.array([0.5 * _UNITS.get(name, 1e-3) for name in wanted])
        self.unit = self.close * [0.4 if name in held else 2.0 for name in wanted]
        self.far = np.array([np.inf if name in held else _FAR for name in wanted])
        if quick:
            self.fuller = fullness_near(self.tape, shape)
        else:
            self.fuller = fullness(self.tape, shape, local)
        self.now = self.goal

    def build_of(self, p: np.ndarray) -> tuple[Shape, dict[str, float]]:
        """The shape and the local sliders of parameters p."""
        build, scales, own = np.split(p.astype(np.float32), np.cumsum(self.parts)[:2])
        phenotypes = self.shape.phenotypes.clone()
        phenotypes[self.build] = torch.from_numpy(build)
        local = {
            name: float(value)
            for name, value in zip(self.own, own, strict=True)
            if abs(value) > _STILL
        }
        return Shape(phenotypes, torch.from_numpy(scales.copy())), self.other | local

    def rest(self, p: np.ndarray, alike: bool = False) -> CompactRest:
        values = torch.as_tensor(np.atleast_2d(p)).float()
        build, scales, own = values.split(self.parts, 1)
        phenotypes = self.shape.phenotypes.repeat(len(values), 1)
        phenotypes[:, self.build] = build
        change = _basis(self.own, self.tape.names)(own)
        if self.fixed is not None:
            change = Change(
                change.skin_m + self.fixed.skin_m, change.heads_m + self.fixed.heads_m,
                change.axes + self.fixed.axes,
            )  # fmt: skip
        return self.tape.person.rest(phenotypes, scales, change, alike)

    @torch.no_grad()
    def measure(self, p: np.ndarray, hulls: Hulls | None = None) -> np.ndarray:
        return self.tape.measure(self.rest(p), self.fuller, hulls).double().numpy()

    def cost(self, p: np.ndarray, found: np.ndarray) -> np.ndarray:
        off = np.abs(found - self.goal) / self.unit
        pull = _PULL * (p - self.start) / self.loose
        near = np.minimum(off, self.far)
        return (near**2 + 2 * near * (off - near)).sum(1) + (pull**2).sum(1)

    @torch.no_grad()
    def step(self) -> bool:
        """One step, shortened until it helps; whether it did."""
        p = self.p
        toward = np.where(p + _NUDGE > self.high, -_NUDGE, _NUDGE)
        rest = self.rest(np.concatenate([p[None], p + np.diag(toward)]), alike=True)
        hulls = self.tape.hulls(rest)
        found = self.tape.measure(rest, self.fuller, hulls, alike=True).double().numpy()
        self.now = found[0]
        J = ((found[1:] - found[0]) / toward[:, None]).T / self.unit[:, None]
        off = (found[0] - self.goal) / self.unit
        trust = np.sqrt(np.minimum(1, self.far / np.maximum(np.abs(off), 1e-9)))
        pull = _PULL / self.loose
        rows = np.concatenate([trust[:, None] * J, np.diag(pull)])
        wanted = -np.concatenate([trust * off, pull * (p - self.start)])
        bounds = (self.low - p - 1e-9, self.high - p + 1e-9)
        to = np.clip(p + lsq_linear(rows, wanted, bounds, method="bvls").x, self.low, self.high)
        tries = p + np.array([[1.0], [0.5], [0.2], [0.05]]) * (to - p)
        began = self.cost(p[None], found[:1])[0]
        measured = self.measure(tries[:1], hulls)
        costs = self.cost(tries[:1], measured)
        if costs[0] > _GOOD * began:
            measured = np.concatenate([measured, self.measure(tries[1:], hulls)])
            costs = self.cost(tries, measured)
        best = int(costs.argmin())
        if costs[best] >= began or np.abs(tries[best] - p).max() < 1e-5:
            return False
        self.p, self.now = tries[best], measured[best]
        return True

    @torch.no_grad()
    def settled(self) -> bool:
        """Whether all is as wanted. The coarse body is made as full as the whole one."""
        if len(self.tape.faces):
            self.fuller = fullness(self.tape, *self.build_of(self.p))
            self.now = self.measure(self.p)[0]
        return bool((np.abs(self.now - self.goal) < self.close).all())

    @torch.no_grad()
    def result(self) -> Sized:
        shape, local = self.build_of(self.p)
        names = self.tape.names
        found = dict(zip(names, self.now.tolist(), strict=True))
        off = {
            name: found[name] - goal for name, goal in zip(names, self.goal.tolist(), strict=True)
        }
        missed = {name: by for name, by in off.items() if abs(by) > 5 * _UNITS.get(name, 1e-3)}
        return Sized(shape, local, found, missed)
