"""Whose head hides things: nobody's own, a person of the project, or a design in a file."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QFileDialog, QHBoxLayout, QLabel, QWidget

from studio.document.project import AvatarItem
from studio.ui import theme
from studio.ui.staging.fields import NAMES_PX
from studio.ui.studio import Studio

_FILE = "file"
_DESIGNS = "Designs (*.json)"
_TIP = (
    "A head made of photographs of the wearer, or designed: it hides things in place of the "
    "average head that is fitted to the face"
)


class OwnHeadRow(QWidget):
    """``changed`` follows every choice."""

    changed = Signal()

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self._studio, self._name = studio, ""
        self.box = QComboBox()
        self.box.setAccessibleName("Whose head hides things")
        self.box.setToolTip(_TIP)
        self.box.activated.connect(lambda _: self._choose())
        label = QLabel("Own head")
        label.setProperty("role", "muted")
        label.setToolTip(_TIP)
        label.setMinimumWidth(theme.look().px(NAMES_PX))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(label)
        row.addWidget(self.box, 1)
        self.refresh()

    def value(self) -> str:
        """An item of the project, or a file; nothing where the average head is to be used."""
        return self._name

    def set_value(self, name: str) -> None:
        """Show this one."""
        self._name = name
        self.refresh()

    def refresh(self) -> None:
        """Show the people that the project has now."""
        people = [
            (item.name, item.id)
            for item in self._studio.project.all(AvatarItem)
            if item.design is not None
        ]
        names = [("None: the average one", ""), *people]
        if self._name and all(self._name != value for _, value in names):
            names.append((Path(self._name).stem, self._name))
        names.append(("Choose a design…", _FILE))
        have = [(self.box.itemText(k), self.box.itemData(k)) for k in range(self.box.count())]
        if have != names:
            self.box.clear()
            for title, value in names:
                self.box.addItem(title, value)
        self.box.setCurrentIndex(max(self.box.findData(self._name), 0))

    def _choose(self) -> None:
        value = self.box.currentData()
        if value == _FILE:
            value, _ = QFileDialog.getOpenFileName(self.window(), "A head", "", _DESIGNS)
            value = value or self._name
        self.set_value(str(value))
        self.changed.emit()
