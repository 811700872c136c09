"""The head while it is worked on: solved on a lane, the newest wish wins."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from studio.core.errors import StudioError
from studio.core.types import Posed
from studio.features.head.params import Params
from studio.features.head.session import Laid, Session
from studio.features.head.turnable import turnable
from studio.scene.surface import adopt, plan
from studio.synth.heads.scanned import Measured
from studio.ui.studio import Studio


@dataclass(frozen=True, eq=False)
class Wish:
    """A head to be shown: of these params, over a photograph; ``dragged`` while a hand moves;
    ``before`` what was put right by hand; in colours that tell how far off the ``scan`` it is."""

    params: Params
    photo: Path | None
    dragged: bool = False
    before: bool = False
    scan: Path | None = None


@dataclass(frozen=True, eq=False)
class Answer:
    """A head, how it lies over its photograph, and as the viewport draws it."""

    wish: Wish
    laid: Laid | None
    over: np.ndarray | None = None
    posed: Posed | None = None
    measured: Measured | None = None
    trouble: StudioError | None = None


class LiveHead:
    """Asks a session, one wish at a time; ``shown`` is told what came of it. ``costs_s`` are the
    last waits from wish to picture."""

    def __init__(
        self, studio: Studio, session: Session, shown: Callable[[Answer], object]
    ) -> None:  # fmt: skip
        self._studio, self._session, self._shown = studio, session, shown
        self._wish: Wish | None = None
        self._busy = False
        self._last: Posed | None = None
        self._measured: Measured | None = None
        self.costs_s: list[float] = []

    @property
    def idle(self) -> bool:
        """Whether nothing is asked for."""
        return not self._busy and self._wish is None

    def want(self, wish: Wish) -> None:
        """Show this soon."""
        self._wish = wish
        self._next()

    def _next(self) -> None:
        wish = self._wish
        if self._busy or wish is None:
            return
        self._wish, self._busy = None, True
        session, last, began = self._session, self._last, time.perf_counter()

        def work() -> Answer:
            laid = session.solve(wish.params, wish.dragged)
            if laid is None:
                return Answer(wish, None)
            if wish.before:
                laid = session.before(laid)
            photo = None if wish.photo is None else session.photos.get(wish.photo)
            told, trouble = self._measured, None
            if wish.scan is None:
                told = None
            elif not wish.dragged:
                try:
                    told = session.measure(laid, wish.scan)
                except StudioError as error:
                    told, trouble = None, error
            self._measured = told
            colours = None if told is None else told.colours()
            over = None
            if photo is not None and photo.path in laid.points_px:
                over = laid.over(photo, colours)
            posed = turnable(laid, told)
            before = {} if last is None else {p.name: p.mesh for p in last.character.parts}
            for part in posed.character.parts:
                if part.name in before and colours is None:
                    adopt(part.mesh, before[part.name], exact=not wish.dragged)
                drawn = plan(part.mesh)
                if wish.dragged:
                    drawn.thinned.prepare()
            return Answer(wish, laid, over, posed, told, trouble)

        def there(answer: Answer) -> None:
            self._busy = False
            if answer.posed is not None:
                self._last = answer.posed
            self._next()
            self._shown(answer)
            self.costs_s = [*self.costs_s[-99:], time.perf_counter() - began]

        def lost(error: BaseException, details: str) -> None:
            self._busy = False
            self._studio.notices.error(error, "Head", details)
            self._next()

        self._studio.watch.call(self._studio.lanes["io"].submit(work), there, lost)
