"""The rasteriser: OpenGL without a window (EGL), on a graphics card or on the CPU alike."""

from __future__ import annotations

import threading
from typing import Any

import moderngl
import numpy as np

from studio.core.closing import Closing
from studio.core.types import Camera
from studio.render.context import standalone
from studio.render.programs import (
    TILE_PX,
    TILES,
    Programs,
    display,
    features,
    finishes,
    light_features,
    light_uniforms,
    outline,
    see_through,
    set_uniforms,
    shadow_matrix,
    shows_grain,
    surface_uniforms,
    view_uniforms,
)
from studio.render.scene import (
    MAX_LIGHTS,
    Drawable,
    ItemLayer,
    Lighting,
    Rendered,
)
from studio.render.targets import Targets
from studio.render.truth import resolve
from studio.render.upload import Uploads

MAX_DRAWABLES, MAX_FACES = 1024, 1 << 20


class Renderer(Closing):
    """Draws scenes of meshes as a pinhole camera sees them.

    Use it as a context manager, and on one thread only: GL objects belong to the thread that made
    them. What was drawn last stays uploaded, so several cameras of one scene cost one upload and
    one shadow pass, and arrays that a new scene shares with the last one are not sent again.
    Surfaces are drawn once, at four samples a pixel (one if ``samples`` is below 4), with all their
    truth, and lit afterwards; what one sees through is blended over them.
    Raises StudioError where OpenGL is missing.
    """

    def __init__(self, size_px: tuple[int, int], samples: int = 4) -> None:
        self.size_px = size_px
        self._thread = threading.get_ident()
        self._gl = standalone("Pictures cannot be rendered")
        gl = self._gl
        self._programs = Programs(gl)
        self._uploads = Uploads(gl)
        self._targets = Targets(gl, size_px, 2 if samples >= 4 else 1)
        self._finishes = gl.texture((2, MAX_DRAWABLES), 4, dtype="f4")
        self._atlas = gl.depth_texture((TILE_PX * TILES, TILE_PX * 3))
        self._atlas.compare_func = ""
        self._atlas.filter = (moderngl.NEAREST, moderngl.NEAREST)
        self._atlas_buffer = gl.framebuffer(depth_attachment=self._atlas)
        self._dome_px = TILE_PX if max(size_px) > 640 else TILE_PX // 2
        self._shadowed: tuple[tuple[int, ...], int] | None = None
        self._kept: tuple[tuple[Drawable, ...], Lighting] | None = None
        self._light: dict[str, Any] = {}

    def close(self) -> None:
        """Free everything on the GL side. To be called on the thread that made the renderer."""
        self._check_thread()
        with self._gl:
            self._uploads.release()
        self._gl.release()

    def render(
        self,
        scene: tuple[Drawable, ...],
        camera: Camera,
        lighting: Lighting,
        geometry: bool = False,
        region_px: tuple[int, int, int, int] | None = None,
        near_m: float = 0.05,
        far_m: float = 30.0,
        backdrop: np.ndarray | None = None,
    ) -> Rendered:
        """The scene as the camera's ideal pinhole sees it, without its lens distortion.

        The picture has the renderer's size, whatever ``camera.size_px``. With ``geometry`` also
        the truth of every pixel (see :class:`Rendered`). With ``region_px`` (left, top, width,
        height) only that part of every picture is drawn, and the rest holds nothing of use:
        quicker where little moves. ``backdrop`` is a picture (height, width, 3) that stands behind
        the scene. Raises ValueError for more lights, drawables or faces than fit.
        """
        self._check_thread()
        view = view_uniforms(camera, self.size_px, self._targets.scale, near_m, far_m)
        with self._gl:  # other GL users of this thread get their own context back
            self._prepare(scene, lighting)
            self._targets.scissor(region_px)
            colour = display(np.array(lighting.background) * lighting.exposure)
            self._draw(scene, lighting, view, (*colour, 0.0))
            rgba = self._targets.picture(self._programs)
            rgb = rgba[..., :3].copy()
            if backdrop is not None:
                behind = (255 - rgba[..., 3:]).astype(np.float32) / 255
                moved = backdrop.astype(np.float32) - 255 * np.array(colour, np.float32)
                rgb = np.clip(rgb + behind * moved + 0.5, 0, 255).astype(np.uint8)
            seen = Rendered(rgb, rgba[..., 3].copy())
            if not geometry:
                return seen
            return resolve(seen, self._targets.truth(self._programs, view), scene)

    def item_layer(
        self,
        scene: tuple[Drawable, ...],
        items: tuple[Drawable, ...],
        camera: Camera,
        lighting: Lighting,
        near_m: float = 0.05,
        far_m: float = 30.0,
    ) -> ItemLayer:
        """Some of the scene's drawables by themselves, and where the others hide them.

        They are lit as in the scene, with its shadows, but for the contact of one thing with
        another. Raises ValueError if one of the items is not in the scene.
        """
        self._check_thread()
        own = {id(drawable) for drawable in items}
        others = tuple(drawable for drawable in scene if id(drawable) not in own)
        if len(others) + len(own) != len(scene):
            raise ValueError("an item of the layer is not in its scene")
        view = view_uniforms(camera, self.size_px, self._targets.scale, near_m, far_m)
        with self._gl:
            self._prepare(scene, lighting)
            self._targets.scissor(None)
            self._draw(items, lighting, view, (0.0, 0.0, 0.0, 0.0))
            alone = self._targets.picture(self._programs)
            planes = self._targets.truth(self._programs, view)
            self._mask(others, items, view)
            visible = self._targets.picture(self._programs)[..., 3]
        alpha = alone[..., 3:].astype(np.float32)
        colour = alone[..., :3] * (255 / np.maximum(alpha, 1))
        rgba = np.concatenate([np.clip(colour + 0.5, 0, 255).astype(np.uint8), alone[..., 3:]], -1)
        hidden = alone[..., 3].astype(np.int16) - visible
        return ItemLayer(rgba, np.clip(hidden, 0, 255).astype(np.uint8), planes.depth_m)

    def _check_thread(self) -> None:
        if threading.get_ident() != self._thread:
            raise RuntimeError("a Renderer must stay on the thread that made it")

    def _prepare(self, scene: tuple[Drawable, ...], lighting: Lighting) -> None:
        if len(lighting.towards) > MAX_LIGHTS:
            raise ValueError(f"{len(lighting.towards)} lights; at most {MAX_LIGHTS} are drawn")
        if len(scene) > MAX_DRAWABLES:
            raise ValueError(f"{len(scene)} drawables; at most {MAX_DRAWABLES} are drawn")
        for drawable in scene:
            if len(drawable.mesh.faces) >= MAX_FACES:
                raise ValueError(f"{len(drawable.mesh.faces)} faces; at most {MAX_FACES - 1}")
        key = tuple(id(drawable) for drawable in scene), id(lighting)
        if key == self._shadowed:
            return
        self._uploads.show(scene)
        self._shadowed, self._kept = key, (scene, lighting)
        self._light = light_uniforms(lighting) | {"shadows": 1}
        self._cast_shadows(scene, lighting)

    def _cast_shadows(self, scene: tuple[Drawable, ...], lighting: Lighting) -> None:
        program = self._programs.get("shadow")
        self._gl.enable_only(moderngl.DEPTH_TEST)
        self._gl.front_face = "ccw"
        self._atlas_buffer.use()
        for light, towards in enumerate(lighting.towards):
            row, column = divmod(light, TILES)
            side = self._dome_px if light else TILE_PX
            tile = (column * TILE_PX, row * TILE_PX, side, side)
            self._atlas_buffer.viewport = self._atlas_buffer.scissor = tile
            self._atlas_buffer.clear(depth=1.0)
            set_uniforms(program, clip_from_world=shadow_matrix(lighting, towards))
            for drawable in scene:
                if drawable.casts_shadow:
                    self._cull(drawable)
                    self._uploads[drawable].draw(program)
        if len(lighting.towards) == 1:
            return
        self._atlas.use(1)
        dome = self._programs.get("dome")
        texel = {"tile_px": float(self._dome_px)}
        texel["shadow_texel"] = 2 * lighting.radius_m / self._dome_px
        set_uniforms(dome, **{**self._light, **texel})
        for drawable in scene:
            set_uniforms(dome, scatter=drawable.finish.scatter)
            self._uploads[drawable].light(dome)

    def _draw(
        self,
        scene: tuple[Drawable, ...],
        lighting: Lighting,
        view: dict[str, Any],
        background: tuple[float, float, float, float],
    ) -> None:
        """Fill the targets: what is solid first, lit at once; then what one sees through."""
        targets = self._targets
        into = targets.geometry_with_dome if len(lighting.towards) > 1 else targets.geometry
        solid = [(k, d) for k, d in enumerate(scene) if not see_through(d)]
        clear = [(k, d) for k, d in enumerate(scene) if see_through(d)]
        into.use()
        into.clear(depth=1.0)
        self._gl.enable_only(moderngl.DEPTH_TEST)
        self._gl.front_face = "cw"  # rows run downwards, which mirrors the winding
        for number, drawable in solid:
            self._surface("geometry", drawable, lighting, {**view, "drawn": number})
        targets.flat.use()
        targets.flat.clear(*background)
        boxes = np.array([self._uploads[d].box_m for _, d in solid]).reshape(-1, 2, 3)
        targets.shade_only(view["clip_from_world"], boxes)
        self._shade(scene, lighting, view, background)
        if not clear:
            return
        targets.colour.depth_mask = False
        targets.colour.use()
        self._gl.enable_only(moderngl.DEPTH_TEST | moderngl.BLEND)
        self._blend()
        for _, drawable in clear:
            self._surface("surface", drawable, lighting, {**self._light, **view})
        targets.colour.depth_mask = True
        into.use()
        self._gl.enable_only(moderngl.DEPTH_TEST)
        for number, drawable in clear:
            if drawable.material.base[3] >= 0.5:
                self._surface("geometry", drawable, lighting, {**view, "drawn": number})

    def _surface(
        self, name: str, drawable: Drawable, lighting: Lighting, uniforms: dict[str, Any]
    ) -> None:
        coarse = shows_grain(drawable, self._uploads[drawable].box_m, uniforms)
        program = self._programs.get(name, features(drawable, lighting, coarse))
        material = drawable.material
        if material.texture is not None:
            self._uploads.picture(material.texture).use(0)
        for unit, image in ((2, material.normal_map), (3, material.orm_map)):
            if image is not None:
                self._uploads.picture(image, colour=False).use(unit)
        set_uniforms(program, picture=0, relief=2, orm=3, **uniforms, **surface_uniforms(drawable))
        self._cull(drawable)
        self._uploads[drawable].draw(program)

    def _cull(self, drawable: Drawable) -> None:
        (self._gl.enable if drawable.closed else self._gl.disable)(moderngl.CULL_FACE)

    def _shade(
        self,
        scene: tuple[Drawable, ...],
        lighting: Lighting,
        view: dict[str, Any],
        background: tuple[float, float, float, float],
    ) -> None:
        wanted = light_features(lighting)
        program = self._programs.get("shade", wanted)
        self._targets.bind(program)
        if scene:
            self._finishes.write(finishes(scene).tobytes(), viewport=(0, 0, 2, len(scene)))
        self._finishes.use(0)
        self._atlas.use(1)
        set_uniforms(program, finishes=0, background=background, **self._light, **view)
        self._programs.fill("shade", self._targets.flat, wanted)

    def _mask(
        self, others: tuple[Drawable, ...], items: tuple[Drawable, ...], view: dict[str, Any]
    ) -> None:
        """Draw how much of the items the others leave visible (alpha)."""
        self._targets.colour.use()
        self._targets.colour.clear(0.0, 0.0, 0.0, 0.0, depth=1.0)
        self._gl.enable_only(moderngl.DEPTH_TEST)
        self._blend()
        solid = [drawable for drawable in others if drawable.material.base[3] >= 0.5]
        counted = [(drawable, 0.0) for drawable in solid]
        counted += [(item, item.material.base[3]) for item in _clear_last(items)]
        for drawable, opacity in counted:
            (self._gl.enable if see_through(drawable) else self._gl.disable)(moderngl.BLEND)
            program = self._outlined("mask", drawable)
            set_uniforms(program, opacity=opacity, **view)
            self._uploads[drawable].draw(program)

    def _outlined(self, name: str, drawable: Drawable) -> moderngl.Program:
        wanted = outline(drawable)
        program = self._programs.get(name, wanted)
        texture = drawable.material.texture
        if texture is not None and wanted:
            self._uploads.picture(texture).use(0)
            set_uniforms(program, picture=0)
        return program

    def _blend(self) -> None:
        """Colours with alpha multiplied in, over what is there."""
        over: Any = (
            moderngl.SRC_ALPHA, moderngl.ONE_MINUS_SRC_ALPHA,
            moderngl.ONE, moderngl.ONE_MINUS_SRC_ALPHA,
        )  # fmt: skip
        self._gl.blend_func = over


def _clear_last(scene: tuple[Drawable, ...]) -> tuple[Drawable, ...]:
    """What is solid first, then what one sees through, each in the scene's order."""
    return (
        *(drawable for drawable in scene if not see_through(drawable)),
        *(drawable for drawable in scene if see_through(drawable)),
    )
