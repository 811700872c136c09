"""The doctor's findings, in words, with how to mend each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from studio.ui.facts import VERDICTS
from studio.ui.state_row import state_row
from studio.ui.studio import Studio


@dataclass(frozen=True)
class Check:
    """One finding about this computer. ``mend`` says what to do if it is not good."""

    title: str
    verdict: Literal["good", "look", "stop", "plain"]
    text: str
    mend: str = ""


class DoctorPage(QWidget):
    """Checks run on a worker: some of them start OpenGL or open cameras."""

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self._studio = studio
        self._ran = False
        self.checks: Sequence[Check] = ()
        self.told = QLabel("These checks say whether this computer has what Doppel needs.")
        self.told.setProperty("role", "muted")
        self.told.setWordWrap(True)
        self.bar = QProgressBar()
        self.bar.setRange(0, 0)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName("Checking")
        self.bar.hide()
        self.again = QPushButton("Check again")
        self.again.clicked.connect(self.run)
        self.copy = QPushButton("Copy")
        self.copy.clicked.connect(self._copy)
        self._list = QVBoxLayout()
        self._list.setSpacing(12)
        row = QHBoxLayout()
        row.addWidget(self.again)
        row.addWidget(self.copy)
        row.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 24, 24, 24)
        layout.setSpacing(16)
        layout.addWidget(self.told)
        layout.addWidget(self.bar)
        layout.addLayout(self._list)
        layout.addStretch(1)
        layout.addLayout(row)

    def run_once(self) -> None:
        """Run the checks when the page is first shown."""
        if not self._ran:
            self.run()

    def run(self) -> None:
        """Run the checks."""
        doctor = self._studio.doctor
        if doctor is None:
            self.told.setText("The checks are not part of this installation.")
            self.again.setEnabled(False)
            return
        self._ran = True
        self.again.setEnabled(False)
        self.told.setText("Checking: this takes some seconds. The window can be used meanwhile.")
        self.bar.show()
        self._studio.watch.call(self._studio.lanes["io"].submit(doctor), self.show_checks,
                                self._failed)  # fmt: skip

    def show_checks(self, checks: Sequence[Check]) -> None:
        """List what was found, the worst first."""
        order = {"stop": 0, "look": 1, "plain": 2, "good": 3}
        self.checks = sorted(checks, key=lambda check: order[check.verdict])
        while (item := self._list.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        for check in self.checks:
            self._list.addWidget(_row(check))
        bad = sum(check.verdict in ("stop", "look") for check in self.checks)
        self.told.setText("All is well." if not bad else f"{bad} of {len(checks)} need a look.")
        self.again.setEnabled(True)
        self.bar.hide()

    def _failed(self, error: BaseException, details: str) -> None:
        self.told.setText("The checks could not be finished.")
        self.again.setEnabled(True)
        self.bar.hide()
        self._studio.notices.error(error, "Check this computer", details)

    def _copy(self) -> None:
        lines = [f"{c.verdict}\t{c.title}\t{c.text}\t{c.mend}" for c in self.checks]
        QGuiApplication.clipboard().setText("\n".join(lines))


def _row(check: Check) -> QWidget:
    symbol, word = VERDICTS[check.verdict]
    text = QLabel(check.text)
    text.setProperty("role", "muted")
    words = [QLabel(check.title), text]
    if check.mend and check.verdict != "good":
        words.append(QLabel(check.mend))
    for label in words:
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    role = "muted" if check.verdict == "plain" else check.verdict
    said = f"{check.title}: {word}. {check.text} {check.mend}"
    return state_row(symbol, role, *words, said=said)[0]
