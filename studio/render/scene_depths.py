"""Depth alone, of scenes of meshes: quick, and where surfaces have holes, with their holes."""

from __future__ import annotations

import threading
from dataclasses import replace

import moderngl
import numpy as np
from jaxtyping import Float32

from studio.core.closing import Closing
from studio.core.types import Camera
from studio.render.context import standalone
from studio.render.programs import Programs, outline, set_uniforms, view_uniforms
from studio.render.scene import Drawable
from studio.render.upload import Uploads


class SceneDepths(Closing):
    """Draws how far away things are. A context manager, to be used on one thread only.

    Raises StudioError where OpenGL is missing.
    """

    def __init__(self, size_px: tuple[int, int]) -> None:
        self.size_px = size_px
        self._thread = threading.get_ident()
        self._gl = standalone("Depths cannot be drawn")
        self._programs, self._uploads = Programs(self._gl), Uploads(self._gl)
        self._depth = self._gl.depth_texture(size_px)
        self._into = self._gl.framebuffer([self._gl.texture(size_px, 4)], self._depth)

    def close(self) -> None:
        """Free everything on the GL side. To be called on the thread that made it."""
        with self._gl:
            self._uploads.release()
        self._gl.release()

    def draw(
        self,
        scene: tuple[Drawable, ...],
        camera: Camera,
        near_m: float = 0.05,
        far_m: float = 60.0,
    ) -> Float32[np.ndarray, "height width"]:
        """Depth along the optical axis at pixel centres, of what is solid and of what one sees
        through alike; infinite where nothing is. The picture has the size given at first."""
        if threading.get_ident() != self._thread:
            raise RuntimeError("SceneDepths must stay on the thread that made it")
        view = view_uniforms(camera, self.size_px, 1, near_m, far_m)
        with self._gl:
            self._uploads.show(scene)
            self._into.use()
            self._into.clear(depth=1.0)
            self._gl.enable_only(moderngl.DEPTH_TEST)
            for drawable in scene:
                program = self._programs.get("mask", outline(_solid(drawable)))
                texture = drawable.material.texture
                if texture is not None and "picture" in program:
                    self._uploads.picture(texture).use(0)
                    set_uniforms(program, picture=0)
                set_uniforms(program, opacity=1.0, **view)
                self._uploads[drawable].draw(program)
            width, height = self.size_px
            drawn = np.frombuffer(self._depth.read(alignment=1), "f4").reshape(height, width)
        ahead = 2 * far_m * near_m / (far_m + near_m - (2 * drawn - 1) * (far_m - near_m))
        return np.where(drawn < 1, ahead, np.inf).astype(np.float32)


def _solid(drawable: Drawable) -> Drawable:
    if drawable.material.base[3] >= 1:
        return drawable
    return replace(drawable, material=replace(drawable.material, base=(1.0, 1.0, 1.0, 1.0)))


def pushed(drawable: Drawable, eye_m: np.ndarray, by_m: float | np.ndarray) -> Drawable:
    """A drawable moved away from an eye by so much (metres; one number, or one a vertex), each
    vertex along its ray: it is seen where it was, only farther away."""
    vertices = drawable.mesh.vertices_m
    way = vertices - eye_m
    way = way / np.maximum(np.linalg.norm(way, axis=1, keepdims=True), 1e-9)
    moved = vertices + way * np.broadcast_to(by_m, len(vertices))[:, None]
    return replace(drawable, mesh=replace(drawable.mesh, vertices_m=moved))
