"""The few buttons over the viewport: how surfaces look, error balls, frame, picture."""

from __future__ import annotations

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QToolButton, QWidget

from studio.scene.palette import ThemeName
from studio.scene.surface import Shading
from studio.ui import theme as looks

LOOKS: tuple[tuple[Shading, str, str], ...] = (
    ("studio", "ph.sun", "Studio light"),
    ("flat", "ph.polygon", "Facets"),
    ("wireframe", "ph.grid-nine", "Wireframe"),
    ("normals", "ph.compass", "Normals"),
    ("x-ray", "ph.ghost", "X-ray"),
)


class ViewportToolbar(QFrame):
    """Emits what was asked for; knows nothing of the scene."""

    shading = Signal(str)
    errors = Signal(bool)
    frame_wanted = Signal()
    screenshot = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("viewportToolbar")
        row = QHBoxLayout(self)
        row.setContentsMargins(4, 4, 4, 4)
        row.setSpacing(2)
        self._group = QButtonGroup(self)
        self._looks: dict[str, QToolButton] = {}
        for look, icon, title in LOOKS:
            button = self._button(icon, title, checkable=True)
            button.clicked.connect(lambda _=False, look=look: self.shading.emit(look))
            self._group.addButton(button)
            self._looks[look] = button
            row.addWidget(button)
        self._looks["studio"].setChecked(True)
        row.addSpacing(8)
        trust = self._button("ph.circle-dashed", "Error balls (one standard deviation)", True)
        trust.toggled.connect(self.errors)
        frame = self._button("ph.corners-out", "Frame (F)")
        frame.clicked.connect(lambda: self.frame_wanted.emit())
        picture = self._button("ph.camera", "Save picture")
        picture.clicked.connect(lambda: self.screenshot.emit())
        for button in (trust, frame, picture):
            row.addWidget(button)

    def _button(self, icon: str, title: str, checkable: bool = False) -> QToolButton:
        button = QToolButton(self)
        button.setAccessibleName(title)
        button.setToolTip(title)
        button.setCheckable(checkable)
        button.setAutoRaise(True)
        button.setIconSize(QSize(18, 18))
        looks.set_icon(button, icon)
        return button

    def set_shading(self, shading: Shading) -> None:
        self._looks[shading].setChecked(True)

    def set_theme(self, theme: ThemeName) -> None:
        fill = "rgba(30, 32, 36, 190)" if theme == "dark" else "rgba(250, 251, 252, 215)"
        line = "rgba(255, 255, 255, 22)" if theme == "dark" else "rgba(0, 0, 0, 30)"
        chosen = "rgba(255, 255, 255, 40)" if theme == "dark" else "rgba(0, 0, 0, 26)"
        self.setStyleSheet(
            f"#viewportToolbar {{ background: {fill}; border: 1px solid {line};"
            " border-radius: 6px; }"
            "QToolButton { border: none; border-radius: 4px; padding: 3px;"
            " background: transparent; }"
            f"QToolButton:checked, QToolButton:hover {{ background: {chosen}; }}"
        )
