"""One shape for a whole take: phenotypes and segment lengths, fitted together with the poses.

Gauss-Newton on sampled frames. Every frame's pose touches only its own block of the normal
equations, so poses are eliminated (Schur complement) and what is left is a system of the few
shape parameters.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float

from studio.core.types import Layout
from studio.human.descent import Prior, Target, assemble, descend
from studio.human.joints import dofs
from studio.human.keypoints import HEAD_TOP, Hooks, Landmarks, hooks, needed_vertices, soles
from studio.human.person import PHENOTYPES, Person, Rest, Shape, whole
from studio.human.segments import SEGMENT_NAMES
from studio.human.solver import Kinematics, Poses

_PHENOTYPES = ("height", "age", "proportions")
UNKNOWNS = (*_PHENOTYPES, *SEGMENT_NAMES)
_USUAL = np.array([0.25, 0.04, 0.12, *[0.06] * len(SEGMENT_NAMES)])
HEIGHT_ERROR_M = 0.005


@dataclass(frozen=True)
class Hints:
    """What is known of the person beforehand; None: not known."""

    height_m: float | None = None
    gender: float | None = None
    age_years: float | None = None
    weight: float = 0.5
    muscle: float = 0.5


def age_parameter(years: float) -> float:
    """Anny's age parameter: 0 a baby of one year, 1/3 a child of 11, 2/3 an adult of 25, 1 old."""
    return float(np.interp(years, (1, 11, 25, 90), (0, 1 / 3, 2 / 3, 1)))


@dataclass(frozen=True, eq=False)
class Body:
    """The parametric person reduced to what a layout needs, for any shape parameters."""

    person: Person
    layout: Layout
    start: Shape
    hands: bool
    hooks: Hooks

    @classmethod
    def of(cls, layout: Layout, hints: Hints, hands: bool) -> Body:
        """The body for a layout; the hints set the phenotypes that keypoints do not show."""
        vertices = np.union1d(needed_vertices(layout), np.ravel(soles()))
        age = 0.66 if hints.age_years is None else age_parameter(hints.age_years)
        start = Shape.of(
            age=age,
            gender=0.5 if hints.gender is None else hints.gender,
            weight=hints.weight,
            muscle=hints.muscle,
        )
        person = whole().subset(vertices)
        return cls(person, layout, start, hands, hooks(person, layout, np.ravel(soles())))

    def shape(self, values: Float[np.ndarray, " parameters"]) -> Shape:
        """The shape of parameter values: phenotypes as they are, segments as logarithms."""
        phenotypes = self.start.phenotypes.clone()
        for name, value in zip(_PHENOTYPES, values, strict=False):
            phenotypes[PHENOTYPES.index(name)] = float(value)
        return Shape(phenotypes, torch.tensor(np.exp(values[len(_PHENOTYPES) :])).float())

    @property
    def start_values(self) -> Float[np.ndarray, " parameters"]:
        known = [float(self.start.phenotypes[PHENOTYPES.index(name)]) for name in _PHENOTYPES]
        return np.array([*known, *np.zeros(len(SEGMENT_NAMES))])

    @torch.no_grad()
    def built(self, values: np.ndarray) -> tuple[Rest, Landmarks]:
        rest = self.person.rest(self.shape(values))
        return rest, self.hooks.on(rest)

    def kinematics(self, values: np.ndarray) -> Kinematics:
        """The bones and landmarks of a shape, to be posed."""
        rest, marks = self.built(values)
        heads = rest.heads_m.numpy().astype(float)
        return Kinematics(dofs(heads, self.hands), rest.offsets_m.numpy().astype(float), marks)

    def stature_m(self, rest: Rest) -> float:
        """Body height of a person in the reference pose."""
        at = {int(v): i for i, v in enumerate(self.person.ids)}
        z = rest.vertices_m[:, 2]
        return float(z[at[HEAD_TOP]] - min(z[at[int(v)]] for v in np.ravel(soles())))


def _changes(
    body: Body, values: np.ndarray, watch: Callable[[float], object]
) -> tuple[np.ndarray, list[tuple[np.ndarray, np.ndarray]]]:
    """Per parameter: the change of the stature, of bone offsets and of landmark arms."""
    rest, marks = body.built(values)
    stature, changes = [], []
    for i in range(len(values)):
        watch(i / len(values))
        step = np.zeros_like(values)
        step[i] = 1e-3 if values[i] < 0.9 else -1e-3
        other, moved = body.built(values + step)
        stature.append((body.stature_m(other) - body.stature_m(rest)) / step[i])
        changes.append(
            (
                ((other.offsets_m - rest.offsets_m) / step[i]).numpy().astype(float),
                ((moved.arms_m - marks.arms_m) / step[i]).numpy().astype(float),
            )
        )
    return np.array(stature), changes


