"""Wavefront OBJ as MakeHuman writes it: quads with texture coordinates, decimetres, Y up."""

from __future__ import annotations

import numpy as np

from studio.core import frames
from studio.core.errors import StudioError
from studio.human.wardrobe.asset import AssetMesh

_AGAIN = "Export the mesh again from the program it was made in, or fetch the asset again."


def read_obj(text: str, name: str) -> AssetMesh:
    """The mesh of an OBJ file. Raises StudioError if it is damaged or empty."""
    tables = _tables(text)
    if tables is None:
        tables = _line_by_line(text, name)
    vertices, coordinates, quads, uv_quads = tables
    four = quads[:, 3] >= 0
    unused = uv_quads[:, :3].min() < 0 or bool((uv_quads[four, 3] < 0).any())
    if unused:  # some corners have no texture coordinate, so none can be used
        coordinates, uv_quads = np.zeros((0, 2)), np.full_like(quads, -1)
    if not np.isfinite(vertices).all() or not np.isfinite(coordinates).all():
        raise StudioError(f"“{name}” holds numbers that are none.", _AGAIN)
    if quads.max() >= len(vertices) or uv_quads.max() >= max(len(coordinates), 1):
        raise StudioError(f"“{name}” has a face with a vertex that is not there.", _AGAIN)
    return AssetMesh(frames.points_to_world(vertices, "y", "dm"), quads, coordinates, uv_quads)


_Tables = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
"""Vertices, texture coordinates, and of each face the four of both."""


def _tables(text: str) -> _Tables | None:
    """A file as MakeHuman writes it, in a tenth of the time: triangles and quads that count from
    one, with texture coordinates. None for any other, and for a damaged one."""
    kinds: dict[str, list[str]] = {"v": [], "vt": [], "f": []}
    for line in text.splitlines():
        kind, _, rest = line.partition(" ")
        if kind in kinds:
            kinds[kind].append(rest)
    gaps = {"v": 2, "vt": 1}
    if any(rest.count(" ") != gaps[k] for k in gaps for rest in kinds[k]):
        return None
    try:
        found = [np.array(" ".join(kinds[k]).split(), float) for k in ("v", "vt")]
        points, uv = found[0].reshape(len(kinds["v"]), 3), found[1].reshape(len(kinds["vt"]), 2)
        many = np.array([rest.count("/") for rest in kinds["f"]])
        if (many - 1 != [rest.count(" ") for rest in kinds["f"]]).any():
            return None
        corners = np.full((len(many), 4, 2), -1)
        for count in (3, 4):
            rows = np.flatnonzero(many == count)
            words = " ".join(kinds["f"][row] for row in rows).replace("/", " ").split()
            corners[rows, :count] = np.array(words, int).reshape(len(rows), count, 2) - 1
    except ValueError:
        return None
    if not len(points) or not len(many) or not np.isin(many, (3, 4)).all():
        return None
    used = corners[np.arange(4) < many[:, None]]
    if used.min() < 0:
        return None
    a, c, d = corners[:, 0, 0], corners[:, 2, 0], corners[:, 3, 0]
    corners[(d == c) | (d == a), 3] = -1  # a triangle that repeats a corner
    return points, uv, corners[..., 0], corners[..., 1]


def _line_by_line(text: str, name: str) -> _Tables:
    """Any file. Raises StudioError with the line that cannot be read."""
    points: list[list[float]] = []
    uv: list[list[float]] = []
    faces: list[list[int]] = []
    uv_faces: list[list[int]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        kind, *words = line.split() or [""]
        try:
            if kind == "v":
                x, y, z = (float(word) for word in words[:3])
                points.append([x, y, z])
            elif kind == "vt":
                u, v = (float(word) for word in words[:2])
                uv.append([u, v])
            elif kind == "f":
                corners = [_corner(word, len(points), len(uv)) for word in words]
                if len(corners) < 3:
                    raise ValueError("a face of fewer than three corners")
                for a, b, c, d in _quads(corners):
                    faces.append([a[0], b[0], c[0], d[0]])
                    uv_faces.append([a[1], b[1], c[1], d[1]])
        except ValueError as error:
            raise StudioError(
                f"Line {number} of “{name}” cannot be read ({error}).", _AGAIN
            ) from error
    if not points or not faces:
        raise StudioError(f"“{name}” holds no mesh.", _AGAIN)
    return np.array(points), np.array(uv).reshape(-1, 2), np.array(faces), np.array(uv_faces)


_Corner = tuple[int, int]


def _corner(word: str, points: int, uv: int) -> _Corner:
    fields = word.split("/")
    vertex = _index(fields[0], points)
    return vertex, (_index(fields[1], uv) if len(fields) > 1 and fields[1] else -1)


def _index(word: str, count: int) -> int:
    """OBJ counts from one, or backwards from the newest."""
    number = int(word)
    found = count + number if number < 0 else number - 1
    if found < 0 or number == 0:
        raise ValueError(f"there is no vertex {number}")
    return found


def _quads(corners: list[_Corner]) -> list[tuple[_Corner, _Corner, _Corner, _Corner]]:
    """A face as quads; the last corner of a triangle is -1."""
    none = (-1, -1)
    if len(corners) == 4:
        a, b, c, d = corners
        if d in (c, a):  # MakeHuman writes triangles as quads that repeat a corner
            return [(a, b, c, none)]
        return [(a, b, c, d)]
    return [(corners[0], corners[k], corners[k + 1], none) for k in range(1, len(corners) - 1)]


def write_obj(mesh: AssetMesh, header: str) -> str:
    """The text of an OBJ file (inverse of :func:`read_obj`, but for rounding to 0.1 mm)."""
    points = frames.points_from_world(mesh.vertices_m, "y", "dm")
    lines = [f"# {line}" for line in header.splitlines()]
    lines += [f"v {x:.3f} {y:.3f} {z:.3f}" for x, y, z in points.tolist()]
    lines += [f"vt {u:.4f} {v:.4f}" for u, v in mesh.uv.tolist()]
    textured = len(mesh.uv) > 0
    for face, coordinates in zip(mesh.faces.tolist(), mesh.uv_faces.tolist(), strict=True):
        corners = zip(face, coordinates, strict=True)
        words = [f"{v + 1}/{t + 1}" if textured else f"{v + 1}" for v, t in corners if v >= 0]
        lines.append("f " + " ".join(words))
    return "\n".join(lines) + "\n"
