"""What happened, line by line, and everything a report needs in one click."""

from __future__ import annotations

import logging
import threading
from collections import deque

from PySide6.QtCore import QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from studio.core.log import diagnostics, log_path
from studio.ui import theme
from studio.ui.studio import Studio

LINES = 2000


class _Collect(logging.Handler):
    """Keeps lines from any thread until the screen asks for them."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.setFormatter(logging.Formatter("%(asctime)s  %(levelname)-7s %(message)s", "%H:%M:%S"))
        self._lines: deque[str] = deque(maxlen=LINES)
        self._guard = threading.Lock()

    def emit(self, record: logging.LogRecord) -> None:
        line = self.format(record)
        with self._guard:
            self._lines.append(line)

    def take(self) -> list[str]:
        with self._guard:
            lines = list(self._lines)
            self._lines.clear()
        return lines


class LogPanel(QWidget):
    """The log of this session."""

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self._studio = studio
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setMaximumBlockCount(LINES)
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.setTabChangesFocus(True)
        self.text.setAccessibleName("Log")
        copy = QPushButton("Copy diagnostics")
        theme.set_icon(copy, "ph.copy")
        copy.setToolTip("Copy versions, this machine's facts and the end of the log")
        copy.clicked.connect(self.copy_diagnostics)
        clear = QPushButton("Clear")
        clear.clicked.connect(self.text.clear)
        row = QHBoxLayout()
        row.addWidget(copy)
        row.addWidget(clear)
        row.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.setSpacing(8)
        layout.addWidget(self.text, 1)
        layout.addLayout(row)
        self._handler = _Collect()
        logging.getLogger("studio").addHandler(self._handler)
        self._timer = QTimer(self, interval=500)
        self._timer.timeout.connect(self.refresh)
        self._timer.start()

    def refresh(self) -> None:
        """Show the lines that came since the last time."""
        for line in self._handler.take():
            self.text.appendPlainText(line)

    def copy_diagnostics(self) -> None:
        """Versions, platform and the log's end, on the clipboard."""
        QGuiApplication.clipboard().setText(diagnostics())
        self._studio.notices.tell("The diagnostics are on the clipboard.",
                                  f"The whole log is {log_path()}.", "good")  # fmt: skip

    def close_log(self) -> None:
        """Stop listening."""
        self._timer.stop()
        logging.getLogger("studio").removeHandler(self._handler)
