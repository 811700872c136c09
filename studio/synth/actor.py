"""Somebody to film: a figure with skin, hair and clothes, drawn in any pose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from studio.render.scene import Drawable
from studio.synth.figure import Figure, carry, expression, make_figure, skin
from studio.synth.hair import Hairstyle, make_hair
from studio.synth.looks import Head, Looks
from studio.synth.take import Poses
from studio.synth.wardrobe import Garment, Outfit, covered, dress


@dataclass(frozen=True, eq=False)
class Posed:
    """An actor at one moment: what is drawn, and the truth about it.

    ``vertices_m`` are all base vertices, ``bones_world`` bone-to-world matrices (bones, 4, 4).
    """

    drawables: tuple[Drawable, ...]
    vertices_m: np.ndarray
    bones_world: np.ndarray


class Actor:
    """A person, dressed and combed once, then posed as often as wanted."""

    def __init__(
        self,
        figure: Figure,
        looks: Looks,
        outfit: Outfit,
        hair: Hairstyle | None,
        texture_px: int = 1024,
    ) -> None:
        self.figure = figure
        self._body = Head(figure, looks, covered(outfit), texture_px)
        self._worn: tuple[Garment, ...] = dress(figure, outfit)
        if hair is not None:
            self._worn += make_hair(figure, hair)

    def posed(
        self, root_m: np.ndarray, turns: np.ndarray, face: Mapping[str, float] | None = None
    ) -> Posed:
        """The actor in a pose (see :func:`studio.synth.figure.carry`) with a facial expression."""
        carried = carry(self.figure, root_m, turns)
        vertices = skin(expression(self.figure, face or {}), self.figure.weights, carried)
        worn = tuple(garment.posed(carried) for garment in self._worn)
        return Posed(
            (*self._body.posed(vertices), *worn), vertices, carried @ self.figure.bones_world
        )

    def at(self, poses: Poses, frame: int) -> Posed:
        """The actor in one frame of a take."""
        return self.posed(poses.root_m[frame], poses.turns[frame], poses.actions(frame))


def make_actor(
    phenotype: Mapping[str, float],
    looks: Looks,
    outfit: Outfit,
    hair: Hairstyle | None,
) -> Actor:
    """An actor of these phenotypes (see :func:`studio.synth.figure.make_figure`)."""
    return Actor(make_figure(**phenotype), looks, outfit, hair)
