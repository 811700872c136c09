"""How open every vertex of a figure is to its surroundings: measured once, at rest.

The figure is looked at from many sides; a vertex that is the nearest thing from a side is open to
it. Creases, nostrils, the inside of the mouth and what lies under the chin come out dark.
"""

from __future__ import annotations

from collections.abc import Sequence

import moderngl
import numpy as np

from studio.core.types import Part
from studio.render.environment import spread
from studio.render.programs import Programs, set_uniforms
from studio.render.scene import vertex_normals

SIDES, SIDE_PX = 32, 512
BIAS_M = 0.004
LEAST, LEAST_INSIDE, INSIDE, SMOOTHED = 0.12, 0.4, 0.3, 2
LEAST_TEETH = 0.75
"""Light comes to teeth through lips and cheeks, and they hand it on to each other."""


def openness(
    gl: moderngl.Context, programs: Programs, parts: Sequence[Part]
) -> list[np.ndarray]:  # fmt: skip
    """For each part, how open its vertices are, 0 to 1. To be called with the context in use."""
    placed = [part.mesh.vertices_m for part in parts if len(part.mesh.faces)]
    if not placed:
        return [np.ones(len(part.mesh.vertices_m)) for part in parts]
    every = np.concatenate(placed)
    centre = (every.min(0) + every.max(0)) / 2
    radius = float(np.linalg.norm(every - centre, axis=1).max()) * 1.01
    program = programs.get("shadow")
    depth = gl.depth_texture((SIDE_PX, SIDE_PX))
    depth.compare_func = ""
    buffer = gl.framebuffer(depth_attachment=depth)
    arrays = [
        gl.vertex_array(
            program,
            [(gl.buffer(part.mesh.vertices_m.astype("<f4").tobytes()), "3f", "position")],
            gl.buffer(part.mesh.faces.astype("<i4").tobytes()),
        )
        for part in parts
        if len(part.mesh.faces) and part.material.base[3] >= 0.5
    ]
    normals = [vertex_normals(part.mesh.vertices_m, part.mesh.faces) for part in parts]
    got = [np.zeros(len(part.mesh.vertices_m)) for part in parts]
    most = [np.zeros(len(part.mesh.vertices_m)) for part in parts]
    for towards in spread(SIDES):
        clip = _from_side(towards, centre, radius)
        buffer.use()
        buffer.clear(depth=1.0)
        gl.enable_only(moderngl.DEPTH_TEST)
        set_uniforms(program, clip_from_world=clip)
        for array in arrays:
            array.render()
        seen = np.frombuffer(depth.read(alignment=1), "<f4").reshape(SIDE_PX, SIDE_PX)
        for k, part in enumerate(parts):
            cosine = np.maximum(normals[k] @ towards, 0)
            at = np.column_stack([part.mesh.vertices_m + BIAS_M * normals[k],
                                  np.ones(len(normals[k]))]) @ clip[:3].T  # fmt: skip
            x, y = np.clip(((at[:, :2] / 2 + 0.5) * SIDE_PX).astype(int), 0, SIDE_PX - 1).T
            near = at[:, 2] / 2 + 0.5 - BIAS_M / (2 * radius) <= seen[y, x]
            got[k] += cosine * near
            most[k] += cosine
    for array in arrays:
        array.release()
    buffer.release()
    depth.release()
    shares = [a / np.maximum(b, 1e-6) for a, b in zip(got, most, strict=True)]
    return [_calm(share, part) for share, part in zip(shares, parts, strict=True)]


def _calm(share: np.ndarray, part: Part) -> np.ndarray:
    """Without a vertex's luck; what lies inside, such as teeth, is seen only where it is open."""
    if not len(part.mesh.faces):
        return np.ones(len(share))
    corners = part.mesh.faces
    for _ in range(SMOOTHED):
        total = np.zeros(len(share))
        count = np.zeros(len(share))
        mean = share[corners].mean(1)
        for k in range(3):
            total += np.bincount(corners[:, k], mean, len(share))
            count += np.bincount(corners[:, k], minlength=len(share))
        share = np.where(count > 0, total / np.maximum(count, 1), share)
    least = LEAST if share.mean() > INSIDE else LEAST_INSIDE
    if part.name.lower().startswith("teeth"):
        least = LEAST_TEETH
    return np.clip(share, least, 1.0)


def _from_side(towards: np.ndarray, centre: np.ndarray, radius: float) -> np.ndarray:
    forward = -towards
    side = np.cross(forward, [0.0, 0.0, 1.0] if abs(forward[2]) < 0.95 else [0.0, 1.0, 0.0])
    side /= np.linalg.norm(side)
    axes = np.stack([side, np.cross(side, forward), forward]) / radius
    out = np.eye(4)
    out[:3, :3] = axes
    out[:3, 3] = -axes @ centre
    return out
