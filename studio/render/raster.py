"""The rasteriser: OpenGL without a window (EGL), on a graphics card or on the CPU alike."""

from __future__ import annotations

import threading
from pathlib import Path
from types import TracebackType
from typing import Any

import moderngl
import numpy as np

from studio.core.errors import StudioError
from studio.core.types import Camera
from studio.render.scene import (
    MAX_LIGHTS,
    Drawable,
    Lighting,
    Rendered,
    clip_from_world,
    vertex_normals,
)

_SHADERS = Path(__file__).parent / "shaders"
_TILE_PX = 1024
_DEEP = 2.5  # shadows reach this many radii along the light
_TILES = 4  # the shadow atlas has _TILES x 3 tiles


def _source(name: str) -> str:
    return (_SHADERS / name).read_text("utf-8")


class _Uploaded:
    """A drawable's arrays on the GL side."""

    def __init__(self, context: moderngl.Context, drawable: Drawable) -> None:
        self.drawable = drawable
        mesh = drawable.mesh
        corners = mesh.faces.ravel()
        normals = drawable.normals
        if normals is None:
            normals = vertex_normals(mesh.vertices_m, mesh.faces)
        coat = mesh.vertices_m if drawable.coat_m is None else drawable.coat_m
        if mesh.colours is None:
            colours = np.ones((len(corners), 3))
        else:
            colours = mesh.colours[corners] / 255.0
        uv = np.zeros((len(corners), 2)) if mesh.uv is None else mesh.uv.reshape(-1, 2)
        columns = (mesh.vertices_m[corners], normals[corners], coat[corners], colours, uv)
        self.buffer = context.buffer(np.hstack(columns).astype("f4").tobytes())
        self.dome = context.buffer(reserve=12 * len(corners))
        self.picture: moderngl.Texture | None = None
        texture = drawable.material.texture
        if texture is not None:
            flipped = np.ascontiguousarray(texture[::-1])  # uv has its origin at the bottom left
            self.picture = context.texture(
                (texture.shape[1], texture.shape[0]), texture.shape[2], flipped.tobytes()
            )
            self.picture.build_mipmaps()
            self.picture.filter = (moderngl.LINEAR_MIPMAP_LINEAR, moderngl.LINEAR)
            self.picture.anisotropy = 8.0
        self.arrays: dict[int, moderngl.VertexArray] = {}

    def draw(self, context: moderngl.Context, program: moderngl.Program) -> None:
        self._array(context, program).render()

    def light(self, context: moderngl.Context, program: moderngl.Program) -> None:
        """Keep what the program says the dome gives to each corner."""
        self._array(context, program).transform(self.dome)

    def _array(self, context: moderngl.Context, program: moderngl.Program) -> moderngl.VertexArray:
        if program.glo not in self.arrays:
            names: list[str] = []
            layout: list[str] = []
            fields = (("position", 3), ("normal", 3), ("coat", 3), ("colour", 3), ("uv", 2))
            for name, width in fields:
                used = name in program
                names += [name] if used else []
                layout.append(f"{width}f" if used else f"{width * 4}x")
            content: list[Any] = [(self.buffer, " ".join(layout), *names)]
            if "from_dome" in program:
                content.append((self.dome, "3f", "from_dome"))
            self.arrays[program.glo] = context.vertex_array(program, content)
        return self.arrays[program.glo]

    def release(self) -> None:
        for array in self.arrays.values():
            array.release()
        self.buffer.release()
        self.dome.release()
        if self.picture is not None:
            self.picture.release()


