"""Wavefront OBJ with its MTL and textures: a still character, part by part."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from studio.core import frames
from studio.core.frames import Up
from studio.core.types import Character, Material
from studio.media.formats.gltf.drawn import distinct, vertex_normals
from studio.media.formats.still import posed_mesh
from studio.media.formats.trs import check
from studio.media.formats.whole import whole


def write_obj(
    path: Path, character: Character, *, frame: int | None = None, up: Up = "y", unit: str = "m"
) -> None:
    """Write the rest pose, or one frame of the animation, as OBJ beside its MTL and pictures."""
    check(character)
    materials = _write_materials(path, [part.material for part in character.parts])
    lines = ["# Doppel", f"mtllib {path.with_suffix('.mtl').name}"]
    first = np.ones(3, int)
    for part in character.parts:
        mesh = posed_mesh(character, part, frame)
        points = frames.points_from_world(mesh.vertices_m, up, unit)
        normals = frames.points_from_world(vertex_normals(mesh), up)
        lines += [f"o {_word(part.name)}", f"usemtl {materials[id(part.material)]}"]
        if mesh.colours is None:
            lines += [f"v {x:.6f} {y:.6f} {z:.6f}" for x, y, z in points.tolist()]
        else:
            rows = np.column_stack([points, mesh.colours / 255]).tolist()
            lines += ["v " + " ".join(f"{value:.6f}" for value in row) for row in rows]
        lines += [f"vn {x:.5f} {y:.5f} {z:.5f}" for x, y, z in normals.tolist()]
        corners = mesh.faces + first[0], mesh.faces + first[2]
        if mesh.uv is None:
            faces = np.stack(corners, -1).tolist()
            lines += ["f " + " ".join(f"{v}//{n}" for v, n in face) for face in faces]
            coordinates = 0
        else:
            uv, at = distinct(mesh.uv.reshape(-1, 2))
            lines += [f"vt {u:.6f} {v:.6f}" for u, v in uv.tolist()]
            faces = np.stack([corners[0], at.reshape(-1, 3) + first[1], corners[1]], -1).tolist()
            lines += ["f " + " ".join(f"{v}/{t}/{n}" for v, t, n in face) for face in faces]
            coordinates = len(uv)
        first += (len(points), coordinates, len(points))
    with whole(path) as temp:
        temp.write_text("\n".join(lines) + "\n", "utf-8")


def _write_materials(path: Path, materials: list[Material]) -> dict[int, str]:
    """Write the MTL file and the textures; each material's name in the file."""
    names: dict[int, str] = {}
    lines = ["# Doppel"]
    for material in materials:
        if id(material) in names:
            continue
        name = names[id(material)] = f"{_word(material.name)}_{len(names)}"
        red, green, blue, alpha = material.base
        lines += [f"newmtl {name}", f"Kd {red:.5f} {green:.5f} {blue:.5f}", "Ka 0 0 0",
                  f"d {alpha:.5f}", f"Pr {material.roughness:.4f}",
                  f"Pm {material.metallic:.4f}", "illum 2"]  # fmt: skip
        if material.texture is not None:
            picture = path.with_name(f"{path.stem}_{name}.png")
            with whole(picture) as temp:
                temp.write_bytes(encoded_png(material.texture))
            lines.append(f"map_Kd {picture.name}")
    with whole(path.with_suffix(".mtl")) as temp:
        temp.write_text("\n".join(lines) + "\n", "utf-8")
    return names


def encoded_png(picture: np.ndarray) -> bytes:
    """A grey, RGB or RGBA picture as PNG."""
    channels = picture.shape[2] if picture.ndim == 3 else 1
    order = {3: cv2.COLOR_RGB2BGR, 4: cv2.COLOR_RGBA2BGRA}.get(channels)
    _, data = cv2.imencode(".png", picture if order is None else cv2.cvtColor(picture, order))
    return data.tobytes()


def _word(name: str) -> str:
    return "".join(c if c.isalnum() or c in "-." else "_" for c in name) or "part"
