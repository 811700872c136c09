"""The panel of a step that works with the window's cameras while they are live."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtWidgets import QVBoxLayout

from studio.registry import Feature
from studio.ui.camera_list import CameraList
from studio.ui.step_panel import StepPanel
from studio.ui.studio import Studio


class LivePanel(StepPanel):
    """Lists the cameras; its button works once one of them is live."""

    def __init__(self, studio: Studio, feature: Feature) -> None:
        super().__init__(studio, feature)
        studio.cameras.changed.connect(self._judge)
        studio.cameras.told.connect(self._judge)

    def build(self, place: QVBoxLayout) -> None:
        self.cameras = CameraList(self.studio.cameras)
        place.addWidget(self.cameras)

    def begin(self, inputs: object, then: Callable[[Any], object] | None = None) -> None:
        """Start the step with these inputs; what is wrong is said."""
        try:
            self.studio.start(self.feature.id, self.params(), inputs=inputs, then=then)
        except Exception as error:
            self.studio.notices.error(error, self.feature.manifest.title)
        self.refresh()

    def _judge(self) -> None:
        if not self.loaded:
            return
        live = any(c.status.state == "live" for c in self.studio.cameras.hub.live())
        self.run_button.setEnabled(live and self.step is not None)
        self.run_button.setToolTip("" if live else "Open a camera and wait for its picture")
