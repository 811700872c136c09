"""A designed person under the artist's hands: only what changed is computed anew.

While a slider moves, the body is exact and everything worn follows the skin beneath it; when it is
let go, the clothes are fitted again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from threading import Lock

import numpy as np
from scipy.sparse import csr_matrix
from scipy.spatial import KDTree

from studio.core.types import Armature, Character, Posed
from studio.human.character import bones_world
from studio.human.design import Design
from studio.human.fit import Fit
from studio.synth import closet
from studio.synth.designed import (
    actions_of,
    armature_of,
    body_of,
    key_of,
    materials_of,
    person_of,
    resting,
    standing,
)

NEAREST = 4
_COLOURS = ("skin", "hair", "brows", "eyes")


@dataclass(frozen=True, eq=False)
class _Fitted:
    """A design whose clothes are fitted, and how each part follows the body from there."""

    design: Design
    character: Character
    body_m: np.ndarray
    follow: tuple[csr_matrix, ...]


class LivePerson:
    """The person on show while they are designed. ``fit`` is their filmed motion, if there is one.

    May be asked from any thread; one answer is made at a time.
    """

    def __init__(self, fit: Fit | None = None) -> None:
        self._fit = fit if fit is not None and len(fit) > 1 else None
        self._filmed = armature_of(fit.shape) if fit is not None and self._fit else None
        self._fitted: _Fitted | None = None
        self._key = ""
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
        if self._now is None or self._now[0] != key or (exact and self._key != key):
            if exact or self._fitted is None or not _same_parts(self._fitted.design, design):
                self._refit(design, key)
            else:
                self._now = (key, *self._followed(self._fitted, design))
        assert self._now is not None
        _, character, body_m = self._now
        return self._posed(design, character, body_m, time_s)

    def _refit(self, design: Design, key: str) -> None:
        character = person_of(design)
        rest, bones = resting(design, actions=False)
        body_m = body_of(rest, bones)
        follow = _following(character, body_m)
        self._fitted = _Fitted(design, character, body_m, follow)
        self._key, self._now = key, (key, character, body_m)

    def _followed(self, fitted: _Fitted, design: Design) -> tuple[Character, np.ndarray]:
        """The fitted person in another build and other colours, the clothes going with the skin."""
        character, body_m, bones = fitted.character, fitted.body_m, fitted.character.armature
        parts = character.parts
        if _build_of(design) != _build_of(fitted.design):
            rest, bones = resting(design, actions=False)
            body_m = body_of(rest, bones)
            moved = body_m - fitted.body_m
            parts = tuple(
                replace(part, mesh=replace(part.mesh, vertices_m=part.mesh.vertices_m + f @ moved))
                for part, f in zip(parts, fitted.follow, strict=True)
            )
        paint = {**materials_of(design), **closet.materials(design.worn, design.hair, design.brows)}
        parts = tuple(replace(p, material=paint.get(p.name, p.material)) for p in parts)
        return replace(character, armature=bones, parts=parts), body_m

    def _posed(
        self, design: Design, character: Character, body_m: np.ndarray, time_s: float
    ) -> Posed:
        fit, bones = self._fit, character.armature
        if fit is None or self._filmed is None:
            return Posed(character, time_s, standing(design, bones, body_m), actions_of(design))
        frame = int(np.abs(fit.times_s - time_s).argmin())
        world = _frame_of(fit, frame, bones, self._filmed)
        return Posed(character, float(fit.times_s[frame]), world, fit.actions[frame])


def _build_of(design: Design) -> tuple[object, ...]:
    return (design.phenotypes, design.scales, design.local)


def _same_parts(one: Design, other: Design) -> bool:
    """Whether two people differ in nothing but build and colours."""
    return [w.item for w in one.worn] == [w.item for w in other.worn]


def _frame_of(fit: Fit, frame: int, bones: Armature, filmed: Armature) -> np.ndarray:
    ratio = bones.rest_world[0, 2, 3] / filmed.rest_world[0, 2, 3]
    floor = fit.floor_m or 0.0
    root = fit.root_m[frame].copy()
    root[2] = floor + (root[2] - floor) * ratio
    return bones_world(bones, fit.turns_rad[frame : frame + 1], root[None])[0]


def _following(character: Character, body_m: np.ndarray) -> tuple[csr_matrix, ...]:
    """Per part, how its vertices follow the base vertices: the nearest few, nearer ones more."""
    tree = KDTree(body_m)
    found: list[csr_matrix] = []
    for part in character.parts:
        queried = tree.query(part.mesh.vertices_m, k=NEAREST)
        away, nearest = np.asarray(queried[0]), np.asarray(queried[1])
        share = 1 / (away + 1e-6) ** 2
        share /= share.sum(axis=1, keepdims=True)
        rows = np.repeat(np.arange(len(nearest)), NEAREST)
        shape = (len(nearest), len(body_m))
        found.append(csr_matrix((share.ravel(), (rows, nearest.ravel())), shape=shape))
    return tuple(found)
