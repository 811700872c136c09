"""After a result, the next step is one click away: the way from footage to a moving avatar."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices

from studio.core.resources import take_files
from studio.document.project import (
    AvatarItem,
    DetectionsItem,
    FileItem,
    MotionItem,
    Project,
    TakeItem,
    Trace,
    traces,
)
from studio.document.step import Packed
from studio.ui.drop import CAPTURE, take_in
from studio.ui.studio import Next, Studio

RECORD = "record"
PERSON = "person"
# Each step of the way, and what it leaves behind: with a calibrated rig, and with one camera.
WAY = (("pose", DetectionsItem), ("triangulate", MotionItem), ("avatar", AvatarItem))
LONE = (("pose", DetectionsItem), ("lift", MotionItem), ("avatar", AvatarItem))


def way_left(project: Project, mounted: frozenset[str]) -> tuple[str, ...]:
    """The steps that lead from what is there to an avatar; empty if something must come first."""
    way = LONE if filmed_by_one(project) else WAY
    if way is WAY and project.usable_rig() is None:
        return ()
    if project.newest(DetectionsItem) is None and project.newest(TakeItem) is None:
        return ()
    done = [i for i, (_, kind) in enumerate(way) if project.newest(kind) is not None]
    left = [id for id, _ in way[max(done, default=-1) + 1 :]]
    return tuple(left) if mounted.issuperset(left) else ()


def filmed_by_one(project: Project) -> bool:
    """Whether what was filmed, or else what was detected, comes from a single camera."""
    take, found = project.newest(TakeItem), project.newest(DetectionsItem)
    if take is not None:
        return len(take.clips) == 1
    return found is not None and len(found.cameras) == 1


def filmed_without_rig(project: Project) -> bool:
    """Whether several cameras filmed something and nobody knows yet where they stood."""
    several = any(len(take.clips) > 1 for take in project.all(TakeItem))
    return several and project.usable_rig() is None


class NextStep:
    """Knows what to offer below each result, and walks the whole way when asked.

    ``play`` starts playing what the project holds, as soon as it can be shown.
    """

    def __init__(self, studio: Studio, play: Callable[[], object] = lambda: None) -> None:
        self._studio, self._play = studio, play
        self._truth: Path | None = None
        studio.next_of = self.after
        studio.finished.connect(self._finished)

    def open_sample(self, folder: Path) -> None:
        """Import the sample's videos and rig; its truth is added for the comparison."""
        if self._studio.project.items:
            self._studio.projects.new()
        self._truth = next(folder.glob("truth.*"), None)
        take_in(self._studio, take_files(folder))

    def after(self, feature: str) -> Next | None:
        """What to do once this feature has its result."""
        project, mounted = self._studio.project, frozenset(self._studio.registry.features)
        if feature == "export":
            made = [i for i in project.all(FileItem) if i.role == "export" and i.path]
            if made and Path(made[-1].path).is_dir():
                url = QUrl.fromLocalFile(made[-1].path)
                return Next("Open folder", lambda: QDesktopServices.openUrl(url))
        elif feature == PERSON:
            if "export" in mounted:
                return Next("Export", lambda: self._studio.open_panel("export"))
        elif feature in (CAPTURE, RECORD) or feature in dict(WAY + LONE):
            if feature == RECORD and project.usable_rig() is None and "calibrate" in mounted:
                return Next("Calibrate", lambda: self._studio.open_panel("calibrate"))
            if way_left(project, mounted):
                return Next("Make the avatar", self.walk)
            if "calibrate" in mounted and filmed_without_rig(project):
                return Next("Calibrate", lambda: self._studio.open_panel("calibrate"))
            if project.newest(AvatarItem) is not None and "export" in mounted:
                return Next("Export", lambda: self._studio.open_panel("export"))
        return None

    def _finished(self, feature: str, packed: Packed) -> None:
        if feature == CAPTURE and self._truth is not None:
            item = FileItem(name="Truth", role="truth", path=str(self._truth))
            self._truth = None
            self._studio.document.edit("Bring in truth", lambda p: p.with_items([item]))

    def walk(self) -> None:
        """Run every step that is left, one after the other, showing the panel of each."""
        self._go_on(None)

    def _go_on(self, _: Packed | None) -> None:
        studio = self._studio
        left = way_left(studio.project, frozenset(studio.registry.features))
        if left:
            studio.open_panel(left[0])
            studio.start(left[0], chosen=(), then=self._go_on)
            return
        self._play()
        truths = [item for item in studio.project.all(FileItem) if item.role == "truth"]
        if truths and "compare" in studio.registry.features:
            studio.start("compare", chosen=(), then=self._compared)

    def _compared(self, packed: Packed) -> None:
        """The avatar carries its error against the truth, before all else."""
        avatar = self._studio.project.newest(AvatarItem)
        if avatar is None:
            return
        facts: tuple[Trace, ...] = (*traces(packed.facts), *avatar.facts)
        told = avatar.model_copy(update={"facts": facts})
        self._studio.document.edit("Note the errors", lambda p: p.with_items([told]))
