"""Who is photographed: somebody of any build in clothes, and what of them is true at rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from scipy.spatial import KDTree

from studio.core.types import Mesh
from studio.human.character import armature
from studio.human.person import Shape, whole
from studio.human.rig import BONE_NAMES
from studio.human.segments import SEGMENT_NAMES
from studio.human.wardrobe.fitting import base_weights
from studio.perception.bodies.template import SKIN
from studio.synth.actor import Actor, Posed
from studio.synth.bodies.solid import STEP_M, outer_surface
from studio.synth.cast import random_phenotype
from studio.synth.factory.people import by_kind, random_clothes, random_head, random_jacket
from studio.synth.factory.streams import Split, identity, stream
from studio.synth.figure import Figure, figure_of
from studio.vision.triangles import Triangles


@dataclass(frozen=True, eq=False)
class Subject:
    """Somebody dressed. ``shape`` is their build, ``figure`` their body in the rig's reference
    pose, soles on z = 0; ``step_m`` how finely their surface is looked for."""

    shape: Shape
    figure: Figure
    actor: Actor
    looks: Mapping[str, str]
    step_m: float = STEP_M

    @cached_property
    def at_rest(self) -> Posed:
        """What is drawn of them in the reference pose."""
        return self.actor.posed(self.figure.heads_m[0], _still())

    @cached_property
    def surface(self) -> Mesh:
        """The closed surface of the clothed person in the reference pose: the canonical truth.

        What clothes hide counts, too: without it there is a way out from under open jackets.
        """
        return outer_surface(self.actor.whole(self.at_rest), self.step_m)

    @cached_property
    def inside(self) -> Triangles:
        """The surface, to measure distances to."""
        return Triangles([self.surface])

    @cached_property
    def nearest(self) -> KDTree:
        """The skin's vertices."""
        return KDTree(self.figure.vertices_m[:SKIN])

    @cached_property
    def surface_near(self) -> np.ndarray:
        """The vertex of the skin on which each vertex of the surface hangs."""
        return np.asarray(self.nearest.query(self.surface.vertices_m)[1])


def make_subject(seed: int, split: Split, number: int, step_m: float = STEP_M) -> Subject:
    """Somebody of the factory's cast, in clothes, with hair, perhaps a hat."""
    who = identity(stream("body", seed, split, number), split)
    rng = stream("body looks", who)
    phenotype = random_phenotype(rng)
    scales = {name: float(np.exp(rng.normal(0, 0.02))) for name in SEGMENT_NAMES}
    shape = Shape.of(scales, **phenotype)
    wardrobe = by_kind()
    choices = random_head(wardrobe, phenotype, rng) | random_clothes(wardrobe, phenotype, rng)
    choices |= random_jacket(wardrobe, choices, rng)
    figure = _figure(shape)
    actor = Actor(figure, tuple(choices.values()), float(rng.uniform(0.92, 1.06)))
    looks = {kind: one.name for kind, one in choices.items()}
    return Subject(shape, figure, actor, looks, step_m)


@torch.no_grad()
def _figure(shape: Shape) -> Figure:
    rest = whole().rest(shape, actions=False)
    return figure_of(rest, armature(rest))


def _still() -> np.ndarray:
    return np.tile(np.eye(3), (len(BONE_NAMES), 1, 1))


def hung_over(
    subject: Subject, points_m: np.ndarray, heads_m: np.ndarray, scale: float = 1.0
) -> np.ndarray:
    """Points of the subject's reference pose in that of a fitted body, whose bones begin at
    ``heads_m`` and which is taken for so many times as large: each goes along with the bones on
    which it hangs (axes are the same for everybody)."""
    near = subject.nearest.query(points_m)[1]
    moved = heads_m - scale * subject.figure.heads_m
    return scale * points_m + np.asarray(base_weights()[near] @ moved)
