"""A bar that says how far something is, painted with everything else of its window."""

from __future__ import annotations

from PySide6.QtWidgets import QProgressBar, QWidget

_STEPS = 1000


class ProgressBar(QProgressBar):
    """Filled by a fraction of 0 to 1.

    Qt's own bar paints itself within ``setValue``, and with it, in a window that holds a GL view,
    the whole window: four bars that move are four paintings in one turn of the event loop.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setRange(0, _STEPS)
        self.setTextVisible(False)

    def fill(self, fraction: float) -> None:
        self.setUpdatesEnabled(False)
        self.setValue(round(_STEPS * fraction))
        self.setUpdatesEnabled(True)
