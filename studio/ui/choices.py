"""Controls of generated forms that switch and choose: a switch, one of a few, any of a few."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, QSignalBlocker, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QButtonGroup,
    QComboBox,
    QLayout,
    QToolButton,
    QWidget,
)
from superqt import QFlowLayout

from studio.ui import theme
from studio.ui.controls import Control


class Switch(QAbstractButton):
    """An on-off switch, drawn; on is also told by the side of the knob."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setCheckable(True)
        self.setAccessibleName(name)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def sizeHint(self) -> QSize:
        return QSize(theme.look().px(36), theme.look().px(22))

    def paintEvent(self, event: QPaintEvent) -> None:
        t, on = theme.look().tokens, self.isChecked()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        height = self.sizeHint().height() - 4
        track = QRectF(1, (self.height() - height) / 2, self.sizeHint().width() - 2, height)
        painter.setPen(QColor(t.text if self.hasFocus() else t.accent if on else t.muted))
        painter.setBrush(QColor(t.accent if on else t.sunken))
        painter.drawRoundedRect(track, height / 2, height / 2)
        radius = height / 2 - 3
        x = track.right() - height / 2 if on else track.left() + height / 2
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(t.on_accent if on else t.muted))
        painter.drawEllipse(QPointF(x, track.center().y()), radius, radius)


class Toggle(Control):
    """A bool."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.switch = Switch(name)
        self.row.addWidget(self.switch)
        self.switch.toggled.connect(lambda _: self.changed.emit())

    def value(self) -> bool:
        return self.switch.isChecked()

    def set_value(self, value: bool) -> None:
        self.switch.setChecked(bool(value))


class Choice(Control):
    """One of a few values: words side by side where a narrow panel has room, else a list."""

    def __init__(self, name: str, options: Sequence[Any], words: Sequence[str] = ()) -> None:
        super().__init__(name)
        self.options = list(options)
        words = list(words) or [_sentence(str(option)) for option in options]
        self.combo: QComboBox | None = None
        letters = sum(len(word) for word in words)
        if len(options) <= 6 and letters <= 28:
            joined = len(options) <= 3 and letters <= 26
            flow = QFlowLayout()
            flow.setSpacing(4)
            place: QLayout = self.row if joined else flow
            self.row.setSpacing(0)
            self._group = QButtonGroup(self)
            for number, word in enumerate(words):
                button = QToolButton()
                button.setText(word)
                button.setCheckable(True)
                button.setProperty("role", "segment")
                button.setAccessibleName(f"{name}: {word}")
                button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
                self._group.addButton(button, number)
                place.addWidget(button)
            if joined:
                self.row.addStretch(1)
            else:
                self.row.addLayout(flow, 1)
            self._group.idToggled.connect(lambda _, on: on and self.changed.emit())
        else:
            self.combo = QComboBox()
            self.combo.setAccessibleName(name)
            self.combo.addItems(words)
            self.combo.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            self.combo.setSizeAdjustPolicy(
                QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
            )
            self.combo.setMinimumContentsLength(8)
            self.combo.installEventFilter(self)
            self.row.addWidget(self.combo, 1)
            self.combo.currentIndexChanged.connect(lambda _: self.changed.emit())

    def value(self) -> Any:
        index = self.combo.currentIndex() if self.combo else self._group.checkedId()
        return self.options[max(index, 0)]

    def set_value(self, value: Any) -> None:
        index = self.options.index(value)
        if self.combo:
            self.combo.setCurrentIndex(index)
        else:
            self._group.button(index).setChecked(True)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Wheel:
            event.ignore()
            return True
        return False


_NAMES = {"charuco": "ChArUco", "aprilgrid": "AprilGrid", "aruco": "ArUco"}


def _sentence(word: str) -> str:
    words = _NAMES.get(word) or word.replace("_", " ")
    return words[:1].upper() + words[1:]


class Several(Control):
    """Any of a few words, each switched on or off; the value keeps the order of the options."""

    def __init__(self, name: str, options: Sequence[str]) -> None:
        super().__init__(name)
        self.buttons: dict[str, QToolButton] = {}
        place = QWidget()
        flow = QFlowLayout(place)
        flow.setContentsMargins(0, 0, 0, 0)
        flow.setSpacing(4)
        for option in options:
            button = QToolButton()
            button.setText(option.replace("_", " ").upper() if len(option) <= 4 else option)
            button.setCheckable(True)
            button.setProperty("role", "segment")
            button.setAccessibleName(f"{name}: {option}")
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            button.toggled.connect(lambda _: self.changed.emit())
            self.buttons[option] = button
            flow.addWidget(button)
        self.row.addWidget(place, 1)

    def value(self) -> list[str]:
        return [option for option, button in self.buttons.items() if button.isChecked()]

    def set_value(self, value: Any) -> None:
        for option, button in self.buttons.items():
            with QSignalBlocker(button):
                button.setChecked(option in (value or ()))
