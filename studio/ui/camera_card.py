"""One camera in the list: what it shows, its name, how it fares, and what can be done with it."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QImage, QKeyEvent, QMouseEvent, QPixmap
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QToolButton,
    QVBoxLayout,
)

from studio.core.types import Frame
from studio.media.live.source import Source
from studio.media.live.stats import Stats
from studio.ui import theme

THUMB = (72, 44)
KINDS = {
    "device": ("ph.camera", "Camera"),
    "video": ("ph.film-strip", "Video file"),
    "images": ("ph.images", "Picture folder"),
    "rtsp": ("ph.broadcast", "RTSP stream"),
    "http": ("ph.device-mobile", "Network stream"),
}


class CameraCard(QFrame):
    """Emits what the user wants with the camera of ``source``; knows no hub.

    ``moved`` carries -1 (up) or 1 (down).
    """

    chosen = Signal(str)
    renamed = Signal(str, str)
    removed = Signal(str)
    moved = Signal(str, int)

    def __init__(self, source: Source) -> None:
        super().__init__()
        self.source = source
        self.setObjectName("cameraCard")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._frame: Frame | None = None
        symbol, kind = KINDS[source.kind]
        self.thumb = QLabel()
        self.thumb.setFixedSize(*THUMB)
        self.thumb.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.thumb.setObjectName("thumb")
        self.thumb.setProperty("iconSize", 24)
        self._symbol = symbol
        theme.set_icon(self.thumb, symbol, "muted")
        self.name = QLineEdit(source.name)
        self.name.setProperty("role", "plain")
        self.name.setAccessibleName("Name of the camera")
        self.name.setReadOnly(True)
        self.name.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.name.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.name.editingFinished.connect(self._name_typed)
        self.state = QLabel()
        self.state.setProperty("role", "small")
        self.state.setWordWrap(True)
        self.state.setContentsMargins(2, 0, 0, 0)
        self.more = QToolButton()
        self.more.setToolTip("Rename, move, remove")
        self.more.setAccessibleName(f"{source.name}: rename, move, remove")
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.more.setIconSize(QSize(16, 16))
        theme.set_icon(self.more, "ph.dots-three-vertical", "muted")
        self.more.setMenu(self._menu())
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(self.name)
        words.addWidget(self.state)
        words.addStretch(1)
        row = QHBoxLayout(self)
        row.setContentsMargins(6, 6, 4, 6)
        row.setSpacing(8)
        row.addWidget(self.thumb, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(words, 1)
        row.addWidget(self.more, 0, Qt.AlignmentFlag.AlignTop)
        self.setToolTip(f"{kind}: {source.shown_place}")
        self.fare(None, None)

    def _menu(self) -> QMenu:
        menu, id = QMenu(self), self.source.id
        for text, icon, keys, call in (
            ("Rename", "ph.pencil-simple", "F2", self.rename),
            ("Move up", "ph.caret-up", "Alt+Up", lambda: self.moved.emit(id, -1)),
            ("Move down", "ph.caret-down", "Alt+Down", lambda: self.moved.emit(id, 1)),
            ("Remove", "ph.trash", "Del", lambda: self.removed.emit(id)),
        ):
            action = menu.addAction(theme.icon(icon), f"{text}\t{keys}")
            action.triggered.connect(call)
        return menu

    # -- how it fares

    def fare(self, stats: Stats | None, frame: Frame | None, absent: bool = False) -> None:
        """Show a camera's figures and its newest picture; None while it is closed."""
        if stats is None:
            text = "Not plugged in" if absent else f"{KINDS[self.source.kind][1]}, closed"
            tone = "look" if absent else "plain"
        elif stats.status.state == "live" and stats.size_px is not None:
            width, height = stats.size_px
            text, tone = f"{width} × {height} · {stats.rate_hz:.1f} fps", "plain"
            if stats.notes:
                text += f"\n{stats.notes[-1]}"
        else:
            state = stats.status.state
            text = stats.status.text
            tone = "look" if state == "stalled" else "stop" if state in ("lost", "failed") else ""
        if text != self.state.text():
            self.state.setText(text)
            self.setAccessibleName(f"{self.source.name}: {text}")
        if self.state.property("verdict") != tone:
            self.state.setProperty("verdict", tone)
            self.state.style().unpolish(self.state)
            self.state.style().polish(self.state)
        if frame is not self._frame:
            self._frame = frame
            self._show_thumb()

    def _show_thumb(self) -> None:
        if self._frame is None:
            theme.set_icon(self.thumb, self._symbol, "muted")
            return
        ratio = self.devicePixelRatioF()
        rgb = self._frame.rgb
        step = max(1, int(min(rgb.shape[1] / THUMB[0], rgb.shape[0] / THUMB[1]) / ratio))
        small = np.ascontiguousarray(rgb[::step, ::step])
        height, width = small.shape[:2]
        image = QImage(small.data, width, height, 3 * width, QImage.Format.Format_RGB888)
        picture = QPixmap.fromImage(image).scaled(
            QSize(round(THUMB[0] * ratio), round(THUMB[1] * ratio)),
            Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation,
        )  # fmt: skip
        picture.setDevicePixelRatio(ratio)
        self.thumb.setPixmap(picture)

    def set_chosen(self, on: bool) -> None:
        """Mark it as the camera whose settings are shown."""
        if bool(self.property("chosen")) != on:
            self.setProperty("chosen", on)
            self.style().unpolish(self)
            self.style().polish(self)

    def lock(self, on: bool) -> None:
        """While a take is recorded nothing is renamed, moved or removed."""
        self.more.setEnabled(not on)

    # -- renaming, keys, mouse

    def rename(self) -> None:
        """Edit the name in place."""
        if not self.more.isEnabled():
            return
        self.name.setReadOnly(False)
        self.name.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents, False)
        self.name.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.name.selectAll()
        self.name.setFocus()

    def _name_typed(self) -> None:
        if self.name.isReadOnly():
            return
        self.name.setReadOnly(True)
        self.name.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.name.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.name.deselect()
        text = self.name.text().strip()
        self.name.setText(self.source.name)
        if text and text != self.source.name:
            self.renamed.emit(self.source.id, text)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.chosen.emit(self.source.id)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.rename()

    def focusInEvent(self, event: QFocusEvent) -> None:
        self.chosen.emit(self.source.id)

    def event(self, event: QEvent) -> bool:
        """The card's own keys come before the shortcuts of the window."""
        own = (Qt.Key.Key_F2, Qt.Key.Key_Delete, Qt.Key.Key_Up, Qt.Key.Key_Down)
        override = event.type() == QEvent.Type.ShortcutOverride
        if override and isinstance(event, QKeyEvent) and event.key() in own:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        alt = event.modifiers() & Qt.KeyboardModifier.AltModifier
        locked = not self.more.isEnabled()
        if event.key() == Qt.Key.Key_F2:
            self.rename()
        elif event.key() == Qt.Key.Key_Delete and not locked:
            self.removed.emit(self.source.id)
        elif alt and event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down) and not locked:
            self.moved.emit(self.source.id, -1 if event.key() == Qt.Key.Key_Up else 1)
        else:
            super().keyPressEvent(event)
