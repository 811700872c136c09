"""What a calibration passed or not, as a calm list: an icon and a word, then the remedy."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from studio.document.gathered import Gathered, gathered
from studio.document.trust import GateMark
from studio.ui import theme
from studio.ui.facts import VERDICTS

_ORDER = {"stop": 0, "look": 1, "plain": 2, "good": 3}
_WORDS = {"good": "passed", "look": "have a look", "stop": "stops it", "plain": "not tested"}


class GateLine(QWidget):
    """One test: what it is called, what came of it, and what to do where it failed.

    What each camera showed, where several failed alike, is its tooltip.
    """

    def __init__(self, entry: Gathered, overruled: bool) -> None:
        super().__init__()
        gate = entry.mark
        mark, title = QLabel(), QLabel(gate.title)
        role = "muted" if gate.verdict == "plain" else gate.verdict
        symbol = "ph.minus-circle" if gate.verdict == "plain" else VERDICTS[gate.verdict][0]
        theme.set_icon(mark, symbol, role)
        word = "set aside on record" if overruled else _WORDS[gate.verdict]
        judged = QLabel(word)
        judged.setProperty("verdict", gate.verdict)
        title.setWordWrap(True)
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(mark, 0, Qt.AlignmentFlag.AlignTop)
        top.addWidget(title, 1)
        top.addWidget(judged, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(top)
        below = QVBoxLayout()
        below.setContentsMargins(theme.look().px(16) + 8, 0, 0, 0)
        below.setSpacing(2)
        if gate.verdict != "good":
            below.addWidget(_small(gate.text))
            if gate.remedy:
                remedy = _small(gate.remedy)
                remedy.setProperty("role", "")
                below.addWidget(remedy)
        else:
            self.setToolTip(gate.text)
        if entry.details:
            self.setToolTip("\n".join(entry.details))
        column.addLayout(below)
        self.setAccessibleName(f"{gate.title}: {word}. {gate.text} {gate.remedy}".strip())


def _small(text: str) -> QLabel:
    label = QLabel(text)
    label.setProperty("role", "small")
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label


class GateList(QWidget):
    """What stops acceptance first, then what to look at, then what could not be tested; what passed
    is one line until opened. Cameras that fail alike are one line."""

    def __init__(self) -> None:
        super().__init__()
        self.gates: tuple[GateMark, ...] = ()
        self._entries: tuple[Gathered, ...] = ()
        self.lines: list[GateLine] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(8)
        self.passed = QPushButton()
        self.passed.setProperty("role", "link")
        self.passed.setCheckable(True)
        self.passed.toggled.connect(self._open)
        self.copy = QPushButton("Copy")
        self.copy.setProperty("role", "link")
        self.copy.setToolTip("Copy all tests as a table, to paste it into a spreadsheet")
        self.copy.clicked.connect(self.copy_table)
        foot = QHBoxLayout()
        foot.addWidget(self.passed)
        foot.addWidget(self.copy)
        foot.addStretch(1)
        self._column.addLayout(foot)

    def show_gates(
        self, gates: Sequence[GateMark], overruled: frozenset[str] = frozenset()
    ) -> None:
        """Show these instead."""
        for line in self.lines:
            self._column.removeWidget(line)
            line.hide()
            line.deleteLater()
        self.gates = tuple(sorted(gates, key=lambda gate: _ORDER[gate.verdict]))
        self._entries = gathered(self.gates)
        self.lines = [GateLine(entry, entry.mark.id in overruled) for entry in self._entries]
        above = sum(entry.mark.verdict != "good" for entry in self._entries)
        for number, line in enumerate(self.lines):
            self._column.insertWidget(number if number < above else number + 1, line)
        good = len(self.lines) - above
        told = "1 test passed" if good == 1 else f"{good} tests passed"
        self.passed.setText(told if above else f"All {told}")
        self.passed.setVisible(good > 0)
        self.setVisible(bool(self.gates))
        self._open(self.passed.isChecked())

    def _open(self, on: bool) -> None:
        theme.set_icon(self.passed, "ph.caret-down" if on else "ph.caret-right", "accent")
        for line, entry in zip(self.lines, self._entries, strict=True):
            line.setVisible(on or entry.mark.verdict != "good")

    def copy_table(self) -> None:
        """All tests, tab-separated."""
        rows = [("Test", "Result", "Found", "Camera", "What to do")]
        rows += [(g.title, _WORDS[g.verdict], g.text, g.camera, g.remedy) for g in self.gates]
        QGuiApplication.clipboard().setText("\n".join("\t".join(row) for row in rows))
