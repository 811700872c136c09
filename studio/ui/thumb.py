"""A picture to click, with its name below."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetrics,
    QImage,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QPixmap,
)
from PySide6.QtWidgets import QAbstractButton, QApplication

from studio.ui import theme

LINE = 15
NARROWEST = 0.72
"""How far a long word is squeezed, before it is cut."""
FAINT = 0.35
"""How much is seen of what cannot be chosen just now."""


class Thumb(QAbstractButton):
    """A picture with its name below, in ``lines`` lines; ``symbol`` until there is a picture. The
    chosen one wears a frame and a tick; what is ``faint`` cannot be used just now."""

    def __init__(self, title: str, size: tuple[int, int], symbol: str) -> None:
        super().__init__()
        self._size, self._symbol, self._pixmap = size, symbol, QPixmap()
        self.lines = 1
        self.faint = False
        self.setText(title)
        self.setCheckable(True)
        self.setAccessibleName(title)
        self.setToolTip(title)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    @property
    def pictured(self) -> bool:
        return not self._pixmap.isNull()

    def set_picture(self, image: QImage) -> None:
        """Show a picture."""
        self._pixmap = QPixmap.fromImage(image)
        self.update()

    def set_faint(self, on: bool) -> None:
        """Show it as something that waits."""
        if on != self.faint:
            self.faint = on
            self.update()

    def set_size(self, size: tuple[int, int]) -> None:
        """How large its picture is, before the font's scale."""
        if size != self._size:
            self._size = size
            self.updateGeometry()
            self.update()

    def sizeHint(self) -> QSize:
        look = theme.look()
        return QSize(look.px(self._size[0]), look.px(self._size[1] + LINE * self.lines + 3))

    def paintEvent(self, event: QPaintEvent) -> None:
        t, look = theme.look().tokens, theme.look()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        box = QRectF(1, 1, self.width() - 2, look.px(self._size[1]) - 2)
        path = QPainterPath()
        path.addRoundedRect(box, 5, 5)
        painter.fillPath(path, QColor(t.sunken))
        if self.faint:
            painter.setOpacity(FAINT)
        if self.pictured:
            painter.save()
            painter.setClipPath(path)
            scale = max(box.width() / self._pixmap.width(), box.height() / self._pixmap.height())
            w, h = self._pixmap.width() * scale, self._pixmap.height() * scale
            middle = box.center()
            painter.drawPixmap(QRectF(middle.x() - w / 2, middle.y() - h / 2, w, h),
                               self._pixmap, QRectF(self._pixmap.rect()))  # fmt: skip
            painter.restore()
        else:
            side = look.px(24)
            at = box.center().toPoint() - QPoint(side // 2, side // 2)
            painter.drawPixmap(at, theme.icon(self._symbol, "line").pixmap(side, side))
        painter.setOpacity(1.0)
        on, near = self.isChecked(), self.hasFocus() or self.underMouse()
        ring = t.accent if on else t.text if self.hasFocus() else t.muted if near else t.line
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(ring), 2 if on or self.hasFocus() else 1))
        painter.drawPath(path)
        if on:
            side = look.px(16)
            corner = QRectF(box.right() - side - 3, box.top() + 3, side, side)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(t.accent))
            painter.drawEllipse(corner)
            tick = theme.icon("ph.check-bold", "on_accent").pixmap(side, side)
            painter.drawPixmap(corner.toRect().adjusted(2, 2, -2, -2), tick)
        painter.setPen(QColor(t.text if on else t.muted))
        font = _small()
        for number, line in enumerate(broken(self.text(), self.width(), self.lines)):
            wide = QFontMetrics(font).horizontalAdvance(line)
            narrow = QFont(font)
            if wide > self.width():
                narrow.setStretch(max(int(100 * self.width() / wide), round(100 * NARROWEST)))
            painter.setFont(narrow)
            shown = painter.fontMetrics().elidedText(
                line, Qt.TextElideMode.ElideRight, self.width() + 1
            )
            top = look.px(self._size[1] + LINE * number + 2)
            below = QRectF(-4, top, self.width() + 8, look.px(LINE))
            painter.drawText(below, Qt.AlignmentFlag.AlignCenter, shown)


def broken(text: str, width: int, lines: int) -> list[str]:
    """A name in at most so many lines of ``width`` pixels, as full as they may be; the last takes
    what is left."""
    metrics, out = QFontMetrics(_small()), [""]
    for word in text.split():
        longer = f"{out[-1]} {word}".strip()
        if out[-1] and len(out) < lines and metrics.horizontalAdvance(longer) > width:
            out.append(word)
        else:
            out[-1] = longer
    return out


def _small() -> QFont:
    font = QApplication.font()
    font.setPixelSize(theme.look().px(12))
    return font
