"""A head that learns while somebody looks on: a neural surface, fitted to the photographs."""

from __future__ import annotations

import time
from collections.abc import Collection, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import cast

import numpy as np

from studio.core.card import find_card
from studio.core.percent import percent
from studio.core.types import Character, Fact, Material, Mesh, Part, Posed
from studio.features.head.one_bone import HIGH_M, bone
from studio.human.heads import model
from studio.human.heads.fit import View
from studio.jobs import Context
from studio.perception.neural_heads.fitting import (
    REAL,
    NeuralHead,
    begun,
    covered,
    fitted,
)
from studio.perception.neural_heads.keeping import is_of, kept, taken_up
from studio.perception.neural_heads.lens import outlined
from studio.perception.neural_heads.meshing import QUICK_M, meshed
from studio.perception.neural_heads.network import HeadNetwork
from studio.perception.neural_heads.photographs import cut
from studio.perception.neural_heads.space import Space
from studio.perception.own import unpack
from studio.perception.portraits import Looked
from studio.synth.figure import make_figure
from studio.synth.heads.seen import SeenHead
from studio.synth.heads.wrapped import wrapped, wrapping

NAME = "neus"
"""Under what name the network is published."""
SHOWN_S = 6.0
"""So often the surface is shown while it learns."""
LEAST_ALIKE = 0.85
"""Hair keeps the photograph's own surface where the learned outline covers it less well."""
_GREY = Material("surface", base=(0.62, 0.52, 0.45, 1.0), roughness=0.7)


@dataclass(frozen=True, eq=False)
class Learned:
    """A head that was fitted, how long that took, the surface it was begun from (the skin as the
    most frontal photograph shows it), and how many steps it had learned ``before``."""

    head: NeuralHead
    seconds: float
    skin_m: np.ndarray
    before: int = 0

    def fact(self) -> Fact:
        """How long it learned, and how well its outline covers the photograph's."""
        on = f"{self.before} and " if self.before else ""
        said = f"{on}{sum(self.head.steps) - self.before} steps in {self.seconds:.0f} s, "
        said += f"outline {percent(self.alike)} alike"
        used = self.alike > LEAST_ALIKE
        return Fact(
            "Surface", said, "good" if used else "look", "" if used else "not used for hair"
        )

    @cached_property
    def alike(self) -> float:
        """How well its outline covers the photographs' (0 to 1)."""
        return covered(self.head)

    def wrapped(self, seen: SeenHead) -> SeenHead:
        """A head whose face takes the learned surface's shape."""
        assert self.head.marks_m is not None
        return wrapped(seen, wrapping(self.head, self.head.marks_m))

    def told(self) -> dict[str, float]:
        """Its figures: steps before and now, seconds of now, how alike its outline is."""
        now = sum(self.head.steps) - self.before
        return {"steps_before": self.before, "steps": now, "seconds": round(self.seconds, 2),
                "alike": round(self.alike, 4)}  # fmt: skip

    def arrays(self) -> dict[str, np.ndarray]:
        """All that was learned, to go on from (see :func:`taken_up`)."""
        return kept(self.head)


def learned(
    seen: SeenHead, view: View, looked: Sequence[Looked], seconds: float, context: Context,
    layers: Mapping[str, np.ndarray] | None = None, known: Collection[int] = (), seed: int = 0,
) -> Generator[Posed, None, Learned]:  # fmt: skip
    """Fit a neural head for so many seconds, not counting pauses, or until it is asked to finish:
    on from ``layers``, where those learned from one of the photographs. Their lenses are told by
    outlines, but for those that are ``known``; what is looked at next is drawn by the ``seed``.
    Yields its surface every few seconds. Raises
    StudioError if there is no network, or the layers are of another one."""
    network = cast(HeadNetwork, unpack(HeadNetwork(), find_card(NAME).weights))
    skin_m = seen.skin(view)
    head = ready(network, seen, skin_m, looked, layers, known)
    before = sum(head.steps)
    spent_s, shown_s = 0.0, SHOWN_S
    try:
        context.keeps = True
        for _, step_s in timed(fitted(head, replace(REAL, seconds=seconds), seed)):
            spent_s += step_s
            context.report(
                0.5 + 0.15 * min(spent_s / seconds, 1), f"Learning the surface, {spent_s:.0f} s"
            )
            context.check()
            if context.finishing:
                break
            if spent_s > shown_s:
                yield drawn(head)
                shown_s = spent_s + SHOWN_S
    finally:
        context.keeps = False
    return Learned(head, spent_s, skin_m, before)


def ready(
    network: HeadNetwork, seen: SeenHead, skin_m: np.ndarray, looked: Sequence[Looked],
    layers: Mapping[str, np.ndarray] | None = None, known: Collection[int] = (),
) -> NeuralHead:  # fmt: skip
    """A neural head that is about to learn from photographs, in the space about its fit's skin; on
    from ``layers``, where those learned from one of them. See :func:`learned`."""
    space = Space.about(skin_m, make_figure().surface.faces["skin"])
    fitted_to = [cut(one, way) for one, way in zip(looked, seen.views, strict=True)]
    ids, means = model.marks()
    marks_m = means @ skin_m[ids]
    photographs = outlined(network, space, fitted_to, marks_m, known)
    if layers is not None and is_of(layers, photographs):
        return taken_up(layers, network, space, photographs, marks_m)
    return begun(network, space, photographs, marks_m=marks_m)


def timed(steps: Iterable[NeuralHead]) -> Iterator[tuple[NeuralHead, float]]:
    """Steps, each with the seconds that it took by itself."""
    every = iter(steps)
    while True:
        begin = time.monotonic()
        one = next(every, None)
        if one is None:
            return
        yield one, time.monotonic() - begin


def drawn(head: NeuralHead) -> Posed:
    """The surface as it is now, as the viewport turns it."""
    surface = meshed(head, QUICK_M)
    vertices = (surface.vertices_m + np.array([0.0, 0.0, HIGH_M])).astype(np.float32)
    joints, weights = np.zeros((len(vertices), 4), int), np.zeros((len(vertices), 4))
    weights[:, 0] = 1.0
    part = Part("surface", Mesh(vertices, surface.faces), _GREY, joints, weights)
    return Posed(Character("Head", bone(), (part,)), 0.0, bone().rest_world, np.zeros(0))
