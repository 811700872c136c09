"""A grid of pictures to click: people, clothes, poses, faces."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget
from superqt import QFlowLayout

from studio.ui import theme
from studio.ui.thumb import Thumb, broken

PICTURE = (64, 80)


class Gallery(QWidget):
    """``clicked(name)`` follows a click; pictures arrive when they are ready, until then there is
    ``symbol``. Where one name needs two lines, all have room for two."""

    clicked = Signal(str)

    def __init__(
        self, name: str, size: tuple[int, int] = PICTURE, symbol: str = "ph.image"
    ) -> None:
        super().__init__()
        self._size, self._symbol = size, symbol
        self.setAccessibleName(name)
        self.thumbs: dict[str, Thumb] = {}
        self._flow = QFlowLayout(self)
        self._flow.setContentsMargins(0, 0, 0, 0)
        self._flow.setSpacing(6)

    def set_items(self, items: Sequence[tuple[str, str]]) -> None:
        """Names and titles; what was there and stays keeps its picture."""
        wanted = dict(items)
        for name in [name for name in self.thumbs if name not in wanted]:
            thumb = self.thumbs.pop(name)
            self._flow.removeWidget(thumb)
            thumb.hide()
            thumb.deleteLater()
        for name, title in items:
            if name not in self.thumbs:
                thumb = Thumb(title, self._size, self._symbol)
                thumb.clicked.connect(partial(self._click, name))
                self.thumbs[name] = thumb
                self._flow.addWidget(thumb)
        width = theme.look().px(self._size[0])
        lines = max((len(broken(t.text(), width, 2)) for t in self.thumbs.values()), default=1)
        for thumb in self.thumbs.values():
            thumb.lines = lines
            thumb.updateGeometry()

    def set_picture(self, name: str, image: QImage) -> None:
        """Show what a name looks like."""
        if name in self.thumbs:
            self.thumbs[name].set_picture(image)

    def set_chosen(self, names: Collection[str]) -> None:
        """Mark what is chosen now."""
        for name, thumb in self.thumbs.items():
            thumb.setChecked(name in names)

    def _click(self, name: str, _: bool = False) -> None:
        self.clicked.emit(name)
