"""The person in the viewport while they are designed: computed on a lane, the newest wish wins."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from studio.core.types import Character, Posed
from studio.human.design import Design
from studio.ui.job_watch import TELL_S
from studio.ui.studio import Studio

Solved = Callable[[Design], object]


@dataclass(frozen=True)
class Shown:
    """A person as they were drawn, and what the tape says of them, where that was asked for."""

    design: Design
    posed: Posed
    sizes: dict[str, float]


@dataclass(frozen=True)
class _Wish:
    """``change`` is worked out first, where there is one, and ``solved`` told what came of it."""

    design: Design
    exact: bool
    change: Callable[[Design], Design] | None = None
    solved: Solved | None = None


class Preview:
    """Asks a :class:`studio.synth.live_person.LivePerson`, one wish at a time.

    The newest wish wins: one that waits makes way for the next, but what a gesture ended with is
    always worked out. Clothes are fitted again when no other wish waits. The next wish is under way
    while the last one is drawn. ``feature`` draws in the viewport through ``Studio.live`` and gives
    way to what the project holds as soon as the last wish is shown. ``measured`` names what the
    tape is asked for each time. ``costs_s`` are the last waits from wish to picture.
    """

    def __init__(self, studio: Studio, feature: str, shown: Callable[[Shown], object]) -> None:
        self._studio, self._feature, self._shown = studio, feature, shown
        self._person: Any = None
        self._wishes: list[_Wish] = []
        self._busy = False
        self._solving = False
        self._last: Character | None = None
        self._measured_s = 0.0
        self.measured: tuple[str, ...] = ()
        self.costs_s: list[float] = []

    def begin(self, person: Any) -> None:
        """Another person is designed: a LivePerson."""
        self._person, self._wishes, self._last = person, [], None

    def want(
        self,
        design: Design,
        exact: bool,
        change: Callable[[Design], Design] | None = None,
        solved: Solved | None = None,
    ) -> None:
        """Show this design soon, after ``change`` was worked out; ``solved`` is told the result.

        ``exact`` is for the end of a gesture.
        """
        waiting = self._wishes[-1] if self._wishes else None
        if waiting is not None and not (waiting.exact and waiting.change is not None):
            self._wishes.pop()
        self._wishes.append(_Wish(design, exact, change, solved))
        self._studio.editing.add(self._feature)
        self._next()

    def look(self, design: Design) -> None:
        """Tell how the person is without drawing them."""
        self._ask(_Wish(design, True), draw=False)

    @property
    def idle(self) -> bool:
        return not self._busy and not self._wishes

    @property
    def solving(self) -> bool:
        """Whether something is worked out that will change the design."""
        return self._solving or any(wish.change is not None for wish in self._wishes)

    def give_way(self) -> None:
        """Let the viewport show what the project holds."""
        if self._feature in self._studio.editing:
            self._studio.editing.discard(self._feature)
            self._studio.watch.changed.emit()

    def _next(self) -> None:
        if not self._busy and self._wishes and self._person is not None:
            wish = self._wishes.pop(0)
            self._busy, self._solving = True, wish.change is not None
            self._ask(wish, draw=True)

    def _ask(self, wish: _Wish, draw: bool) -> None:
        person, time_s, last = self._person, self._studio.playhead_s, self._last
        began = time.perf_counter()
        # A tape is read by eyes: while a hand moves, ten times a second.
        measured = self.measured if wish.exact or began - self._measured_s > TELL_S else ()
        if measured:
            self._measured_s = began

        def work() -> Shown:
            from studio.scene.surface import adopt, plan
            from studio.synth.fitting_room import sizes

            design = wish.design if wish.change is None else wish.change(wish.design)
            exact = wish.exact and not self._wishes
            posed = person.at(design, time_s, exact)
            parts = posed.character.parts if draw else ()
            known = {} if last is None else {part.name: part.mesh for part in last.parts}
            for part in parts:
                if part.name in known:
                    adopt(part.mesh, known[part.name], exact)
                drawn = plan(part.mesh)
                if not exact:
                    drawn.thinned.prepare()
            return Shown(design, posed, sizes(design, measured) if measured else {})

        def there(shown: Shown) -> None:
            if person is not self._person:
                ended()
                return
            if wish.solved is not None:
                self._wishes = [
                    replace(w, design=shown.design) if w.change is not None else w
                    for w in self._wishes
                ]
                wish.solved(shown.design)
            if draw:
                self._last = shown.posed.character
            ended()
            self._shown(shown)
            if draw:
                self._studio.live.emit(self._feature, shown.posed)
            self.costs_s = [*self.costs_s[-99:], time.perf_counter() - began]
            if draw and wish.exact and self.idle:
                self.give_way()

        def lost(error: BaseException, details: str) -> None:
            self._studio.notices.error(error, "Person", details)
            ended()
            if draw and wish.exact and self.idle:
                self.give_way()

        def ended() -> None:
            """The next wish is worked out while this one is drawn."""
            if draw:
                self._busy = self._solving = False
                self._next()

        self._studio.watch.call(self._studio.lanes["io"].submit(work), there, lost)
