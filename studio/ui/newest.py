"""What follows a hand: worked out on a lane, one wish at a time; the newest wish wins."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Generic, TypeVar

from studio.ui.studio import Studio

Wish = TypeVar("Wish")
Answer = TypeVar("Answer")


class Newest(Generic[Wish, Answer]):
    """``work(wish)`` answers wishes on a worker, ``shown(answer)`` is told on the screen's thread.
    ``costs_s`` are the last waits from wish to picture, ``title`` names what goes wrong."""

    def __init__(
        self,
        studio: Studio,
        title: str,
        work: Callable[[Wish], Answer],
        shown: Callable[[Answer], object],
    ) -> None:
        self._studio, self._title, self._work, self._shown = studio, title, work, shown
        self._wish: Wish | None = None
        self._busy = False
        self.costs_s: list[float] = []

    @property
    def idle(self) -> bool:
        """Whether nothing is asked for."""
        return not self._busy and self._wish is None

    @property
    def waiting(self) -> bool:
        """Whether something newer is wished than what is worked on."""
        return self._wish is not None

    def want(self, wish: Wish) -> None:
        """Show this soon."""
        self._wish = wish
        self._next()

    def _next(self) -> None:
        wish = self._wish
        if self._busy or wish is None:
            return
        self._wish, self._busy = None, True
        began = time.perf_counter()

        def there(answer: Answer) -> None:
            self._busy = False
            self._next()
            self._shown(answer)
            self.costs_s = [*self.costs_s[-99:], time.perf_counter() - began]

        def lost(error: BaseException, details: str) -> None:
            self._busy = False
            self._studio.notices.error(error, self._title, details)
            self._next()

        task = self._studio.lanes["io"].submit(lambda: self._work(wish))
        self._studio.watch.call(task, there, lost)
