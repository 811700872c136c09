"""The catalogue as a panel's part: search, kinds, sources, pages of pictures, what is worn."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)
from superqt import QFlowLayout

from studio.core.items import ItemKind
from studio.ui import theme
from studio.ui.catalogue.grid import PagedGrid, Tile
from studio.ui.catalogue.kinds import BODY, GROUPS, SHOWN, SYMBOLS, WORDS
from studio.ui.catalogue.places import PlaceRow
from studio.ui.fuzzy import score

ALL = "All"


class Entry(Protocol):
    """Something that a catalogue offers."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> ItemKind: ...
    @property
    def thumbnail(self) -> Path | None: ...
    @property
    def licence(self) -> str: ...
    @property
    def notes(self) -> tuple[str, ...]: ...


class Shelf(QWidget):
    """Offers what there is. ``picked(id)`` is a click on a thing; ``dropped(list)`` are files,
    folders and addresses that were let fall here.

    Where it is known which parts of the body are seen (:meth:`set_seen`), only what fits is
    offered; a line says what waits for what, and shows it on request.
    """

    picked = Signal(str)
    dropped = Signal(list)

    def __init__(self) -> None:
        super().__init__()
        self.entries: tuple[Entry, ...] = ()
        self.worn: tuple[str, ...] = ()
        self._seen: frozenset[ItemKind] | None = None
        self._group, self._all_shown = ALL, False
        self.search = QLineEdit()
        self.search.setPlaceholderText("Find something to wear")
        self.search.setAccessibleName("Find something to wear")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(lambda _: self._fill())
        self.places = PlaceRow()
        self.chips: dict[str, QToolButton] = {}
        self.grid = PagedGrid("Things to try on")
        self.grid.clicked.connect(self.picked)
        self.grid.turned.connect(self._turned)
        self.nothing = QLabel()
        self.nothing.setProperty("role", "muted")
        self.nothing.setWordWrap(True)
        self.nothing.hide()
        self.waiting = QPushButton()
        self.waiting.setProperty("role", "link")
        self.waiting.clicked.connect(self._show_all)
        self.waiting.hide()
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(self.search, 1)
        top.addWidget(self.places.button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(top)
        column.addWidget(self.places)
        column.addWidget(self._chips())
        column.addWidget(self.grid)
        column.addWidget(self.nothing)
        column.addWidget(self._pager())
        column.addWidget(self.waiting, 0, Qt.AlignmentFlag.AlignLeft)
        self.setAcceptDrops(True)

    # -- what is shown

    def set_entries(self, entries: Sequence[Entry]) -> None:
        """Offer these."""
        self.entries = tuple(entries)
        for name, kinds in GROUPS:
            self.chips[name].setVisible(any(e.kind in kinds for e in self.entries))
        if self._group != ALL and self.chips[self._group].isHidden():
            self.chips[ALL].click()
        self._fill()

    def set_worn(self, ids: Collection[str]) -> None:
        """Mark what is worn."""
        self.worn = tuple(ids)
        self.grid.set_chosen(self.worn)

    def set_seen(self, kinds: Collection[ItemKind] | None) -> None:
        """Which kinds there is a body part in the picture for; None: nobody knows."""
        new = None if kinds is None else frozenset(kinds)
        if new != self._seen:
            self._seen = new
            self._fill()

    def say_nothing(self, text: str) -> None:
        """What is said in place of things, where there are none."""
        self._why = text
        self._fill()

    _why = ""

    def offered(self) -> tuple[Entry, ...]:
        """What is on show now, best first."""
        kinds = next((kinds for name, kinds in GROUPS if name == self._group), None)
        found = [e for e in self.entries if kinds is None or e.kind in kinds]
        text = self.search.text().strip()
        if text:
            ranks = {e.id: score(text, f"{e.name} {WORDS[e.kind]}") for e in found}
            found = [e for e in found if ranks[e.id] is not None]
            found.sort(key=lambda e: -(ranks[e.id] or 0.0))
        here = [e for e in found if not self._waits(e)]
        late = [e for e in found if self._waits(e)]
        return (*here, *late) if self._all_shown or kinds is not None else tuple(here)

    def _waits(self, entry: Entry) -> bool:
        return self._seen is not None and entry.kind not in self._seen and entry.id not in self.worn

    def _fill(self) -> None:
        offered = self.offered()
        self.grid.set_tiles([
            Tile(e.id, e.name, e.thumbnail, SYMBOLS[e.kind],
                 " · ".join(part for part in (WORDS[e.kind], e.licence) if part),
                 _why(e.kind) if self._waits(e) else "")
            for e in offered
        ])  # fmt: skip
        self.grid.set_chosen(self.worn)
        late = [e for e in self.entries if self._waits(e)]
        hidden = bool(late) and self._group == ALL and not self.search.text().strip()
        self.waiting.setVisible(hidden)
        if hidden:
            self.waiting.setText("Show only what fits" if self._all_shown else _waiting_words(late))
            self.waiting.setToolTip("" if self._all_shown else "Show them now")
        self.nothing.setVisible(not offered)
        self.grid.setVisible(bool(offered))
        if not offered:
            self.nothing.setText(self._empty_words())
        self._turned()

    def _empty_words(self) -> str:
        if self.search.text().strip():
            return "Nothing is called so. Try glasses, hat, pearl or watch."
        if self.entries:
            return "Nothing here fits what the camera sees. Come into the picture, with light."
        return self._why or "Nothing here yet. Drop a GLB, glTF or OBJ file, or a folder of them."

    def _show_all(self) -> None:
        self._all_shown = not self._all_shown
        self._fill()

    # -- its parts

    def _chips(self) -> QWidget:
        row = QWidget()
        flow = QFlowLayout(row)
        flow.setContentsMargins(0, 0, 0, 0)
        flow.setSpacing(2)
        group = QButtonGroup(row)
        for name in (ALL, *(name for name, _ in GROUPS)):
            chip = QToolButton()
            chip.setText(name)
            chip.setProperty("role", "chip")
            chip.setProperty("tight", True)
            chip.setCheckable(True)
            chip.setChecked(name == ALL)
            chip.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            chip.setAccessibleName(f"Show: {name}")
            chip.clicked.connect(lambda _=False, name=name: self._choose_group(name))
            group.addButton(chip)
            flow.addWidget(chip)
            self.chips[name] = chip
        return row

    def _choose_group(self, name: str) -> None:
        self._group = name
        self.grid.turn(0)
        self._fill()

    def _pager(self) -> QWidget:
        self.pager = QWidget()
        self.back, self.forth = QToolButton(), QToolButton()
        for button, icon, name, step in (
            (self.back, "ph.caret-left", "Page before (Page Up)", -1),
            (self.forth, "ph.caret-right", "Next page (Page Down)", 1),
        ):
            button.setIconSize(QSize(16, 16))
            button.setToolTip(name)
            button.setAccessibleName(name)
            theme.set_icon(button, icon)
            button.clicked.connect(lambda _=False, s=step: self.grid.turn(self.grid.page + s))
        self.page_told = QLabel()
        self.page_told.setProperty("role", "small")
        row = QHBoxLayout(self.pager)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addStretch(1)
        for widget in (self.back, self.page_told, self.forth):
            row.addWidget(widget)
        row.addStretch(1)
        return self.pager

    def _turned(self) -> None:
        grid = self.grid
        self.pager.setVisible(grid.pages > 1 and not grid.isHidden())
        self.page_told.setText(f"{grid.page + 1} of {grid.pages}")
        self.page_told.setAccessibleName(f"Page {grid.page + 1} of {grid.pages}")
        self.back.setEnabled(grid.page > 0)
        self.forth.setEnabled(grid.page < grid.pages - 1)

    # -- what is dropped here

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls():
            event.acceptProposedAction()
            self.places.hover(True)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self.places.hover(False)

    def dropEvent(self, event: QDropEvent) -> None:
        self.places.hover(False)
        event.acceptProposedAction()
        self.dropped.emit([
            url.toLocalFile() if url.isLocalFile() else url.toString()
            for url in event.mimeData().urls()
        ])  # fmt: skip


def _why(kind: ItemKind) -> str:
    """Why a kind of thing has to wait."""
    return SHOWN[BODY[kind]]


def _waiting_words(late: Sequence[Entry]) -> str:
    """What waits for what."""
    parts = list(dict.fromkeys(BODY[entry.kind] for entry in late))
    what = " and ".join(part for part in (", ".join(parts[:-1]), parts[-1]) if part)
    if parts == ["face"]:
        return f"{len(late)} more, once your face is seen"
    return f"{len(late)} more, once {what} are seen"
