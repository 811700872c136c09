"""How far surfaces are from a camera, and nothing else: what hides things that are laid into a
picture."""

from __future__ import annotations

import moderngl
import numpy as np
from jaxtyping import Float, Float32, Int

from studio.core.closing import Closing
from studio.core.types import Camera
from studio.render.context import standalone
from studio.render.quick import metres
from studio.render.scene import clip_from_world

_VERTEX = """
#version 330
uniform mat4 clip_from_model;
in vec3 position;
void main() { gl_Position = clip_from_model * vec4(position, 1.0); }
"""
_FRAGMENT = """
#version 330
void main() {}
"""


class DepthRenderer(Closing):
    """Draws meshes into depth maps, for one thread. Raises StudioError where OpenGL is missing."""

    def __init__(self) -> None:
        self._gl = standalone("What hides things cannot be drawn")
        with self._gl:
            self._program = self._gl.program(vertex_shader=_VERTEX, fragment_shader=_FRAGMENT)
        self._targets: dict[tuple[int, int], moderngl.Framebuffer] = {}
        self._meshes: dict[str, _Sent] = {}

    def close(self) -> None:
        """Free everything on the GL side, on the thread that made it."""
        self._gl.release()

    def send(
        self,
        name: str,
        vertices_m: Float[np.ndarray, "vertices 3"],
        faces: Int[np.ndarray, "faces 3"],
        *,
        two_sided: bool = False,
    ) -> None:
        """Keep a mesh under a name, in place of what had it; the same arrays are sent once. Only
        ``two_sided`` ones hide things behind faces that look away."""
        kept = self._meshes.get(name)
        if kept is not None and kept.vertices is vertices_m and kept.faces is faces:
            return
        with self._gl:
            if kept is None or kept.faces is not faces or len(kept.vertices) != len(vertices_m):
                if kept is not None:
                    kept.release()
                kept = _Sent(self._gl, self._program, vertices_m, faces)
                self._meshes[name] = kept
            else:
                kept.update(vertices_m)
            kept.two_sided = two_sided

    def draw(
        self, placed: dict[str, Float[np.ndarray, "4 4"]], camera: Camera,
        near_m: float = 0.05, far_m: float = 30.0,
    ) -> Float32[np.ndarray, "height width"]:  # fmt: skip
        """How far ahead of the camera (metres along its axis) the nearest of some meshes is in
        each pixel, each placed by a matrix to the world; infinite where there is none."""
        clip = clip_from_world(
            camera.matrix, camera.rotation, camera.translation_m, camera.size_px, near_m, far_m
        )
        width, height = camera.size_px
        with self._gl:
            target = self._target(camera.size_px)
            target.use()
            target.clear(depth=1.0)
            self._gl.enable_only(moderngl.DEPTH_TEST)
            self._gl.front_face = "cw"  # rows run downwards, which mirrors the winding
            for name, matrix in placed.items():
                uniform = self._program["clip_from_model"]
                uniform.write(np.ascontiguousarray((clip @ matrix).T, "<f4").tobytes())  # pyright: ignore
                mesh = self._meshes[name]
                (self._gl.disable if mesh.two_sided else self._gl.enable)(moderngl.CULL_FACE)
                mesh.array.render()
            content = target.read(components=1, attachment=-1, dtype="f4", alignment=1)
        depth = np.frombuffer(content, np.float32).reshape(height, width)
        return metres(depth, near_m, far_m)

    def _target(self, size: tuple[int, int]) -> moderngl.Framebuffer:
        if size not in self._targets:
            if len(self._targets) >= 4:
                self._targets.pop(next(iter(self._targets))).release()
            self._targets[size] = self._gl.framebuffer([], self._gl.depth_renderbuffer(size))
        return self._targets[size]


class _Sent:
    """A mesh on the graphics side."""

    def __init__(
        self, gl: moderngl.Context, program: moderngl.Program, vertices: np.ndarray,
        faces: np.ndarray,
    ) -> None:  # fmt: skip
        self.vertices, self.faces, self.two_sided = vertices, faces, False
        self._buffer = gl.buffer(np.ascontiguousarray(vertices, "<f4").tobytes())
        index = gl.buffer(np.ascontiguousarray(faces, "<i4").tobytes())
        self.array = gl.vertex_array(program, [(self._buffer, "3f", "position")], index)

    def update(self, vertices: np.ndarray) -> None:
        self.vertices = vertices
        self._buffer.write(np.ascontiguousarray(vertices, "<f4").tobytes())

    def release(self) -> None:
        self.array.release()
        self._buffer.release()
