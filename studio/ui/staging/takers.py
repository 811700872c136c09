"""Plug-ins that take finished pictures, such as a virtual camera: a switch for each."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from studio.live.outlets.frames import FrameOutlet, Wish
from studio.ui.staging.output import Lane
from studio.ui.studio import Studio


class Takers(QWidget):
    """Opens and closes those who take pictures of ``lane()``, as the switches say."""

    def __init__(self, studio: Studio, lane: Callable[[], Lane | None]) -> None:
        super().__init__()
        self._studio, self._lane = studio, lane
        self.switches: dict[str, QCheckBox] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        for feature in studio.registry.offering("frames"):
            switch = QCheckBox(feature.manifest.title)
            switch.setToolTip(feature.manifest.summary)
            switch.toggled.connect(lambda _=False: self.take())
            column.addWidget(switch)
            self.switches[feature.id] = switch
        self.setVisible(bool(self.switches))

    def take(self) -> None:
        """Open and close them; called again for a lane that has just begun."""
        lane = self._lane()
        if lane is None:
            return
        outlets = dict(lane.outlets)
        for id, switch in self.switches.items():
            if switch.isChecked() and id not in outlets:
                wish, feature = Wish(lane.size_px), self._studio.registry[id]
                outlets[id] = FrameOutlet(id, lambda f=feature, w=wish: f.load("frames")(w))
            elif not switch.isChecked() and id in outlets:
                outlets.pop(id).close(2.0)
        lane.outlets = outlets

    def check(self) -> None:
        """Say why somebody does not take pictures any more, and switch them off."""
        lane = self._lane()
        for id, switch in self.switches.items():
            outlet = None if lane is None else lane.outlets.get(id)
            if outlet is not None and outlet.error is not None:
                self._studio.notices.error(outlet.error, switch.text())
                switch.setChecked(False)
