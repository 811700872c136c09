"""After a result, the next step is one click away: the way from footage to a moving avatar."""

from __future__ import annotations

from pathlib import Path

from studio.document.project import (
    AvatarItem,
    DetectionsItem,
    FileItem,
    MotionItem,
    Project,
    RigItem,
    TakeItem,
)
from studio.document.step import Packed
from studio.ui.drop import CAPTURE, take_in
from studio.ui.studio import Studio

# Each step of the way, and what it leaves behind.
WAY = (("pose", DetectionsItem), ("triangulate", MotionItem), ("avatar", AvatarItem))
TAKE_FILES = ("cam*.mp4", "rig.*")


def way_left(project: Project, mounted: frozenset[str]) -> tuple[str, ...]:
    """The steps that lead from what is there to an avatar; empty if something must come first."""
    if project.newest(RigItem) is None:
        return ()
    if project.newest(DetectionsItem) is None and project.newest(TakeItem) is None:
        return ()
    done = [i for i, (_, kind) in enumerate(WAY) if project.newest(kind) is not None]
    left = [id for id, _ in WAY[max(done, default=-1) + 1 :]]
    return tuple(left) if mounted.issuperset(left) else ()


class NextStep:
    """Offers the rest of the way after an import, and walks it when asked."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio
        self._truth: Path | None = None
        studio.finished.connect(self._finished)

    def open_sample(self, folder: Path) -> None:
        """Import the sample's videos and rig; its truth is added for the comparison."""
        if self._studio.project.items:
            self._studio.projects.new()
        self._truth = next(folder.glob("truth.*"), None)
        take_in(self._studio, [p for one in TAKE_FILES for p in sorted(folder.glob(one))])

    def _finished(self, feature: str, packed: Packed) -> None:
        if feature != CAPTURE:
            return
        truth, self._truth = self._truth, None
        if truth is not None:
            item = FileItem(name="Truth", role="truth", path=str(truth))
            self._studio.document.edit("Bring in truth", lambda p: p.with_items([item]))
        if way_left(self._studio.project, frozenset(self._studio.registry.features)):
            facts = ", ".join(fact.text for fact in packed.facts[:2])
            self._studio.notices.stay("Ready to track.", facts, "good",
                                      ("Make the avatar", self.walk))  # fmt: skip

    def walk(self) -> None:
        """Run every step that is left, one after the other, showing the panel of each."""
        self._go_on(None)

    def _go_on(self, _: Packed | None) -> None:
        studio = self._studio
        left = way_left(studio.project, frozenset(studio.registry.features))
        if left:
            studio.open_panel(left[0])
            studio.start(left[0], chosen=(), then=self._go_on)
        elif "compare" in studio.registry.features and any(
            item.role == "truth" for item in studio.project.all(FileItem)
        ):
            studio.start("compare", chosen=())
