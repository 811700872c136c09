"""People who are to be drawn at once: what takes long is done on a lane before."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from studio.core.types import Character, Posed
from studio.scene.surface import plan, planned


class Prepared:
    """Tells whether somebody can be drawn without a pause; who cannot yet is prepared, and the
    newest of them ``shown`` then. ``run(work, then)`` does work on a lane."""

    def __init__(
        self,
        run: Callable[[Callable[[], Any], Callable[[Any], None]], None],
        shown: Callable[[str, Posed | Character], None],
    ) -> None:
        self._run, self._shown = run, shown
        self._ready: Character | None = None
        self._waiting: tuple[str, Posed | Character] | None = None
        self._after: Callable[[], None] | None = None

    def __call__(self, feature: str, value: Posed | Character) -> bool:
        """Whether this value of a feature can be drawn now."""
        character, before = _of(value), self._waiting
        self._waiting = None
        if character is self._ready or all(planned(part.mesh) for part in character.parts):
            self._ready, self._after = character, None
            return True
        self._waiting = feature, value
        if before is None or _of(before[1]) is not character:
            meshes = [part.mesh for part in character.parts]
            self._run(lambda: [plan(mesh) for mesh in meshes], lambda _: self._there(character))
        return False

    def after(self, call: Callable[[], None]) -> None:
        """Call this once who is being prepared is shown; now, if nobody is."""
        if self._waiting is None:
            call()
        else:
            self._after = call

    def keep(self, features: Collection[str]) -> None:
        """Only these still want somebody to be shown."""
        if self._waiting is not None and self._waiting[0] not in features:
            self._waiting = self._after = None

    def _there(self, character: Character) -> None:
        self._ready = character
        if self._waiting is not None and _of(self._waiting[1]) is character:
            self._shown(*self._waiting)
            after, self._after = self._after, None
            if after is not None:
                after()


def _of(value: Posed | Character) -> Character:
    return value.character if isinstance(value, Posed) else value
