"""When a gesture begins and ends: a drag is one, and so are key presses in quick succession."""

from __future__ import annotations

import itertools
import time

_numbers = itertools.count()


class Gesture:
    """Tells edits that belong together by equal tokens.

    Between :meth:`press` and :meth:`release` all edits are one gesture; without a press, those
    that follow each other within ``IDLE_S``.
    """

    IDLE_S = 0.8

    def __init__(self) -> None:
        self.held = False
        self._token = next(_numbers)
        self._last_s = 0.0

    def press(self) -> None:
        """The mouse went down."""
        self.held = True
        self._token = next(_numbers)

    def release(self) -> None:
        """The mouse went up."""
        self.held = False
        self._last_s = 0.0

    def token(self) -> int:
        """What an edit made now belongs to."""
        now = time.monotonic()
        if not self.held and now - self._last_s > self.IDLE_S:
            self._token = next(_numbers)
        self._last_s = now
        return self._token
