"""Whether a body goes through itself: arms through the trunk, the head or each other, legs through
each other."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.sparse import csr_matrix
from scipy.spatial import KDTree

from studio.human.rig import HAND, bones_of
from studio.render.scene import vertex_normals
from studio.synth.figure import Figure, skin

_ARM = ("lowerarm", *HAND)
_WHOLE_ARM = ("clavicle", "shoulder", "upperarm", *_ARM)
_LEG = ("lowerleg", "foot", "toe")
_WHOLE_LEG = ("pelvis", "upperleg", *_LEG)
_FAR_M = 0.10
_BODY = 13_380


@dataclass(frozen=True, eq=False)
class _Limbs:
    """Per limb: the vertices that are looked at, and those that they must not be inside of."""

    weights: csr_matrix
    faces: np.ndarray
    pairs: tuple[tuple[np.ndarray, np.ndarray], ...]


@lru_cache(maxsize=8)
def _limbs(figure: Figure) -> _Limbs:
    faces = figure.surface.faces["skin"]
    faces = faces[faces.max(1) < _BODY]
    used = np.zeros(_BODY, bool)
    used[faces.ravel()] = True
    weights = csr_matrix(figure.weights[:_BODY])
    owner = np.asarray(weights.argmax(axis=1)).ravel()

    def of(words: tuple[str, ...], side: str) -> np.ndarray:
        return used & np.isin(owner, bones_of(words, side))

    pairs: list[tuple[np.ndarray, np.ndarray]] = []
    for side, other in (("L", "R"), ("R", "L")):
        pairs.append((np.flatnonzero(of(_ARM, side))[::3],
                      np.flatnonzero(used & ~of(_WHOLE_ARM, side))))  # fmt: skip
        pairs.append((np.flatnonzero(of(_LEG, side))[::5],
                      np.flatnonzero(of(_WHOLE_LEG, other))))  # fmt: skip
    return _Limbs(weights, faces, tuple(pairs))


def depth(figure: Figure, carried: np.ndarray) -> float:
    """How deep (metres) a limb is inside the rest of the body at most; 0 if nowhere.

    Measured against the nearest vertex's normal, so it is right to about a centimetre.
    """
    limbs = _limbs(figure)
    at = skin(figure.vertices_m[:_BODY], limbs.weights, carried)
    normal = vertex_normals(at, limbs.faces)
    deepest = 0.0
    for limb, rest in limbs.pairs:
        away, nearest = KDTree(at[rest]).query(at[limb], distance_upper_bound=_FAR_M)
        near = np.isfinite(away)
        if near.any():
            met = rest[np.asarray(nearest)[near]]
            inside = -((at[limb[near]] - at[met]) * normal[met]).sum(1)
            deepest = max(deepest, float(inside.max()))
    return deepest
