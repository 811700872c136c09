"""A designed person under the artist's hands: only what changed is computed anew.

While a slider moves, the body is the exact one with the compact person's change, and everything
worn keeps to its binding; when it is let go, the clothes are fitted again.
"""

from __future__ import annotations

from dataclasses import replace
from threading import Lock

import numpy as np
import torch
from scipy.sparse import csr_matrix, vstack

from studio.core.types import Character, Part, Posed
from studio.human.character import armature
from studio.human.design import Design
from studio.human.fit import Fit
from studio.human.reshaping import Reshaping
from studio.human.wardrobe.asset import BASE_VERTICES, Binding
from studio.human.wardrobe.fitting import growth
from studio.synth.designed import (
    Built,
    armature_of,
    body_of,
    carried_over,
    kept,
    key_of,
    painted,
    posed,
    shape_of,
    soles_m,
)

STILL_M = 2e-5
"""What moves by less is as it was."""


class _Fitted:
    """A design whose clothes are fitted, and how each part follows the body from there."""

    def __init__(self, design: Design, built: Built) -> None:
        self.design, self.character = design, built.character
        self.body_m = body_of(built.rest, built.character.armature)
        self._reshaping = Reshaping(built.rest, shape_of(design), design.local)
        self._rows = csr_matrix(vstack([_matrix(one) for one in built.hangs]), dtype=np.float32)
        self._hangs = built.hangs
        counts = [len(part.mesh.vertices_m) for part in built.character.parts]
        self._ends = np.cumsum(counts)[:-1]
        self._rest_m = np.concatenate([p.mesh.vertices_m for p in built.character.parts])
        self._parts = built.character.parts

    @torch.no_grad()
    def followed(self, design: Design) -> tuple[Character, np.ndarray]:
        """The person in another build, the clothes going with what they are bound to, and their
        base vertices. Parts that stay where they were the last time are the very same."""
        rest = self._reshaping.rest(shape_of(design), design.local)
        bones = armature(rest)
        body_m = body_of(rest, bones)
        moved = (body_m - self.body_m).astype(np.float32)
        found = np.split(self._rest_m + self._rows @ moved, self._ends)
        for vertices, hang in zip(found, self._hangs, strict=True):
            if isinstance(hang, Binding) and any(hang.scales):
                vertices += hang.offsets_m * (growth(hang, body_m) - growth(hang, self.body_m))
        self._parts = tuple(map(_moved, self._parts, found))
        return replace(self.character, armature=bones, parts=self._parts), body_m


def _matrix(hang: np.ndarray | Binding) -> csr_matrix:
    """From the base vertices' moves to those of a part's."""
    if isinstance(hang, Binding):
        return hang.matrix
    rows = np.arange(len(hang))
    return csr_matrix((np.ones(len(hang)), (rows, hang)), shape=(len(hang), BASE_VERTICES))


def _moved(part: Part, vertices_m: np.ndarray) -> Part:
    if np.abs(vertices_m - part.mesh.vertices_m).max(initial=0.0) < STILL_M:
        return part
    return replace(part, mesh=replace(part.mesh, vertices_m=vertices_m))


class LivePerson:
    """The person on show while they are designed. ``fit`` is their filmed motion, if there is one.

    May be asked from any thread; one answer is made at a time.
    """

    def __init__(self, fit: Fit | None = None) -> None:
        self._fit = fit if fit is not None and len(fit) > 1 else None
        self._filmed = armature_of(fit.shape) if fit is not None and self._fit else None
        self._fitted: _Fitted | None = None
        self._exact = ""
        self._lock = Lock()
        self._now: tuple[str, Character, np.ndarray] | None = None

    def at(self, design: Design, time_s: float = 0.0, exact: bool = True) -> Posed:
        """The person of a design, at a moment of their motion. ``exact`` fits the clothes again.

        Raises StudioError if the parametric person cannot be loaded.
        """
        with self._lock:
            return self._at(design, time_s, exact)

    def _at(self, design: Design, time_s: float, exact: bool) -> Posed:
        key = key_of(design)
        if self._now is None or self._now[0] != key or (exact and self._exact != key):
            if exact or self._fitted is None or not _same_parts(self._fitted.design, design):
                self._fitted = _Fitted(design, kept(design))
                self._exact = key
                self._now = key, self._fitted.character, self._fitted.body_m
            else:
                self._now = key, *self._fitted.followed(design)
        character = painted(self._now[1], design)
        self._now = key, character, self._now[2]
        return self._posed(design, character, self._now[2], time_s)

    def _posed(
        self, design: Design, character: Character, body_m: np.ndarray, time_s: float
    ) -> Posed:
        fit, bones = self._fit, character.armature
        if fit is None or self._filmed is None:
            return posed(design, character, body_m, time_s)
        now = _only(fit, int(np.abs(fit.times_s - time_s).argmin()))
        world = carried_over(now, bones, soles_m(character), self._filmed).bones_world[0]
        return Posed(character, float(now.times_s[0]), world, now.actions[0])


def _same_parts(one: Design, other: Design) -> bool:
    """Whether two people differ in nothing but build and colours."""
    return [w.item for w in one.worn] == [w.item for w in other.worn]


def _only(fit: Fit, frame: int) -> Fit:
    """One frame of a fit."""
    at = slice(frame, frame + 1)
    return replace(
        fit, times_s=fit.times_s[at], turns_rad=fit.turns_rad[at], root_m=fit.root_m[at],
        actions=fit.actions[at], residual_m=fit.residual_m[at],
    )  # fmt: skip
