"""The mannequin on a thread of its own: the newest wish is drawn, whoever looks takes it."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QObject, QTimer, Signal

from studio.core.items import Item
from studio.live.relay import Lane
from studio.live.wearing.gripping import Placing
from studio.live.wearing.mannequin import Fitted, Mannequin, View

LOOK_MS = 16
END_S = 10.0


@dataclass(frozen=True, eq=False)
class Wish:
    """What is to be drawn."""

    item: Item
    placing: Placing
    view: View


class Figure(QObject):
    """``drawn(Fitted)`` follows each picture, ``failed(error)`` what went wrong. Close it."""

    drawn = Signal(object)
    failed = Signal(object)

    def __init__(self, size_px: tuple[int, int]) -> None:
        super().__init__()
        self._size_px = size_px
        self._mannequin: Mannequin | None = None
        self._lane: Lane[Wish] | None = None
        self._made: tuple[Wish, Fitted] | None = None
        self._taken: Fitted | None = None
        self._timer = QTimer(self, interval=LOOK_MS)
        self._timer.timeout.connect(self._look)

    def wish(self, wish: Wish) -> None:
        """Draw this next."""
        if self._lane is None:
            self._lane = Lane("mannequin", self._draw, self._end)
            self._timer.start()
        self._lane.put(wish)

    def close(self) -> None:
        """End the thread, and free what OpenGL holds there."""
        self._timer.stop()
        lane, self._lane = self._lane, None
        self._made = self._taken = None
        if lane is not None:
            lane.close(END_S)

    def _draw(self, wish: Wish) -> None:
        if self._mannequin is None:
            self._mannequin = Mannequin(self._size_px)
        self._made = wish, self._mannequin.draw(wish.item, wish.placing, wish.view)

    def _end(self) -> None:
        if self._mannequin is not None:
            self._mannequin.close()
            self._mannequin = None

    def _look(self) -> None:
        lane, made = self._lane, self._made
        if lane is not None and lane.error is not None:
            error = lane.error
            self.close()
            self.failed.emit(error)
        elif made is not None and made[1] is not self._taken:
            self._taken = made[1]
            self.drawn.emit(made[1])
