"""Who is designed, and the people to begin with."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from studio.ui import theme
from studio.ui.person.gallery import Gallery


class Who(QWidget):
    """A heading and a gallery, which folds away once there is somebody."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__()
        self._somebody = False
        self.heading = QLabel()
        self.heading.setProperty("role", "section")
        self.heading.setWordWrap(True)
        self.others = QPushButton("Other people")
        self.others.setProperty("role", "quiet")
        self.others.setCheckable(True)
        self.others.setToolTip("Go on from one of them; the pose stays")
        self.others.toggled.connect(self._fold)
        self.people = Gallery("People to begin with", (48, 60), "ph.user")
        self.people.set_items([(name, name) for name in names])
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(self.heading, 1)
        top.addWidget(self.others)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(top)
        column.addWidget(self.people)
        self._fold()

    def say(self, text: str) -> None:
        """The heading."""
        self.heading.setText(text)

    def set_somebody(self, on: bool) -> None:
        """Whether somebody is designed: then the gallery is there when asked for."""
        if on != self._somebody:
            self._somebody = on
            self._fold()

    def _fold(self, _: bool = False) -> None:
        on = self.others.isChecked()
        self.others.setVisible(self._somebody)
        self.people.setVisible(on or not self._somebody)
        theme.set_icon(self.others, "ph.caret-down" if on else "ph.caret-right", "muted")
