"""The floor: an endless metre grid with its two axes and labels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyvista as pv
from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper

from studio.scene.items.base import DrawnItem, Eye
from studio.scene.labels import Label, boxes_px
from studio.scene.palette import Palette
from studio.scene.shaders import FLOOR_FRAGMENT, FLOOR_VERTEX, dress

REACH_M = 14.0


class FloorItem(DrawnItem):
    """Lines every metre and every 10 cm, fading with distance; X and Y axes, metre labels."""

    framed = False

    def __init__(self, key: str, palette: Palette) -> None:
        super().__init__(key, palette)
        self._visible = True
        corners = np.array([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]]) * REACH_M
        plane = pv.PolyData(corners.astype(np.float32), faces=[4, 0, 1, 2, 3])
        mapper = vtkPolyDataMapper()
        mapper.SetInputData(plane)
        mapper.SetVBOShiftScaleMethod(0)
        self._actor = vtkActor()
        self._actor.SetMapper(mapper)
        self._actor.ForceTranslucentOn()
        self._actor.PickableOff()
        self._actor.GetProperty().LightingOff()
        _, self._fragment = dress(self._actor, FLOOR_VERTEX, FLOOR_FRAGMENT)
        self._fragment.SetUniformf("reach", REACH_M)
        self._fragment.SetUniform3f("eye", [0.0, -5.0, 2.0])
        marks = [i for i in range(-3, 4) if i]
        self._labels = [Label(f"{i} m", (float(i), 0.0, 0.0), 10) for i in marks]
        self._labels += [Label(f"{i} m", (0.0, float(i), 0.0), 10) for i in marks]
        self._labels += [Label("X", (3.5, 0.0, 0.0), 11), Label("Y", (0.0, 3.5, 0.0), 11)]
        self.actors = [self._actor, *(label.actor for label in self._labels)]
        self.recolour(palette)

    def recolour(self, palette: Palette) -> None:
        super().recolour(palette)
        self._actor.GetProperty().SetColor(*palette.grid)
        self._fragment.SetUniform3f("axisX", list(palette.axis_x))
        self._fragment.SetUniform3f("axisY", list(palette.axis_y))
        for label in self._labels:
            label.colour(palette.text, 0.75)
        self._labels[-2].colour(palette.axis_x)
        self._labels[-1].colour(palette.axis_y)

    def seen_by(self, eye: Eye) -> None:
        self._fragment.SetUniform3f("eye", [float(x) for x in eye.position_m])
        near = self._visible and np.linalg.norm(eye.position_m) < 30
        for label in self._labels:
            label.actor.SetVisibility(bool(near))
            label.sized(eye.pixel_ratio)

    def give_way(self, eye: Eye, others: Sequence[Label]) -> None:
        """Leave out words that would stand in the others'."""
        shown = [label for label in self._labels if label.actor.GetVisibility()]
        taken = [label for label in others if label.actor.GetVisibility()]
        if shown and taken:
            mine, theirs = boxes_px(shown, eye), boxes_px(taken, eye)
            low, high = mine[:, None, :2], mine[:, None, 2:]
            meet = (low <= theirs[:, 2:]) & (theirs[:, :2] <= high)
            covered = np.any(np.all(meet, axis=2), axis=1)
            for label, hidden in zip(shown, covered, strict=True):
                label.actor.SetVisibility(not hidden)

    def show(self, visible: bool) -> None:
        self._visible = visible
        super().show(visible)
