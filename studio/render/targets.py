"""The pictures that the renderer draws into, kept from one scene to the next."""

from __future__ import annotations

from typing import Any

import moderngl
import numpy as np

from studio.render.programs import Programs, set_uniforms
from studio.render.truth import Planes

NAMES = ("truths", "facings", "paints", "kinds", "arrivings")
_KINDS = ((4, "i4"), (4, "f2"), (4, "f1"), (4, "f1"), (4, "f2"))
_CENTRES = ((4, "f4"), (4, "f4"), (4, "i4"))
_CORNERS = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)])
FIRST_UNIT = 4
"""The texture units from here on hold what the geometry pass left."""


class Targets:
    """Everything about the surfaces at ``scale`` x ``scale`` samples a pixel, and the picture.

    Sample (scale u, scale v) lies at the centre of pixel (u, v), so the truth needs no pass of its
    own; a pixel's colour is the mean of the samples around it under a tent one pixel high.
    """

    def __init__(self, gl: moderngl.Context, size_px: tuple[int, int], scale: int) -> None:
        self.size_px, self.scale = size_px, scale
        fine = size_px[0] * scale, size_px[1] * scale
        self._planes = [gl.texture(fine, n, dtype=kind) for n, kind in _KINDS]
        for plane in self._planes:
            plane.filter = (moderngl.NEAREST, moderngl.NEAREST)
        depth = gl.depth_renderbuffer(fine)
        self.geometry = gl.framebuffer(self._planes[:-1], depth)
        self.geometry_with_dome = gl.framebuffer(self._planes, depth)
        self._fine = gl.texture(fine, 4)
        self._fine.repeat_x = self._fine.repeat_y = False
        self.colour = gl.framebuffer([self._fine], depth)
        self.flat = gl.framebuffer([self._fine])
        self._smooth = gl.framebuffer([gl.texture(size_px, 4)])
        self._centres = gl.framebuffer(
            [gl.texture(size_px, channels, dtype=kind) for channels, kind in _CENTRES]
        )

    def scissor(self, region_px: tuple[int, int, int, int] | None) -> None:
        """Draw only inside a region (left, top, width, height), or everywhere."""
        region = region_px or (0, 0, *self.size_px)
        left, top, width, height = (self.scale * value for value in region)
        fine = (left, top, width, height)
        if region_px is not None and self.scale > 1:  # the tent looks one sample further
            fine = (max(left - 1, 0), max(top - 1, 0), width + 2, height + 2)
        for buffer in (self.geometry, self.geometry_with_dome, self.colour, self.flat):
            buffer.scissor = fine
        for buffer in (self._smooth, self._centres):
            buffer.scissor = region

    def shade_only(self, clip: np.ndarray, boxes_m: np.ndarray) -> None:
        """Narrow ``flat`` to where boxes (n, 2, 3) appear, inside the region that is drawn."""
        corners = boxes_m[:, _CORNERS, np.arange(3)].reshape(-1, 3)
        at = np.column_stack([corners, np.ones(len(corners))]) @ clip.T
        if not len(at) or at[:, 3].min() < 0.01:
            return
        fine = np.array(self.flat.size)
        where = (at[:, :2] / at[:, 3:] / 2 + 0.5) * fine
        left, top, width, height = self.colour.scissor
        low = np.clip(np.floor(where.min(axis=0)) - 1, (left, top), (left + width, top + height))
        high = np.clip(np.ceil(where.max(axis=0)) + 1, low, (left + width, top + height))
        left, top, right, bottom = (int(value) for value in (*low, *high))
        self.flat.scissor = left, top, right - left, bottom - top

    def bind(self, program: moderngl.Program) -> None:
        """Let a program read what the geometry pass left."""
        for k, (name, plane) in enumerate(zip(NAMES, self._planes, strict=True)):
            plane.use(FIRST_UNIT + k)
            set_uniforms(program, **{name: FIRST_UNIT + k})

    def picture(self, programs: Programs) -> np.ndarray:
        """What was drawn into ``colour``: sRGB with alpha multiplied in (height, width, 4)."""
        self._fine.use(0)
        set_uniforms(programs.get("smooth"), fine=0, scale=float(self.scale))
        programs.fill("smooth", self._smooth)
        return self._read(self._smooth, 4, "f1", 0)

    def truth(self, programs: Programs, view: dict[str, Any]) -> Planes:
        """What the geometry pass left at the pixels' centres, as the camera ``view`` saw it."""
        program = programs.get("centre")
        self.bind(program)
        set_uniforms(program, scale=float(self.scale), **view)
        programs.fill("centre", self._centres)
        return Planes(
            *(self._read(self._centres, n, kind, k) for k, (n, kind) in enumerate(_CENTRES))
        )

    def _read(
        self, buffer: moderngl.Framebuffer, channels: int, kind: str, attachment: int
    ) -> np.ndarray:
        width, height = self.size_px
        content = buffer.read(components=channels, attachment=attachment, dtype=kind, alignment=1)
        return np.frombuffer(content, "u1" if kind == "f1" else kind).reshape(
            height, width, channels
        )
