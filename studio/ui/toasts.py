"""Notices on the screen: toasts in the corner, banners under the top bar."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
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

    def __init__(self, notice: Notice, name: str, wide: bool) -> None:
        super().__init__()
        self.notice = notice
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

    def _answer(self, text: str, call: object, keep: bool = False) -> None:
        button = QPushButton(text)
        button.clicked.connect(call)
        if not keep:
            button.clicked.connect(self.leave)
        self.buttons.append(button)

    def leave(self) -> None:
        self.hide()
        self.deleteLater()


class Toasts(QObject):
    """Up to three toasts at the bottom right of the window. An error stays until it is closed."""

    def __init__(self, window: QWidget, notices: Notices) -> None:
        super().__init__(window)
        self._window = window
        self.cards: list[_Card] = []
        notices.toast.connect(self.show_notice)
        window.installEventFilter(self)

    def show_notice(self, notice: Notice) -> None:
        """Put a toast up."""
        card = _Card(notice, "toast", wide=False)
        card.setParent(self._window)
        over_pictures(card)
        card.setFixedWidth(theme.look().px(380))
        card.destroyed.connect(lambda: self._gone(card))
        self.cards.append(card)
        for old in self.cards[:-MOST]:
            old.leave()
        card.show()
        QTimer.singleShot(0, self, self.place)
        if notice.level != "stop" and not notice.answers:
            QTimer.singleShot(LASTS_MS, card, card.leave)
        self.place()

    def _gone(self, card: _Card) -> None:
        if card in self.cards:
            self.cards.remove(card)
            self.place()

    def place(self) -> None:
        """Stack the toasts upwards from the corner."""
        bottom = self._window.height() - 40
        for card in reversed(self.cards):
            if card.isHidden():
                continue
            card.setFixedHeight(
                max(card.heightForWidth(card.width()), card.minimumSizeHint().height())
            )
            bottom -= card.height()
            card.move(self._window.width() - card.width() - 16, bottom)
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
        notices.banner.connect(self.show_notice)

    def show_notice(self, notice: Notice) -> None:
        card = _Card(notice, "banner", wide=True)
        self._list.addWidget(card)

    def cards(self) -> list[_Card]:
        """Those still up."""
        found = self.findChildren(_Card, options=Qt.FindChildOption.FindDirectChildrenOnly)
        return [card for card in found if not card.isHidden()]

    def clear(self) -> None:
        for card in self.cards():
            card.leave()
