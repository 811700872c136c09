"""Clothes and hair as how far they lie outside the skin: smooth, told by the photographs' outlines.

Where the outline passes over the body the offset is known; in between, before and behind alike, it
is what lets it change least over the skin (a harmonic function). The face stays as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from jaxtyping import Float, Int
from scipy import sparse
from scipy.sparse.linalg import splu
from scipy.spatial import ConvexHull

from studio.core.types import Camera
from studio.human.bodies.canonical import SKIN, Canonical, skin_faces
from studio.human.bodies.field import MeshField
from studio.human.bodies.outline import Edge, Window, edge_of
from studio.human.bodies.silhouette import (
    Drawn,
    Pairs,
    beneath,
    kinds_of_skin,
    pairs,
)
from studio.human.heads.model import POINTS
from studio.human.heads.shown import OVAL
from studio.human.names import face_vertices
from studio.human.rig import BONE_NAMES
from studio.human.wardrobe.fitting import base_weights
from studio.human.wardrobe.layers import vertex_normals
from studio.vision.camera import in_camera

LEAST_M, MOST_M = -0.02, 0.14
HAND_M, SHOE_M = 0.006, 0.005
"""Skin may lie so much too far out, clothes so far outside, hands are off by no more; feet that are
thicker wear shoes."""
_SEEN, _FACE, _HANDS, _CALM = 1.0, 30.0, 0.3, 2e-4
_SMOOTH = 1.5
_STEEP = 0.45
_GAP_M = 0.12
_CAP_M = 0.03


def grown(
    vertices_m: Float[np.ndarray, "vertices 3"], offsets_m: Float[np.ndarray, " vertices"]
) -> Float[np.ndarray, "vertices 3"]:
    """The base vertices, those of the skin moved outwards by their offsets."""
    out = vertices_m.copy()
    normals = vertex_normals(vertices_m[:SKIN], skin_faces())
    out[:SKIN] += offsets_m[:SKIN, None] * normals
    return out


def shod(
    grown_m: Float[np.ndarray, "vertices 3"], offsets_m: Float[np.ndarray, " vertices"]
) -> Float[np.ndarray, "vertices 3"]:
    """The grown base vertices, the toes of feet that something is on filled up to one cap, their
    convex hull: shoes have no toes."""
    out = grown_m.copy()
    for toes, share in _toes():
        if np.median(offsets_m[toes]) < SHOE_M:
            continue
        own = grown_m[toes]
        middle = own.mean(0)
        way = own - middle
        hull = ConvexHull(own).equations
        ahead = way @ hull[:, :3].T
        room = -(hull[:, :3] @ middle + hull[:, 3])
        steps = np.where(ahead > 1e-9, room / np.fmax(ahead, 1e-9), np.inf).min(1)
        far = np.linalg.norm(way, axis=1)
        more = share * np.clip((steps - 1) * far, 0, _CAP_M) / np.fmax(far, 1e-9)
        out[toes] += more[:, None] * way
    return out


@cache
def _toes() -> tuple[tuple[Int[np.ndarray, " toes"], Float[np.ndarray, " toes"]], ...]:
    """The vertices of each foot's toes, and how much they hang on these."""
    found: list[tuple[np.ndarray, np.ndarray]] = []
    for side in "LR":
        bones = [k for k, n in enumerate(BONE_NAMES) if n.startswith("toe") and n.endswith(side)]
        share = np.asarray(base_weights()[:SKIN][:, bones].sum(1)).ravel()
        toes = np.flatnonzero(share > 0)
        found.append((toes, share[toes]))
    return tuple(found)


class ClothedField(MeshField):
    """The field of a fitted person with clothes, hair and shoes: the canonical body, grown."""

    def __init__(self, canonical: Canonical, offsets_m: Float[np.ndarray, " vertices"]) -> None:
        self.canonical = canonical
        self.vertices_m = shod(grown(canonical.vertices_m, offsets_m), offsets_m)
        super().__init__(self.vertices_m, canonical.faces)


