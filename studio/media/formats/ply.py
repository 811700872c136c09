"""PLY, binary little-endian: a triangle mesh with normals and colours."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from studio.core import frames
from studio.core.frames import Up
from studio.core.types import Mesh
from studio.media.formats.gltf.drawn import vertex_normals
from studio.media.formats.whole import whole


def write_ply(path: Path, mesh: Mesh, *, up: Up = "z", unit: str = "m") -> None:
    """Write a mesh as PLY; the default is the world's Z up, as scanners write it."""
    fields: list[tuple[str, str]] = [(name, "<f4") for name in ("x", "y", "z", "nx", "ny", "nz")]
    if mesh.colours is not None:
        fields += [(name, "u1") for name in ("red", "green", "blue")]
    vertices = np.zeros(len(mesh.vertices_m), fields)
    points = frames.points_from_world(mesh.vertices_m, up, unit)
    normals = frames.points_from_world(vertex_normals(mesh), up)
    for k, axis in enumerate("xyz"):
        vertices[axis], vertices["n" + axis] = points[:, k], normals[:, k]
    if mesh.colours is not None:
        for k, name in enumerate(("red", "green", "blue")):
            vertices[name] = mesh.colours[:, k]
    faces = np.zeros(len(mesh.faces), [("count", "u1"), ("corners", "<i4", 3)])
    faces["count"], faces["corners"] = 3, mesh.faces
    names = {"<f4": "float", "u1": "uchar"}
    head = [
        "ply", "format binary_little_endian 1.0", "comment Doppel", f"comment unit {unit}, up {up}",
        f"element vertex {len(vertices)}",
        *(f"property {names[kind]} {name}" for name, kind in fields),
        f"element face {len(faces)}", "property list uchar int vertex_indices", "end_header", "",
    ]  # fmt: skip
    with whole(path) as temp:
        temp.write_bytes("\n".join(head).encode("ascii") + vertices.tobytes() + faces.tobytes())
