"""The live pages of the cameras dock and of the plots dock, beside those of the take."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

from PySide6.QtCore import QObject
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from studio.core.types import Frame, FrameSet, Keypoints
from studio.document.project import TakeItem
from studio.ui.live_charts import live_charts
from studio.ui.live_grid import LiveGrid
from studio.ui.plots import Plots
from studio.ui.studio import Studio

LIVE, TAKE = "Live", "Take"


class LiveViews(QObject):
    """Shows the live cameras while they are open, and goes back to the take when asked.

    ``wrap`` puts the live page beside a view that shows the take. Opening cameras shows the live
    pages; choosing a take, or pictures of one from a job, shows those of the take.
    """

    def __init__(self, studio: Studio, front: Callable[[str], object] = lambda _: None) -> None:
        """``front`` brings the dock of a view before the others."""
        super().__init__()
        self._studio, self._front = studio, front
        self.grid: LiveGrid | None = None
        self.plots: Plots | None = None
        self.page = TAKE
        self._stacks: dict[str, QStackedWidget] = {}
        self._header: QFrame | None = None
        self._tabs: dict[str, QToolButton] = {}
        self._running = False
        self._seen: set[str] = set()
        studio.cameras.changed.connect(self._on_cameras)
        studio.cameras.told.connect(self._chart)
        studio.selection.changed.connect(self._on_selection)
        studio.live.connect(self._on_live)
        studio.watch.changed.connect(self._on_jobs)

    def wrap(self, id: str, view: QWidget) -> QWidget:
        """The widget for the dock of a view: with room for its live page, if it has one."""
        if id not in ("canvas", "plots"):
            return view
        stack = self._stacks[id] = QStackedWidget()
        stack.addWidget(view)
        if id == "plots":
            return stack
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._make_header())
        column.addWidget(stack, 1)
        return page

    def _make_header(self) -> QWidget:
        self._header = QFrame()
        row = self._row = QHBoxLayout(self._header)
        row.setContentsMargins(8, 4, 0, 4)
        row.setSpacing(0)
        group = QButtonGroup(self._header)
        for name, tip in ((LIVE, "The open cameras"), (TAKE, "The take of the project")):
            tab = QToolButton()
            tab.setText(name)
            tab.setToolTip(tip)
            tab.setAccessibleName(tip)
            tab.setCheckable(True)
            tab.setProperty("role", "segment")
            tab.clicked.connect(lambda _=False, name=name: self.show_page(name))
            group.addButton(tab)
            self._tabs[name] = tab
            row.addWidget(tab)
        row.addStretch(1)
        self._header.hide()
        return self._header

    def show_page(self, page: str) -> None:
        """Show the live cameras, or the take."""
        self.page = page if self._running else TAKE
        if self.page == LIVE:
            self._make_live()
        for stack in self._stacks.values():
            stack.setCurrentIndex(1 if self.page == LIVE and stack.count() > 1 else 0)
        for name, tab in self._tabs.items():
            tab.setChecked(name == self.page)
        if self.grid is not None:
            self.grid.bar.setVisible(self.page == LIVE)

    def _make_live(self) -> None:
        studio = self._studio
        if self.grid is None and "canvas" in self._stacks and self._header is not None:
            self.grid = LiveGrid(
                studio.cameras.hub.live,
                lambda: studio.running("record") is not None,
                lambda: studio.cameras.followed,
            )
            studio.cameras.canvas = self.grid.canvas
            self._row.insertWidget(self._row.count() - 1, self.grid.bar, 1000)
            self._stacks["canvas"].addWidget(self.grid)
        if self.plots is None and "plots" in self._stacks:
            self.plots = Plots(empty="Rate, lost frames and latency of the open cameras.")
            self._stacks["plots"].addWidget(self.plots)

    # -- what decides

    def _on_cameras(self) -> None:
        running = self._studio.cameras.running
        if running != self._running:
            self._running = running
            if self._header is not None:
                self._header.setVisible(running)
            self.show_page(LIVE if running else TAKE)
            if running:
                self._front("canvas")
        if running:
            self._chart()

    def _on_selection(self) -> None:
        project = self._studio.project
        if any(project.get(id, TakeItem) for id in self._studio.selection.ids):
            self.show_page(TAKE)

    def _on_live(self, feature: str, value: object) -> None:
        """The first pictures of a job: of the live cameras, or of the take."""
        if not self._running or feature in self._seen:
            return
        names = set(_cameras(value))
        if names:
            self._seen.add(feature)
            live = {source.name for source in self._studio.cameras.sources}
            self.show_page(LIVE if names <= live else TAKE)

    def _on_jobs(self) -> None:
        self._seen &= {watched.job.feature for watched in self._studio.watch.working}

    def _chart(self) -> None:
        plots = self.plots
        if plots is not None and self.page == LIVE and plots.isVisible():
            plots.set_charts(live_charts(self._studio.cameras.hub.stats(), time.monotonic()))

    def close(self) -> None:
        """Let go of GL and of the services."""
        studio = self._studio
        studio.cameras.changed.disconnect(self._on_cameras)
        studio.cameras.told.disconnect(self._chart)
        studio.selection.changed.disconnect(self._on_selection)
        studio.live.disconnect(self._on_live)
        studio.watch.changed.disconnect(self._on_jobs)
        studio.cameras.canvas = None
        if self.grid is not None:
            self.grid.close()


def _cameras(value: Any) -> Iterable[str]:
    if isinstance(value, list | tuple):
        return [name for one in value for name in _cameras(one)]
    if isinstance(value, FrameSet):
        return list(value.frames)
    return [value.camera] if isinstance(value, Frame | Keypoints) else []