class Renderer:
    """Draws scenes of meshes as a pinhole camera sees them.

    Use it as a context manager, and on one thread only: GL objects belong to the thread that made
    them. What was drawn last stays uploaded, so several cameras of one scene cost one upload and
    one shadow pass. Raises StudioError where OpenGL is missing.
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
        vertex, fragment = _source("surface.vert.glsl"), _source("surface.frag.glsl")
        self._dome = gl.program(_source("dome.vert.glsl"), varyings=("dome",))
        self._surface = gl.program(vertex, fragment_shader=fragment)
        self._cut_out = gl.program(  # a shader that may discard forgoes the early depth test
            vertex, fragment_shader=fragment.replace("//CUT_OUT", "#define CUT_OUT")
        )
        self._geometry = gl.program(vertex, fragment_shader=_source("geometry.frag.glsl"))
        self._shadow = gl.program(
            _source("shadow.vert.glsl"), fragment_shader=_source("shadow.frag.glsl")
        )
        samples = min(samples, gl.max_samples)
        self._smooth = gl.framebuffer(
            [gl.renderbuffer(size_px, 4, samples=samples)],
            gl.depth_renderbuffer(size_px, samples=samples),
        )
        self._resolved = gl.framebuffer([gl.texture(size_px, 4)])
        self._sharp = gl.framebuffer(
            [gl.texture(size_px, 4, dtype="f4"), gl.texture(size_px, 4, dtype="f4")],
            gl.depth_renderbuffer(size_px),
        )
        self._atlas = gl.depth_texture((_TILE_PX * _TILES, _TILE_PX * 3))
        self._atlas.compare_func = ""
        self._atlas.filter = (moderngl.NEAREST, moderngl.NEAREST)
        self._atlas_buffer = gl.framebuffer(depth_attachment=self._atlas)
        self._uploads: dict[int, _Uploaded] = {}
        self._shadowed: tuple[tuple[int, ...], int] | None = None
        self._kept_lighting: Lighting | None = None

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
            for upload in self._uploads.values():
                upload.release()
        self._uploads.clear()
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
    ) -> Rendered:
        """The scene as the camera's ideal pinhole sees it, without its lens distortion.

        The picture has the renderer's size, whatever ``camera.size_px``. With ``geometry`` also
        depth, positions, normals and ids (see :class:`Rendered`). With ``region_px`` (left, top,
        width, height) the ``rgb`` outside that region is background: quicker where little moves.
        """
        self._check_thread()
        clip = clip_from_world(
            camera.matrix, camera.rotation, camera.translation_m, self.size_px, near_m, far_m
        )
        with self._gl:  # other GL users of this thread get their own context back
            self._upload(scene)
            self._cast_shadows(scene, lighting)
            self._smooth.scissor = region_px or (0, 0, *self.size_px)
            rgb = self._shade(scene, lighting, clip, camera.centre_m)
            return self._measure(rgb, scene, camera, clip) if geometry else Rendered(rgb)

    def _check_thread(self) -> None:
        if threading.get_ident() != self._thread:
            raise RuntimeError("a Renderer must stay on the thread that made it")

    def _upload(self, scene: tuple[Drawable, ...]) -> None:
        wanted = {id(drawable) for drawable in scene}
        for key in [key for key in self._uploads if key not in wanted]:
            self._uploads.pop(key).release()
        for drawable in scene:
            if id(drawable) not in self._uploads:
                self._uploads[id(drawable)] = _Uploaded(self._gl, drawable)

    def _cast_shadows(self, scene: tuple[Drawable, ...], lighting: Lighting) -> None:
        if len(lighting.towards) > MAX_LIGHTS:
            raise ValueError(f"{len(lighting.towards)} lights; at most {MAX_LIGHTS} are drawn")
        key = tuple(id(drawable) for drawable in scene), id(lighting)
        if key == self._shadowed:
            return
        self._shadowed, self._kept_lighting = key, lighting
        self._atlas_buffer.viewport = (0, 0, _TILE_PX * _TILES, _TILE_PX * 3)
        self._atlas_buffer.use()
        self._atlas_buffer.clear(depth=1.0)
        self._gl.enable_only(moderngl.DEPTH_TEST)
        for light, towards in enumerate(lighting.towards):
            row, column = divmod(light, _TILES)
            self._atlas_buffer.viewport = (
                column * _TILE_PX, row * _TILE_PX, _TILE_PX, _TILE_PX,
            )  # fmt: skip
            self._set(self._shadow, clip_from_world=_shadow_matrix(lighting, towards))
            for drawable in scene:
                if drawable.casts_shadow:
                    self._uploads[id(drawable)].draw(self._gl, self._shadow)
        self._atlas.use(1)
        self._illuminate(self._dome, lighting)
        self._set(self._dome, shadows=1)
        for drawable in scene:
            self._set(self._dome, scatter=drawable.finish.scatter)
            self._uploads[id(drawable)].light(self._gl, self._dome)

    def _shade(
        self, scene: tuple[Drawable, ...], lighting: Lighting, clip: np.ndarray, eye: np.ndarray
    ) -> np.ndarray:
        self._smooth.use()
        self._smooth.clear(*_display(np.array(lighting.background) * lighting.exposure), 1.0)
        self._gl.enable_only(moderngl.DEPTH_TEST)
        self._gl.front_face = "cw"  # rows run downwards, which mirrors the winding
        self._gl.blend_func = moderngl.SRC_ALPHA, moderngl.ONE_MINUS_SRC_ALPHA
        self._atlas.use(1)
        for program in (self._surface, self._cut_out):
            self._illuminate(program, lighting)
            self._set(program, clip_from_world=clip, eye=eye, picture=0, shadows=1)
        see_through = [d for d in scene if _see_through(d)]
        for drawable in (*(d for d in scene if not _see_through(d)), *see_through):
            if _see_through(drawable):
                self._gl.enable(moderngl.BLEND)
            (self._gl.enable if drawable.closed else self._gl.disable)(moderngl.CULL_FACE)
            program = self._cut_out if _cut_out(drawable) else self._surface
            self._dress(program, drawable)
            self._uploads[id(drawable)].draw(self._gl, program)
        self._gl.copy_framebuffer(self._resolved, self._smooth)
        width, height = self.size_px
        pixels = np.frombuffer(self._resolved.read(components=3, alignment=1), np.uint8)
        return pixels.reshape(height, width, 3).copy()

    def _illuminate(self, program: moderngl.Program, lighting: Lighting) -> None:
        count = len(lighting.towards)
        tiles = [(k % _TILES * _TILE_PX, k // _TILES * _TILE_PX) for k in range(count)]
        shadow = [_shadow_matrix(lighting, towards).T for towards in lighting.towards]
        self._set(
            program,
            lights=count,
            key_towards=lighting.towards[0],
            key_radiance=lighting.radiance[0],
            key_soft=lighting.soft_m[0] / (2 * lighting.radius_m),
            key_from_world=_shadow_matrix(lighting, lighting.towards[0]),
            towards=_padded(lighting.towards),
            radiance=_padded(lighting.radiance),
            soft=_padded(np.asarray(lighting.soft_m) / (2 * lighting.radius_m)),
            tile=_padded(np.array(tiles)),
            tile_px=float(_TILE_PX),
            shadow_bias=0.004 / (2 * _DEEP * lighting.radius_m),
            shadow_from_world=_padded(np.array(shadow)),
            shadow_texel=2 * lighting.radius_m / _TILE_PX,
            fill=lighting.fill,
            exposure=lighting.exposure,
        )

    def _dress(self, program: moderngl.Program, drawable: Drawable) -> None:
        material, finish = drawable.material, drawable.finish
        picture = self._uploads[id(drawable)].picture
        if picture is not None:
            picture.use(0)
        self._set(
            program,
            base=material.base, roughness=material.roughness, metallic=material.metallic,
            scatter=finish.scatter, sheen=finish.sheen, specular=finish.specular,
            grain=finish.grain, bump=finish.bump_m, glow=finish.glow,
            grain_frequency=1 / np.array(finish.grain_m),
            textured=picture is not None,
        )  # fmt: skip

    def _measure(
        self, rgb: np.ndarray, scene: tuple[Drawable, ...], camera: Camera, clip: np.ndarray
    ) -> Rendered:
        self._sharp.use()
        self._sharp.clear()
        self._gl.enable_only(moderngl.DEPTH_TEST)
        program = self._geometry
        for drawable in scene:
            picture = self._uploads[id(drawable)].picture
            if picture is not None:
                picture.use(0)
            self._set(
                program,
                clip_from_world=clip, number=drawable.number, picture=0,
                textured=picture is not None, base_alpha=drawable.material.base[3],
            )  # fmt: skip
            self._uploads[id(drawable)].draw(self._gl, program)
        width, height = self.size_px
        planes = [
            np.frombuffer(
                self._sharp.read(components=4, attachment=k, dtype="f4"), np.float32
            ).reshape(height, width, 4)
            for k in range(2)
        ]
        hit = planes[1][..., 3] > 0
        xyz = np.where(hit[..., None], planes[0][..., :3], np.float32(np.nan))
        depth = xyz @ camera.rotation[2].astype(np.float32) + np.float32(camera.translation_m[2])
        return Rendered(
            rgb,
            depth_m=np.where(hit, depth, np.float32(np.inf)),
            xyz_m=xyz,
            normal=np.where(hit[..., None], planes[1][..., :3], np.float32(0)),
            ids=np.where(hit, planes[0][..., 3], 0).astype(np.int32),
        )

    def _set(self, program: moderngl.Program, **uniforms: Any) -> None:
        for name, value in uniforms.items():
            if name not in program:
                continue
            member = program[name]
            assert isinstance(member, moderngl.Uniform)
            if isinstance(value, bool | int | float):
                member.value = value
            else:
                array = np.asarray(value, "f4")
                matrix = array.shape == (4, 4)
                member.write(np.ascontiguousarray(array.T if matrix else array).tobytes())


def _see_through(drawable: Drawable) -> bool:
    return drawable.material.base[3] < 1.0


def _cut_out(drawable: Drawable) -> bool:
    texture = drawable.material.texture
    return texture is not None and texture.shape[2] == 4 and not _see_through(drawable)


def _padded(values: np.ndarray) -> np.ndarray:
    values = np.asarray(values, np.float64)
    out = np.zeros((MAX_LIGHTS, *values.shape[1:]))
    out[: len(values)] = values
    return out


def _shadow_matrix(lighting: Lighting, towards: np.ndarray) -> np.ndarray:
    """Orthographic clip matrix of the light, around the lit sphere."""
    forward = -np.asarray(towards, np.float64) / np.linalg.norm(towards)
    side = np.cross(forward, [0.0, 0.0, 1.0] if abs(forward[2]) < 0.95 else [0.0, 1.0, 0.0])
    side /= np.linalg.norm(side)
    reach = lighting.radius_m * np.array([[1.0], [1.0], [_DEEP]])
    axes = np.stack([side, np.cross(side, forward), forward]) / reach
    out = np.eye(4)
    out[:3, :3] = axes
    out[:3, 3] = -axes @ np.asarray(lighting.centre_m)
    return out


def _display(linear: np.ndarray) -> tuple[float, float, float]:
    """The tone curve of the surface shader, for the background."""
    curve = linear * (2.51 * linear + 0.03) / (linear * (2.43 * linear + 0.59) + 0.14)
    curve = np.clip(curve, 0, 1)
    srgb = np.where(curve > 0.0031308, 1.055 * curve ** (1 / 2.4) - 0.055, curve * 12.92)
    return float(srgb[0]), float(srgb[1]), float(srgb[2])
