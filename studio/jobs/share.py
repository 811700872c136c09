"""A part of a longer work."""

from __future__ import annotations

from studio.jobs.job import Context


class Share(Context):
    """What a part of a longer work knows of the outside world: what it reports is a share of the
    whole, said of ``who``."""

    def __init__(self, whole: Context, start: float, size: float, who: str) -> None:
        super().__init__()
        self._whole, self._start, self._size, self._who = whole, start, size, who

    def check(self) -> None:
        self._whole.check()

    def renewed(self) -> object:
        return self._whole.renewed()

    def report(self, fraction: float | None, text: str = "") -> None:
        done = None if fraction is None else self._start + self._size * fraction
        self._whole.report(done, f"{self._who}: {text}" if text else "")
