"""Fills galleries with pictures: those in the cache at once, the others as a job draws them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject
from PySide6.QtGui import QImage

from studio.jobs import Context, Engine, Job
from studio.synth import thumbnails
from studio.synth.thumbnails import Wanted
from studio.ui.person.gallery import Gallery
from studio.ui.studio import Studio

NAME = "Draw thumbnails"
WAIT_S = 0.05


class Pictures(QObject):
    """One queue for all galleries of a panel; a gallery is asked for again when it has changed."""

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self._studio = studio
        self._open: list[tuple[Gallery, tuple[Wanted, ...]]] = []
        self._job: Job[int, None] | None = None

    def fill(self, gallery: Gallery, list_all: Callable[[], Sequence[Wanted]]) -> None:
        """Ask for the pictures of a gallery. ``list_all`` runs on a worker."""
        self._studio.watch.call(
            self._studio.lanes["io"].submit(lambda: _there(tuple(list_all()))),
            lambda found: self._listed(gallery, *found),
            lambda error, details: self._studio.notices.error(error, NAME, details),
        )

    def _listed(
        self, gallery: Gallery, wanted: tuple[Wanted, ...], there: dict[str, QImage]
    ) -> None:
        self._open = [(g, w) for g, w in self._open if g is not gallery]
        missing = tuple(one for one in wanted if one.name not in there)
        for name, image in there.items():
            gallery.set_picture(name, image)
        if missing:
            self._open.append((gallery, missing))
            self._start()

    def _start(self) -> None:
        if self._job is not None:
            return
        wanted = tuple(one for _, many in self._open for one in many)

        def engine(context: Context) -> Engine[int, None]:
            for number, one in thumbnails.draw(wanted):
                while self._studio.editing:  # whoever drags comes first
                    time.sleep(WAIT_S)
                    context.check()
                context.check()
                context.report(number / len(wanted), one.name)
                yield number

        self._job = Job(NAME, engine, self._studio.lanes.io)
        self._studio.watch.add(
            self._job,
            show=lambda _: self._look(),
            done=lambda _: self._ended(wanted),
            failed=lambda error, details: self._failed(error, details),
        )

    def _look(self) -> None:
        """Show what was drawn since."""
        left: list[tuple[Gallery, tuple[Wanted, ...]]] = []
        for gallery, wanted in self._open:
            _, there = _there(wanted)
            for name, image in there.items():
                gallery.set_picture(name, image)
            missing = tuple(one for one in wanted if one.name not in there)
            if missing:
                left.append((gallery, missing))
        self._open = left

    def _ended(self, drawn: tuple[Wanted, ...]) -> None:
        """Go on with what was asked for meanwhile; what could not be kept is not drawn again."""
        self._look()
        self._job = None
        left = [(g, tuple(one for one in w if one not in drawn)) for g, w in self._open]
        self._open = [(g, w) for g, w in left if w]
        if self._open:
            self._start()

    def _failed(self, error: BaseException, details: str) -> None:
        self._job, self._open = None, []
        self._studio.notices.error(error, NAME, details)


def _there(wanted: tuple[Wanted, ...]) -> tuple[tuple[Wanted, ...], dict[str, QImage]]:
    """Those wanted, and the pictures that lie in the cache."""
    found: dict[str, QImage] = {}
    for one in wanted:
        if one.path.is_file():
            image = QImage(str(one.path))
            if not image.isNull():
                found[one.name] = image
    return wanted, found
