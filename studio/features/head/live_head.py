"""The head while it is worked on: solved on a lane, the newest wish wins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from studio.core.errors import StudioError
from studio.core.types import Posed
from studio.features.head.params import Params
from studio.features.head.session import Laid, Session
from studio.features.head.turnable import turnable
from studio.scene.surface import adopt, plan
from studio.synth.heads.scanned import Measured
from studio.ui.newest import Newest
from studio.ui.studio import Studio


@dataclass(frozen=True, eq=False)
class Wish:
    """A head to be shown: of these params, over a photograph; ``dragged`` while a hand moves;
    ``before`` what was put right by hand; in colours that tell how far off the ``scan`` it is;
    ``fine``: by pixels, not only by points, unless something newer is wished meanwhile."""

    params: Params
    photo: Path | None
    dragged: bool = False
    before: bool = False
    scan: Path | None = None
    fine: bool = False


class _Overtaken(Exception):
    """Something newer is wished."""


@dataclass(frozen=True, eq=False)
class Answer:
    """A head, how it lies over its photograph, and as the viewport draws it."""

    wish: Wish
    laid: Laid | None
    over: np.ndarray | None = None
    posed: Posed | None = None
    measured: Measured | None = None
    trouble: StudioError | None = None


class LiveHead(Newest[Wish, Answer]):
    """Asks a session, one wish at a time; ``shown`` is told what came of it."""

    def __init__(
        self, studio: Studio, session: Session, shown: Callable[[Answer], object]
    ) -> None:  # fmt: skip
        super().__init__(studio, "Head", self._answer, shown)
        self._session = session
        self._last: Posed | None = None
        self._measured: Measured | None = None

    def refine(self, wish: Wish) -> None:
        """Show a wish by pixels too, unless something newer is asked for."""
        if self.idle and not wish.fine:
            self.want(replace(wish, fine=True))

    def _check(self) -> None:
        if self.waiting:
            raise _Overtaken

    def _answer(self, wish: Wish) -> Answer:
        session, last = self._session, self._last
        try:
            laid = session.solve(wish.params, wish.dragged, wish.fine, self._check)
        except _Overtaken:
            laid = session.solve(wish.params)
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
        self._last = posed
        return Answer(wish, laid, over, posed, told, trouble)
