"""A group of controls under a heading that folds; made when it is first unfolded."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from studio.ui import theme


class Fold(QWidget):
    """``fill(place)`` puts the controls in when the group is first opened."""

    def __init__(self, title: str, fill: Callable[[QVBoxLayout], object]) -> None:
        super().__init__()
        self._fill: Callable[[QVBoxLayout], object] | None = fill
        self.title = title
        self.header = QPushButton(title)
        self.header.setProperty("role", "quiet")
        self.header.setCheckable(True)
        self.header.setAccessibleName(f"{title}, group")
        self.header.toggled.connect(self._show)
        self._body = QWidget()
        self._place = QVBoxLayout(self._body)
        self._place.setContentsMargins(0, 0, 0, 8)
        self._place.setSpacing(12)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self.header)
        layout.addWidget(self._body)
        self._show(False)

    @property
    def filled(self) -> bool:
        """Whether the controls exist."""
        return self._fill is None

    def open(self) -> None:
        """Unfold."""
        self.header.setChecked(True)

    def _show(self, on: bool) -> None:
        if on and self._fill is not None:
            fill, self._fill = self._fill, None
            fill(self._place)
        self._body.setVisible(on)
        theme.set_icon(self.header, "ph.caret-down" if on else "ph.caret-right", "muted")
