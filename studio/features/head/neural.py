"""A head that learns while somebody looks on: a neural surface, fitted to the photographs."""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import cast

import numpy as np

from studio.core.card import find_card
from studio.core.types import Character, Fact, Material, Mesh, Part, Posed
from studio.features.head.one_bone import HIGH_M, bone
from studio.human.heads.fit import View
from studio.jobs import Context
from studio.perception.neural_heads.fitting import Effort, NeuralHead, begun, covered, fitted
from studio.perception.neural_heads.meshing import QUICK_M, meshed
from studio.perception.neural_heads.network import HeadNetwork
from studio.perception.neural_heads.photographs import cut
from studio.perception.neural_heads.space import Space
from studio.perception.own import unpack
from studio.perception.portraits import Looked
from studio.synth.figure import make_figure
from studio.synth.heads.seen import SeenHead

NAME = "neus"
"""Under what name the network is published."""
SHOWN_S = 6.0
"""So often the surface is shown while it learns."""
LEAST_ALIKE = 0.85
"""Hair keeps the photograph's own surface where the learned outline covers it less well."""
_GREY = Material("surface", base=(0.62, 0.52, 0.45, 1.0), roughness=0.7)


@dataclass(frozen=True, eq=False)
class Learned:
    """A head that was fitted, how long that took, and the surface it was begun from: the skin as
    the most frontal photograph shows it."""

    head: NeuralHead
    seconds: float
    skin_m: np.ndarray

    def fact(self) -> Fact:
        """How long it learned, and how well its outline covers the photograph's."""
        said = f"{sum(self.head.steps)} steps in {self.seconds:.0f} s, "
        said += f"outline {self.alike:.0%} alike".replace("%", " %")
        used = self.alike > LEAST_ALIKE
        return Fact(
            "Surface", said, "good" if used else "look", "" if used else "not used for hair"
        )

    @cached_property
    def alike(self) -> float:
        """How well its outline covers the photographs' (0 to 1)."""
        return covered(self.head)

    def arrays(self) -> dict[str, np.ndarray]:
        """What is the head's own, to go on from or to look at again."""
        own = [one.numpy().astype(np.float16) for one in self.head.own if one is not None]
        return {
            **{f"neural_own_{k}": one for k, one in enumerate(own)},
            "neural_cameras": self.head.cameras.numpy(),
            "neural_steps": np.array(self.head.steps), "neural_seed": np.array(0),
        }  # fmt: skip


def learned(
    seen: SeenHead, view: View, looked: Sequence[Looked], seconds: float, context: Context
) -> Generator[Posed, None, Learned]:
    """Fit a neural head for so many seconds, or until it is asked to finish. Yields its surface
    every few seconds. Raises StudioError if there is no network."""
    network = cast(HeadNetwork, unpack(HeadNetwork(), find_card(NAME).weights))
    skin_m = seen.skin(view)
    space = Space.about(skin_m, make_figure().surface.faces["skin"])
    photographs = [cut(one, way) for one, way in zip(looked, seen.views, strict=True)]
    head = begun(network, space, photographs)
    start = shown = time.monotonic()
    for _ in fitted(head, Effort(seconds=seconds)):
        context.check()
        spent = time.monotonic() - start
        context.report(0.5 + 0.15 * min(spent / seconds, 1), f"Learning the surface, {spent:.0f} s")
        if context.finishing:
            break
        if time.monotonic() - shown > SHOWN_S:
            yield drawn(head)
            shown = time.monotonic()
    return Learned(head, time.monotonic() - start, skin_m)


def drawn(head: NeuralHead) -> Posed:
    """The surface as it is now, as the viewport turns it."""
    surface = meshed(head, QUICK_M)
    vertices = (surface.vertices_m + np.array([0.0, 0.0, HIGH_M])).astype(np.float32)
    joints, weights = np.zeros((len(vertices), 4), int), np.zeros((len(vertices), 4))
    weights[:, 0] = 1.0
    part = Part("surface", Mesh(vertices, surface.faces), _GREY, joints, weights)
    return Posed(Character("Head", bone(), (part,)), 0.0, bone().rest_world, np.zeros(0))
