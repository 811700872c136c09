"""A surface with a quarter of its triangles, for drawing in a hurry."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import pyvista as pv
from vtkmodules.vtkFiltersCore import vtkDecimatePro

LEFT_OUT = 0.75
SHARP_DEG = 75.0
FEW = 300
"""Surfaces of fewer triangles stay whole."""


class Thinned:
    """Which of a surface's own points (points, 3), and which triangles between them, still show its
    form. Made when first asked for, in some 40 ms for 17,000 triangles (Schroeder, Zarge, Lorensen
    1992). May be asked on any thread.
    """

    def __init__(self, points_m: np.ndarray, triangles: np.ndarray) -> None:
        self._points_m, self._triangles = points_m, triangles

    @cached_property
    def _kept(self) -> tuple[np.ndarray, np.ndarray]:
        count = len(self._triangles)
        if count < FEW or not np.isfinite(self._points_m).all():
            return np.arange(len(self._points_m)), self._triangles
        corners = np.column_stack([np.full(count, 3), self._triangles]).ravel()
        surface = pv.PolyData(np.asarray(self._points_m, np.float32), faces=corners)
        surface.point_data["which"] = np.arange(len(self._points_m))
        thinner = vtkDecimatePro()
        thinner.SetInputData(surface)
        thinner.SetTargetReduction(LEFT_OUT)
        thinner.PreserveTopologyOn()
        thinner.SetFeatureAngle(SHARP_DEG)
        thinner.Update()
        thin = pv.wrap(thinner.GetOutput())
        return np.asarray(thin.point_data["which"]), thin.faces.reshape(-1, 4)[:, 1:]

    def prepare(self) -> None:
        """Work it out now."""
        _ = self._kept

    @property
    def points(self) -> np.ndarray:
        """The numbers of the points that are kept."""
        return self._kept[0]

    @property
    def triangles(self) -> np.ndarray:
        """Triangles (triangles, 3) between those, by their places among them."""
        return self._kept[1]
