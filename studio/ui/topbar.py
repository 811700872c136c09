"""Above: menus, workspaces, the cameras' light, the job bubble. Below: what was saved, the jobs."""

from __future__ import annotations

import time

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QLabel,
    QMenu,
    QMenuBar,
    QStatusBar,
    QToolButton,
    QWidget,
)

from studio.ui import theme
from studio.ui.camera_light import CameraLight
from studio.ui.commands import Commands
from studio.ui.docks import WORKSPACES, Docks
from studio.ui.jobs_panel import JobBubble, summary
from studio.ui.studio import Studio

MENUS: dict[str, tuple[str, ...]] = {
    "&File": (
        "file.new", "file.open", "menu.recent", "file.sample", "-",
        "file.import", "file.import_folder", "file.find_footage", "-",
        "file.save", "file.save_as", "-", "file.quit",
    ),
    "&Edit": ("edit.undo", "edit.redo", "-", "edit.rename", "edit.delete", "-", "app.shortcuts",
              "app.preferences"),
    "&View": ("view.*", "-", "dock.*", "-", "view.theme", "view.fullscreen"),
    "&Workspace": ("workspace.*", "-", "layout.reset"),
    "&Steps": ("menu.steps", "-", "job.*"),
    "&Help": ("help.open", "help.shortcuts", "help.tour", "-", "app.palette", "app.networks",
              "app.models", "app.doctor", "app.diagnostics", "help.about"),
}  # fmt: skip


class TopBar(QWidget):
    """The menu bar, the workspaces as tabs, the light that a camera is on, and the bubble."""

    def __init__(self, studio: Studio, docks: Docks) -> None:
        super().__init__()
        self.menu = QMenuBar()
        self.menu.setNativeMenuBar(False)
        fill_menus(self.menu, studio.commands, studio)
        self.bubble = JobBubble(studio.watch)
        self.bubble.clicked.connect(lambda: docks.show("jobs"))
        self._group = QButtonGroup(self)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 0, 8, 0)
        layout.setSpacing(0)
        mark = QLabel("Doppel")
        mark.setProperty("role", "section")
        mark.setContentsMargins(8, 0, 8, 0)
        layout.addWidget(mark)
        layout.addWidget(self.menu)
        layout.addStretch(1)
        self.tabs: dict[str, QToolButton] = {}
        self.workspaces = QWidget()
        row = QHBoxLayout(self.workspaces)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        layout.addWidget(self.workspaces)
        for name in WORKSPACES:
            tab = QToolButton()
            tab.setProperty("role", "workspace")
            tab.setText(name)
            tab.setCheckable(True)
            tab.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            tab.setToolTip(studio.commands.tip(f"workspace.{name.lower()}"))
            tab.setAccessibleName(f"Workspace {name}")
            tab.clicked.connect(
                lambda _=False, n=name: studio.commands.run(f"workspace.{n.lower()}")
            )
            self._group.addButton(tab)
            self.tabs[name] = tab
            row.addWidget(tab)
        layout.addSpacing(8)
        self.light = CameraLight(studio.cameras)
        layout.addWidget(self.light)
        layout.addWidget(self.bubble)
        search = studio.commands.button("app.palette")
        search.setIconSize(QSize(18, 18))
        search.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        layout.addWidget(search)
        docks.switched.connect(lambda name: self.tabs[name].setChecked(True))


def fill_menus(bar: QMenuBar, commands: Commands, studio: Studio) -> None:
    """Build the menus from the registry; ``group.*`` stands for all commands of that prefix."""
    for title, entries in MENUS.items():
        menu = bar.addMenu(title)
        menu.setToolTipsVisible(True)
        menu.aboutToShow.connect(commands.refresh)
        for entry in entries:
            if entry == "-":
                menu.addSeparator()
            elif entry == "menu.recent":
                recent = menu.addMenu("Open &recent")
                recent.aboutToShow.connect(lambda m=recent: _fill_recent(m, studio))
            elif entry == "menu.steps":
                _add_steps(menu, commands, studio)
            elif entry.endswith(".*"):
                for command in commands.all():
                    if command.id.startswith(entry[:-1]) and command.id not in entries:
                        menu.addAction(commands.action(command.id))
            elif entry in commands:
                menu.addAction(commands.action(entry))


def _add_steps(menu: QMenu, commands: Commands, studio: Studio) -> None:
    """The steps of each workspace, in the order in which they are done."""
    for name in WORKSPACES:
        inside = menu.addMenu(name)
        inside.setToolTipsVisible(True)
        for feature in studio.registry.features.values():
            if feature.manifest.menu == name:
                inside.addAction(commands.action(f"panel.{feature.id}"))


def _fill_recent(menu: QMenu, studio: Studio) -> None:
    menu.clear()
    for path in studio.projects.recent():
        menu.addAction(path.stem, lambda p=path: studio.commands.run(f"recent.{p}"))
    if menu.isEmpty():
        menu.addAction("No recent projects").setEnabled(False)


class StatusBar(QStatusBar):
    """“saved 14:02 · CPU · 1 job 62 % 0:41 left”, and a line for what just happened."""

    def __init__(self, studio: Studio, docks: Docks) -> None:
        super().__init__()
        self._studio = studio
        self.setSizeGripEnabled(False)
        self.said = QLabel()
        self.state = QLabel()
        self.jobs = QLabel()
        self.said.setAccessibleName("Last action")
        self.addWidget(self.state)
        self.addWidget(self.jobs)
        self.addWidget(self.said, 1)
        for text, symbol, call, tip in (
            ("Log", "ph.terminal-window", lambda: docks.show("log"), "Show the log"),
            ("Help", "ph.question", lambda: studio.commands.run("help.open"), "Help (F1)"),
        ):
            button = QToolButton()
            button.setText(text)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            button.setToolTip(tip)
            button.setAccessibleName(tip)
            button.setIconSize(QSize(14, 14))
            theme.set_icon(button, symbol, "muted")
            button.clicked.connect(call)
            self.addPermanentWidget(button)
        self._fade = QTimer(self, singleShot=True, interval=8000)
        self._fade.timeout.connect(self.said.clear)
        studio.notices.status.connect(self.say)
        studio.projects.saved.connect(self.refresh)
        studio.projects.opened.connect(self.refresh)
        studio.document.changed.connect(self._on_document)
        studio.watch.told.connect(self._tell_jobs)
        self.refresh()

    def say(self, text: str) -> None:
        """Show a line for a while; one that ends in “…” goes on until another one comes."""
        self.said.setText(text)
        self._fade.stop() if text.endswith("…") else self._fade.start()

    def _on_document(self, _: object) -> None:
        self.refresh()

    def refresh(self) -> None:
        """Say where the work is and what computes."""
        projects = self._studio.projects
        if projects.read_only:
            saved = "read only"
        elif self._studio.document.dirty:
            saved = "not saved yet"
        elif projects.saved_at is not None:
            saved = f"saved {time.strftime('%H:%M', time.localtime(projects.saved_at))}"
        else:
            saved = "saved" if projects.folder.file.is_file() else "new project"
        self.state.setText(f"{saved} · CPU")

    def _tell_jobs(self) -> None:
        told = summary(self._studio.watch)
        if told != self.jobs.text():
            self.jobs.setText(told)
