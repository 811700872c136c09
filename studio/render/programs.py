"""The shaders, compiled once for each set of features that a surface needs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import moderngl
import numpy as np

from studio.core.types import Camera
from studio.render.scene import MAX_LIGHTS, Drawable, Lighting, clip_from_world

SHADERS = Path(__file__).parent / "shaders"
TILE_PX = 1024
TILES = 4
"""The shadow atlas has ``TILES`` x 3 tiles."""
DEEP = 2.5
"""Shadows reach this many radii along the light."""

HARMONIC_BASIS = np.array(
    [0.28209479, 0.48860251, 0.48860251, 0.48860251, 1.09254843, 1.09254843, 0.31539157,
     1.09254843, 0.54627422]
)  # fmt: skip


_CORNERS = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)])
_KEPT = {"dome": ("dome",), "pose": ("world", "facing", "arriving")}
"""Programs that draw nothing, and what they keep of each vertex."""
_VERTEX = {
    "quick": "quick",
    "surface": "surface",
    "geometry": "surface",
    "shadow": "shadow",
    "mask": "mask",
}


class Programs:
    """Shader programs by name and features (the ``#define`` words of their source)."""

    def __init__(self, gl: moderngl.Context) -> None:
        self._gl = gl
        self._made: dict[tuple[str, frozenset[str]], moderngl.Program] = {}
        self._whole: dict[int, moderngl.VertexArray] = {}

    def get(self, name: str, features: frozenset[str] = frozenset()) -> moderngl.Program:
        """The program of the fragment shader ``name`` (or ``dome``, ``pose``) with features."""
        key = name, features
        if key not in self._made:
            self._made[key] = self._compile(name, features)
        return self._made[key]

    def fill(
        self, name: str, into: moderngl.Framebuffer, features: frozenset[str] = frozenset()
    ) -> None:
        """Run a shader for every pixel of a framebuffer."""
        program = self.get(name, features)
        if program.glo not in self._whole:
            self._whole[program.glo] = self._gl.vertex_array(program, [])
        into.use()
        self._gl.enable_only(moderngl.NOTHING)
        self._whole[program.glo].render(moderngl.TRIANGLES, 3)

    def _compile(self, name: str, features: frozenset[str]) -> moderngl.Program:
        if name in _KEPT:
            return self._gl.program(_source(f"{name}.vert.glsl", features), varyings=_KEPT[name])
        vertex = _VERTEX.get(name, "whole")
        return self._gl.program(
            _source(f"{vertex}.vert.glsl", features),
            fragment_shader=_source(f"{name}.frag.glsl", features),
        )


def _source(name: str, features: frozenset[str]) -> str:
    lines: list[str] = []
    for line in (SHADERS / name).read_text("utf-8").splitlines():
        if line.startswith("//INCLUDE "):
            lines.append((SHADERS / line.split()[1]).read_text("utf-8"))
        elif line == "//FEATURES":
            lines += [f"#define {feature}" for feature in sorted(features)]
        else:
            lines.append(line)
    return "\n".join(lines)


def set_uniforms(program: moderngl.Program, **uniforms: Any) -> None:
    """Set those of the uniforms that a program has; matrices as they are written on paper."""
    for name, value in uniforms.items():
        if name not in program:
            continue
        member = program[name]
        assert isinstance(member, moderngl.Uniform)
        if isinstance(value, bool | int | float | tuple):
            member.value = value
        else:
            array = np.asarray(value, "f4")
            matrix = member.dimension in (9, 16) and member.array_length == 1
            member.write(np.ascontiguousarray(array.T if matrix else array).tobytes())


def see_through(drawable: Drawable) -> bool:
    """Whether what lies behind shines through."""
    return drawable.material.base[3] < 1.0


def cut_out(drawable: Drawable) -> bool:
    """Whether the texture's alpha says where the surface is."""
    return _has_alpha(drawable) and not see_through(drawable)


def outline(drawable: Drawable) -> frozenset[str]:
    """The features that decide which pixels a drawable covers, and how much."""
    if not _has_alpha(drawable):
        return frozenset()
    return frozenset({"TEXTURE" if see_through(drawable) else "CUT_OUT"})


def _has_alpha(drawable: Drawable) -> bool:
    texture = drawable.material.texture
    return texture is not None and texture.ndim == 3 and texture.shape[2] == 4


def features(drawable: Drawable, lighting: Lighting, coarse: bool = True) -> frozenset[str]:
    """The features that the surface shader needs for a drawable in this light; ``coarse`` says that
    its grain is wide enough to be seen."""
    material, finish = drawable.material, drawable.finish
    wanted = {
        "TEXTURE": material.texture is not None,
        "TINT": drawable.mesh.colours is not None,
        "CUT_OUT": cut_out(drawable),
        "CLEAR": see_through(drawable),
        "NORMAL_MAP": material.normal_map is not None,
        "ORM_MAP": material.orm_map is not None,
        "GRAIN": coarse and (finish.grain > 0 or finish.bump_m > 0),
    }
    return light_features(lighting) | {name for name, needed in wanted.items() if needed}


def shows_grain(drawable: Drawable, box_m: np.ndarray, view: dict[str, Any]) -> bool:
    """Whether a drawable inside a box (low, high) is so near that its grain can be seen at all.

    The shader fades it out where a sample is wider than 0.8 of the grain.
    """
    corners = box_m[_CORNERS, np.arange(3)]
    depth = float(((corners - view["eye"]) @ view["forward"]).min())
    return depth / view["sample_m"] < 0.8 * max(drawable.finish.grain_m)


def light_features(lighting: Lighting) -> frozenset[str]:
    """The features that a light needs of every shader that knows it."""
    wanted = {"DOME": len(lighting.towards) > 1, "AMBIENT": lighting.ambient is not None}
    wanted["CONTACT"] = lighting.contact_m > 0
    return frozenset(name for name, needed in wanted.items() if needed)


def light_uniforms(lighting: Lighting) -> dict[str, Any]:
    """What the shaders ask about the light."""
    count = len(lighting.towards)
    tiles = [(k % TILES * TILE_PX, k // TILES * TILE_PX) for k in range(count)]
    shadow = [shadow_matrix(lighting, towards) for towards in lighting.towards]
    ambient = np.zeros((9, 3)) if lighting.ambient is None else lighting.ambient
    return {
        "lights": count,
        "key_towards": lighting.towards[0],
        "key_radiance": lighting.radiance[0],
        "key_soft": lighting.soft_m[0] / (2 * lighting.radius_m),
        "key_from_world": shadow[0],
        "towards": _padded(lighting.towards),
        "radiance": _padded(lighting.radiance),
        "soft": _padded(np.asarray(lighting.soft_m) / (2 * lighting.radius_m)),
        "tile": _padded(np.array(tiles)),
        "tile_px": float(TILE_PX),
        "shadow_bias": 0.004 / (2 * DEEP * lighting.radius_m),
        "shadow_from_world": _padded(np.array([matrix.T for matrix in shadow])),
        "shadow_texel": 2 * lighting.radius_m / TILE_PX,
        "fill": lighting.fill,
        "harmonic": HARMONIC_BASIS[:, None] * ambient,
        "exposure": lighting.exposure,
        "contact": lighting.contact_m,
    }


def view_uniforms(
    camera: Camera, size_px: tuple[int, int], scale: int, near_m: float, far_m: float
) -> dict[str, Any]:
    """What the shaders ask about a camera that is sampled ``scale`` times a pixel."""
    matrix = np.array([[scale], [scale], [1]]) * camera.matrix
    size = size_px[0] * scale, size_px[1] * scale
    return {
        "eye": camera.centre_m,
        "forward": camera.rotation[2],
        "spread": float(scale > 1),
        "sample_m": scale * float(camera.matrix[0, 0]),
        "ray_from_sample": camera.rotation.T @ np.linalg.inv(matrix),
        "clip_from_world": clip_from_world(
            matrix, camera.rotation, camera.translation_m, size, near_m, far_m
        ),
    }


def surface_uniforms(drawable: Drawable) -> dict[str, Any]:
    """What the shaders ask about a surface, but for its pictures."""
    material, finish = drawable.material, drawable.finish
    return {
        "base": _linear_base(material.base),
        "roughness": material.roughness, "metallic": material.metallic,
        "scatter": finish.scatter, "sheen": finish.sheen, "specular": finish.specular,
        "grain": finish.grain, "bump": finish.bump_m, "glow": finish.glow,
        "grain_frequency": tuple(1 / width for width in finish.grain_m),
    }  # fmt: skip


def finishes(scene: tuple[Drawable, ...]) -> np.ndarray:
    """How the scene's surfaces take light: (drawables, 2, 4), see the shader."""
    rows = [
        (*d.finish.scatter, d.finish.sheen, d.finish.specular, d.finish.glow, 0, 0) for d in scene
    ]
    return np.array(rows, "f4").reshape(-1, 2, 4)


def shadow_matrix(lighting: Lighting, towards: np.ndarray) -> np.ndarray:
    """Orthographic clip matrix of the light, around the lit sphere."""
    forward = -np.asarray(towards, np.float64) / np.linalg.norm(towards)
    side = np.cross(forward, [0.0, 0.0, 1.0] if abs(forward[2]) < 0.95 else [0.0, 1.0, 0.0])
    side /= np.linalg.norm(side)
    reach = lighting.radius_m * np.array([[1.0], [1.0], [DEEP]])
    axes = np.stack([side, np.cross(side, forward), forward]) / reach
    out = np.eye(4)
    out[:3, :3] = axes
    out[:3, 3] = -axes @ np.asarray(lighting.centre_m)
    return out


def display(linear: np.ndarray) -> tuple[float, float, float]:
    """The tone curve of the surface shader, for the background."""
    curve = linear * (2.51 * linear + 0.03) / (linear * (2.43 * linear + 0.59) + 0.14)
    curve = np.clip(curve, 0, 1)
    srgb = np.where(curve > 0.0031308, 1.055 * curve ** (1 / 2.4) - 0.055, curve * 12.92)
    return float(srgb[0]), float(srgb[1]), float(srgb[2])


def linear(srgb: Sequence[float] | np.ndarray) -> np.ndarray:
    """Linear light of sRGB values, 0 to 1."""
    values = np.asarray(srgb)
    return np.where(values > 0.04045, ((values + 0.055) / 1.055) ** 2.4, values / 12.92)


@lru_cache(256)
def _linear_base(base: tuple[float, float, float, float]) -> tuple[float, ...]:
    return (*(float(value) for value in linear(base[:3])), base[3])


def _padded(values: np.ndarray) -> np.ndarray:
    values = np.asarray(values, np.float64)
    out = np.zeros((MAX_LIGHTS, *values.shape[1:]))
    out[: len(values)] = values
    return out
