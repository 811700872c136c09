"""Words in the scene: they face the observer and keep their size in pixels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from vtkmodules.vtkRenderingCore import vtkBillboardTextActor3D

from studio.scene.camera import to_window
from studio.scene.palette import Rgb

if TYPE_CHECKING:
    from studio.scene.items.base import Eye

_WIDE, _TALL = 0.62, 1.3
"""The width of a letter and the height of a line, as shares of the font's pixels."""
_PX_A_POINT = 96 / 72


class Label:
    """A short text at a point of the world."""

    def __init__(self, text: str, at_m: tuple[float, float, float], size_pt: int = 11) -> None:
        self.actor = vtkBillboardTextActor3D()
        self.actor.SetInput(text)
        self.actor.SetPosition(*at_m)
        self.actor.PickableOff()
        self.actor.ForceTranslucentOn()
        text_property = self.actor.GetTextProperty()
        text_property.SetFontSize(size_pt)
        self._size_pt = size_pt
        text_property.SetFontFamilyToArial()
        text_property.SetJustificationToCentered()
        text_property.SetVerticalJustificationToBottom()

    def move(self, at_m: tuple[float, float, float]) -> None:
        self.actor.SetPosition(*at_m)

    def colour(self, rgb: Rgb, opacity: float = 1.0) -> None:
        self.actor.GetTextProperty().SetColor(rgb)
        self.actor.GetTextProperty().SetOpacity(opacity)

    def sized(self, ratio: float) -> None:
        """Keep the size in points on a screen of this pixel ratio."""
        self.actor.GetTextProperty().SetFontSize(round(self._size_pt * ratio))


def boxes_px(labels: Sequence[Label], eye: Eye) -> np.ndarray:
    """About where labels stand in the window (y down): rows of left, top, right and bottom.

    NaN for those behind the observer: they are in nobody's way.
    """
    at = np.array([label.actor.GetPosition() for label in labels])
    xy, _ = to_window(at, eye.view, eye.clip, eye.window_px)
    points = np.array([label.actor.GetTextProperty().GetFontSize() for label in labels])
    letters = np.array([len(label.actor.GetInput()) for label in labels])
    half = _WIDE / 2 * letters * points * _PX_A_POINT
    tall = _TALL * points * _PX_A_POINT
    return np.column_stack([xy[:, 0] - half, xy[:, 1] - tall, xy[:, 0] + half, xy[:, 1]])
