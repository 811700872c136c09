"""Opening, saving and recovering projects. Nothing is asked at exit and nothing is lost.

A project lives in a folder from its first byte: a new one in the drafts folder, until “Save as”
gives it a place. Files are written on the io lane, one write at a time, the newest value last.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from platformdirs import user_data_path
from PySide6.QtCore import QObject, QTimer, Signal

from studio.core.errors import StudioError
from studio.core.settings import SettingsFile
from studio.document.document import Document
from studio.document.folder import SUFFIX, ProjectFolder
from studio.document.project import AnyItem, Project
from studio.jobs import Lanes
from studio.ui.job_watch import JobWatch
from studio.ui.notices import Notices

_log = logging.getLogger(__name__)

RECENT = 12


def drafts_folder() -> Path:
    """Where projects live that were not given a place yet."""
    own = os.environ.get("DOPPEL_CONFIG_DIR")
    root = Path(own) if own else user_data_path("doppel", appauthor=False)
    return root / "drafts"


class Projects(QObject):
    """The open project's folder. ``opened`` follows a change of folder, ``replaced`` a change of
    project, ``saved`` each write."""

    opened = Signal()
    replaced = Signal()
    saved = Signal()

    def __init__(
        self,
        document: Document,
        settings: SettingsFile,
        lanes: Lanes,
        watch: JobWatch,
        notices: Notices,
    ) -> None:
        super().__init__()
        self.document, self.settings, self.lanes = document, settings, lanes
        self.watch, self.notices = watch, notices
        self.folder = ProjectFolder(self._draft_path())
        self.read_only = False
        self.saved_at: float | None = None
        self._moved: dict[Path, ProjectFolder] = {}
        self._writing = False
        self._wanted: Callable[[], object] | None = None
        self._autosave = QTimer(self, singleShot=True)
        self._autosave.timeout.connect(self._write_autosave)
        self._marker = settings.path.parent / f"session-{os.getpid()}.json"
        document.changed.connect(self._on_changed)

    # -- open --------------------------------------------------------------------------------

    @property
    def is_draft(self) -> bool:
        return self.folder.path.parent == drafts_folder()

    def _draft_path(self) -> Path:
        stem = time.strftime("Untitled %Y-%m-%d %H-%M-%S")
        path = drafts_folder() / f"{stem}{SUFFIX}"
        number = 2
        while path.exists():
            path = drafts_folder() / f"{stem} {number}{SUFFIX}"
            number += 1
        return path

    def new(self) -> None:
        """An empty project. What was open is saved first."""
        self.leave()
        self._take(ProjectFolder(self._draft_path()), Project())

    def open(self, path: Path) -> None:
        """Open a project folder. Raises StudioError if it cannot be read."""
        folder = ProjectFolder(path)
        opened = folder.open()
        self.leave()
        self._take(folder, opened.project, opened.read_only)
        if opened.note:
            self.notices.stay(opened.note, level="look")
        recovered = opened.recovered
        if recovered is not None:
            when = time.strftime("%H:%M", time.localtime(folder.autosave_file.stat().st_mtime))
            self.notices.stay(
                f"Changes made until {when} had not been saved.",
                "Restoring them can be undone.",
                "look",
                ("Restore the changes", lambda: self.restore(recovered)),
            )

    def restore(self, recovered: Project) -> None:
        """Take an autosaved value back, as one step that can be undone."""
        self.document.edit("Restore unsaved changes", lambda _: recovered)
        self.save()

    def _take(self, folder: ProjectFolder, project: Project, read_only: bool = False) -> None:
        self.folder, self.read_only = folder, read_only
        self.saved_at = None
        self.document.replace(project)
        self.replaced.emit()
        self._mark_session()
        if folder.file.is_file():
            self._remember(folder.path)
        self.opened.emit()

    def _remember(self, path: Path) -> None:
        kept = [r for r in self.settings.value.recent if r != str(path)]
        self.settings.change(recent=(str(path), *kept)[:RECENT])

    def recent(self) -> tuple[Path, ...]:
        """Projects opened before that are still there, newest first."""
        paths = (Path(p) for p in self.settings.value.recent)
        return tuple(p for p in paths if (p / "project.json").is_file())

    def leave(self) -> None:
        """Write what is not written yet, here and now."""
        self._autosave.stop()
        if not self.read_only and self.document.dirty:
            self.folder.save(self.document.project)
            self.document.mark_saved(self.document.project)
            self._remember(self.folder.path)

    # -- save --------------------------------------------------------------------------------

    def check_writable(self, hint: str = "Save it under another name first.") -> None:
        """Raises StudioError if the project is open to look at only."""
        if self.read_only:
            raise StudioError("This project is open to look at only.", hint)

    def save(self) -> None:
        """Write the project on the io lane."""
        self.check_writable("Save it under another name.")
        self._autosave.stop()
        folder, project = self.folder, self.document.project

        def written(_: object) -> None:
            self.document.mark_saved(project)
            self.saved_at = time.time()
            self._remember(folder.path)
            self.saved.emit()

        self._write(lambda: folder.save(project), written)

    def save_as(self, path: Path) -> None:
        """Copy the project to a folder and go on there."""
        path = path if path.suffix == SUFFIX else path.with_name(path.name + SUFFIX)
        before, project = self.folder, self.document.project
        named = project.model_copy(update={"name": path.stem})

        def copy() -> ProjectFolder:
            copied = before.copy_to(path)
            copied.save(named)
            return copied

        def there(copied: ProjectFolder) -> None:
            self._moved[before.path] = copied
            self.folder, self.read_only = copied, False
            self.document.edit("Save as", lambda p: p.model_copy(update={"name": path.stem}))
            self.document.mark_saved(self.document.project if project is named else named)
            self._remember(path)
            self._mark_session()
            self.opened.emit()
            self.save()

        self._write(copy, there)

    def _on_changed(self, _: Project) -> None:
        if not self.read_only and self.document.dirty:
            self._autosave.start(int(self.settings.value.autosave_s * 1000))

    def _write_autosave(self) -> None:
        if self.document.dirty and not self.read_only:
            folder, project = self.folder, self.document.project
            self._write(lambda: folder.autosave(project), lambda _: self.saved.emit())

    def _write(self, work: Callable[[], Any], then: Callable[[Any], object]) -> None:
        """One write at a time; while one runs, only the newest request waits."""
        if self._writing:
            self._wanted = lambda: self._write(work, then)
            return
        self._writing = True

        def next_one() -> None:
            self._writing = False
            wanted, self._wanted = self._wanted, None
            if wanted is not None:
                wanted()

        def done(result: Any) -> None:
            then(result)
            next_one()

        def failed(error: BaseException, details: str) -> None:
            self.notices.error(error, "Saving", details)
            next_one()

        self.watch.call(self.lanes["io"].submit(work), done, failed)

    # -- results -----------------------------------------------------------------------------

    def deliver(
        self,
        folder: ProjectFolder,
        label: str,
        items: tuple[AnyItem, ...],
        change: Callable[[Project], Project],
    ) -> bool:
        """Put a result into the project it was made for, even if another one is open by now."""
        if folder.path != self.folder.path and folder.path in self._moved:
            source, target = folder.assets.folder, self._moved[folder.path].assets.folder
            target.mkdir(parents=True, exist_ok=True)
            for sha256 in Project(items=items).assets():
                for file in source.glob(f"{sha256}*"):
                    if not (target / file.name).exists():
                        shutil.copy2(file, target / file.name)
            folder = self._moved[folder.path]
        if folder.path == self.folder.path:
            self.document.edit(label, change)
            self.save()
            return True
        folder.save(change(folder.open().project))
        self.notices.tell(
            f"“{label}” is finished.",
            f"It was put into “{folder.path.stem}”.",
            "good",
            ("Open that project", lambda: self.open(folder.path)),
        )
        return False

    # -- crashes -----------------------------------------------------------------------------

    def _mark_session(self) -> None:
        try:
            self._marker.parent.mkdir(parents=True, exist_ok=True)
            self._marker.write_text(json.dumps({"project": str(self.folder.path)}), "utf-8")
        except OSError as error:
            _log.warning("no session marker: %s", error)

    def crashed(self) -> tuple[Path, ...]:
        """Projects that were open when a Doppel ended without closing; asked once."""
        found: list[Path] = []
        for marker in self.settings.path.parent.glob("session-*.json"):
            pid = marker.stem.removeprefix("session-")
            if marker == self._marker or (pid.isdigit() and _alive(int(pid))):
                continue
            try:
                path = Path(json.loads(marker.read_text("utf-8"))["project"])
            except (OSError, ValueError, KeyError, TypeError):
                path = None
            marker.unlink(missing_ok=True)
            if path is not None and (path / "assets").parent.is_dir():
                found.append(path)
        return tuple(found)

    def offer_recovery(self) -> None:
        """After a crash: a banner that opens the project as it was, unless it is open already."""
        for path in self.crashed():
            if path == self.folder.path:
                continue
            folder = ProjectFolder(path)
            if folder.file.is_file() or folder.autosave_file.is_file():
                self.notices.stay(
                    "Doppel did not close properly last time.",
                    f"“{path.stem}” was kept.",
                    "look",
                    ("Open it", lambda path=path: self._recover(path)),
                )

    def _recover(self, path: Path) -> None:
        folder = ProjectFolder(path)
        opened = folder.open()
        self.leave()
        self._take(folder, opened.project, opened.read_only)
        if opened.recovered is not None:
            self.restore(opened.recovered)

    def close(self) -> None:
        """Save and forget the session."""
        try:
            self.leave()
        finally:
            self._autosave.stop()
            self.document.changed.disconnect(self._on_changed)
            self._marker.unlink(missing_ok=True)


def _alive(pid: int) -> bool:
    if pid == os.getpid():
        return True
    if os.name == "nt":
        import ctypes

        kernel = ctypes.windll.kernel32  # pyright: ignore[reportAttributeAccessIssue]
        handle = kernel.OpenProcess(0x1000, False, pid)
        if handle:
            kernel.CloseHandle(handle)
        return bool(handle)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
