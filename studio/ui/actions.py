"""The shell's own commands; those of features come from their manifests."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFileDialog, QWidget

from studio import __version__
from studio.document.folder import SUFFIX
from studio.ui.commands import Command
from studio.ui.docks import DOCKS, WORKSPACES
from studio.ui.drop import take_in
from studio.ui.history_words import redo, undo
from studio.ui.moved_footage import MovedFootage
from studio.ui.studio import Studio

if TYPE_CHECKING:
    from studio.ui.window import Window

_WORKSPACE_ICONS = {
    "Capture": "ph.video-camera",
    "Motion": "ph.person-simple-run",
    "Person": "ph.user",
    "Mask": "ph.smiley",
    "Live": "ph.broadcast",
}


def add_actions(studio: Studio, window: Window) -> None:
    """Register every command of the shell and of the mounted features."""
    studio.commands.add(
        *_file(studio, window), *_edit(studio, window), *_docks(studio, window),
        *_views(window), *_features(studio), *_help(studio, window),
    )  # fmt: skip
    studio.commands.add_source(lambda: _recent(studio))


def _file(studio: Studio, window: Window) -> Iterable[Command]:
    projects, footage = studio.projects, MovedFootage(studio, window)

    def read_only() -> str:
        return "This project is open to look at only." if projects.read_only else ""

    def no_footage() -> str:
        return read_only() or ("" if studio.project.items else "Nothing is in the project yet.")

    def open_folder() -> None:
        path = QFileDialog.getExistingDirectory(window, "Open project (a folder .doppel)")
        if path:
            projects.open(Path(path))

    def save_as() -> None:
        name = f"{studio.project.name}{SUFFIX}"
        path, _ = QFileDialog.getSaveFileName(window, "Save project as", name)
        if path:
            projects.save_as(Path(path))

    def save() -> None:
        save_as() if projects.is_draft and not projects.folder.file.is_file() else projects.save()

    def import_files() -> None:
        paths, _ = QFileDialog.getOpenFileNames(window, "Import videos, calibrations, detections")
        if paths:
            take_in(studio, [Path(path) for path in paths])

    def import_folder() -> None:
        path = QFileDialog.getExistingDirectory(window, "Import a folder of videos or pictures")
        if path:
            take_in(studio, [Path(path)])

    return (
        Command("file.new", "New project", projects.new, "File", "ph.file-plus", "Ctrl+N"),
        Command("file.open", "Open project…", open_folder, "File", "ph.folder-open", "Ctrl+O"),
        Command("file.import", "Import files…", import_files, "File", "ph.download-simple",
                "Ctrl+I", read_only, words="video calibration detections footage"),
        Command("file.import_folder", "Import folder…", import_folder, "File", "ph.folder-plus",
                "Ctrl+Shift+I", read_only, words="images footage"),
        Command("file.find_footage", "Find moved footage…", footage.ask, "File",
                "ph.magnifying-glass", "", no_footage, words="missing lost relink videos"),
        Command("file.save", "Save project", save, "File", "ph.floppy-disk", "Ctrl+S", read_only),
        Command("file.save_as", "Save project as…", save_as, "File", "ph.copy", "Ctrl+Shift+S"),
        Command("file.sample", "Try the sample", window.open_sample, "File", "ph.play-circle",
                why_not=lambda: "" if studio.sample else "The sample is not installed."),
        Command("file.quit", "Quit", window.close, "File", "ph.sign-out", "Ctrl+Q"),
    )  # fmt: skip


def _edit(studio: Studio, window: Window) -> Iterable[Command]:
    document = studio.document

    def selected() -> str:
        return "" if studio.selection.ids else "Select something in the project first."

    return (
        Command("edit.undo", "Undo", lambda: undo(studio), "Edit", "ph.arrow-counter-clockwise",
                "Ctrl+Z", lambda: "" if document.position else "There is nothing to undo."),
        Command("edit.redo", "Redo", lambda: redo(studio), "Edit", "ph.arrow-clockwise",
                "Ctrl+Shift+Z", lambda: "" if document.position + 1 < len(document.history)
                else "There is nothing to redo."),
        Command("edit.rename", "Rename", window.rename, "Edit", "ph.pencil-simple", "F2", selected),
        Command("edit.delete", "Delete", window.tree.delete_selected, "Edit", "ph.trash", "",
                selected),
        Command("app.shortcuts", "Keyboard shortcuts…", window.edit_shortcuts, "Edit",
                "ph.keyboard"),
        Command("app.preferences", "Preferences…", lambda: window.show_preferences(), "Edit",
                "ph.gear-six", "Ctrl+,", words="settings theme device font models doctor"),
    )  # fmt: skip


def _docks(studio: Studio, window: Window) -> Iterable[Command]:
    docks = window.docks
    for number, name in enumerate(WORKSPACES, 1):
        yield Command(
            f"workspace.{name.lower()}", f"{name} workspace", _bind(window.go_to, name),
            "Workspace", _WORKSPACE_ICONS[name], f"Ctrl+{number}",
            checked=lambda name=name: docks.workspace == name,
        )  # fmt: skip
    yield Command("layout.reset", "Reset layout", window.reset_layout, "Workspace", "ph.layout",
                  words="docks panels bring back")  # fmt: skip
    for kind in DOCKS:
        yield Command(
            f"dock.{kind.id}", f"{kind.title} panel", _bind(window.toggle_dock, kind.id), "View",
            kind.icon, checked=lambda id=kind.id: docks.is_open(id),
        )  # fmt: skip
    yield Command("view.theme", "Switch between dark and light", window.switch_theme, "View",
                  "ph.sun", words="theme")  # fmt: skip
    yield Command("view.fullscreen", "Full screen", window.full_screen, "View",
                  "ph.corners-out", "F11", checked=window.isFullScreen)  # fmt: skip


def _views(window: Window) -> Iterable[Command]:
    for id, title, view, icon, keys, call in (
        ("view.play", "Play or pause", "timeline", "ph.play", "Space", lambda v: v.toggle()),
        ("view.frame", "Frame the person", "viewport", "ph.frame-corners", "F",
         lambda v: v.frame()),
        ("view.front", "View from the front", "viewport", "ph.cube", "1",
         lambda v: v.view("front")),
        ("view.left", "View from the left", "viewport", "ph.cube", "3", lambda v: v.view("left")),
        ("view.top", "View from the top", "viewport", "ph.cube", "7", lambda v: v.view("top")),
    ):  # fmt: skip
        yield Command(
            id, title, lambda view=view, call=call: call(window.stage.views[view]), "View", icon,
            keys, lambda view=view: "" if view in window.stage.views else "It is not drawn yet.",
        )  # fmt: skip


def _features(studio: Studio) -> Iterable[Command]:
    for feature in studio.registry.features.values():
        manifest = feature.manifest
        yield Command(
            f"panel.{feature.id}", manifest.title, _bind(studio.open_panel, feature.id),
            f"{manifest.menu} step", manifest.icon, words=manifest.summary,
        )  # fmt: skip
    yield Command(
        "job.cancel", "Cancel all jobs", studio.watch.cancel_all, "Jobs", "ph.x-circle", "Ctrl+.",
        lambda: "" if studio.watch.working else "Nothing is running.",
    )  # fmt: skip


def _help(studio: Studio, window: Window) -> Iterable[Command]:
    def about() -> None:
        studio.notices.tell(f"Doppel {__version__}", "Apache-2.0. Avatars of real people.")

    return (
        Command("app.palette", "Search all actions…", lambda: window.palette_box.open(), "Help",
                "ph.magnifying-glass", "Ctrl+Shift+P"),
        Command("help.open", "Help", lambda: window.show_help(), "Help", "ph.question", "F1"),
        Command("help.shortcuts", "Shortcut sheet", lambda: window.show_help("shortcuts"), "Help",
                "ph.keyboard", "Ctrl+/"),
        Command("help.tour", "Take the tour", window.start_tour, "Help", "ph.compass"),
        Command("app.networks", "Networks and training…", _networks(studio, window), "Help",
                "ph.share-network", words="train evaluate figures card checkpoint"),
        Command("app.models", "Models…", lambda: window.show_preferences("Models"), "Help",
                "ph.brain", words="weights networks install"),
        Command("app.doctor", "Check this computer…",
                lambda: window.show_preferences("This computer"), "Help", "ph.first-aid-kit",
                words="doctor"),
        Command("app.diagnostics", "Copy diagnostics", window.log.copy_diagnostics, "Help",
                "ph.clipboard-text"),
        Command("help.about", "About Doppel", about, "Help", "ph.info"),
    )  # fmt: skip


def _networks(studio: Studio, window: Window) -> Callable[[], object]:
    """Opens the networks' window, made when it is first wanted: it brings torch."""
    made: list[QWidget] = []

    def show() -> None:
        from studio.ui.networks import NetworksWindow

        if not made:
            made.append(NetworksWindow(studio, window))
        made[0].show()
        made[0].raise_()
        made[0].activateWindow()

    return show


def _recent(studio: Studio) -> Iterable[Command]:
    for path in studio.projects.recent():
        yield Command(
            f"recent.{path}", path.stem, _bind(studio.projects.open, path), "Recent project",
            "ph.folder", words=str(path),
        )  # fmt: skip


def _bind(call: Callable[..., object], value: object) -> Callable[[], object]:
    return lambda: call(value)