class Clothes:
    """Offsets that are being found, round by round, from where outlines still are off."""

    def __init__(self) -> None:
        self.offsets_m: Float[np.ndarray, " skin"] = np.zeros(SKIN)
        self._system = held()

    def round(
        self, seen: Sequence[tuple[Drawn, Edge, np.ndarray, Window, Camera]], reach_px: float
    ) -> None:
        """Take a round: ``seen`` are, for each photograph, the person as grown so far, the
        photograph's outline, its mask in the window, the window and the camera."""
        wanted, weight = np.zeros(SKIN), np.zeros(SKIN)
        for person, edge, mask, window, camera in seen:
            found = pairs(person, edge, window, reach_px)
            gaps = _gaps(person, mask, window)
            for one, say in ((found, _SEEN), (gaps, _SEEN)):
                vertex, out_m, straight = _outwards(one, person, camera)
                np.add.at(wanted, vertex, say * straight * (self.offsets_m[vertex] + out_m))
                np.add.at(weight, vertex, say * straight)
        matrix = self._system + sparse.diags(weight + _hands())
        found_m = splu(matrix.tocsc()).solve(wanted)
        found_m = np.clip(found_m, LEAST_M, MOST_M)
        bare = kinds_of_skin() == 1
        found_m[bare] = np.clip(found_m[bare], -HAND_M, HAND_M)
        self.offsets_m = found_m


def _outwards(
    found: Pairs, person: Drawn, camera: Camera
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """How far (metres) the vertices of pairs must move along their own normals, and how straight
    these lie in the picture."""
    normals = vertex_normals(person.vertices_m[:SKIN], skin_faces())[found.vertex]
    local = in_camera(camera, person.vertices_m[found.vertex])
    flat = (normals @ camera.rotation.T)[:, :2]
    along = (flat * found.normals).sum(1)
    metres = found.out_px * local[:, 2] / float(camera.matrix[0, 0])
    kept = along > _STEEP
    return found.vertex[kept], (metres / np.fmax(along, _STEEP))[kept], along[kept] ** 2


def _gaps(person: Drawn, mask: np.ndarray, window: Window) -> Pairs:
    """Places of our outline from which, over nothing but the person, it is not far to our outline
    again: cloth fills what is between, half of it from either side."""
    own = edge_of(person.mask, window)
    if not len(own.xy_px):
        return Pairs(np.zeros(0, int), np.zeros((0, 2)), np.zeros((0, 2)), np.zeros(0))
    at = own.xy_px @ window.matrix[:, :2].T + window.matrix[:, 2]
    most = max(int(_GAP_M / person.pixel_m), 3)
    steps = np.arange(1, most + 1)
    way = at[:, None] + (steps[:, None] + 0.5) * own.normals[:, None]
    spot = np.rint(way).astype(int)
    shape = np.array(mask.shape[::-1])
    within = ((spot >= 0) & (spot < shape)).all(-1)
    spot = spot.clip(0, shape - 1)
    on_own = person.mask[spot[..., 1], spot[..., 0]] & within
    on_mask = mask[spot[..., 1], spot[..., 0]] & within
    first = np.where(on_own.any(1), on_own.argmax(1), most)
    filled = np.array([on_mask[k, :f].all() for k, f in enumerate(first)])
    kept = np.flatnonzero((first > 0) & (first < most) & filled)
    half = 0.5 * (first[kept] + 1.5) / window.scale
    return beneath(person, window, own.xy_px[kept], own.normals[kept], own.normals[kept], half)


@cache
def held() -> sparse.csr_matrix:
    """What keeps offsets smooth, small where nothing is known, and none on the face: a matrix of
    the skin's vertices, to which what is known is added."""
    faces = skin_faces()
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    ones = np.ones(len(edges))
    around = sparse.coo_matrix((ones, (edges[:, 0], edges[:, 1])), (SKIN, SKIN)).tocsr()
    around = around + around.T
    around.data[:] = 1.0
    laplacian = sparse.diags(np.asarray(around.sum(1)).ravel()) - around
    face = np.zeros(SKIN)
    inner = [
        v for point in range(POINTS) if point not in OVAL for v in face_vertices(f"mesh_{point}")
    ]
    face[[v for v in inner if v < SKIN]] = _FACE
    return (_SMOOTH * laplacian + sparse.diags(face + _CALM)).tocsr()


def _hands() -> np.ndarray:
    return np.where(kinds_of_skin() == 1, _HANDS, 0.0)
