"""An empty project is an invitation: three doors, and the projects of before."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from studio.ui import theme
from studio.ui.studio import Studio


class Door(QPushButton):
    """A large button: an icon, what it is called, and what happens."""

    def __init__(self, symbol: str, title: str, text: str, why_not: str = "") -> None:
        super().__init__()
        self.setProperty("role", "door")
        self.setEnabled(not why_not)
        self.setAccessibleName(title)
        self.setAccessibleDescription(why_not or text)
        self.setMinimumSize(theme.look().px(240), theme.look().px(200))
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        mark, name, told = QLabel(), QLabel(title), QLabel(why_not or text)
        mark.setProperty("iconSize", 40)
        theme.set_icon(mark, symbol, "disabled" if why_not else "accent")
        name.setProperty("role", "heading")
        told.setProperty("role", "muted")
        told.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 24, 24, 24)
        layout.setSpacing(8)
        layout.addWidget(mark)
        layout.addSpacing(theme.look().px(32))
        layout.addWidget(name)
        layout.addWidget(told)
        layout.addStretch(1)
        for label in (mark, name, told):
            label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)


class Welcome(QWidget):
    """Shown while the project is empty. ``webcam`` opens the camera page of a feature, if any."""

    def __init__(
        self,
        studio: Studio,
        sample: Callable[[], object],
        footage: Callable[[], object],
        webcam: Callable[[], object] | None,
    ) -> None:
        super().__init__()
        self.setObjectName("page")
        self._studio = studio
        title = QLabel("Make an avatar of a real person")
        title.setProperty("role", "title")
        text = QLabel("Drop videos, a folder, a calibration or a photo anywhere, or pick a door.")
        text.setProperty("role", "muted")
        self.sample_door = Door(
            "ph.play-circle",
            "Try the sample",
            "Four cameras, five seconds, one person. From video to moving avatar in one click.",
            "" if studio.sample is not None else "The sample project is not installed.",
        )
        self.footage_door = Door(
            "ph.film-strip",
            "Open my footage",
            "Videos or image folders of the same moment, with or without a calibration.",
        )
        self.webcam_door = Door(
            "ph.camera",
            "Use my webcam",
            "It opens at once. Phones and network cameras work too.",
            "" if webcam is not None else "Arrives with live capture.",
        )
        self.sample_door.clicked.connect(sample)
        self.footage_door.clicked.connect(footage)
        if webcam is not None:
            self.webcam_door.clicked.connect(webcam)
        self.doors = QWidget()
        doors = QHBoxLayout(self.doors)
        doors.setContentsMargins(0, 0, 0, 0)
        doors.setSpacing(16)
        for door in (self.sample_door, self.footage_door, self.webcam_door):
            doors.addWidget(door, 1)
        self._recent = QGridLayout()
        self._recent.setSpacing(4)
        self._recent_title = QLabel("Recent projects")
        self._recent_title.setProperty("role", "section")
        column = QVBoxLayout()
        column.setSpacing(8)
        column.addStretch(2)
        column.addWidget(title)
        column.addWidget(text)
        column.addSpacing(24)
        column.addWidget(self.doors)
        column.addSpacing(24)
        column.addWidget(self._recent_title)
        column.addLayout(self._recent)
        column.addStretch(3)
        inside = QWidget()
        inside.setLayout(column)
        inside.setMaximumWidth(theme.look().px(960))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(32, 16, 32, 16)
        layout.addStretch(1)
        layout.addWidget(inside, 100)
        layout.addStretch(1)
        studio.projects.opened.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """List the projects of before."""
        while (item := self._recent.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        recent = [
            p for p in self._studio.projects.recent() if p != self._studio.projects.folder.path
        ]
        self._recent_title.setVisible(bool(recent))
        for number, path in enumerate(recent[:6]):
            self._recent.addWidget(self._button(path), number // 2, number % 2)

    def _button(self, path: Path) -> QPushButton:
        when = time.strftime("%d %b %H:%M", time.localtime((path / "project.json").stat().st_mtime))
        button = QPushButton(f"{path.stem}   {when}")
        button.setProperty("role", "quiet")
        theme.set_icon(button, "ph.folder", "muted")
        button.setToolTip(str(path))
        button.clicked.connect(lambda: self._studio.commands.run(f"recent.{path}"))
        return button
