"""Round anti-aliased lines and discs: one draw call for any number of bones, joints and edges."""

from __future__ import annotations

import numpy as np
import pyvista as pv
from vtkmodules.vtkCommonDataModel import vtkDataObject
from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper

from studio.scene.arrays import refill
from studio.scene.shaders import STROKE_FRAGMENT, STROKE_VERTEX, dress

_SIDE = np.array([1, -1, -1, 1], np.float32)  # corners: start left, start right, end, end
_END = np.array([0, 0, 1, 1])


class Strokes:
    """Segments whose ends have their own radius and colour; equal ends make a disc.

    Drawn with soft edges by a shader, so that no multisampling is needed; they test depth against
    surfaces but never hide each other.
    """

    def __init__(self, hollow: bool = False) -> None:
        self.poly = pv.PolyData()
        self.mapper = vtkPolyDataMapper()
        self.mapper.SetInputData(self.poly)
        self.mapper.SetVBOShiftScaleMethod(0)
        self.mapper.SetColorModeToDirectScalars()
        self.mapper.SetScalarModeToUsePointFieldData()
        self.mapper.SelectColorArray("rgba")
        for name in ("other", "brush"):
            self.mapper.MapDataArrayToVertexAttribute(
                name, name, vtkDataObject.FIELD_ASSOCIATION_POINTS, -1
            )
        self.actor = vtkActor()
        self.actor.SetMapper(self.mapper)
        self.actor.ForceTranslucentOn()
        self.actor.PickableOff()
        self.actor.GetProperty().LightingOff()
        self._vertex, self._fragment = dress(self.actor, STROKE_VERTEX, STROKE_FRAGMENT)
        self._vertex.SetUniform2f("viewport", [960.0, 600.0])
        self._vertex.SetUniformf("metrePx", 600.0)
        self._vertex.SetUniformf("ratio", 1.0)
        self._fragment.SetUniformi("hollow", int(hollow))
        self._count = -1

    def update(
        self,
        ends_m: np.ndarray,
        rgba: np.ndarray,
        radius_m: np.ndarray | float,
        least_px: np.ndarray | float = 1.0,
    ) -> None:
        """Draw these segments.

        ``ends_m`` is (segments, 2, 3); ``rgba`` (segments, 4) or (segments, 2, 4) in 0..1;
        ``radius_m`` broadcasts to (segments, 2); ``least_px`` is the smallest radius on screen,
        a segment. Segments with NaN are not drawn.
        """
        count = len(ends_m)
        ends = np.asarray(ends_m, np.float32).reshape(count, 2, 3)
        colour = np.asarray(rgba, np.float32)
        if colour.ndim == 2:
            colour = np.repeat(colour[:, None], 2, axis=1)
        radius = np.broadcast_to(np.asarray(radius_m, np.float32), (count, 2))
        least = np.broadcast_to(np.asarray(least_px, np.float32), (count,))
        bad = ~np.isfinite(ends).all((1, 2)) | ~np.isfinite(radius).all(1)
        if bad.any():
            ends, colour = ends.copy(), colour.copy()
            ends[bad] = 0.0
            colour[bad] = 0.0
        points = ends[:, _END].reshape(-1, 3)
        other = ends[:, 1 - _END].reshape(-1, 3)
        brush = np.empty((count, 4, 4), np.float32)
        brush[:, :, 0] = _SIDE
        brush[:, :, 1] = radius[:, _END]
        brush[:, :, 2] = radius[:, 1 - _END]
        brush[:, :, 3] = least[:, None] * np.where(_END, -1, 1)
        bytes_ = (np.clip(colour[:, _END], 0, 1) * 255 + 0.5).astype(np.uint8).reshape(-1, 4)
        if count == self._count:
            refill(self.poly, points, other=other, brush=brush.reshape(-1, 4), rgba=bytes_)
            return
        self._count = count
        quads = np.arange(count * 4, dtype=np.int64).reshape(count, 4)
        faces = np.column_stack(
            [np.full(2 * count, 3), np.concatenate([quads[:, :3], quads[:, [0, 2, 3]]])]
        )
        order = np.argsort(np.tile(np.arange(count), 2), kind="stable")
        self.poly.points = points
        self.poly.faces = faces[order].ravel()
        self.poly.point_data["other"] = other
        self.poly.point_data["brush"] = brush.reshape(-1, 4)
        self.poly.point_data["rgba"] = bytes_

    def seen(self, viewport: tuple[int, int], metre_px: float, ratio: float) -> None:
        """Tell the shader the viewport's size and how many pixels a metre spans at depth 1 m."""
        self._vertex.SetUniform2f("viewport", [float(viewport[0]), float(viewport[1])])
        self._vertex.SetUniformf("metrePx", float(metre_px))
        self._vertex.SetUniformf("ratio", float(ratio))


def discs(centres_m: np.ndarray) -> np.ndarray:
    """Points (n, 3) as zero-length segments (n, 2, 3)."""
    return np.repeat(np.asarray(centres_m)[:, None], 2, axis=1)
