"""One triangle surface on the GPU: moved in place, lit with occlusion, in one of five looks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal
from weakref import WeakKeyDictionary

import numpy as np
import pyvista as pv
from scipy.sparse import csr_matrix
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkCommonDataModel import vtkDataObject
from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper

from studio.core.types import Material, Mesh
from studio.scene.items.base import Eye
from studio.scene.occlusion import KEY_LIGHT, ambient, openness
from studio.scene.palette import Rgb
from studio.scene.shaders import SURFACE_FRAGMENT, SURFACE_VERTEX, dress

Shading = Literal["studio", "flat", "wireframe", "normals", "x-ray"]
SHADINGS: tuple[Shading, ...] = ("studio", "flat", "wireframe", "normals", "x-ray")
_MODE = {"studio": 0, "flat": 1, "wireframe": 0, "normals": 2, "x-ray": 3}


@dataclass(frozen=True, eq=False)
class Plan:
    """What drawing a mesh needs besides its vertices; slow to make, so made once a mesh.

    ``source`` maps drawn vertices to the mesh's (textures split them at seams), ``corners`` (3,
    faces) are the triangles, ``around`` sums face normals into vertices, ``openness`` is the
    ambient occlusion of the resting mesh.
    """

    source: np.ndarray | None
    triangles: np.ndarray
    uv: np.ndarray | None
    corners: np.ndarray
    around: csr_matrix
    openness: np.ndarray


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
    unless it shall be ``exact``, which takes some twenty times as long.

    May be called on any thread.
    """
    if mesh not in _plans and like.faces is mesh.faces and like.uv is mesh.uv:
        known = plan(like)
        _plans[mesh] = (
            replace(known, openness=_opened(mesh, known.corners, known.around)) if exact else known
        )


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
    return Plan(source, triangles, uv, across, around, _opened(mesh, across, around))


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
        self._lit = False
        # Cells finer than the vertices lie apart have holes between them that hide nothing.
        self._cells = int(np.clip(2 * np.sqrt(len(mesh.vertices_m)), 24, 160))
        texture = None if material is None else material.texture
        uv = None if texture is None else self._plan.uv
        triangles = self._plan.triangles
        self.poly = pv.PolyData(
            self._spread(self.vertices_m),
            faces=np.column_stack([np.full(len(triangles), 3), triangles]).ravel(),
        )
        drawn_count = self.poly.n_points
        self.poly.point_data["light"] = np.ones((drawn_count, 2), np.float32)
        self.poly.point_data["Normals"] = np.zeros((drawn_count, 3), np.float32)
        self.poly.point_data.active_normals_name = "Normals"
        data = self.poly.GetPointData()
        self._held = (self.poly.GetPoints().GetData(), data.GetArray("light"),
                      data.GetArray("Normals"))  # fmt: skip
        self._views = tuple(vtk_to_numpy(array) for array in self._held)
        mapper = vtkPolyDataMapper()
        mapper.SetInputData(self.poly)
        mapper.SetVBOShiftScaleMethod(0)
        mapper.MapDataArrayToVertexAttribute(
            "light", "light", vtkDataObject.FIELD_ASSOCIATION_POINTS, -1
        )
        mapper.ScalarVisibilityOff()
        if mesh.colours is not None:
            self.poly.point_data["rgb"] = np.ascontiguousarray(self._spread(mesh.colours))
            mapper.ScalarVisibilityOn()
            mapper.SetColorModeToDirectScalars()
            mapper.SetScalarModeToUsePointFieldData()
            mapper.SelectColorArray("rgb")
        self.actor = vtkActor()
        self.actor.SetMapper(mapper)
        self.actor.PickableOff()
        base = skin if material is None else material.base[:3]
        self._alpha = 1.0 if material is None else material.base[3]
        prop = self.actor.GetProperty()
        prop.SetInterpolationToPhong()
        prop.SetColor(*base)
        self._translucent = self._alpha < 1
        if uv is not None and texture is not None:
            self.poly.active_texture_coordinates = uv
            self.actor.SetTexture(_texture(texture))
            self._translucent |= bool(texture.shape[2] == 4 and (texture[..., 3] < 250).any())
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
        normals = self.normals(vertices)
        self._lit = lit
        if lit:
            light = self._light
            light[:, 0] = self._plan.openness
            if self.shading == "studio" and np.isfinite(vertices).all():
                light[:, 1] = openness(vertices, normals, KEY_LIGHT, self._cells)
            else:
                light[:, 1] = 1
        self._write(vertices, normals)

    def _write(self, vertices: np.ndarray, normals: np.ndarray) -> None:
        """Into VTK's own memory: nothing is allocated while things move."""
        written = (vertices, self._light if self._lit else None, normals)
        for array, view, values in zip(self._held, self._views, written, strict=True):
            if values is None:
                continue
            if self._plan.source is None:
                view[...] = values
            else:
                np.take(values, self._plan.source, axis=0, out=view, mode="clip")
            array.Modified()
        self.poly.GetPoints().Modified()
        self.poly.Modified()

    def shade(self, shading: Shading) -> None:
        """One of the five looks."""
        moved = shading == "studio" and self.shading != "studio"
        self.shading = shading
        self._fragment.SetUniformi("mode", _MODE[shading])
        prop = self.actor.GetProperty()
        prop.SetOpacity(self._alpha)
        if shading == "wireframe":
            prop.SetRepresentationToWireframe()
        else:
            prop.SetRepresentationToSurface()
        if shading == "x-ray" or self._translucent:
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

    def colour(self, rgb: Rgb) -> None:
        self.actor.GetProperty().SetColor(*rgb)

    def seen_by(self, eye: Eye) -> None:
        self._fragment.SetUniform3f("eye", [float(x) for x in eye.position_m])


def _texture(pixels: np.ndarray) -> pv.Texture:
    texture = pv.Texture(np.ascontiguousarray(pixels))
    texture.InterpolateOn()
    texture.MipmapOn()
    return texture
