"""The numbers of a build that photographs of a body tell, and how the person changes with them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float, Int

from studio.core.types import Layout
from studio.human.bodies.canonical import SKIN
from studio.human.design import Design
from studio.human.designs import change_of
from studio.human.joints import dofs
from studio.human.keypoints import HEAD_TOP, Hooks, Landmarks, hooks, needed_vertices, soles
from studio.human.person import PHENOTYPES, Person, Rest, Shape, whole
from studio.human.segments import SEGMENT_NAMES
from studio.human.solver import Kinematics

_BUILD = {"weight": 0.2, "muscle": 0.2, "height": 0.25, "proportions": 0.12}
_SCALE = 0.05
NUMBERS = (*_BUILD, *SEGMENT_NAMES)
"""Phenotypes as they are, scales of segments as logarithms."""
SPREAD = np.array([*_BUILD.values(), *[_SCALE] * len(SEGMENT_NAMES)])
"""How far people differ in each number (one standard deviation, judged by eye)."""
_EVERY = 4
_STEP = 1e-2
_LEAST = 1e-3


@dataclass(frozen=True, eq=False)
class Near:
    """A person near some numbers: bones and landmarks as kinematics, the sampled vertices of the
    skin, the height, and how each number changes bones, landmarks' arms, vertices and height."""

    values: Float[np.ndarray, " numbers"]
    kinematics: Kinematics
    heads_m: Float[np.ndarray, "bones 3"]
    vertices_m: Float[np.ndarray, "sampled 3"]
    height_m: float
    moved_offsets: Float[np.ndarray, "numbers bones 3"]
    moved_arms: Float[np.ndarray, "numbers attachments 3"]
    moved_heads: Float[np.ndarray, "numbers bones 3"]
    moved_vertices: Float[np.ndarray, "numbers sampled 3"]
    moved_height: Float[np.ndarray, " numbers"]


class Builder:
    """A design whose build is sought: its face and ancestry stay, the build's numbers change."""

    def __init__(self, design: Design, layout: Layout, hands: bool) -> None:
        """``layout`` holds the points that are fitted, as MediaPipe marks them."""
        self.design, self.layout, self.hands = design, layout, hands
        self.change = change_of(design)
        needed = np.union1d(needed_vertices(layout, marked=True), np.ravel(soles()))
        self.ids: Int[np.ndarray, " sampled"] = np.union1d(needed, np.arange(0, SKIN, _EVERY))
        self.person: Person = whole().subset(self.ids)
        self.hooks: Hooks = hooks(self.person, layout, np.ravel(soles()), marked=True)

    @property
    def start(self) -> Float[np.ndarray, " numbers"]:
        """The numbers of the design as it is."""
        builds = [self.design.build(name) for name in _BUILD]
        return np.array([*builds, *[np.log(self.design.scale(name)) for name in SEGMENT_NAMES]])

    @staticmethod
    def bounded(values: Float[np.ndarray, " numbers"]) -> Float[np.ndarray, " numbers"]:
        """The nearest numbers that somebody may have."""
        out = values.copy()
        out[: len(_BUILD)] = np.clip(out[: len(_BUILD)], 0.02, 0.98)
        out[len(_BUILD) :] = np.clip(out[len(_BUILD) :], -0.3, 0.3)
        return out

    def designed(self, values: Float[np.ndarray, " numbers"]) -> Design:
        """The design with these numbers."""
        builds = {n: round(float(v), 4) for n, v in zip(_BUILD, values, strict=False)}
        scales = {
            n: round(float(np.exp(v)), 4)
            for n, v in zip(SEGMENT_NAMES, values[len(_BUILD) :], strict=True)
        }
        return self.design.with_build(builds).but(scales=scales)

    def shape(self, values: Float[np.ndarray, " numbers"]) -> Shape:
        """The build of these numbers."""
        told = dict(zip(_BUILD, values.tolist(), strict=False))
        builds = [told.get(name, self.design.build(name)) for name in PHENOTYPES]
        return Shape(torch.tensor(builds), torch.tensor(np.exp(values[len(_BUILD) :])).float())

    @torch.no_grad()
    def rest(self, values: Float[np.ndarray, " numbers"], every: bool = False) -> Rest:
        """The person at rest, with the sampled vertices or all of them."""
        person = whole() if every else self.person
        return person.rest(self.shape(values), actions=False, change=self.change)

    def height_m(self, rest: Rest) -> float:
        """How tall a person with the sampled vertices is."""
        row = {int(v): k for k, v in enumerate(self.ids)}
        z = rest.vertices_m[:, 2]
        return float(z[row[HEAD_TOP]] - min(z[row[int(v)]] for v in np.ravel(soles())))

    def near(self, values: Float[np.ndarray, " numbers"], like: Near | None = None) -> Near:
        """The person with these numbers, and how each of them changes it: as it changed ``like``,
        which saves nearly all of the time."""
        rest = self.rest(values)
        marks = self.hooks.on(rest)
        tall = self.height_m(rest)
        bones = rest.heads_m.double().numpy()
        kinematics = Kinematics(dofs(bones, self.hands), rest.offsets_m.double().numpy(), marks)
        skin = rest.vertices_m.double().numpy()
        if like is not None:
            return replace(like, values=values, kinematics=kinematics, heads_m=bones,
                           vertices_m=skin, height_m=tall)  # fmt: skip
        others = []
        for k in range(len(values)):
            step = _STEP if values[k] + _STEP < 0.99 else -_STEP
            tried = values.copy()
            tried[k] += step
            other = self.rest(tried)
            others.append(
                (
                    (other.offsets_m - rest.offsets_m) / step,
                    (self.hooks.on(other).arms_m - marks.arms_m) / step,
                    (other.heads_m - rest.heads_m) / step,
                    (other.vertices_m - rest.vertices_m) / step,
                    (self.height_m(other) - tall) / step,
                )
            )
        offsets, arms, heads, vertices, heights = zip(*others, strict=True)

        def stacked(parts: tuple[torch.Tensor, ...]) -> np.ndarray:
            return torch.stack(parts).double().numpy()

        return Near(
            values, kinematics, bones, skin, tall, stacked(offsets),
            stacked(arms), stacked(heads), stacked(vertices), np.array(heights),
        )  # fmt: skip

    def on_skin(self, near: Near, rows: Int[np.ndarray, " points"]) -> Landmarks:
        """Sampled vertices (their rows) as landmarks."""
        point, bone, weight = self._attached(rows)
        arms = weight[:, None] * (near.vertices_m[rows][point] - near.heads_m[bone])
        return Landmarks(
            len(rows), torch.from_numpy(point), torch.from_numpy(bone),
            torch.from_numpy(weight), torch.from_numpy(arms),
        )  # fmt: skip

    def moved_on_skin(
        self, near: Near, rows: Int[np.ndarray, " points"]
    ) -> Float[np.ndarray, "numbers attachments 3"]:
        """How each number changes the arms of :meth:`on_skin`."""
        point, bone, weight = self._attached(rows)
        moved = near.moved_vertices[:, rows][:, point] - near.moved_heads[:, bone]
        return weight[:, None] * moved

    def _attached(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        weights, bones = self.person.weights.numpy()[rows], self.person.bones.numpy()[rows]
        point, column = np.nonzero(weights > _LEAST)
        shares = weights[point, column].astype(float)
        sums = np.bincount(point, shares, len(rows))
        return point, bones[point, column], shares / sums[point]
