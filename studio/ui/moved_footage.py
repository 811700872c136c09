"""Footage that was moved or renamed folders: said when a project is opened, found again with one
click."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QWidget

from studio.core.counted import counted
from studio.core.errors import StudioError
from studio.document.moved import clip_of, gone, look_for, moved
from studio.document.project import Project
from studio.media.video import open_clip
from studio.ui.notices import Notice
from studio.ui.studio import Studio

_NAMED = 3
_OFF = 0.02
"""The share of frames by which what a recorder counted may differ from the file's."""


class MovedFootage(QObject):
    """Looks whether a project's footage is there, and where it is now."""

    def __init__(self, studio: Studio, window: QWidget) -> None:
        super().__init__(window)
        self._studio, self._window = studio, window
        self._told: Notice | None = None
        studio.projects.opened.connect(self._opened)
        studio.footage_missed.connect(self.look)
        self.look()

    def _opened(self) -> None:
        self._settle()
        self.look()

    def look(self) -> None:
        """Say what is missing of the open project, as soon as it is known, unless it was said."""
        project, home = self._studio.project, self._studio.projects.folder.path
        if not project.items:
            return

        def tell(lost: tuple[Path, ...]) -> None:
            if lost and self._told is None and home == self._studio.projects.folder.path:
                self._say(lost)

        future = self._studio.lanes["io"].submit(lambda: gone(project, home))
        self._studio.watch.call(future, tell)

    def ask(self) -> None:
        """Ask for the folder in which to look."""
        path = QFileDialog.getExistingDirectory(self._window, "Where the footage is now")
        if path:
            self.find(Path(path))
        elif self._told is not None:  # the answer took the banner away
            self._settle()
            self.look()

    def find(self, root: Path) -> None:
        """Look in a folder and all that is in it; what is found takes its place, as one step that
        can be undone."""
        project, home = self._studio.project, self._studio.projects.folder.path

        def search() -> tuple[int, dict[Path, Path]]:
            lost = gone(project, home)
            return len(lost), look_for(lost, root, lambda a, b: _fits(project, home, a, b))

        def take(told: tuple[int, dict[Path, Path]]) -> None:
            if home != self._studio.projects.folder.path:
                return
            lost, found = told
            if found:
                self._studio.document.edit("Find footage", lambda now: moved(now, home, found))
            self._answer(lost, len(found), root)

        self._studio.watch.call(
            self._studio.lanes["io"].submit(search), take,
            lambda error, details: self._studio.notices.error(error, "Find footage", details),
        )  # fmt: skip

    def _answer(self, lost: int, found: int, root: Path) -> None:
        tell = self._studio.notices.tell
        if not lost:
            tell("All footage is where it was.", level="good")
        elif found == lost:
            tell(f"Found {counted(found, 'file')} in “{root.name}”.", level="good")
        else:
            tell(
                f"Found {found} of {counted(lost, 'file')} in “{root.name}”.",
                "Files of the same name but of another size or length are left alone. Look in "
                "another folder for the rest.", "look", ("Look elsewhere…", self.ask),
            )  # fmt: skip
        if found == lost:
            self._settle()

    def _say(self, lost: tuple[Path, ...]) -> None:
        names = ", ".join(f"“{path.name}”" for path in lost[:_NAMED])
        more = f" and {len(lost) - _NAMED} more" if len(lost) > _NAMED else ""
        where = "is not where it was" if len(lost) == 1 else "are not where they were"
        self._told = self._studio.notices.stay(
            f"{counted(len(lost), 'file')} of this project {where}.",
            f"{names}{more}. Results are kept.", "look", ("Find them…", self.ask),
        )  # fmt: skip

    def _settle(self) -> None:
        if self._told is not None:
            self._studio.notices.settle(self._told)
            self._told = None


def _fits(project: Project, home: Path, lost: Path, found: Path) -> bool:
    """Whether a video has the size and the length of the one that is lost."""
    clip = clip_of(project, home, lost)
    if clip is None:
        return True
    still = found.is_dir() or "*" in found.name
    try:
        with open_clip(found, rate_hz=clip.rate_hz if still else None) as reader:
            off = abs(reader.frames - clip.frames)
            return reader.size_px == clip.size_px and off <= _OFF * clip.frames
    except StudioError:
        return False
