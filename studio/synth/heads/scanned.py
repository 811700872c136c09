"""A head against a scan of the same person: laid upon it by the face's points, then by the face.

Points are found on the scan as in photographs: it is looked at from all sides until a face looks
back.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, UInt8
from scipy.spatial import KDTree

from studio.core.errors import StudioError
from studio.perception.portraits import Looker
from studio.synth.heads.seen import PUPILS
from studio.vision.o3d import open3d
from studio.vision.similarity import similarity
from studio.vision.triangles import Triangles

FACE_M = 0.012
"""Skin no further from MediaPipe's points is the face."""
MOST_M = 0.005
"""Where the error map's colours end."""
ENDINGS = (".ply", ".obj", ".stl", ".glb", ".gltf", ".off")
_UNITS = (1.0, 0.001, 0.01, 0.1)
_PUPILS_M = (0.045, 0.08)
_ROUNDS = 120
_SIDE_PX, _FOV_DEG, _AWAY = 512, 24.0, 2.9
_EVEN = 2.2
"""How many times as far from one edge of the face as from the other the nose may be."""
_IN, _EVENLY, _OUT = np.array([[70, 130, 235], [236, 232, 226], [226, 74, 60]], float)


class Surface:
    """A triangle mesh that is asked for the nearest places on it; ``vertices_m`` are its
    corners."""

    def __init__(self, vertices: np.ndarray, faces: np.ndarray) -> None:
        self.vertices_m = vertices[np.unique(faces)]
        self._triangles = Triangles.of(vertices, faces)

    def nearest(self, points: np.ndarray) -> np.ndarray:
        """The places on it that are nearest to points."""
        return self._triangles.nearest_m(points)

    def seen(self, rays: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """How far rays (start and way) go until they meet it (infinite: never), and the normals
        there."""
        found = self._triangles.hits(rays)
        return found.far, found.normals

    def laid(self, points: np.ndarray, landmarks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The turn and the shift that lay points on it best: on its landmarks, then ICP."""
        turn, _, shift = similarity(points, landmarks, sized=False)
        for _ in range(_ROUNDS):
            now = points @ turn.T + shift
            more, _, along = similarity(now, self.nearest(now), sized=False)
            turn, shift = more @ turn, more @ shift + along
        return turn, shift


@dataclass(frozen=True, eq=False)
class Scan:
    """A scanned head in metres, and where MediaPipe's points are on it."""

    name: str
    surface: Surface
    landmarks_m: Float[np.ndarray, "478 3"]

    @property
    def pupils_m(self) -> float:
        """How far the pupils are apart."""
        return float(np.linalg.norm(np.diff(self.landmarks_m[list(PUPILS)], axis=0)))


@dataclass(frozen=True, eq=False)
class Measured:
    """How far a head is off a scan (metres): each vertex, outwards positive; which are the
    ``face``; and of the face mean, median, and the worst tenth."""

    off_m: Float[np.ndarray, " vertices"]
    face: Bool[np.ndarray, " vertices"]
    mean_m: float
    median_m: float
    worst_m: float

    @property
    def text(self) -> str:
        """The figures in words."""
        mean, median, worst = (f"{1e3 * x:.1f}" for x in (self.mean_m, self.median_m, self.worst_m))
        return f"mean {mean}, median {median}, 90 % within {worst} mm"

    @property
    def share(self) -> Float[np.ndarray, " vertices"]:
        """How far each vertex is off, from -1 (within) to 1 (outside)."""
        return np.clip(self.off_m / MOST_M, -1, 1)

    def colours(self) -> UInt8[np.ndarray, "vertices 3"]:
        """Blue where the head lies within the scan, red where outside."""
        return colours_of(self.share)


def colours_of(share: Float[np.ndarray, " places"]) -> UInt8[np.ndarray, "places 3"]:
    """The colours of the error map, from -1 to 1."""
    end = np.where(share[:, None] < 0, _IN, _OUT)
    return (_EVENLY + np.abs(share)[:, None] * (end - _EVENLY)).astype(np.uint8)


def read_scan(path: Path, looker: Looker) -> Scan:
    """A scan from a file, true to size: metres, or what unit makes its face a person's.

    Raises StudioError if it cannot be read, has no triangles, or no face is found on it.
    """
    if path.suffix.lower() not in ENDINGS or not path.is_file():
        raise StudioError(f"“{path.name}” is no scan.", f"Give a file: {', '.join(ENDINGS)}.")
    mesh = open3d().io.read_triangle_mesh(path)
    vertices, faces = np.asarray(mesh.vertices), np.asarray(mesh.triangles)
    if len(faces) < 100:
        raise StudioError(f"“{path.name}” has no surface.", "Save the scan as triangles.")
    used = vertices[np.unique(faces)]
    middle, size = (used.min(0) + used.max(0)) / 2, float(np.ptp(used, axis=0).max())
    surface = Surface((vertices - middle) / size, faces)
    landmarks = next(_faces(surface, path.name, looker), None)
    if landmarks is None:
        raise StudioError(
            f"No face is found on “{path.name}”.", "Give a scan of the head alone, upright."
        )
    scale = size * _unit(size * landmarks, path.name)
    whole = Surface(scale * (vertices - middle) / size, faces)
    return Scan(path.name, whole, scale * landmarks)


def _unit(landmarks: np.ndarray, name: str) -> float:
    apart = float(np.linalg.norm(np.diff(landmarks[list(PUPILS)], axis=0)))
    for unit in _UNITS:
        if _PUPILS_M[0] < unit * apart < _PUPILS_M[1]:
            return unit
    raise StudioError(
        f"The face of “{name}” has no person's size ({apart:g} between the pupils).",
        "Save the scan in metres, centimetres or millimetres.",
    )


def _faces(surface: Surface, name: str, looker: Looker) -> Iterator[np.ndarray]:
    """Where the points are, for each side from which a face looks straight back."""
    x, y, z = np.eye(3)
    for up, front in ((y, z), (z, -y), (y, -z), (z, y), (y, x), (y, -x), (z, x), (z, -x)):
        ways, eye = _rays(up, front)
        far, normals = surface.seen(np.concatenate([np.broadcast_to(eye, ways.shape), ways], -1))
        lit = np.abs((normals * -ways).sum(-1)) * np.isfinite(far)
        grey = np.repeat((40 + 205 * np.clip(lit, 0, 1)).astype(np.uint8)[..., None], 3, -1)
        try:
            xy = looker.look(name, grey).xyz_px[:, :2]
        except StudioError:
            continue
        left, right = (abs(xy[4, 0] - xy[edge, 0]) for edge in (234, 454))
        column, row = np.rint(xy).astype(int).clip(0, _SIDE_PX - 1).T
        hit = far[row, column]
        seen = np.isfinite(hit)
        if max(left, right) < _EVEN * min(left, right) and seen.mean() > 0.9:
            hit = np.where(seen, hit, np.median(hit[seen]))
            yield eye + hit[:, None] * ways[row, column]


def _rays(up: np.ndarray, front: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The ways (rows, columns, 3) of the pixels of a camera that looks at the middle."""
    right = np.cross(up, front)
    at = np.tan(np.radians(_FOV_DEG) / 2) * ((np.arange(_SIDE_PX) + 0.5) / _SIDE_PX * 2 - 1)
    ways = -front + at[None, :, None] * right - at[:, None, None] * up
    return ways / np.linalg.norm(ways, axis=-1, keepdims=True), _AWAY * front


def compared(
    skin_m: Float[np.ndarray, "vertices 3"],
    normals: Float[np.ndarray, "vertices 3"],
    points_m: Float[np.ndarray, "478 3"],
    scan: Scan,
) -> Measured:
    """A head's skin with the scan's expression, and its 478 points, against a scan."""
    turn, shift = scan.surface.laid(points_m, scan.landmarks_m)
    laid = skin_m @ turn.T + shift
    way = laid - scan.surface.nearest(laid)
    outside = np.sign((way * (normals @ turn.T)).sum(1))
    far = np.linalg.norm(way, axis=1)
    query: Any = KDTree(points_m).query
    face = query(skin_m)[0] < FACE_M
    told = far[face]
    return Measured(
        far * outside, face, float(told.mean()), float(np.median(told)),
        float(np.percentile(told, 90)),
    )  # fmt: skip
