"""What the rasteriser draws, by which light, and what comes back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32, Int32, UInt8

from studio.core.parts import PartLabel
from studio.core.types import Floats, Material, Mesh

MAX_LIGHTS = 12


@dataclass(frozen=True, eq=False)
class Finish:
    """How a surface looks beyond its :class:`~studio.core.types.Material`.

    ``scatter`` softens the shadow edge per channel, as skin does (0 none, 0.5 wax); ``sheen``
    brightens grazing angles, as cloth does; ``grain`` varies the colour and ``bump_m`` the
    height, by noise ``grain_m`` metres wide in the object's own frame; ``glow`` is emitted light.
    """

    scatter: tuple[float, float, float] = (0.0, 0.0, 0.0)
    sheen: float = 0.0
    specular: float = 0.5
    grain: float = 0.0
    bump_m: float = 0.0
    grain_m: tuple[float, float, float] = (0.01, 0.01, 0.01)
    glow: float = 0.0


@dataclass(frozen=True, eq=False)
class Drawable:
    """A mesh in the world with its looks.

    ``number`` is what the ``ids`` picture holds where it is seen (0 is the background), ``part``
    what the ``parts`` picture holds (one label, or one a face where a mesh is of several parts),
    ``instance`` whose it is: each person has a number of their own, 0 is nobody's.
    ``coat_m`` are the vertices in the object's own frame: procedural grain sticks to them, so it
    does not swim when the object moves; by default the vertices themselves. ``normals`` (unit, one
    a vertex) are averaged from the faces if not given. ``closed`` says that the faces run
    counter-clockwise seen from outside and no inside can be seen, so those turned away are skipped.
    """

    mesh: Mesh
    material: Material
    number: int = 1
    finish: Finish = Finish()
    coat_m: Float[Floats, "vertices 3"] | None = None
    normals: Float[Floats, "vertices 3"] | None = None
    casts_shadow: bool = True
    closed: bool = False
    part: PartLabel | UInt8[Floats, " faces"] = PartLabel.BACKGROUND
    instance: int = 0


@dataclass(frozen=True, eq=False)
class Lighting:
    """A key light (the first), a dome of weak ones around it, and an even fill.

    All are directional and cast soft shadows: the key's is computed for every pixel, the dome's
    for every vertex, so a surface on which it should show needs vertices a few centimetres apart.

    ``towards`` are unit vectors to the light, ``radiance`` linear RGB, ``soft_m`` the half width
    of the shadow's penumbra. Shadows are computed inside the sphere ``centre_m``, ``radius_m``.
    At most ``MAX_LIGHTS`` lights. ``ambient`` is what the surroundings send from everywhere, as
    spherical harmonics of their radiance (see :mod:`studio.render.environment`). Light from around
    is weakened where something within ``contact_m`` rises above a surface (0 leaves it as it is).
    """

    towards: Float[Floats, "lights 3"]
    radiance: Float[Floats, "lights 3"]
    soft_m: Float[Floats, " lights"]
    fill: tuple[float, float, float] = (0.05, 0.05, 0.055)
    centre_m: tuple[float, float, float] = (0.0, 0.0, 1.0)
    radius_m: float = 3.0
    exposure: float = 1.0
    background: tuple[float, float, float] = (0.5, 0.52, 0.55)
    ambient: Float[Floats, "9 3"] | None = None
    contact_m: float = 0.0


@dataclass(frozen=True, eq=False)
class Rendered:
    """Pictures of one camera, all of one size; pixel centres at integers.

    ``rgb`` is anti-aliased and tone-mapped sRGB, ``alpha`` (0 to 255) how much of a pixel the
    scene covers. The others are taken at pixel centres, without anti-aliasing, and only when asked
    for. Where nothing is, ``depth_m`` is infinite, ``xyz_m`` and ``uv`` NaN, ``drawn`` and
    ``faces`` -1 and the others zero.

    ``depth_m`` runs along the optical axis; ``xyz_m`` and ``normal`` (turned to the camera) are in
    the world. ``ids``, ``parts`` and ``instances`` hold the drawables' ``number``, ``part`` and
    ``instance``; ``drawn`` is the drawable's place in the scene, which tells the material that
    ``uv`` (origin bottom left) belongs to, and ``faces`` the face of its mesh.
    """

    rgb: UInt8[Floats, "height width 3"]
    alpha: UInt8[Floats, "height width"]
    depth_m: Float32[Floats, "height width"] | None = None
    xyz_m: Float32[Floats, "height width 3"] | None = None
    normal: Float32[Floats, "height width 3"] | None = None
    ids: Int32[Floats, "height width"] | None = None
    parts: UInt8[Floats, "height width"] | None = None
    instances: Int32[Floats, "height width"] | None = None
    uv: Float32[Floats, "height width 2"] | None = None
    drawn: Int32[Floats, "height width"] | None = None
    faces: Int32[Floats, "height width"] | None = None


@dataclass(frozen=True, eq=False)
class ItemLayer:
    """Worn or held things rendered alone, as if nothing stood before them.

    ``rgba`` (sRGB, alpha not multiplied in) and ``occlusion`` are anti-aliased: ``occlusion`` is
    the part of alpha that what stands in front hides, so ``alpha - occlusion`` is what is seen.
    ``depth_m`` is the things' own, at pixel centres, infinite where they aren't.
    """

    rgba: UInt8[Floats, "height width 4"]
    occlusion: UInt8[Floats, "height width"]
    depth_m: Float32[Floats, "height width"]


def vertex_normals(vertices_m: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Unit normals (V, 3), averaged over the faces around a vertex by their area."""
    total = normal_sums(vertices_m, faces)
    return total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-20)


def normal_sums(vertices_m: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """The normals (V, 3) before they are brought to one length: sums over the faces around a
    vertex, each as long as twice its area."""
    a, b, c = (vertices_m[faces[:, corner]] for corner in range(3))
    area = np.cross(b - a, c - a)
    corners = faces.ravel()
    return np.stack(
        [np.bincount(corners, np.repeat(area[:, axis], 3), len(vertices_m)) for axis in range(3)],
        axis=1,
    )


def clip_from_world(
    matrix: np.ndarray,
    rotation: np.ndarray,
    translation_m: np.ndarray,
    size_px: tuple[int, int],
    near_m: float,
    far_m: float,
) -> np.ndarray:
    """The 4x4 matrix to OpenGL clip space that puts pixel (u, v) of a pinhole camera there.

    Row 0 of the picture is row 0 of the framebuffer, so what is read back needs no flip.
    """
    width, height = size_px
    to_ndc = np.array(
        [
            [2 / width, 0, 1 / width - 1],
            [0, 2 / height, 1 / height - 1],
            [0, 0, 1],
        ]
    )
    picture = to_ndc @ matrix @ np.column_stack([rotation, translation_m])
    depth = np.append(rotation[2], translation_m[2])
    a, b = (far_m + near_m) / (far_m - near_m), -2 * far_m * near_m / (far_m - near_m)
    return np.stack([picture[0], picture[1], a * depth + [0, 0, 0, b], depth])
