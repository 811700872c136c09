"""The first-run tour: a few marks, skippable, shown once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from studio.ui import theme
from studio.ui.toasts import over_pictures


@dataclass(frozen=True)
class Mark:
    """A place in the window and what to know about it."""

    where: Callable[[], QWidget | None]
    title: str
    text: str


class Tour(QFrame):
    """A card beside one place of the window after the other, which a frame points out."""

    ended = Signal()

    def __init__(self, window: QWidget, marks: tuple[Mark, ...]) -> None:
        super().__init__(window)
        self.setObjectName("coach")
        over_pictures(self)
        self._window, self.marks, self.place = window, marks, 0
        self._frame = [QFrame(window) for _ in range(4)]
        for side in self._frame:
            side.setObjectName("coachFrame")
            over_pictures(side)
        self._title, self._text, self._count = QLabel(), QLabel(), QLabel()
        self._title.setProperty("role", "heading")
        self._text.setWordWrap(True)
        self._count.setProperty("role", "small")
        self.skip_button = QPushButton("Skip the tour")
        self.skip_button.setProperty("role", "quiet")
        self.next_button = QPushButton("Next")
        self.next_button.setProperty("role", "primary")
        self.next_button.setDefault(True)
        row = QHBoxLayout()
        row.addWidget(self._count)
        row.addStretch(1)
        row.addWidget(self.skip_button)
        row.addWidget(self.next_button)
        layout = self._layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(8)
        layout.addWidget(self._title)
        layout.addWidget(self._text)
        layout.addLayout(row)
        self.setFixedWidth(theme.look().px(360))
        self.skip_button.clicked.connect(self.end)
        self.next_button.clicked.connect(self.next)
        window.installEventFilter(self)
        self._show()

    def next(self) -> None:
        """The next mark, or the end."""
        self.place += 1
        if self.place >= len(self.marks):
            self.end()
        else:
            self._show()

    def end(self) -> None:
        """Take everything off the window."""
        if self.isHidden() and not self._frame:
            return
        self._window.removeEventFilter(self)
        for side in self._frame:
            side.hide()
            side.deleteLater()
        self._frame = []
        self.hide()
        self.ended.emit()
        self.deleteLater()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.end()
        else:
            super().keyPressEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and self._frame:
            self._put()
        return False

    def _show(self) -> None:
        mark = self.marks[self.place]
        self._title.setText(mark.title)
        self._text.setText(mark.text)
        self._count.setText(f"{self.place + 1} of {len(self.marks)}")
        last = self.place + 1 == len(self.marks)
        self.next_button.setText("Done" if last else "Next")
        self.skip_button.setVisible(not last)
        self._put()
        self.show()
        self.raise_()
        self.next_button.setFocus()

    def _put(self) -> None:
        whole = self._window.rect()
        target = self.marks[self.place].where()
        if target is not None and target.isVisible():
            spot = QRect(target.mapTo(self._window, QPoint(0, 0)), target.size()) & whole
        else:
            spot = QRect(whole.center(), whole.center())
        thick = 2
        for side, box in zip(
            self._frame,
            (
                QRect(spot.left(), spot.top(), spot.width(), thick),
                QRect(spot.left(), spot.bottom() - thick + 1, spot.width(), thick),
                QRect(spot.left(), spot.top(), thick, spot.height()),
                QRect(spot.right() - thick + 1, spot.top(), thick, spot.height()),
            ),
            strict=True,
        ):
            side.setGeometry(box)
            side.setVisible(spot.width() > 4)
            side.raise_()
        self.setFixedHeight(self._layout.totalHeightForWidth(self.width()))
        self.move(self._beside(spot, whole))
        self.raise_()

    def _beside(self, spot: QRect, whole: QRect) -> QPoint:
        """Where there is room: right of it, left, below, above, or inside."""
        gap, size = 12, self.size()
        y = min(max(spot.top(), 16), whole.height() - size.height() - 16)
        x = min(max(spot.left(), 16), whole.width() - size.width() - 16)
        for place in (
            QPoint(spot.right() + gap, y),
            QPoint(spot.left() - gap - size.width(), y),
            QPoint(x, spot.bottom() + gap),
            QPoint(x, spot.top() - gap - size.height()),
        ):
            if whole.contains(QRect(place, size)):
                return place
        return spot.center() - QPoint(size.width() // 2, size.height() // 2)
