"""Where things come from: the catalogue of the house, one's own, folders, and pages on the web."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from studio.ui import theme

MODELS = "Models (*.glb *.gltf *.obj)"


@dataclass(frozen=True)
class Place:
    """A source of things: its address or folder, its title, how many there are, what is wrong."""

    place: str
    title: str
    count: int = 0
    trouble: str = ""
    removable: bool = True


class PlaceRow(QWidget):
    """The sources as a menu of :attr:`button`, and below it what is asked and said about them.

    ``chosen(place)``: show that alone, all if empty. ``added(list)``: models, folders, addresses.
    """

    chosen = Signal(str)
    added = Signal(list)
    removed = Signal(str)
    again = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._places: tuple[Place, ...] = ()
        self.current = ""
        self.button = QToolButton()
        self.button.setToolTip("Where things come from; bring in your own")
        self.button.setAccessibleName("Sources of things")
        self.button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.button.setText("Add")
        theme.set_icon(self.button, "ph.plus")
        self.menu = QMenu(self.button)
        self.menu.aboutToShow.connect(self.fill_menu)
        self.button.setMenu(self.menu)
        self.address = QLineEdit()
        self.address.setPlaceholderText("https:// address of a catalogue or a page with models")
        self.address.setAccessibleName("Address of a catalogue page")
        self.address.returnPressed.connect(self._add_page)
        self.add_button = QPushButton("Add")
        self.add_button.clicked.connect(self._add_page)
        self.asking = QWidget()
        row = QHBoxLayout(self.asking)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.address, 1)
        row.addWidget(self.add_button)
        self.asking.hide()
        self.told = QLabel()
        self.told.setWordWrap(True)
        self.told.setProperty("role", "small")
        self.told.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.asking)
        column.addWidget(self.told)
        self.setVisible(False)

    def set_places(self, places: Sequence[Place]) -> None:
        """List these sources."""
        self._places = tuple(places)
        if all(place.place != self.current for place in places):
            self.current = ""
        self._tell()

    def fill_menu(self) -> None:
        """What can be shown and added now."""
        self.menu.clear()
        for text, icon, call in (
            ("Models…", "ph.file-plus", self._ask_files),
            ("Folder of models or catalogue…", "ph.folder-plus", self._ask_folder),
            ("Catalogue page…", "ph.globe", self.ask_page),
        ):
            self.menu.addAction(theme.icon(icon), text).triggered.connect(lambda _=0, c=call: c())
        self.menu.addSeparator()
        every = Place("", "Show everything", sum(p.count for p in self._places), removable=False)
        for place in (every, *self._places):
            words = f"{place.title} ({place.count})" if not place.trouble else place.title
            action = self.menu.addAction(words)
            action.setCheckable(True)
            action.setChecked(place.place == self.current)
            action.setToolTip(place.trouble or place.place)
            action.triggered.connect(lambda _=False, p=place.place: self.choose(p))
        gone = [place for place in self._places if place.removable]
        if gone:
            self.menu.addSeparator()
            sub = self.menu.addMenu("Forget")
            for place in gone:
                sub.addAction(place.title).triggered.connect(
                    lambda _=False, p=place.place: self.removed.emit(p)
                )

    def choose(self, place: str) -> None:
        """Show one source alone; all if empty."""
        self.current = place
        self._tell()
        self.chosen.emit(place)

    def ask_page(self) -> None:
        """Ask for an address."""
        self.asking.show()
        self.show()
        self.address.setFocus()

    def hover(self, on: bool) -> None:
        """Something hovers over the catalogue."""
        if on:
            self._say("Let it fall: it is brought in.")
        else:
            self._tell()

    def _tell(self) -> None:
        place = next((p for p in self._places if p.place == self.current and p.place), None)
        troubled = [p for p in self._places if p.trouble]
        if place is not None and not place.trouble:
            self._say(f"Only from {place.title}.")
        elif troubled:
            self._say(troubled[0].trouble)
        else:
            self._say("")

    def _say(self, text: str) -> None:
        self.told.setText(text)
        self.told.setVisible(bool(text))
        self.setVisible(bool(text) or not self.asking.isHidden())

    def _add_page(self) -> None:
        text = self.address.text().strip()
        if text:
            self.address.clear()
            self.asking.hide()
            self._tell()
            self.added.emit([text if "://" in text else f"https://{text}"])

    def _ask_files(self) -> None:
        paths, _ = QFileDialog.getOpenFileNames(self.window(), "Models to try on", "", MODELS)
        if paths:
            self.added.emit(paths)

    def _ask_folder(self) -> None:
        path = QFileDialog.getExistingDirectory(self.window(), "A folder of models or catalogue")
        if path:
            self.added.emit([path])
