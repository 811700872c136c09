"""The runs of a network side by side, and the way from a run to a network that is used."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from studio.training.runs import Run
from studio.ui.networks.run_charts import run_charts
from studio.ui.plots import Plots
from studio.ui.words import clock


class RunsPage(QWidget):
    """Choose one run or several to compare their curves. ``publish(Run)`` asks to use one."""

    publish = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.runs: tuple[Run, ...] = ()
        self.table = QTableWidget(0, 4)
        self.table.setAccessibleName("Runs")
        self.table.setHorizontalHeaderLabels(["Run", "Steps", "Trained for", "Best score"])
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.verticalHeader().hide()
        self.table.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.table.itemSelectionChanged.connect(self._draw)
        self.table.setMaximumHeight(180)
        self.plots = Plots(empty="Choose runs above to compare their curves.")
        self.publish_button = QPushButton("Measure and use this run")
        self.publish_button.setProperty("role", "primary")
        self.publish_button.clicked.connect(self._ask)
        self.note = QLabel("It takes the place of the network in use only if it is better.")
        self.note.setProperty("role", "muted")
        row = QHBoxLayout()
        row.addWidget(self.publish_button)
        row.addWidget(self.note, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(12)
        column.addWidget(self.table)
        column.addWidget(self.plots, 1)
        column.addLayout(row)
        self._draw()

    def show_runs(self, runs: tuple[Run, ...], score: str, better: str) -> None:
        """List runs; the newest is chosen."""
        chosen = {run.name for run in self.chosen()}
        self.runs = runs
        self.table.blockSignals(True)
        self.table.setRowCount(len(runs))
        for number, run in enumerate(runs):
            best = run.best(score, better)
            told = "–" if best is None else f"{best:.4f}"
            for place, text in enumerate((run.name, f"{run.step}", clock(run.spent_s), told)):
                cell = QTableWidgetItem(text)
                if place:
                    cell.setTextAlignment(
                        Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
                    )
                self.table.setItem(number, place, cell)
        self.table.blockSignals(False)
        self.table.clearSelection()
        mode = QAbstractItemView.SelectionMode
        self.table.setSelectionMode(mode.MultiSelection)
        for number, run in enumerate(runs):
            if run.name in chosen or (not chosen and number == 0):
                self.table.selectRow(number)
        self.table.setSelectionMode(mode.ExtendedSelection)
        self._draw()

    def chosen(self) -> tuple[Run, ...]:
        """The chosen runs."""
        rows = sorted({index.row() for index in self.table.selectedIndexes()})
        return tuple(self.runs[row] for row in rows if row < len(self.runs))

    def _draw(self) -> None:
        runs = self.chosen()
        self.plots.set_charts(run_charts(runs) if runs else ())
        ready = len(runs) == 1 and runs[0].validated
        self.publish_button.setEnabled(ready)
        self.publish_button.setToolTip("" if ready else "Choose one run that was validated")

    def _ask(self) -> None:
        self.publish.emit(self.chosen()[0])
