"""The template's head moved onto a field: hair as a network sees it, the face as it was fitted."""

from __future__ import annotations

from functools import cache

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy import sparse
from scipy.sparse.linalg import splu
from scipy.spatial import KDTree

from studio.human.bodies.canonical import SKIN, Canonical
from studio.human.bodies.clothed import LEAST_M, MOST_M, grown, held
from studio.human.bodies.field import Field, neck_cuts
from studio.human.heads.model import POINTS
from studio.human.heads.shown import OVAL
from studio.human.names import face_vertices
from studio.human.rig import bones_of
from studio.human.wardrobe.fitting import base_weights, share_of
from studio.human.wardrobe.layers import vertex_normals
from studio.vision.triangles import Triangles

_ROUNDS, _SAY, _STAY = 12, 6.0, 30.0
_FACE_M, _STEP_M = 0.012, 0.006
UNDER_HAIR_M = 0.007
"""Where ears are grown by more, hair hangs over them."""
_EAR_M, _BEHIND_M = (0.045, 0.034, 0.045), (0.0, 0.018, 0.008)


def settled(
    field: Field, canonical: Canonical, offsets_m: Float[np.ndarray, " vertices"]
) -> Float[np.ndarray, " vertices"]:
    """How far clothes and hair lie outside the skin (metres), where those of head and neck are
    moved to where the field is 0, the first such place from the skin on: hair that an outline
    promised, and nothing tells of, is none. The face, ears that no hair hangs over, and all below
    the neck stay as they are; what lies between is smooth."""
    skin = canonical.vertices_m
    stay = ~_head() | (neck_cuts(canonical).share_of_head(skin[:SKIN]) <= 0)
    said = _led(canonical) & ~stay
    for ear in ears(canonical):
        hair = field.inside(grown(skin, offsets_m)[:SKIN][ear])
        said[ear] &= bool(np.median(offsets_m[:SKIN][ear] + hair) > UNDER_HAIR_M)
    out = offsets_m.copy()
    out[:SKIN][~stay] = 0
    system = splu((held() + sparse.diags(_SAY * said + _STAY * stay)).tocsc())
    for _ in range(_ROUNDS):
        off = np.zeros(SKIN)
        off[said] = field.inside(grown(skin, out)[:SKIN][said])
        wanted = _SAY * said * (out[:SKIN] + off) + _STAY * stay * offsets_m[:SKIN]
        out[:SKIN] = np.clip(system.solve(wanted), LEAST_M, MOST_M)
    out[:SKIN][stay] = offsets_m[:SKIN][stay]
    return out


def ears(canonical: Canonical) -> tuple[Int[np.ndarray, " some"], ...]:
    """The vertices of each ear: an ellipsoid behind the tragus."""
    found: list[np.ndarray] = []
    for tragus in (454, 234):
        middle = canonical.vertices_m[list(face_vertices(f"mesh_{tragus}"))].mean(0)
        away = (canonical.vertices_m[:SKIN] - middle - _BEHIND_M) / _EAR_M
        found.append(np.flatnonzero(np.linalg.norm(away, axis=1) < 1))
    return tuple(found)


def _led(canonical: Canonical) -> Bool[np.ndarray, " skin"]:
    """Which vertices of head and neck a field can lead: those that look out of the person, but the
    face."""
    skin = canonical.vertices_m[:SKIN]
    found = (KDTree(skin[_face()]).query(skin)[0] > _FACE_M) & _head()
    normals = vertex_normals(skin, canonical.faces)
    rays = np.hstack([skin + _STEP_M * normals, normals])[found]
    found[found] = ~np.isfinite(Triangles.of(skin, canonical.faces).hits(rays).far)
    return found


@cache
def _head() -> Bool[np.ndarray, " skin"]:
    """Which vertices of the skin are of head and neck."""
    return share_of(base_weights(), bones_of(("head", "neck", "eye")))[:SKIN] > 0.5


@cache
def _face() -> np.ndarray:
    """The vertices of the face within its oval."""
    inner = [v for p in range(POINTS) if p not in OVAL for v in face_vertices(f"mesh_{p}")]
    return np.array([v for v in inner if v < SKIN])
