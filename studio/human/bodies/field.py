"""Reconstructions as fields over the canonical space: how far inside the person a point lies.

Whatever finds a body, a fit or a network, says it as a field. Fields are merged before anything is
meshed, so that what was put together from several has one surface without a seam.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Int

from studio.human.bodies.canonical import Canonical
from studio.vision.triangles import Triangles

REACH_M = 0.05
"""Values are clipped to this far inside and outside."""
NEAR_M, FAR_M = 0.18, 0.25
"""So near to the neck's axis all may be the head's, and so far from it nothing."""
_WAY = np.array([0.0314, 0.0271, 0.99914], np.float32)
"""Rays go up, but along no axis: grids and symmetric meshes have edges there."""


@runtime_checkable
class Field(Protocol):
    """A body in the canonical space."""

    def inside(self, points_m: Float[np.ndarray, "points 3"]) -> Float[np.ndarray, " points"]:
        """How far inside the body each point lies, float32, metres or nearly so: above 0 inside,
        below 0 outside, clipped to 0.05 either way."""
        ...


class MeshField:
    """The field of a closed mesh. Where its surface runs through itself, as grown limbs do, what
    lies in both is inside: a point is where a ray from it leaves more often than it enters."""

    def __init__(
        self, vertices_m: Float[np.ndarray, "vertices 3"], faces: Int[np.ndarray, "faces 3"]
    ) -> None:
        corners = np.asarray(vertices_m, np.float32)
        self._triangles = Triangles.of(corners, faces)
        a, b, c = (corners[faces[:, k]] for k in range(3))
        self._leaving = np.sign(np.cross(b - a, c - a) @ _WAY).astype(np.int32)

    def inside(self, points_m: Float[np.ndarray, "points 3"]) -> Float[np.ndarray, " points"]:
        """See :class:`Field`."""
        at = np.asarray(points_m, np.float32)
        away = self._triangles.distance_m(at)
        ray, face = self._triangles.crossed(np.hstack([at, np.broadcast_to(_WAY, at.shape)]))
        turns = np.zeros(len(at), np.int32)
        np.add.at(turns, ray, self._leaving[face])
        away = np.clip(away, 0, REACH_M)
        return np.where(turns > 0, away, -away).astype(np.float32)


def template_field(canonical: Canonical) -> MeshField:
    """The field of the bare parametric person."""
    return MeshField(canonical.vertices_m, canonical.faces)


@dataclass(frozen=True, eq=False)
class NeckCuts:
    """The two cuts of the neck, its axis (unit) and a point of it: below the first all is the
    body's, above the second all the head's. They are places along the axis, from the world's
    origin, metres. Shoulders and raised arms, far from the axis, are the body's."""

    axis: Float[np.ndarray, " 3"]
    bottom_m: float
    top_m: float
    on_m: Float[np.ndarray, " 3"]

    def share_of_head(
        self, points_m: Float[np.ndarray, "points 3"]
    ) -> Float[np.ndarray, " points"]:
        """How much the head says at points, 0 to 1: a smooth step from cut to cut."""
        away = np.asarray(points_m) - self.on_m
        far = np.linalg.norm(away - np.outer(away @ self.axis, self.axis), axis=1)
        up = (np.asarray(points_m) @ self.axis - self.bottom_m) / (self.top_m - self.bottom_m)
        return _smooth(up) * _smooth((FAR_M - far) / (FAR_M - NEAR_M))


def _smooth(t: np.ndarray) -> np.ndarray:
    t = np.clip(t, 0, 1)
    return t * t * (3 - 2 * t)


def neck_cuts(canonical: Canonical) -> NeckCuts:
    """The cuts of a person's neck: where its first bone begins, and below the jaw."""
    bottom, top = canonical.head_m("neck01"), canonical.head_m("head")
    axis = (top - bottom) / np.linalg.norm(top - bottom)
    low, high = float(bottom @ axis), float(top @ axis)
    return NeckCuts(axis, low + 0.15 * (high - low), low + 0.85 * (high - low), bottom)


@dataclass(frozen=True, eq=False)
class MergedField:
    """A body's field and a head's, one field: blended between the cuts of the neck."""

    body: Field
    head: Field
    cuts: NeckCuts

    def inside(self, points_m: Float[np.ndarray, "points 3"]) -> Float[np.ndarray, " points"]:
        """See :class:`Field`."""
        share = self.cuts.share_of_head(points_m).astype(np.float32)
        value = np.zeros(len(points_m), np.float32)
        below, above = share < 1, share > 0
        value[below] = (1 - share[below]) * self.body.inside(points_m[below])
        value[above] += share[above] * self.head.inside(points_m[above])
        return value
