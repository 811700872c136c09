"""Notices on the screen: toasts in the corner, banners under the top bar."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from studio.ui import theme
from studio.ui.notices import Notice, Notices

_ICONS = {
    "good": "ph.check-circle",
    "look": "ph.warning",
    "stop": "ph.warning-octagon",
    "plain": "ph.info",
}
LASTS_MS = 6000
MOST = 3


def over_pictures(widget: QWidget) -> None:
    """Let a widget float over OpenGL pictures, which are native windows."""
    widget.setAttribute(Qt.WidgetAttribute.WA_DontCreateNativeAncestors)
    widget.setAttribute(Qt.WidgetAttribute.WA_NativeWindow)


class _Card(QFrame):
    """The body of a toast or a banner."""

    left = Signal(object)

    def __init__(self, notices: Notices, notice: Notice, name: str, wide: bool) -> None:
        super().__init__()
        self._notices, self.notice = notices, notice
        self._leaving = False
        self.setObjectName(name)
        self.setProperty("level", notice.level)
        self.setAccessibleName(f"{notice.message} {notice.hint}")
        mark = QLabel()
        mark.setProperty("iconSize", 20)
        theme.set_icon(mark, _ICONS[notice.level],
                       "accent" if notice.level == "plain" else notice.level)  # fmt: skip
        message, hint = QLabel(notice.message), QLabel(notice.hint)
        hint.setProperty("role", "muted")
        hint.setVisible(bool(notice.hint))
        for label in (message, hint):
            label.setWordWrap(not wide)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.buttons: list[QPushButton] = []
        for text, call in notice.answers:
            self._answer(text, call)
        if notice.details:
            self._answer("Copy details", lambda: QGuiApplication.clipboard().setText(
                f"{notice.message}\n\n{notice.details}"), keep=True)  # fmt: skip
        self.closer = QToolButton()
        theme.set_icon(self.closer, "ph.x", "muted")
        self.closer.setToolTip("Close")
        self.closer.setAccessibleName("Close this message")
        self.closer.clicked.connect(self.leave)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 8, 8, 8)
        layout.setSpacing(12)
        top = Qt.AlignmentFlag.AlignVCenter if wide else Qt.AlignmentFlag.AlignTop
        layout.addWidget(mark, 0, top)
        if wide:
            layout.addWidget(message)
            layout.addWidget(hint)
            layout.addStretch(1)
            for button in self.buttons:
                layout.addWidget(button)
        else:
            text = QVBoxLayout()
            text.setSpacing(4)
            text.addWidget(message)
            text.addWidget(hint)
            if self.buttons:
                row = QHBoxLayout()
                row.setContentsMargins(0, 4, 0, 0)
                for button in self.buttons:
                    row.addWidget(button)
                row.addStretch(1)
                text.addLayout(row)
            layout.addLayout(text, 1)
        layout.addWidget(self.closer, 0, top)

    def _answer(self, text: str, call: Callable[[], object], keep: bool = False) -> None:
        button = QPushButton(text)
        button.clicked.connect(lambda: self._do(text, call, keep))
        self.buttons.append(button)

    def _do(self, text: str, call: Callable[[], object], keep: bool) -> None:
        if not keep:
            self.leave()
        try:
            call()
        except Exception as error:
            self._notices.error(error, text)

    def leave(self) -> None:
        """Go away; once is enough."""
        if not self._leaving:
            self._leaving = True
            self.hide()
            self.left.emit(self)
            self.deleteLater()


class Toasts(QObject):
    """Up to three toasts at the bottom right of the window. An error stays until it is closed."""

    def __init__(self, window: QWidget, notices: Notices, beside: QWidget | None = None) -> None:
        """``beside`` is not to be covered: the panel with the buttons that one needs now."""
        super().__init__(window)
        self._window, self._beside = window, beside
        self.cards: list[_Card] = []
        self._notices = notices
        notices.toast.connect(self.show_notice)
        notices.settled.connect(self._settled)
        window.installEventFilter(self)

    def show_notice(self, notice: Notice) -> None:
        """Put a toast up."""
        card = _Card(self._notices, notice, "toast", wide=False)
        card.setParent(self._window)
        over_pictures(card)
        card.setFixedWidth(theme.look().px(380))
        card.left.connect(self._gone)
        self.cards.append(card)
        for old in self.cards[:-MOST]:
            old.leave()
        card.show()
        QTimer.singleShot(0, self, self.place)
        if notice.level != "stop" and not notice.answers:
            QTimer.singleShot(LASTS_MS, card, card.leave)
        self.place()

    def _settled(self, notice: Notice) -> None:
        for card in tuple(self.cards):
            if card.notice is notice:
                card.leave()

    def _gone(self, card: _Card) -> None:
        if card in self.cards:
            self.cards.remove(card)
            self.place()

    def place(self) -> None:
        """Stack the toasts upwards from the corner."""
        bottom, right = self._window.height() - 40, self._window.width() - 16
        beside = self._beside
        if beside is not None and beside.isVisible() and beside.window() is self._window:
            left = beside.mapTo(self._window, QPoint(0, 0)).x()
            right = left - 8 if left > self._window.width() // 2 else right
        for card in reversed(self.cards):
            if card.isHidden():
                continue
            card.setFixedHeight(
                max(card.heightForWidth(card.width()), card.minimumSizeHint().height())
            )
            bottom -= card.height()
            card.move(right - card.width(), bottom)
            card.raise_()
            bottom -= 8

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self.place()
        return False


class Banners(QWidget):
    """Messages that stay under the top bar until they are answered or closed."""

    def __init__(self, notices: Notices) -> None:
        super().__init__()
        self._list = QVBoxLayout(self)
        self._list.setContentsMargins(0, 0, 0, 0)
        self._list.setSpacing(0)
        self._notices = notices
        notices.banner.connect(self.show_notice)
        notices.settled.connect(self._settled)

    def show_notice(self, notice: Notice) -> None:
        card = _Card(self._notices, notice, "banner", wide=True)
        self._list.addWidget(card)
        card.show()

    def cards(self) -> list[_Card]:
        """Those still up."""
        found = self.findChildren(_Card, options=Qt.FindChildOption.FindDirectChildrenOnly)
        return [card for card in found if not card.isHidden()]

    def _settled(self, notice: Notice) -> None:
        for card in self.cards():
            if card.notice is notice:
                card.leave()

    def clear(self) -> None:
        for card in self.cards():
            card.leave()
