"""Pictures of things in pages: as many as there is room for; keys, wheel and swipes turn them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import partial
from math import ceil
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QPointF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QWidget

from studio.ui import theme
from studio.ui.thumb import Thumb

LEAST_PX = 84
GAP = 6
SWIPE_PX = 36
WHEEL_STEP = 120
ROWS = 2


@dataclass(frozen=True)
class Tile:
    """One thing on show: what it is called by, its title, its picture's file, a symbol until there
    is one, and, where it cannot be used just now, why."""

    id: str
    title: str
    picture: Path | None = None
    symbol: str = "ph.cube"
    tip: str = ""
    waits: str = ""


class PagedGrid(QWidget):
    """``clicked(id)`` follows a click or Enter; ``turned`` another page, or another count of them.

    Arrows move between the pictures, Page Up and Page Down turn pages, as do a sideways wheel and a
    swipe.
    """

    clicked = Signal(str)
    turned = Signal()

    def __init__(self, name: str, rows: int = ROWS) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.thumbs: dict[str, Thumb] = {}
        self._tiles: tuple[Tile, ...] = ()
        self._chosen: frozenset[str] = frozenset()
        self._images: dict[Path, QImage] = {}
        self._rows, self._columns, self._first = rows, 3, 0
        self._press: QPointF | None = None
        self._wheeled = 0
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(GAP)
        self._grid.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setSizePolicy(policy)
        theme.look().changed.connect(self._lay_out)

    # -- what is shown

    def set_tiles(self, tiles: Sequence[Tile]) -> None:
        """Show these; the page stays where it can."""
        if tuple(tiles) != self._tiles:
            self._tiles = tuple(tiles)
            self._first = min(self._first, max(len(self._tiles) - 1, 0))
            self._lay_out()

    def set_chosen(self, ids: Collection[str]) -> None:
        """Mark what is in use."""
        self._chosen = frozenset(ids)
        for id, thumb in self.thumbs.items():
            thumb.setChecked(id in self._chosen)

    def set_rows(self, rows: int) -> None:
        """How many rows a page has."""
        if rows != self._rows:
            self._rows = rows
            self._lay_out()

    def forget_picture(self, path: Path) -> None:
        """A picture was drawn anew: read it again."""
        if self._images.pop(path, None) is not None:
            self._lay_out()

    # -- pages

    @property
    def per_page(self) -> int:
        return self._rows * self._columns

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(ceil(len(self._tiles) / self.per_page), 1)

    @property
    def page(self) -> int:
        """The page on show, from 0."""
        return self._first // self.per_page

    def turn(self, to: int) -> None:
        """Show a page; one that is not there changes nothing."""
        if 0 <= to < self.pages and to != self.page:
            self._first = to * self.per_page
            self._lay_out()

    def show_tile(self, id: str) -> None:
        """Turn to the page of a thing."""
        at = next((k for k, tile in enumerate(self._tiles) if tile.id == id), None)
        if at is not None:
            self.turn(at // self.per_page)

    def sizeHint(self) -> QSize:
        thumb = next(iter(self.thumbs.values()), None)
        tall = theme.look().px(110) if thumb is None else thumb.sizeHint().height()
        rows = min(self._rows, ceil(len(self._tiles) / self._columns)) or 1
        if self.pages > 1:
            rows = self._rows
        return QSize(240, rows * tall + (rows - 1) * GAP)

    minimumSizeHint = sizeHint

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._lay_out()

    def _lay_out(self) -> None:
        scale = theme.look().scale
        wide = max(self.width() / scale, LEAST_PX)
        self._columns = max(int((wide + GAP) // (LEAST_PX + GAP)), 2)
        side = int((wide - GAP * (self._columns - 1)) // self._columns)
        self._first = self.page * self.per_page
        here = self._tiles[self._first : self._first + self.per_page]
        focused = next((id for id, t in self.thumbs.items() if t.hasFocus()), "")
        kept = {tile.id for tile in here}
        for id in [id for id in self.thumbs if id not in kept]:
            thumb = self.thumbs.pop(id)
            self._grid.removeWidget(thumb)
            thumb.hide()
            thumb.deleteLater()
        for place, tile in enumerate(here):
            thumb = self._thumb(tile, side)
            self._grid.removeWidget(thumb)
            self._grid.addWidget(thumb, place // self._columns, place % self._columns)
            thumb.show()
        self.thumbs = {tile.id: self.thumbs[tile.id] for tile in here}
        if focused and focused not in self.thumbs and self.thumbs:
            next(iter(self.thumbs.values())).setFocus()
        self.updateGeometry()
        self.turned.emit()

    def _thumb(self, tile: Tile, side: int) -> Thumb:
        thumb = self.thumbs.get(tile.id)
        if thumb is None:
            thumb = self.thumbs[tile.id] = Thumb(tile.title, (side, side), tile.symbol)
            thumb.clicked.connect(partial(self._click, tile.id))
            thumb.installEventFilter(self)
        thumb.setText(tile.title)
        thumb.set_size((side, side))
        thumb.set_faint(bool(tile.waits))
        told = "\n".join(part for part in (tile.title, tile.tip, tile.waits) if part)
        thumb.setToolTip(told)
        thumb.setAccessibleName(f"{tile.title}. {tile.waits}".rstrip(". "))
        image = self._image(tile.picture)
        if image is not None:
            thumb.set_picture(image)
        thumb.setChecked(tile.id in self._chosen)
        return thumb

    def _image(self, path: Path | None) -> QImage | None:
        if path is None:
            return None
        if path not in self._images:
            self._images[path] = QImage(str(path))
        image = self._images[path]
        return None if image.isNull() else image

    # -- hands

    def _click(self, id: str, _: bool = False) -> None:
        if id in self.thumbs:  # a click is no choice yet: whoever listens says what is chosen
            self.thumbs[id].setChecked(id in self._chosen)
        self.clicked.emit(id)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            return self._key(watched, event.key())
        if not isinstance(event, QMouseEvent):
            return False
        if event.type() == QEvent.Type.MouseButtonPress:
            self._press = event.globalPosition()
        elif event.type() == QEvent.Type.MouseButtonRelease and self._press is not None:
            moved, self._press = event.globalPosition() - self._press, None
            if abs(moved.x()) > SWIPE_PX and abs(moved.x()) > abs(moved.y()):
                assert isinstance(watched, Thumb)
                watched.setDown(False)
                self.turn(self.page + (1 if moved.x() < 0 else -1))
                return True
        return False

    def _key(self, watched: QObject, key: int) -> bool:
        keys = Qt.Key
        ids = list(self.thumbs)
        at = next((k for k, id in enumerate(ids) if self.thumbs[id] is watched), 0)
        steps = {keys.Key_Left: -1, keys.Key_Right: 1,
                 keys.Key_Up: -self._columns, keys.Key_Down: self._columns}  # fmt: skip
        pages = {keys.Key_PageUp: -1, keys.Key_PageDown: 1}
        if key in pages:
            self._go(self._first + at + pages[keys(key)] * self.per_page)
        elif key in steps:
            self._go(self._first + at + steps[keys(key)])
        elif key in (keys.Key_Home, keys.Key_End):
            self._go(0 if key == keys.Key_Home else len(self._tiles) - 1)
        elif key in (keys.Key_Return, keys.Key_Enter) and ids:
            self._click(ids[at])
        else:
            return False
        return True

    def _go(self, to: int) -> None:
        """Put the focus on a thing, wherever it is; before the first and after the last is none."""
        if not self._tiles or to < 0:
            return
        to = min(to, len(self._tiles) - 1)
        self.turn(to // self.per_page)
        self.thumbs[self._tiles[to].id].setFocus(Qt.FocusReason.TabFocusReason)

    def wheelEvent(self, event: QWheelEvent) -> None:
        across = event.angleDelta().x()
        if not across:
            event.ignore()
            return
        self._wheeled += across
        if abs(self._wheeled) >= WHEEL_STEP:
            self.turn(self.page + (-1 if self._wheeled > 0 else 1))
            self._wheeled = 0
        event.accept()
