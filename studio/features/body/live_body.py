"""The body while it is worked on: one stage after another on a lane, the newest wish wins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from studio.core.errors import StudioError
from studio.core.types import Posed
from studio.document.folder import Assets
from studio.document.project import AvatarItem
from studio.features.body.params import Params
from studio.features.body.session import Kept, Laid, Session, Superseded, textured
from studio.features.body.turnable import mapped, turnable
from studio.scene.surface import adopt, plan
from studio.ui.newest import Newest
from studio.ui.studio import Studio


@dataclass(frozen=True, eq=False)
class Wish:
    """A body to be shown: of these params, over a photograph; the avatar that was ``made`` of
    them, where there is one, in the colours of what is ``guessed`` of it, if asked."""

    params: Params
    photo: Path | None
    made: AvatarItem | None = None
    assets: Assets | None = None
    guessed: bool = False


@dataclass(frozen=True, eq=False)
class Answer:
    """A body as far as it is fitted, how it lies over its photograph, and as the viewport draws
    it: None where the project's avatar is to be seen; ``trouble`` says why none can be fitted."""

    wish: Wish
    laid: Laid | None
    over: np.ndarray | None = None
    posed: Posed | None = None
    kept: Kept | None = None
    trouble: StudioError | None = None


class LiveBody(Newest[Wish, Answer]):
    """Asks a session, one stage at a time; ``shown`` is told what came of each."""

    def __init__(
        self, studio: Studio, session: Session, shown: Callable[[Answer], object]
    ) -> None:  # fmt: skip
        super().__init__(studio, "Body", self._answer, self._show)
        self._session, self._told = session, shown
        self._last: Posed | None = None

    def _show(self, answer: Answer) -> None:
        if answer.laid is not None and not answer.laid.finished and self.idle:
            self.want(answer.wish)
        self._told(answer)

    def _answer(self, wish: Wish) -> Answer:
        try:
            laid = self._session.advance(wish.params, lambda: self.waiting)
        except Superseded:
            return Answer(wish, None)
        except StudioError as error:
            return Answer(wish, None, trouble=error)
        photo = None if wish.photo is None else self._session.photos.get(wish.photo)
        if laid is None or photo is None or photo.path not in laid.paths:
            return Answer(wish, laid)
        if wish.made is not None and wish.assets is not None and laid.finished:
            kept = self._session.avatar(wish.made, wish.assets)
            posed = None
            if wish.guessed and kept.told is not None:
                posed = mapped(kept.character, kept.told)
                for part in posed.character.parts:
                    plan(part.mesh)
            shown = kept.character if posed is None else posed.character
            over = textured(shown, laid.view(photo.path), photo)
            return Answer(wish, laid, over, posed, kept)
        posed = turnable(laid, photo.path)
        mesh = posed.character.parts[0].mesh
        if self._last is not None:
            adopt(mesh, self._last.character.parts[0].mesh, exact=laid.finished)
        plan(mesh)
        self._last = posed
        return Answer(wish, laid, laid.over(photo), posed)
