"""A scan to compare the head with: which, what came of it, and its colours on the head."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from studio.core.errors import StudioError
from studio.synth.heads.scanned import ENDINGS, MOST_M, Measured
from studio.ui.photo.looks import segment

_KEY = (
    f"Blue: the head lies {1e3 * MOST_M:.0f} mm or more within the scan; red: as far outside; "
    "white: on it."
)


class ScanGroup(QWidget):
    """``chosen(path)`` follows the choice of a scan, None to do without; ``mapped`` the colours
    switched on and off."""

    chosen = Signal(object)
    mapped = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.path: Path | None = None
        self.open_button = QPushButton("Choose a scan…")
        self.open_button.setToolTip("A scan of the same head, upright; a face is looked for on it")
        self.open_button.clicked.connect(self._ask)
        self.away = QPushButton("Without it")
        self.away.clicked.connect(lambda: self.chosen.emit(None))
        self.map = segment("Error map", "How far the head is off the scan, in colours on the head")
        self.map.setChecked(True)
        self.map.toggled.connect(lambda _: self.mapped.emit())
        self.told = QLabel()
        self.told.setWordWrap(True)
        self.told.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.key = QLabel(_KEY)
        self.key.setWordWrap(True)
        self.key.setProperty("role", "small")
        row = QHBoxLayout()
        row.setSpacing(8)
        for button in (self.map, self.away):
            row.addWidget(button)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.open_button)
        column.addWidget(self.told)
        column.addWidget(self.key)
        column.addLayout(row)
        self.show_scan(None)

    @property
    def wanted(self) -> Path | None:
        """The scan whose colours are to be shown."""
        return self.path if self.map.isChecked() else None

    def _ask(self) -> None:
        endings = " ".join(f"*{ending}" for ending in ENDINGS)
        path, _ = QFileDialog.getOpenFileName(self, "A scan of this head", "", f"Scans ({endings})")
        if path:
            self.chosen.emit(Path(path))

    def show_scan(self, path: Path | None) -> None:
        """This scan is compared with; nothing is told."""
        if path != self.path:
            self.told.setText("" if path is None else "Measuring…")
            with QSignalBlocker(self.map):
                self.map.setChecked(True)
        self.path = path
        self.open_button.setText("Choose a scan…" if path is None else path.name)
        for widget in (self.map, self.away):
            widget.setVisible(path is not None)
        self._show_words()

    def tell(self, measured: Measured | None, trouble: StudioError | None) -> None:
        """What came of the measurement."""
        if trouble is not None:
            self.told.setText(f"{trouble.message} {trouble.hint}".strip())
        elif measured is not None:
            self.told.setText(f"The face: {measured.text}")
        self.told.setProperty("verdict", "stop" if trouble is not None else "")
        self.told.style().unpolish(self.told)
        self.told.style().polish(self.told)
        self._show_words()

    def _show_words(self) -> None:
        self.told.setVisible(bool(self.told.text()) and self.path is not None)
        self.key.setVisible(self.wanted is not None)
