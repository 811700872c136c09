"""A surface's triangles in VTK's memory, rewritten in place."""

from __future__ import annotations

import numpy as np
import pyvista as pv
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkCommonDataModel import vtkDataObject
from vtkmodules.vtkRenderingCore import vtkPolyDataMapper


class Buffers:
    """Vertices, light (2) and normals of some triangles, and the mapper that draws them.

    ``source`` are the mesh's vertices that are drawn (None: all, in order). ``uv`` and ``colours``
    are of what is drawn.
    """

    def __init__(
        self,
        source: np.ndarray | None,
        vertices_m: np.ndarray,
        triangles: np.ndarray,
        uv: np.ndarray | None,
        colours: np.ndarray | None,
    ) -> None:
        self._source = source
        drawn = vertices_m if source is None else vertices_m[source]
        corners = np.column_stack([np.full(len(triangles), 3), triangles]).ravel()
        self.poly = pv.PolyData(np.asarray(drawn, np.float32), faces=corners)
        self.poly.point_data["light"] = np.ones((len(drawn), 2), np.float32)
        self.poly.point_data["Normals"] = np.zeros((len(drawn), 3), np.float32)
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
        if colours is not None:
            self.poly.point_data["rgb"] = np.ascontiguousarray(colours)
            mapper.ScalarVisibilityOn()
            mapper.SetColorModeToDirectScalars()
            mapper.SetScalarModeToUsePointFieldData()
            mapper.SelectColorArray("rgb")
        if uv is not None:
            self.poly.active_texture_coordinates = uv
        self.mapper = mapper

    def write(self, vertices_m: np.ndarray, light: np.ndarray | None, normals: np.ndarray) -> None:
        """Take the mesh's vertices, light (None: as it was) and normals. Allocates nothing."""
        for array, view, values in zip(
            self._held, self._views, (vertices_m, light, normals), strict=True
        ):
            if values is None:
                continue
            if self._source is None:
                view[...] = values
            else:
                np.take(values, self._source, axis=0, out=view, mode="clip")
            array.Modified()
        self.poly.GetPoints().Modified()
        self.poly.Modified()