@dataclass(frozen=True, eq=False)
class _Step:
    """Shape and poses with the total cost, as tried by Gauss-Newton."""

    values: np.ndarray
    poses: Poses
    cost: float


def fit_shape(
    body: Body,
    target: Target,
    poses: Poses,
    hints: Hints,
    steps: int = 12,
    share: float = 30.0,
    watch: Callable[[float], object] = lambda fraction: None,
) -> tuple[Float[np.ndarray, " parameters"], Poses]:
    """The shape parameters that explain the sampled frames best, and the frames' poses.

    Frames of a take are alike, so together they count as at most ``share`` independent ones.
    ``watch`` is told how far the work is (0..1) and may raise to stop it.
    """
    thin = min(1.0, (share / max(len(target), 1)) ** 0.5)
    target = Target(target.xyz_m, target.weight * thin)
    now = _settled(body, target, body.start_values, poses, hints, 20)
    damping = 1e-2
    for step in range(steps):
        change, move = _step(
            body, target, now, hints, damping,
            lambda part, step=step: watch(1 - 0.7 ** (step + part)),
        )  # fmt: skip
        values = now.values + change
        head = len(_PHENOTYPES)
        values[:head] = np.clip(values[:head], 0.02, 0.98)
        values[head:] = np.clip(values[head:], -0.4, 0.4)
        tried = _settled(body, target, values, now.poses.moved(move), hints, 3)
        gain = now.cost - tried.cost
        if gain > 0:
            now, damping = tried, max(damping / 4, 1e-4)
            if gain < 1e-4 * now.cost:
                break
        else:
            damping *= 10
            if damping > 1e4:
                break
    return now.values, now.poses


def _settled(
    body: Body, target: Target, values: np.ndarray, poses: Poses, hints: Hints, steps: int
) -> _Step:
    """These shape parameters with poses adapted to them, and what they cost together."""
    kinematics = body.kinematics(values)
    poses, costs = descend(kinematics, target, poses, (Prior.usual(kinematics),), steps=steps)
    total = float(costs.sum() + (((values - body.start_values) / _USUAL) ** 2).sum())
    if hints.height_m is not None:
        off = body.stature_m(body.built(values)[0]) - hints.height_m
        total += (off / HEIGHT_ERROR_M) ** 2
    return _Step(values, poses, total)


def _step(
    body: Body,
    target: Target,
    now: _Step,
    hints: Hints,
    damping: float,
    watch: Callable[[float], object],
) -> tuple[np.ndarray, np.ndarray]:
    """The Gauss-Newton step of the shape parameters, and of every frame's pose."""
    values, poses = now.values, now.poses
    kinematics = body.kinematics(values)
    system = assemble(kinematics, target, poses, (Prior.usual(kinematics),))
    stature, changes = _changes(body, values, watch)
    # A row's derivative by the root's place is as long as the row's weight.
    scale = np.linalg.norm(system.jacobian[:, :, 3:6], axis=2)
    moved = [kinematics.shape_change(poses, *change).reshape(len(poses), -1) for change in changes]
    Js = np.stack(moved, -1) * scale[..., None]
    Hp = system.H.copy()
    index = np.arange(kinematics.unknowns)
    Hp[:, index, index] *= 1 + damping
    Hps = system.jacobian.transpose(0, 2, 1) @ Js
    solved = np.linalg.solve(Hp, np.concatenate([Hps, system.g[..., None]], -1))
    weight = 1 / _USUAL
    matrix = np.einsum("frs,frt->st", Js, Js) - np.einsum("fus,fut->st", Hps, solved[..., :-1])
    g = np.einsum("frs,fr->s", Js, system.residual) - np.einsum("fus,fu->s", Hps, solved[..., -1])
    matrix += np.diag(weight**2)
    g += weight**2 * (values - body.start_values)
    if hints.height_m is not None:
        off = body.stature_m(body.built(values)[0]) - hints.height_m
        matrix += np.outer(stature, stature) / HEIGHT_ERROR_M**2
        g += stature * off / HEIGHT_ERROR_M**2
    change = -np.linalg.solve(matrix + damping * np.diag(np.diag(matrix)), g)
    change *= min(1.0, 0.2 / float(np.abs(change).max() + 1e-12))
    move = -(np.einsum("fus,s->fu", solved[..., :-1], change) + solved[..., -1])
    largest = np.abs(np.delete(move, [3, 4, 5], 1)).max(1, keepdims=True)
    return change, move * np.minimum(1.0, 0.5 / np.maximum(largest, 1e-9))
