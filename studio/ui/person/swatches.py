"""A row of colours to click, and a button for any other."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QColorDialog, QLabel, QVBoxLayout, QWidget
from superqt import QFlowLayout

from studio.human.design import Colour
from studio.ui import theme
from studio.ui.person.gesture import Gesture


class Swatch(QAbstractButton):
    """One colour; the chosen one wears a ring, so that it is not told by colour alone."""

    def __init__(self, colour: Colour | None, name: str) -> None:
        super().__init__()
        self.colour = colour
        self.setCheckable(True)
        self.setAccessibleName(name)
        self.setToolTip(name)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def sizeHint(self) -> QSize:
        side = theme.look().px(24)
        return QSize(side, side)

    def paintEvent(self, event: QPaintEvent) -> None:
        t = theme.look().tokens
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect()).adjusted(2, 2, -2, -2)
        if self.isChecked() or self.hasFocus():
            painter.setPen(QPen(QColor(t.accent if self.isChecked() else t.text), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(box)
        inner = box.adjusted(3, 3, -3, -3)
        painter.setPen(QPen(QColor(t.line), 1))
        if self.colour is None:
            painter.setBrush(QColor(t.raised))
            painter.drawEllipse(inner)
            painter.setPen(QPen(QColor(t.text), 1.6))
            middle, reach = inner.center(), inner.width() * 0.25
            for out in (QPointF(reach, 0), QPointF(0, reach)):
                painter.drawLine(middle - out, middle + out)
        else:
            painter.setBrush(QColor.fromRgbF(*self.colour))
            painter.drawEllipse(inner)


class Swatches(QWidget):
    """``picked(colour, gesture, ended)`` follows a click, and every move in the colour dialog."""

    picked = Signal(object, int, bool)

    def __init__(self, title: str, colours: Sequence[Colour]) -> None:
        super().__init__()
        self.title = title
        self._gesture = Gesture()
        self._dialog: QColorDialog | None = None
        self._before: Colour | None = None
        self.buttons: list[Swatch] = []
        label = QLabel(title)
        label.setProperty("role", "muted")
        flow = QFlowLayout()
        flow.setContentsMargins(0, 0, 0, 0)
        flow.setSpacing(2)
        for number, colour in enumerate(colours, start=1):
            button = Swatch(colour, f"{title} {number}: {_hex(colour)}")
            button.clicked.connect(lambda _=False, c=colour: self._chosen(c))
            self.buttons.append(button)
            flow.addWidget(button)
        self.other = Swatch(None, f"{title}: another colour…")
        self.other.clicked.connect(self._ask)
        flow.addWidget(self.other)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(label)
        layout.addLayout(flow)
        self._colour: Colour = next(iter(colours))

    def set_value(self, colour: Colour) -> None:
        """Show which colour it is now; nothing is told."""
        self._colour = colour
        for button in self.buttons:
            button.setChecked(button.colour is not None and _near(button.colour, colour))
        self.other.setChecked(not any(button.isChecked() for button in self.buttons))

    def _chosen(self, colour: Colour) -> None:
        self.set_value(colour)
        self.picked.emit(colour, self._gesture.token(), True)

    def _ask(self) -> None:
        """A colour dialog beside the work: the person follows it, Cancel brings the colour back."""
        self.set_value(self._colour)
        if self._dialog is None:
            dialog = QColorDialog(self)
            dialog.setOption(QColorDialog.ColorDialogOption.DontUseNativeDialog)
            dialog.setWindowTitle(self.title)
            dialog.setModal(False)
            dialog.currentColorChanged.connect(self._moved)
            dialog.accepted.connect(lambda: self._ended(True))
            dialog.rejected.connect(lambda: self._ended(False))
            self._dialog = dialog
        self._before = None
        self._dialog.setCurrentColor(QColor.fromRgbF(*self._colour))
        self._before = self._colour
        self._gesture.press()
        self._dialog.show()

    def _moved(self, colour: QColor) -> None:
        if self._before is not None:
            now = (colour.redF(), colour.greenF(), colour.blueF())
            self.set_value(now)
            self.picked.emit(now, self._gesture.token(), False)

    def _ended(self, taken: bool) -> None:
        before, self._before = self._before, None
        if before is None:
            return
        if not taken:
            self.set_value(before)
        token = self._gesture.token()
        self._gesture.release()
        self.picked.emit(self._colour, token, True)


def _near(one: Colour, other: Colour) -> bool:
    return all(abs(a - b) < 0.004 for a, b in zip(one, other, strict=True))


def _hex(colour: Colour) -> str:
    return QColor.fromRgbF(*colour).name()
