"""The rasteriser: OpenGL without a window (EGL), on a graphics card or on the CPU alike."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Any

import moderngl
import numpy as np

from studio.core.errors import StudioError
from studio.core.types import Camera
from studio.render.programs import (
    TILE_PX,
    TILES,
    Programs,
    display,
    features,
    light_uniforms,
    outline,
    see_through,
    set_uniforms,
    shadow_matrix,
    surface_uniforms,
)
from studio.render.scene import (
    MAX_LIGHTS,
    Drawable,
    ItemLayer,
    Lighting,
    Rendered,
    clip_from_world,
)
from studio.render.truth import Planes, resolve
from studio.render.upload import Uploads


class Renderer:
    """Draws scenes of meshes as a pinhole camera sees them.

    Use it as a context manager, and on one thread only: GL objects belong to the thread that made
    them. What was drawn last stays uploaded, so several cameras of one scene cost one upload and
    one shadow pass, and arrays that a new scene shares with the last one are not sent again.
    Raises StudioError where OpenGL is missing.
    """

    def __init__(self, size_px: tuple[int, int], samples: int = 4) -> None:
        self.size_px = size_px
        self._thread = threading.get_ident()
        try:
            options: dict[str, Any] = {"backend": "egl", "require": 330}
            self._gl = moderngl.create_context(standalone=True, **options)
        except Exception as error:
            raise StudioError(
                f"Pictures cannot be rendered, for OpenGL does not start ({error}).",
                "Install the graphics libraries: apt install libegl1 libgl1 libgl1-mesa-dri.",
            ) from error
        gl = self._gl
        self._programs = Programs(gl)
        self._uploads = Uploads(gl)
        samples = min(samples, gl.max_samples)
        self._smooth = gl.framebuffer(
            [gl.renderbuffer(size_px, 4, samples=samples)],
            gl.depth_renderbuffer(size_px, samples=samples),
        )
        self._resolved = gl.framebuffer([gl.texture(size_px, 4)])
        self._sharp = gl.framebuffer(
            [
                gl.texture(size_px, 4, dtype="f4"),
                gl.texture(size_px, 4, dtype="f4"),
                gl.texture(size_px, 2, dtype="i4"),
            ],
            gl.depth_renderbuffer(size_px),
        )
        self._atlas = gl.depth_texture((TILE_PX * TILES, TILE_PX * 3))
        self._atlas.compare_func = ""
        self._atlas.filter = (moderngl.NEAREST, moderngl.NEAREST)
        self._atlas_buffer = gl.framebuffer(depth_attachment=self._atlas)
        self._shadowed: tuple[tuple[int, ...], int] | None = None
        self._kept: tuple[tuple[Drawable, ...], Lighting] | None = None

    def __enter__(self) -> Renderer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

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
        height) the ``rgb`` outside that region is background: quicker where little moves.
        ``backdrop`` is a picture (height, width, 3) that stands behind the scene.
        """
        self._check_thread()
        clip = self._clip(camera, near_m, far_m)
        with self._gl:  # other GL users of this thread get their own context back
            self._prepare(scene, lighting)
            self._smooth.scissor = region_px or (0, 0, *self.size_px)
            colour = display(np.array(lighting.background) * lighting.exposure)
            self._shade(scene, lighting, clip, camera.centre_m, (*colour, 0.0))
            rgba = self._read(4)
            rgb = rgba[..., :3].copy()
            if backdrop is not None:
                behind = (255 - rgba[..., 3:]).astype(np.float32) / 255
                moved = backdrop.astype(np.float32) - 255 * np.array(colour, np.float32)
                rgb = np.clip(rgb + behind * moved + 0.5, 0, 255).astype(np.uint8)
            seen = Rendered(rgb, rgba[..., 3].copy())
            if not geometry:
                return seen
            return resolve(seen, self._measure(scene, camera, clip), scene, camera)

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

        They are lit and shaded as they are in the scene. Raises ValueError if one of the items
        is not in the scene.
        """
        self._check_thread()
        own = {id(drawable) for drawable in items}
        others = tuple(drawable for drawable in scene if id(drawable) not in own)
        if len(others) + len(own) != len(scene):
            raise ValueError("an item of the layer is not in its scene")
        clip = self._clip(camera, near_m, far_m)
        with self._gl:
            self._prepare(scene, lighting)
            self._smooth.scissor = (0, 0, *self.size_px)
            self._shade(items, lighting, clip, camera.centre_m, (0.0, 0.0, 0.0, 0.0))
            alone = self._read(4)
            planes = self._measure(items, camera, clip)
            self._mask(others, items, clip)
            visible = self._read(4)[..., 3]
        alpha = alone[..., 3:].astype(np.float32)
        colour = alone[..., :3] * (255 / np.maximum(alpha, 1))
        rgba = np.concatenate([np.clip(colour + 0.5, 0, 255).astype(np.uint8), alone[..., 3:]], -1)
        hidden = alone[..., 3].astype(np.int16) - visible
        return ItemLayer(rgba, np.clip(hidden, 0, 255).astype(np.uint8), planes.depth_m(camera))

    def _check_thread(self) -> None:
        if threading.get_ident() != self._thread:
            raise RuntimeError("a Renderer must stay on the thread that made it")

    def _clip(self, camera: Camera, near_m: float, far_m: float) -> np.ndarray:
        return clip_from_world(
            camera.matrix, camera.rotation, camera.translation_m, self.size_px, near_m, far_m
        )

    def _prepare(self, scene: tuple[Drawable, ...], lighting: Lighting) -> None:
        if len(lighting.towards) > MAX_LIGHTS:
            raise ValueError(f"{len(lighting.towards)} lights; at most {MAX_LIGHTS} are drawn")
        key = tuple(id(drawable) for drawable in scene), id(lighting)
        if key == self._shadowed:
            return
        self._uploads.show(scene)
        self._shadowed, self._kept = key, (scene, lighting)
        self._cast_shadows(scene, lighting)

    def _cast_shadows(self, scene: tuple[Drawable, ...], lighting: Lighting) -> None:
        program = self._programs.get("shadow")
        self._gl.enable_only(moderngl.DEPTH_TEST)
        self._atlas_buffer.use()
        for light, towards in enumerate(lighting.towards):
            row, column = divmod(light, TILES)
            tile = (column * TILE_PX, row * TILE_PX, TILE_PX, TILE_PX)
            self._atlas_buffer.viewport = self._atlas_buffer.scissor = tile
            self._atlas_buffer.clear(depth=1.0)
            set_uniforms(program, clip_from_world=shadow_matrix(lighting, towards))
            for drawable in scene:
                if drawable.casts_shadow:
                    self._uploads[drawable].draw(program)
        if len(lighting.towards) == 1:
            return
        self._atlas.use(1)
        dome = self._programs.get("dome")
        set_uniforms(dome, shadows=1, **light_uniforms(lighting))
        for drawable in scene:
            set_uniforms(dome, scatter=drawable.finish.scatter)
            self._uploads[drawable].light(dome)

    def _shade(
        self,
        scene: tuple[Drawable, ...],
        lighting: Lighting,
        clip: np.ndarray,
        eye: np.ndarray,
        background: tuple[float, float, float, float],
    ) -> None:
        self._smooth.use()
        self._smooth.clear(*background, depth=1.0)
        self._gl.enable_only(moderngl.DEPTH_TEST)
        self._gl.front_face = "cw"  # rows run downwards, which mirrors the winding
        self._blend()
        self._atlas.use(1)
        light = light_uniforms(lighting) | {"clip_from_world": clip, "eye": eye}
        begun: set[frozenset[str]] = set()
        for drawable in _clear_last(scene):
            (self._gl.enable if see_through(drawable) else self._gl.disable)(moderngl.BLEND)
            (self._gl.enable if drawable.closed else self._gl.disable)(moderngl.CULL_FACE)
            wanted = features(drawable, lighting)
            program = self._programs.get("surface", wanted)
            if wanted not in begun:
                begun.add(wanted)
                set_uniforms(program, picture=0, shadows=1, relief=2, orm=3, **light)
            material = drawable.material
            if material.texture is not None:
                self._uploads.picture(material.texture).use(0)
            for unit, image in ((2, material.normal_map), (3, material.orm_map)):
                if image is not None:
                    self._uploads.picture(image, colour=False).use(unit)
            set_uniforms(program, **surface_uniforms(drawable))
            self._uploads[drawable].draw(program)

    def _mask(
        self, others: tuple[Drawable, ...], items: tuple[Drawable, ...], clip: np.ndarray
    ) -> None:
        """Draw how much of the items the others leave visible (alpha)."""
        self._smooth.use()
        self._smooth.clear(0.0, 0.0, 0.0, 0.0, depth=1.0)
        self._gl.enable_only(moderngl.DEPTH_TEST)
        self._blend()
        solid = [drawable for drawable in others if drawable.material.base[3] >= 0.5]
        counted = [(drawable, 0.0) for drawable in solid]
        counted += [(item, item.material.base[3]) for item in _clear_last(items)]
        for drawable, opacity in counted:
            (self._gl.enable if see_through(drawable) else self._gl.disable)(moderngl.BLEND)
            program = self._outlined("mask", drawable)
            set_uniforms(program, clip_from_world=clip, opacity=opacity)
            self._uploads[drawable].draw(program)

    def _measure(self, scene: tuple[Drawable, ...], camera: Camera, clip: np.ndarray) -> Planes:
        self._sharp.use()
        self._sharp.clear()
        self._gl.enable_only(moderngl.DEPTH_TEST)
        self._gl.front_face = "cw"
        for number, drawable in enumerate(scene):
            if drawable.material.base[3] < 0.5:
                continue
            (self._gl.enable if drawable.closed else self._gl.disable)(moderngl.CULL_FACE)
            program = self._outlined("geometry", drawable)
            set_uniforms(program, clip_from_world=clip, eye=camera.centre_m, drawn=number)
            self._uploads[drawable].draw(program)
        width, height = self.size_px
        wanted = ((4, "f4"), (4, "f4"), (2, "i4"))
        return Planes(
            *(
                np.frombuffer(
                    self._sharp.read(components=channels, attachment=k, dtype=kind), kind
                ).reshape(height, width, channels)
                for k, (channels, kind) in enumerate(wanted)
            )
        )

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

    def _read(self, channels: int) -> np.ndarray:
        self._gl.copy_framebuffer(self._resolved, self._smooth)
        width, height = self.size_px
        pixels = np.frombuffer(self._resolved.read(components=channels, alignment=1), np.uint8)
        return pixels.reshape(height, width, channels)


def _clear_last(scene: tuple[Drawable, ...]) -> tuple[Drawable, ...]:
    """What is solid first, then what one sees through, each in the scene's order."""
    return (
        *(drawable for drawable in scene if not see_through(drawable)),
        *(drawable for drawable in scene if see_through(drawable)),
    )
