"""The person in the viewport while they are designed: computed on a lane, the newest wish wins."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from studio.core.types import Character, Posed
from studio.human.design import Design
from studio.ui.studio import Studio


@dataclass(frozen=True)
class _Wish:
    design: Design
    exact: bool


class Preview:
    """Asks a :class:`studio.synth.live_person.LivePerson`, one wish at a time.

    ``feature`` draws in the viewport through ``Studio.live`` and gives way to what the project
    holds as soon as the last wish is shown. ``costs_s`` are the last waits from wish to picture.
    """

    def __init__(self, studio: Studio, feature: str, moved: Callable[[Posed], object]) -> None:
        self._studio, self._feature, self._moved = studio, feature, moved
        self._person: Any = None
        self._wish: _Wish | None = None
        self._busy = False
        self._last: Character | None = None
        self.costs_s: list[float] = []

    def begin(self, person: Any) -> None:
        """Another person is designed: a LivePerson."""
        self._person, self._wish, self._last = person, None, None

    def want(self, design: Design, exact: bool) -> None:
        """Show this design soon; earlier wishes that nobody began are forgotten."""
        self._wish = _Wish(design, exact)
        self._studio.editing.add(self._feature)
        self._next()

    def look(self, told: Callable[[Posed], object], design: Design) -> None:
        """Prepare the person without drawing them: ``told`` is given them as they are."""
        person = self._person
        self._studio.watch.call(
            self._studio.lanes["io"].submit(lambda: person.at(design)),
            lambda posed: told(posed) if person is self._person else None,
            lambda error, details: self._studio.notices.error(error, "Person", details),
        )

    @property
    def idle(self) -> bool:
        return not self._busy and self._wish is None

    def _next(self) -> None:
        wish, person = self._wish, self._person
        if self._busy or wish is None or person is None:
            return
        self._wish, self._busy = None, True
        time_s, last, began = self._studio.playhead_s, self._last, time.perf_counter()

        def work() -> Posed:
            from studio.scene.surface import adopt, plan

            posed = person.at(wish.design, time_s, wish.exact)
            if last is not None and len(last.parts) == len(posed.character.parts):
                for new, old in zip(posed.character.parts, last.parts, strict=True):
                    adopt(new.mesh, old.mesh)
            for part in posed.character.parts:
                plan(part.mesh)
            return posed

        def there(posed: Posed) -> None:
            self._busy = False
            if person is self._person:
                self._last = posed.character
                self._moved(posed)
                self._studio.live.emit(self._feature, posed)
            self.costs_s = [*self.costs_s[-99:], time.perf_counter() - began]
            self._go_on()

        def lost(error: BaseException, details: str) -> None:
            self._busy = False
            self._studio.notices.error(error, "Person", details)
            self._go_on()

        self._studio.watch.call(self._studio.lanes["io"].submit(work), there, lost)

    def _go_on(self) -> None:
        if self._wish is not None:
            self._next()

    def give_way(self) -> None:
        """Let the viewport show what the project holds."""
        if self._feature in self._studio.editing:
            self._studio.editing.discard(self._feature)
            self._studio.watch.changed.emit()
