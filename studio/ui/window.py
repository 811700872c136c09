"""The window: puts the parts together and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QTimer
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from studio.ui.actions import add_actions
from studio.ui.docks import Docks
from studio.ui.drop import DropVeil
from studio.ui.help import Help
from studio.ui.history_panel import HistoryPanel
from studio.ui.jobs_panel import JobsPanel
from studio.ui.log_panel import LogPanel
from studio.ui.marks import marks
from studio.ui.next_step import NextStep
from studio.ui.pace import Pace
from studio.ui.palette import Palette
from studio.ui.preferences import Preferences
from studio.ui.project_tree import ProjectTree
from studio.ui.shortcuts import ShortcutsDialog
from studio.ui.stage import Stage
from studio.ui.step_dock import StepDock
from studio.ui.studio import Studio
from studio.ui.toasts import Banners, Toasts
from studio.ui.topbar import StatusBar, TopBar
from studio.ui.tour import Tour
from studio.ui.welcome import Welcome


class Window(QMainWindow):
    """One window on one project."""

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self.studio = studio
        self.setObjectName("window")
        self._preferences: Preferences | None = None
        self._help: Help | None = None
        self.tour: Tour | None = None

        middle = QWidget()
        middle.setObjectName("page")
        self.docks = Docks(middle, studio.settings.path.parent / "layouts.json")
        self.tree = ProjectTree(studio)
        self.steps = StepDock(studio)
        self.jobs = JobsPanel(studio.watch)
        self.log = LogPanel(studio)
        self.history = HistoryPanel(studio.document)
        for id, widget in (("project", self.tree), ("step", self.steps), ("jobs", self.jobs),
                           ("log", self.log), ("history", self.history)):  # fmt: skip
            self.docks.fill(id, widget)
        self.stage = Stage(studio, self.docks)
        self.next_step = NextStep(studio, self.stage.play)
        add_actions(studio, self)
        self.palette_box = Palette(studio.commands, self)

        self.welcome = Welcome(
            studio, self.open_sample, lambda: studio.commands.run("file.import"), self._webcam()
        )
        self.pages = QStackedWidget()
        self.pages.addWidget(self.welcome)
        self.pages.addWidget(self.docks.manager)
        self.banners = Banners(studio.notices)
        self.top = TopBar(studio, self.docks)
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for part, stretch in ((self.top, 0), (self.banners, 0), (self.pages, 1)):
            column.addWidget(part, stretch)
        self.setCentralWidget(middle)
        self.setStatusBar(StatusBar(studio, self.docks))
        self.toasts = Toasts(self, studio.notices, self.steps)
        self.drop = DropVeil(self, studio, lambda: self.steps.current)
        Pace(self)
        self._wire()
        self.docks.switch(self.docks.last)
        self._on_opened()
        self.setFocus()  # else the first tab has it, and a ring, as soon as the window is active

    def _wire(self) -> None:
        studio = self.studio
        for command in studio.commands.all():
            if command.id in studio.commands:
                self.addAction(studio.commands.action(command.id))
        self.docks.switched.connect(self.steps.show_menu)
        self.docks.switched.connect(lambda _: studio.commands.refresh())
        studio.panel_wanted.connect(self.show_panel)
        studio.page_wanted.connect(self.docks.show)
        studio.beside_wanted.connect(self.docks.beside)
        studio.alone_wanted.connect(self.docks.lay_alone)
        studio.projects.opened.connect(self._on_opened)
        studio.document.changed.connect(self._on_document)
        studio.selection.changed.connect(studio.commands.refresh)

    def _on_opened(self) -> None:
        self._on_document(self.studio.project)
        if not self.studio.project.items:
            self.pages.setCurrentWidget(self.welcome)

    def _on_document(self, project: Any) -> None:
        draft = "" if not self.studio.projects.is_draft else " (draft)"
        self.setWindowTitle(f"{project.name}{draft} – Doppel")
        if project.items:
            self.pages.setCurrentWidget(self.docks.manager)

    def go_to(self, workspace: str) -> None:
        """Show a workspace."""
        self.pages.setCurrentWidget(self.docks.manager)
        self.docks.switch(workspace)
        self.steps.show_menu(workspace)

    def show_panel(self, id: str, params: Any = None) -> None:
        """Show a feature's panel in its workspace. Whoever works needs no tour."""
        if self.tour:
            self.tour.end()
        self.go_to(self.studio.registry[id].manifest.menu)
        self.docks.show("step")
        self.steps.show_feature(id, params)

    def open_sample(self) -> None:
        """Bring in the sample take, whose truth is known."""
        if self.studio.sample is not None:
            self.next_step.open_sample(self.studio.sample)

    def _webcam(self) -> Any:
        live = [f for f in self.studio.registry.features.values() if "webcam" in f.manifest.accepts]
        return (lambda: self.studio.use_webcam(live[0].id)) if live else None

    # -- what the commands do -------------------------------------------------------------------

    def rename(self) -> None:
        rows = self.tree.selectedItems()
        if rows:
            self.docks.show("project")
            self.tree.editItem(rows[0])

    def toggle_dock(self, id: str) -> None:
        self.pages.setCurrentWidget(self.docks.manager)
        self.docks.toggle(id)

    def reset_layout(self) -> None:
        self.pages.setCurrentWidget(self.docks.manager)
        self.docks.reset()

    def switch_theme(self) -> None:
        self.studio.set_theme("light" if self.studio.settings.value.theme == "dark" else "dark")

    def full_screen(self) -> None:
        self.showNormal() if self.isFullScreen() else self.showFullScreen()

    def edit_shortcuts(self) -> None:
        ShortcutsDialog(self.studio.commands, self).show()

    def show_preferences(self, page: str = "") -> None:
        if self._preferences is None:
            self._preferences = Preferences(self.studio, self)
        self._preferences.open_page(page)

    def show_help(self, page: str = "") -> None:
        if self._help is None:
            self._help = Help(self.studio.commands, self)
        self._help.open_page(page or self.steps.current or "start")

    def start_tour(self) -> None:
        """The coach marks, from the first."""
        if self.tour is None:
            self.tour = Tour(self, marks(self))
            self.tour.ended.connect(self._tour_ended)

    def _tour_ended(self) -> None:
        self.tour = None
        self.studio.settings.change(tour_done=True)
        self._on_opened()

    # -- life -----------------------------------------------------------------------------------

    def started(self, open_first: Path | None = None) -> None:
        """After the first picture: the heavy views, recovery, the tour."""
        self.stage.build()
        self.studio.projects.offer_recovery()
        for broken in self.studio.registry.broken:
            self.studio.notices.tell(f"The plug-in “{broken.folder.name}” was skipped.",
                                     broken.why, "look")  # fmt: skip
        if not self.studio.settings.value.tour_done and open_first is None:
            QTimer.singleShot(400, self, self.start_tour)

    def closeEvent(self, event: QCloseEvent) -> None:
        self.docks.save()
        if self.tour is not None:
            self.tour.end()
        self.stage.close()
        self.log.close_log()
        self.studio.close()
        super().closeEvent(event)
