"""A light that is on while a camera is: in every workspace, above everything that is shown."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QToolButton

from studio.ui import theme
from studio.ui.cameras import CameraService


class CameraLight(QToolButton):
    """A red dot and “Camera on”; nothing while no camera looks. A click switches all off.

    Films in a camera's place look at nobody, and light nothing.
    """

    def __init__(self, cameras: CameraService) -> None:
        super().__init__()
        self._cameras = cameras
        self.setProperty("role", "bubble")
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        theme.set_icon(self, "ph.record-fill", "stop")
        self.clicked.connect(cameras.close_cameras)
        cameras.changed.connect(self.refresh)
        cameras.told.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show which cameras are on."""
        names = self._cameras.looking
        self.setVisible(bool(names))
        self.setText("Camera on" if len(names) == 1 else f"{len(names)} cameras on")
        self.setToolTip(f"{', '.join(names)}\nSwitch off")
        self.setAccessibleName(
            f"On: {', '.join(names)}. Switch off" if names else "No camera is on"
        )
