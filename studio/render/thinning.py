"""Meshes of fewer triangles that look the same where a millimetre is about a pixel.

Small triangles are what drawing costs where there is no graphics card. Edges are collapsed by their
quadrics (Garland and Heckbert 1997), and the result is kept if it lies near enough.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from jaxtyping import Float, Int
from scipy.spatial import KDTree

from studio.core.types import Mesh, Part

SHARES = (0.25, 0.5)
"""Of the triangles, the smallest that is near enough is taken."""
_WORTH, _MOST = 400, 200_000
_PROBES = 800


def thinned(part: Part, off_m: float) -> Part:
    """A part with fewer triangles, of which 95 % of the vertices lie within ``off_m`` of the new
    surface; itself where there is none, where it follows several bones or changes its shape, and
    where a picture on it has seams."""
    mesh = part.mesh
    if part.material.texture is None:  # where its picture lies tells nothing
        mesh = replace(mesh, uv=None)
    rigid = (part.joints == part.joints[0]).all() and (part.weights == part.weights[0]).all()
    uv = _by_vertex(mesh)
    if not rigid or part.morphs or uv is None or not _WORTH <= len(mesh.faces) <= _MOST:
        return part
    for share in SHARES:
        vertices, faces = collapsed(mesh.vertices_m, mesh.faces, share)
        if len(faces) > 1.2 * share * len(mesh.faces) or not len(faces):
            return part
        if _off(vertices, faces, mesh.vertices_m) <= off_m:
            _, nearest = KDTree(mesh.vertices_m).query(vertices)
            own = replace(
                mesh, vertices_m=vertices, faces=faces,
                uv=None if mesh.uv is None else uv[nearest][faces],
                colours=None if mesh.colours is None else mesh.colours[nearest],
            )  # fmt: skip
            return replace(part, mesh=own, joints=part.joints[nearest],
                           weights=part.weights[nearest])  # fmt: skip
    return part


def _by_vertex(mesh: Mesh) -> np.ndarray | None:
    """The texture's place at each vertex (zeros without one); None where one has several."""
    uv = np.zeros((len(mesh.vertices_m), 2))
    if mesh.uv is not None:
        uv[mesh.faces.ravel()] = mesh.uv.reshape(-1, 2)
        if np.abs(uv[mesh.faces] - mesh.uv).max(initial=0) > 1e-4:
            return None
    return uv


def collapsed(
    vertices_m: Float[np.ndarray, "vertices 3"], faces: Int[np.ndarray, "faces 3"], share: float
) -> tuple[np.ndarray, np.ndarray]:
    """Vertices and faces of a mesh with about that share of its triangles."""
    from vtkmodules.util.numpy_support import vtk_to_numpy
    from vtkmodules.vtkFiltersCore import vtkQuadricDecimation

    fewer = vtkQuadricDecimation()
    fewer.SetInputData(_polygons(vertices_m, faces))
    fewer.SetTargetReduction(1 - share)
    fewer.VolumePreservationOn()
    fewer.Update()
    made = fewer.GetOutput()
    if not made.GetNumberOfPolys():
        return np.zeros((0, 3)), np.zeros((0, 3), np.int64)
    points = vtk_to_numpy(made.GetPoints().GetData()).astype(float)
    corners = vtk_to_numpy(made.GetPolys().GetConnectivityArray())
    return points, corners.reshape(-1, 3).astype(np.int64)


def _off(
    vertices_m: np.ndarray, faces: np.ndarray, places_m: Float[np.ndarray, "places 3"]
) -> float:
    """How far places are from a surface (metres): what 95 % of them are within."""
    from vtkmodules.vtkFiltersCore import vtkImplicitPolyDataDistance

    surface = vtkImplicitPolyDataDistance()
    surface.SetInput(_polygons(vertices_m, faces))
    some = places_m[:: max(len(places_m) // _PROBES, 1)]
    away = [abs(surface.EvaluateFunction([float(v) for v in at])) for at in some]
    return float(np.percentile(away, 95))


def _polygons(vertices_m: np.ndarray, faces: np.ndarray):
    from vtkmodules.util.numpy_support import numpy_to_vtk, numpy_to_vtkIdTypeArray
    from vtkmodules.vtkCommonCore import vtkPoints
    from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkPolyData

    points, cells, made = vtkPoints(), vtkCellArray(), vtkPolyData()
    points.SetData(numpy_to_vtk(np.ascontiguousarray(vertices_m, np.float64), deep=True))
    cells.SetData(3, numpy_to_vtkIdTypeArray(faces.ravel().astype(np.int64), deep=True))
    made.SetPoints(points)
    made.SetPolys(cells)
    return made
