"""Words in the scene: they face the observer and keep their size in pixels."""

from __future__ import annotations

from vtkmodules.vtkRenderingCore import vtkBillboardTextActor3D

from studio.scene.palette import Rgb


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
