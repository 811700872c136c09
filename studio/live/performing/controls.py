"""What may change while somebody performs: settings, the neutral key, expressions held by keys."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from studio.live.performing.settings import Settings
from studio.live.turning import Quaternion


class Controls:
    """Shared by a panel and a running performance; for any number of threads.

    ``settings`` may be replaced at any time. ``weights`` (ARKit's names, 0 to 1) and ``turns``
    (quaternions by VRM's bones) are what keys hold down at the moment; replace them whole.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or Settings()
        self.weights: Mapping[str, float] = {}
        self.turns: Mapping[str, Quaternion] = {}
        self._asked = threading.Event()

    def take_neutral(self) -> None:
        """The neutral-pose key: what the face does in the next half second counts as rest."""
        self._asked.set()

    def neutral_asked(self) -> bool:
        """Whether the key was pressed since the last look."""
        asked = self._asked.is_set()
        self._asked.clear()
        return asked
