"""Who is photographed: somebody of any build in clothes, what of them is true at rest, and what a
fit would take them for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from scipy.spatial import KDTree
from scipy.spatial.transform import Rotation

from studio.core.types import Mesh
from studio.human.character import armature
from studio.human.person import PHENOTYPES, Rest, Shape, whole
from studio.human.rig import BONE_NAMES
from studio.human.segments import SEGMENT_NAMES
from studio.human.wardrobe.fitting import base_weights
from studio.perception.bodies.template import SKIN
from studio.synth.actor import Actor, Posed
from studio.synth.bodies.solid import STEP_M, outer_surface
from studio.synth.cast import random_phenotype
from studio.synth.factory.people import by_kind, random_clothes, random_head, random_jacket
from studio.synth.factory.streams import Split, identity, stream
from studio.synth.figure import Figure, carry, figure_of
from studio.vision.triangles import Triangles

Rng = np.random.Generator
_OFF = {"gender": 0.06, "age": 0.04, "muscle": 0.12, "weight": 0.09, "height": 0.015,
        "proportions": 0.02, "african": 0.05, "asian": 0.05, "caucasian": 0.05}  # fmt: skip
"""How far off a fit's build is, as standard deviations."""
_OFF_SCALES, _OFF_DEG, _OFF_FINGERS_DEG = 0.008, 1.8, 8.0
_OFF_ASIDE_M, _OFF_AWAY_M = 0.008, 0.04
_FINGERS, _TRUNK = ("finger", "metacarpal"), ("root", "spine", "neck")
_FITTED = tuple(BONE_NAMES.index(f"{name}.{side}") for name in
                ("upperarm01", "lowerarm01", "wrist", "upperleg01", "lowerleg01", "foot")
                for side in "LR")  # fmt: skip
"""Joints that a fit lays where they are seen, on the whole."""


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
        """The closed surface of the clothed person in the reference pose: the canonical truth."""
        return outer_surface([d.mesh for d in self.at_rest.drawables], self.step_m)

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


@dataclass(frozen=True, eq=False)
class Guess:
    """What a fit takes somebody for: a body in the reference pose, soles on z = 0, and its pose."""

    vertices_m: np.ndarray
    heads_m: np.ndarray
    root_m: np.ndarray
    turns: np.ndarray


@torch.no_grad()
def guessed(subject: Subject, root_m: np.ndarray, turns: np.ndarray, ahead: np.ndarray,
            rng: Rng) -> Guess:  # fmt: skip
    """A fit to a picture as fits are off: build, pose and place, the last above all along
    ``ahead``, the camera's way; some nearly right, some less so."""
    much = float(rng.uniform(0.15, 1.2))
    spread = torch.tensor([_OFF.get(name, 0.0) for name in PHENOTYPES])
    noise = torch.from_numpy(rng.normal(0, much, len(PHENOTYPES))).float()
    scales = torch.from_numpy(rng.normal(0, much * _OFF_SCALES, len(SEGMENT_NAMES))).float()
    shape = Shape((subject.shape.phenotypes + spread * noise).clamp(0, 1),
                  subject.shape.scales * scales.exp())  # fmt: skip
    rest: Rest = whole().rest(shape, actions=False)
    bones: Any = armature(rest)
    up = bones.rest_world[0, :3, 3] - rest.heads_m[0].numpy()
    deg = np.array([_OFF_FINGERS_DEG if name.startswith(_FINGERS) else _OFF_DEG
                    for name in BONE_NAMES])  # fmt: skip
    many = np.array([0.35 if name.startswith(_TRUNK) else 1.0 for name in BONE_NAMES])
    off = np.radians(rng.normal(0, much, (len(deg), 3)) * (deg * many)[:, None])
    off_turns = turns @ Rotation.from_rotvec(off).as_matrix()
    heads = bones.rest_world[:, :3, 3]
    off_m = _joints(heads, root_m, off_turns) - _joints(subject.figure.heads_m, root_m, turns)
    root = root_m - off_m[list(_FITTED)].mean(0) + rng.normal(0, _OFF_ASIDE_M * much, 3)
    root = root + ahead * rng.normal(0, _OFF_AWAY_M * much)
    vertices = rest.vertices_m.double().numpy() + up
    return Guess(vertices, heads, root, off_turns)


def _joints(heads_m: np.ndarray, root_m: np.ndarray, turns: np.ndarray) -> np.ndarray:
    carried = carry(heads_m, root_m, turns)
    return np.einsum("bij,bj->bi", carried[:, :3, :3], heads_m) + carried[:, :3, 3]


def hung_over(subject: Subject, points_m: np.ndarray, heads_m: np.ndarray) -> np.ndarray:
    """Points of the subject's reference pose in that of a fitted body, whose bones begin at
    ``heads_m``: each goes along with the bones on which it hangs (axes are the same for
    everybody)."""
    near = subject.nearest.query(points_m)[1]
    moved = heads_m - subject.figure.heads_m
    return points_m + np.asarray(base_weights()[near] @ moved)
