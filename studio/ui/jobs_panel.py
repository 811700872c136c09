"""The job list, and the bubble that sums it up."""

from __future__ import annotations

import time

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from studio.core.counted import counted
from studio.ui import theme
from studio.ui.job_watch import JobWatch, Watched
from studio.ui.progress_bar import ProgressBar
from studio.ui.words import clock, time_left

_STATE = {
    "waiting": ("ph.hourglass", "muted", "waiting"),
    "running": ("ph.gear-six", "accent", ""),
    "paused": ("ph.pause-circle", "look", "paused"),
    "done": ("ph.check-circle", "good", "done"),
    "failed": ("ph.warning-octagon", "stop", "failed"),
    "cancelled": ("ph.x-circle", "muted", "cancelled"),
}


class JobRow(QWidget):
    """One job: what, how far, how long, and what can be done about it."""

    def __init__(self, watch: JobWatch, watched: Watched) -> None:
        super().__init__()
        self._watch, self.watched = watch, watched
        self._state: tuple[str, bool, bool] | None = None
        self.mark = QLabel()
        self.name = QLabel(watched.job.name)
        self.told = QLabel()
        self.told.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.told.setProperty("role", "small")
        self.bar = ProgressBar()
        self.bar.setAccessibleName(f"Progress of {watched.job.name}")
        self.pause = self._button("ph.pause", "Pause", self._pause)
        self.stop = self._button("ph.stop", "Stop, and keep it", watched.job.context.finish)
        self.cancel = self._button("ph.x", "Cancel", self._cancel)
        self.retry = self._button("ph.arrow-clockwise", "Run again", self._retry)
        self.forget = self._button("ph.trash", "Take off the list", lambda: watch.forget(watched))
        top = QHBoxLayout()
        top.setSpacing(8)
        for widget in (self.mark, self.name):
            top.addWidget(widget)
        top.addWidget(self.told, 1)
        for widget in (self.pause, self.stop, self.cancel, self.retry, self.forget):
            top.addWidget(widget)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 4, 8, 4)
        layout.setSpacing(4)
        layout.addLayout(top)
        layout.addWidget(self.bar)
        self.refresh()

    def _button(self, symbol: str, tip: str, call: object) -> QToolButton:
        button = QToolButton()
        theme.set_icon(button, symbol)
        button.setToolTip(tip)
        button.setAccessibleName(f"{tip}: {self.watched.job.name}")
        button.clicked.connect(call)
        return button

    def refresh(self) -> None:
        """Show how the job does now."""
        job = self.watched.job
        state, context = job.state, job.context
        symbol, role, word = _STATE[state]
        if (now := (state, context.endless, context.stoppable)) != self._state:
            self._state = now
            over = state in ("done", "failed", "cancelled")
            theme.set_icon(self.mark, symbol, role)
            self.pause.setVisible(not over and not context.endless)
            self.stop.setVisible(not over and context.stoppable)
            self.cancel.setVisible(not over)
            self.bar.setVisible(not over and not context.endless)
            self.retry.setVisible(over and self.watched.retry is not None)
            self.forget.setVisible(over)
            theme.set_icon(self.pause, "ph.play" if state == "paused" else "ph.pause")
            self.pause.setToolTip("Resume" if state == "paused" else "Pause")
        if context.cancelled and state in ("running", "paused", "waiting"):
            word = "stopping"
        parts = [word]
        if state in ("running", "paused"):
            share = "" if context.endless else f"{100 * context.fraction:.0f} %"
            parts = [context.text, share, word or time_left(job.seconds_left)]
            self.bar.fill(context.fraction)
        elif job.started_s is not None and job.finished_s is not None:
            parts.append(f"in {clock(job.finished_s - job.started_s)}")
        told = " · ".join(part for part in parts if part)
        self.told.setText(told)
        self.told.setToolTip(told)

    def _pause(self) -> None:
        context = self.watched.job.context
        context.resume() if context.paused else context.pause()
        self.refresh()

    def _cancel(self) -> None:
        self.watched.job.cancel()
        self.refresh()

    def _retry(self) -> None:
        if self.watched.retry is not None:
            self._watch.forget(self.watched)
            self.watched.retry()


class JobsPanel(QScrollArea):
    """Every job of this session, the newest first."""

    def __init__(self, watch: JobWatch) -> None:
        super().__init__()
        self._watch = watch
        self.rows: dict[Watched, JobRow] = {}
        body = QWidget()
        self._list = QVBoxLayout(body)
        self._list.setContentsMargins(8, 8, 8, 8)
        self._list.setSpacing(4)
        self._none = QLabel("No jobs yet. What you start is listed here.")
        self._none.setProperty("role", "muted")
        self._none.setWordWrap(True)
        self._list.addWidget(self._none)
        self._list.addStretch(1)
        self.setWidget(body)
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        watch.changed.connect(self._rebuild)
        watch.told.connect(self._refresh)
        self._rebuild()

    def _rebuild(self) -> None:
        for watched in [w for w in self.rows if w not in self._watch.jobs]:
            self.rows.pop(watched).deleteLater()
        for watched in self._watch.jobs:
            if watched not in self.rows:
                self.rows[watched] = JobRow(self._watch, watched)
                self._list.insertWidget(0, self.rows[watched])
            self.rows[watched].refresh()
        self._none.setVisible(not self.rows)

    def _refresh(self) -> None:
        if self.isVisible():
            for row in self.rows.values():
                if not row.watched.delivered:
                    row.refresh()


def summary(watch: JobWatch) -> str:
    """“1 job 62 % 0:41 left”; empty when nothing runs. A job without an end says how long it runs
    already: “1 job since 0:12”."""
    jobs = [w.job for w in watch.working]
    if not jobs:
        return ""
    told = counted(len(jobs), "job")
    ending = [job for job in jobs if not job.context.endless]
    if not ending:
        began = min(job.started_s or job.created_s for job in jobs)
        return f"{told} since {clock(time.monotonic() - began)}"
    share = sum(job.context.fraction for job in ending) / len(ending)
    left = [s for job in ending if (s := job.seconds_left) is not None]
    parts = (told, f"{100 * share:.0f} %", time_left(max(left, default=None)))
    return " ".join(part for part in parts if part)


class JobBubble(QToolButton):
    """How many jobs run; a click shows them."""

    def __init__(self, watch: JobWatch) -> None:
        super().__init__()
        self._watch = watch
        self.setProperty("role", "bubble")
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        theme.set_icon(self, "ph.spinner-gap", "accent")
        watch.told.connect(self.refresh)
        watch.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        jobs = self._watch.working
        self.setVisible(bool(jobs))
        self.setText(str(len(jobs)))
        told = summary(self._watch)
        self.setToolTip(f"{told}\nShow the jobs")
        self.setAccessibleName(f"Jobs: {told or 'none'}")
