"""One triangle surface on the GPU: moved in place, lit with occlusion, in one of five looks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal
from weakref import WeakKeyDictionary

import numpy as np
import pyvista as pv
from scipy.sparse import csr_matrix
from vtkmodules.vtkRenderingCore import vtkActor

from studio.core.types import Material, Mesh
from studio.scene.buffers import Buffers
from studio.scene.items.base import Eye
from studio.scene.occlusion import KEY_LIGHT, ambient, openness
from studio.scene.palette import Rgb
from studio.scene.posing import same
from studio.scene.shaders import SURFACE_FRAGMENT, SURFACE_VERTEX, dress
from studio.scene.thinned import Thinned

Shading = Literal["studio", "flat", "wireframe", "normals", "x-ray"]
SHADINGS: tuple[Shading, ...] = ("studio", "flat", "wireframe", "normals", "x-ray")
STILL_M = 1e-4
"""What moves by less keeps its light."""
_MODE = {"studio": 0, "flat": 1, "wireframe": 0, "normals": 2, "x-ray": 3}


@dataclass(frozen=True, eq=False)
class Plan:
    """What drawing a mesh needs besides its vertices; slow to make, so made once a mesh.

    ``source`` maps drawn vertices to the mesh's (textures split them at seams), ``corners`` (3,
    faces) are the triangles, ``around`` sums face normals into vertices, ``openness`` is the
    ambient occlusion of the mesh resting at ``opened_m``. ``thinned`` is what is drawn in a hurry.
    """

    source: np.ndarray | None
    triangles: np.ndarray
    uv: np.ndarray | None
    corners: np.ndarray
    around: csr_matrix
    openness: np.ndarray
    opened_m: np.ndarray
    thinned: Thinned


_plans: WeakKeyDictionary[Mesh, Plan] = WeakKeyDictionary()


def plan(mesh: Mesh) -> Plan:
    """The plan of a mesh. May be called on any thread, ahead of drawing."""
    found = _plans.get(mesh)
    if found is None:
        found = _plans[mesh] = _make_plan(mesh)
    return found


def planned(mesh: Mesh) -> bool:
    """Whether a mesh can be drawn without a pause."""
    return mesh in _plans


def adopt(mesh: Mesh, like: Mesh, exact: bool = False) -> None:
    """Draw a mesh by the plan of another with the same triangles. Its occlusion stays the other's
    unless it shall be ``exact``, which takes some twenty times as long, and it has moved.

    May be called on any thread.
    """
    if mesh not in _plans and same(like.faces, mesh.faces) and same(like.uv, mesh.uv):
        known = plan(like)
        if exact and not np.allclose(mesh.vertices_m, known.opened_m, atol=STILL_M, rtol=0):
            opened = _opened(mesh, known.corners, known.around)
            known = replace(known, openness=opened, opened_m=mesh.vertices_m)
        _plans[mesh] = known


def _make_plan(mesh: Mesh) -> Plan:
    faces = np.asarray(mesh.faces, np.int64)
    corners = faces.ravel()
    source, uv, triangles = None, None, faces
    if mesh.uv is not None:
        flat = np.ascontiguousarray(mesh.uv, np.float32).reshape(-1, 2)
        _, first, place = np.unique(
            flat.view(np.uint64).ravel(), return_index=True, return_inverse=True
        )
        _, kept, drawn = np.unique(
            corners * len(first) + place.ravel(), return_index=True, return_inverse=True
        )
        source, uv, triangles = corners[kept], flat[kept], drawn.reshape(-1, 3)
    index = np.repeat(np.arange(len(faces)), 3)
    around = csr_matrix(
        (np.ones(len(corners), np.float32), (corners, index)),
        shape=(len(mesh.vertices_m), len(faces)),
    )
    across = np.ascontiguousarray(faces.T)
    points = mesh.vertices_m if source is None else mesh.vertices_m[source]
    return Plan(
        source, triangles, uv, across, around, _opened(mesh, across, around), mesh.vertices_m,
        Thinned(points, triangles),
    )  # fmt: skip


def _opened(mesh: Mesh, corners: np.ndarray, around: csr_matrix) -> np.ndarray:
    vertices = np.asarray(mesh.vertices_m, np.float32)
    if not np.isfinite(vertices).all():
        return np.ones(len(vertices), np.float32)
    return ambient(vertices, vertex_normals(vertices, corners, around)).astype(np.float32)


def vertex_normals(vertices_m: np.ndarray, corners: np.ndarray, around: csr_matrix) -> np.ndarray:
    """Area-weighted unit normals of vertices; ``corners`` (3, faces) are those of the triangles."""
    a, b, c = np.take(np.asarray(vertices_m, np.float32), corners, axis=0)
    b -= a
    c -= a
    across = np.empty_like(a)
    for k, (i, j) in enumerate(((1, 2), (2, 0), (0, 1))):
        np.multiply(b[:, i], c[:, j], out=across[:, k])
        across[:, k] -= b[:, j] * c[:, i]
    summed = np.asarray(around @ across)
    size = np.sqrt(np.einsum("vk,vk->v", summed, summed))
    summed /= np.maximum(size, 1e-12)[:, None]
    return summed


class Surface:
    """A mesh whose vertices move and whose triangles stay."""

    def __init__(self, mesh: Mesh, material: Material | None, skin: Rgb) -> None:
        self.faces = np.asarray(mesh.faces, np.int64)
        self.vertices_m = np.asarray(mesh.vertices_m, np.float32)
        self._plan = plan(mesh)
        self._light = np.ones((len(self.vertices_m), 2), np.float32)
        self._normals = np.zeros((len(self.vertices_m), 3), np.float32)
        self._lit = False
        # Cells finer than the vertices lie apart have holes between them that hide nothing.
        self._cells = int(np.clip(2 * np.sqrt(len(mesh.vertices_m)), 24, 160))
        texture = None if material is None else material.texture
        uv = None if texture is None else self._plan.uv
        colours = None if mesh.colours is None else self._spread(np.asarray(mesh.colours))
        self._whole = Buffers(self._plan.source, self.vertices_m, self._plan.triangles, uv, colours)
        self._thin: Buffers | None = None
        self._drawn = self._whole
        self._uv, self._colours = uv, colours
        self.actor = vtkActor()
        self.actor.SetMapper(self._whole.mapper)
        self.actor.PickableOff()
        base = skin if material is None else material.base[:3]
        self._alpha = 1.0 if material is None else material.base[3]
        prop = self.actor.GetProperty()
        prop.SetInterpolationToPhong()
        prop.SetColor(*base)
        self._cut_out = False
        if uv is not None and texture is not None:
            self.actor.SetTexture(_texture(texture))
            self._cut_out = bool(texture.shape[2] == 4 and (texture[..., 3] < 250).any())
        _, self._fragment = dress(self.actor, SURFACE_VERTEX, SURFACE_FRAGMENT, uv is not None)
        self._fragment.SetUniform3f("keyLight", KEY_LIGHT.tolist())
        self._fragment.SetUniform3f("eye", [0.0, -5.0, 1.0])
        self._fragment.SetUniformf("roughness", 0.6 if material is None else material.roughness)
        self._fragment.SetUniformf("metallic", 0.0 if material is None else material.metallic)
        self.shading: Shading = "studio"
        self.shade("studio")
        self.move(self.vertices_m)

    def _spread(self, values: np.ndarray) -> np.ndarray:
        return values if self._plan.source is None else values[self._plan.source]

    def normals(self, vertices_m: np.ndarray) -> np.ndarray:
        """Area-weighted vertex normals."""
        return vertex_normals(vertices_m, self._plan.corners, self._plan.around)

    def move(self, vertices_m: np.ndarray, lit: bool = True) -> None:
        """New vertices, same triangles. Unless ``lit`` all light stays as it was: a fraction of
        the cost, for small moves in quick succession. The very same array again costs nothing."""
        if vertices_m is self.vertices_m and (not lit or self._lit):
            return
        self.vertices_m = vertices = np.asarray(vertices_m, np.float32)
        self._normals = normals = self.normals(vertices)
        self._lit = lit
        if lit:
            light = self._light
            light[:, 0] = self._plan.openness
            if self.shading == "studio" and np.isfinite(vertices).all():
                light[:, 1] = openness(vertices, normals, KEY_LIGHT, self._cells)
            else:
                light[:, 1] = 1
        self._write()

    def _write(self) -> None:
        self._drawn.write(self.vertices_m, self._light if self._lit else None, self._normals)

    def thin(self, on: bool) -> None:
        """Draw a quarter of the triangles, or all of them. Ribbons of hair, through whose gaps what
        is under them would show, stay whole."""
        on = on and not self._cut_out
        if on and self._thin is None:
            kept, all_of = self._plan.thinned, self._plan.source
            self._thin = Buffers(
                kept.points if all_of is None else all_of[kept.points],
                self.vertices_m,
                kept.triangles,
                None if self._uv is None else self._uv[kept.points],
                None if self._colours is None else self._colours[kept.points],
            )
        drawn = self._thin if on and self._thin is not None else self._whole
        if drawn is not self._drawn:
            self._drawn = drawn
            self.actor.SetMapper(drawn.mapper)
            drawn.write(self.vertices_m, self._light, self._normals)

    def shade(self, shading: Shading) -> None:
        """One of the five looks."""
        moved = shading == "studio" and self.shading != "studio"
        self.shading = shading
        self._fragment.SetUniformi("mode", _MODE[shading])
        # Ribbons of hair hide one another: mixed in no order, far ones would shine through.
        self._fragment.SetUniformi("cutout", int(self._cut_out and shading != "x-ray"))
        prop = self.actor.GetProperty()
        prop.SetOpacity(self._alpha)
        if shading == "wireframe":
            prop.SetRepresentationToWireframe()
        else:
            prop.SetRepresentationToSurface()
        if self._alpha < 1 or shading == "x-ray":
            self.actor.ForceTranslucentOn()
            self.actor.ForceOpaqueOff()
        else:
            self.actor.ForceTranslucentOff()
            self.actor.ForceOpaqueOn()
        if moved:
            self._lit = False
            self.move(self.vertices_m)

    def settle(self, mesh: Mesh) -> None:
        """Take the occlusion of a mesh with the same triangles."""
        self._plan = replace(self._plan, openness=plan(mesh).openness)
        self._lit = False

    def paint(self, material: Material) -> None:
        """Another material of the same kind: its colour, its picture, how rough it is."""
        self.colour(material.base[:3])
        self._fragment.SetUniformf("roughness", material.roughness)
        if material.texture is not None and self._plan.uv is not None:
            self.actor.SetTexture(_texture(material.texture))

    def share_picture(self, other: Surface) -> None:
        """Draw with another's picture, of the same material: it is on the graphics card already."""
        picture: Any = other.actor.GetTexture()
        if picture is not None and self._uv is not None:
            self.actor.SetTexture(picture)

    def colour(self, rgb: Rgb) -> None:
        self.actor.GetProperty().SetColor(*rgb)

    def seen_by(self, eye: Eye) -> None:
        self._fragment.SetUniform3f("eye", [float(x) for x in eye.position_m])


def _texture(pixels: np.ndarray) -> pv.Texture:
    texture = pv.Texture(np.ascontiguousarray(pixels))
    texture.InterpolateOn()
    texture.MipmapOn()
    return texture
