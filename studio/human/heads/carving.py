"""What sliders do not reach: points of the face moved by hand or by photographs, and the skin with
them.

How far the 478 points are moved is a smooth field on the face (a Gaussian process of two widths);
the skin between them follows the same field, which fades beyond the face. Eyes move as a whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np
from jaxtyping import Float
from scipy.linalg import cho_factor, cho_solve
from scipy.spatial import KDTree
from scipy.spatial.distance import cdist

from studio.human.heads import model
from studio.human.heads.fit import FittedHead, residuals_of
from studio.human.heads.shown import Portrait
from studio.human.person import whole

WIDTHS_M, SPREADS_M = (0.013, 0.045), (0.0016, 0.0026)
"""How far around a point the skin goes with it, and how far faces are off what sliders reach."""
NOISE_M = 0.0016
"""How far MediaPipe's points are off the skin, besides."""
_JITTER_M = 0.0003
_FAINT_M = 0.0002
"""Fields that move no point by more are left out."""
_EYES, IRISES = slice(14598, 14742), (473, 468)
"""The vertices of the eyes, and the points in the middle of the left iris and the right one."""
_TEETH, _SEAM, _BITE_M = slice(14992, 15128), (13, 14), 0.0045
"""The vertices of the teeth, the points where the lips meet, and how much lower than the model's
teeth those of people are: the upper ones end a little below the upper lip."""


def _kernel(a: Float[np.ndarray, "a 3"], b: Float[np.ndarray, "b 3"]) -> Float[np.ndarray, "a b"]:
    apart2 = cdist(a, b, "sqeuclidean")
    alike = np.zeros_like(apart2)
    for width, spread in zip(WIDTHS_M, SPREADS_M, strict=True):
        alike += spread**2 * np.exp(-apart2 / (2 * width**2))
    return alike


@cache
def face_kernel() -> Float[np.ndarray, "478 478"]:
    """How alike the face's points are moved (squared metres)."""
    return _kernel(*[model.points_of(model.usual())] * 2)


@cache
def fields() -> Float[np.ndarray, "478 fields"]:
    """Smooth fields on the face whose sums, by numbers of spread one, are off as faces are."""
    spread, ways = np.linalg.eigh(face_kernel())
    kept = spread > _FAINT_M**2
    return ways[:, kept] * np.sqrt(spread[kept])


def carve(head: FittedHead, portraits: Sequence[Portrait]) -> Float[np.ndarray, "478 3"]:
    """How far the points must move, beyond what builds and sliders do, to lie where the photographs
    show them (metres, in the head's frame). Along the line of sight of a single photograph nothing
    is known, and next to nothing moves."""
    smooth = fields()
    count = smooth.shape[1]
    known, wanted = np.eye(3 * count), np.zeros((3, count))
    for one, view in zip(portraits, head.views, strict=True):
        off_px, say = residuals_of(one, view, head)
        deep = view.camera_points(head.points_m)[:, 2]
        heard = smooth * np.square(say / NOISE_M)[:, None]
        told = heard.T @ smooth
        for axis in (0, 1):
            way = view.rotation[axis]
            known += np.kron(np.outer(way, way), told)
            wanted += way[:, None] * ((off_px[:, axis] * deep / view.focal_px) @ heard)
    found = cho_solve(cho_factor(known), wanted.ravel())
    return smooth @ found.reshape(3, count).T


def field_at(places_m: Float[np.ndarray, "places 3"]) -> Float[np.ndarray, "places 478"]:
    """How places of the average head (metres, in its frame) go with the face's points."""
    marks = model.points_of(model.usual())
    gram = _kernel(marks, marks) + _JITTER_M**2 * np.eye(len(marks))
    return cho_solve(cho_factor(gram), _kernel(marks, places_m)).T


@cache
def _skin() -> tuple[np.ndarray, np.ndarray]:
    """The vertices near the average face, and where they are in the head's frame."""
    rest = whole().rest(model.shape_of(model.usual()), actions=False)
    at = (rest.vertices_m - rest.heads_m[model.HEAD]).double().numpy()
    marks = model.points_of(model.usual())
    reach = 3 * max(WIDTHS_M)
    off, _ = KDTree(marks).query(at, distance_upper_bound=reach)
    return np.flatnonzero(np.isfinite(off)), at


@cache
def _pulls() -> Float[np.ndarray, "near 478"]:
    """How alike the skin near the face goes with each of the face's points."""
    ids, at = _skin()
    return _kernel(at[ids], model.points_of(model.usual()))


def skin_offsets(
    moved_m: Mapping[int, Sequence[float]],
) -> Float[np.ndarray, "vertices 3"]:
    """How every vertex of the person moves when points of the face move so far (metres)."""
    ids, at = _skin()
    out = np.zeros((len(at), 3))
    if not moved_m:
        return out
    which = np.array(sorted(moved_m))
    marks = model.points_of(model.usual())
    held = marks[which]
    moved = np.array([moved_m[int(k)] for k in which], float)
    gram = _kernel(held, held) + _JITTER_M**2 * np.eye(len(held))
    alpha = cho_solve(cho_factor(gram), moved)
    out[ids] = _pulls()[:, which] @ alpha
    left = at[_EYES, 0] > 0
    for mine, iris in ((left, IRISES[0]), (~left, IRISES[1])):
        out[_EYES][mine] = (_kernel(marks[[iris]], held) @ alpha)[0]
    out[_TEETH] = (_kernel(marks[list(_SEAM)], held) @ alpha).mean(0) - (0.0, 0.0, _BITE_M)
    return out
