"""The window of the networks that Doppel trains: one row a network, three pages each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QCloseEvent, QShowEvent
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from studio.core.card import Card
from studio.jobs.job import AnyJob
from studio.training.publish import Published
from studio.training.runs import Run, list_runs
from studio.ui import theme
from studio.ui.networks import work
from studio.ui.networks.figures_page import FiguresPage
from studio.ui.networks.runs_page import RunsPage
from studio.ui.networks.training_page import TrainingPage
from studio.ui.networks.work import Known, Wish
from studio.ui.studio import Studio
from studio.ui.words import time_left

LOOK_MS = 1000


class NetworksWindow(QDialog):
    """Not modal: training goes on behind it and after it is closed, as a job among the others."""

    def __init__(self, studio: Studio, parent: QWidget) -> None:
        super().__init__(parent)
        self._studio = studio
        self.setWindowTitle("Networks")
        self.resize(1040, 680)
        self.known: dict[str, Known] = {}
        self._jobs: dict[str, AnyJob] = {}
        self.list = QListWidget()
        self.list.setAccessibleName("Networks")
        self.list.setFixedWidth(208)
        self.list.currentItemChanged.connect(self._show)
        self.title, self.does = QLabel(), QLabel()
        self.title.setProperty("role", "heading")
        self.does.setProperty("role", "muted")
        self.does.setWordWrap(True)
        self.figures, self.runs = FiguresPage(), RunsPage()
        self.training = TrainingPage(work.devices())
        self.pages = QTabWidget()
        self.pages.setDocumentMode(True)
        for words, page in (("Figures", self.figures), ("Training", self.training),
                            ("Runs", self.runs)):  # fmt: skip
            self.pages.addTab(page, words)
        self.figures.measure_button.clicked.connect(self._measure)
        self.training.wanted.connect(self.train)
        self.training.paused.connect(self._pause)
        self.training.ended.connect(self._finish)
        self.runs.publish.connect(self._publish)
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_MS)
        self._timer.timeout.connect(self._follow)
        self._reading = False
        self._lay_out()

    def _lay_out(self) -> None:
        head = QVBoxLayout()
        head.setContentsMargins(16, 16, 16, 8)
        head.setSpacing(4)
        head.addWidget(self.title)
        head.addWidget(self.does)
        right = QVBoxLayout()
        right.setSpacing(0)
        right.addLayout(head)
        right.addWidget(self.pages, 1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.list)
        row.addLayout(right, 1)

    # -- what there is

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.pages.tabBar().setFocus()
        self.refresh()
        self._timer.start()

    def closeEvent(self, event: QCloseEvent) -> None:
        self._timer.stop()
        super().closeEvent(event)

    @property
    def current(self) -> str:
        """The name of the chosen network."""
        rows = self.list.selectedItems()
        return str(rows[0].data(Qt.ItemDataRole.UserRole)) if rows else ""

    def refresh(self) -> None:
        """Look again what there is."""
        self._studio.watch.call(
            self._studio.lanes["io"].submit(work.look_all),
            self.show_networks,
            lambda error, details: self._studio.notices.error(error, "Networks", details),
        )

    def show_networks(self, found: Mapping[str, Known]) -> None:
        """List the networks; the chosen one stays chosen."""
        keep = self.current if self.current in found else next(iter(found), "")
        self.known = dict(found)
        self.list.blockSignals(True)
        self.list.clear()
        for name, known in found.items():
            row = QListWidgetItem(known.title)
            row.setData(Qt.ItemDataRole.UserRole, name)
            ready = known.card is not None
            row.setIcon(theme.icon(*(("ph.check-circle", "good") if ready else
                                     ("ph.circle-dashed", "muted"))))  # fmt: skip
            row.setToolTip("In use" if ready else "Not trained yet")
            self.list.addItem(row)
            if name == keep:
                self.list.setCurrentItem(row)
        self.list.blockSignals(False)
        self._show()

    def _show(self, *_: object) -> None:
        known = self.known.get(self.current)
        if known is None:
            return
        self.title.setText(known.title)
        self.does.setText(known.does)
        self.figures.show_card(known.card)
        busy = {w.job.name for w in self._studio.watch.working}
        self.figures.measure_button.setEnabled(f"Measure {known.name}" not in busy)
        self.runs.show_runs(known.runs, known.score, known.better)
        self.training.show_layered(known.name == work.LAYERED)
        self.training.show_run(known.runs[0] if known.runs else None)
        self._follow()

    def _measure(self) -> None:
        name = self.current
        self.figures.measure_button.setEnabled(False)
        self._studio.background(
            f"Measure {name}",
            lambda context: work.measuring(name, context),
            lambda card: self._measured(name, card),
            lane="cpu",
        )

    def _measured(self, name: str, card: Card) -> None:
        known = self.known.get(name)
        if known is not None:
            self.known[name] = replace(known, card=card)
        self._show()

    # -- training

    def train(self, wish: Wish) -> None:
        """Train the chosen network."""
        name = self.current
        self._jobs[name] = self._studio.background(
            f"Train {name}",
            lambda context: work.training(name, wish, context),
            lambda _: self._trained(name),
            lane="io",
        )
        self._follow()

    def _trained(self, name: str) -> None:
        self.refresh()
        self._studio.notices.tell(
            f"“{name}” has been trained.", "Compare it under “Runs”, and use it if it is better.",
            "good", ("Show", self._show_runs),
        )  # fmt: skip

    def _show_runs(self) -> None:
        self.pages.setCurrentWidget(self.runs)
        self.show()
        self.raise_()

    def _running(self) -> AnyJob | None:
        job = self._jobs.get(self.current)
        return job if job is not None and not job.ended.done() else None

    def _pause(self) -> None:
        job = self._running()
        if job is not None:
            job.context.resume() if job.context.paused else job.context.pause()
            self._follow()

    def _finish(self) -> None:
        job = self._running()
        if job is not None:
            job.context.finish()
            self.training.end_button.setEnabled(False)

    def _follow(self) -> None:
        """How far the chosen network's run is, and its curves so far."""
        job = self._running()
        context = job.context if job is not None else None
        self.training.show_running(job is not None, bool(context and context.paused))
        if job is None or context is None:
            self.training.tell(0.0, "")
            self.training.end_button.setEnabled(True)
            return
        state = "Paused" if context.paused else context.text
        left = time_left(job.seconds_left)
        self.training.tell(context.fraction, " · ".join(part for part in (state, left) if part))
        if not self._reading:
            self._reading = True
            name = self.current
            self._studio.watch.call(
                self._studio.lanes["io"].submit(lambda: _newest(name)),
                lambda run: self._read(name, run),
                lambda error, details: self._read(name, None),
            )

    def _read(self, name: str, run: Run | None) -> None:
        self._reading = False
        if run is not None and name == self.current:
            self.training.show_run(run)

    def _publish(self, run: Run) -> None:
        name = self.current
        self._studio.background(
            f"Measure {run.name}",
            lambda context: work.publishing(name, run, context),
            lambda done: self._published(name, done),
            lane="cpu",
        )

    def _published(self, name: str, done: Published) -> None:
        self.refresh()
        told = "is in use now" if done.replaced else "was not better"
        self._studio.notices.tell(
            f"The run of “{name}” {told}.", done.why, "good" if done.replaced else "look"
        )


def _newest(name: str) -> Run | None:
    return next(iter(list_runs(name)), None)
