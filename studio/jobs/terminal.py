"""What a command tells: how far an engine is, on standard error; verdicts; numbers as JSON."""

from __future__ import annotations

import math
import signal
import sys
import threading
import time
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from studio.core.types import Fact
from studio.jobs.job import Context

EVERY_S = 10.0
VERDICT_MARKS = {
    "good": "[green]good[/]", "look": "[yellow]look[/]", "stop": "[red]stop[/]", "plain": ""
}  # fmt: skip
"""A fact's verdict, in rich's markup."""


def plain(value: Any) -> Any:
    """Nested values as JSON knows them: numbers of NumPy become Python's, NaN and infinity null."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    if isinstance(value, np.bool_):
        return bool(value)
    if isinstance(value, (float, np.floating)):
        return float(value) if math.isfinite(value) else None
    return value


def show_facts(console: Console, facts: Iterable[Fact], width: int = 14) -> None:
    """A line for each fact: its name, what was found, the verdict, and what is to blame."""
    for fact in facts:
        told = f"{fact.label:<{width}} {fact.text}  {VERDICT_MARKS[fact.verdict]}  {fact.blame}"
        console.print(told, soft_wrap=True)


def show_made(name: str, facts: Iterable[Fact], written: Iterable[Path], seconds: float) -> None:
    """A line for each fact about somebody who was made, and where they were written."""
    console = Console(highlight=False)
    for fact in facts:
        console.print(f"{fact.label:<13}{fact.text}  {fact.blame}".rstrip(), soft_wrap=True)
    places = " and ".join(str(path) for path in written)
    console.print(f"{name} in {seconds:.1f} s: {places}", soft_wrap=True)


@contextmanager
def finish_on_interrupt(context: Context) -> Generator[None]:
    """Within, Ctrl+C ends the work and keeps what there is."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, lambda *_: context.finish())
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


class OnTerminal(Context):
    """A context that shows its progress while it is entered, and nothing at all if ``quiet``.

    On a terminal it is a bar that goes when the work ends; in a pipe or a log, where a bar
    cannot move, a line every ten seconds. With ``keep`` one line stays that says how long the
    work took.
    """

    def __init__(self, title: str, *, quiet: bool = False, keep: bool = False) -> None:
        super().__init__()
        self._title, self._quiet, self._keep = title, quiet, keep
        self._console = Console(file=sys.stderr, highlight=False, quiet=quiet)
        self._bar = Progress(
            TextColumn("{task.description}"), BarColumn(24), TimeRemainingColumn(),
            TextColumn("{task.fields[note]}"),
            console=self._console, transient=True,
            disable=quiet or not self._console.is_terminal,
        )  # fmt: skip
        self._task = self._bar.add_task(f"{title:<20}", total=1.0, note="")
        self._start_s = self._told_s = time.monotonic()

    def __enter__(self) -> OnTerminal:
        self._start_s = self._told_s = time.monotonic()
        self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._bar.stop()
        if self._keep and kind is None:
            self._say(f"done in {time.monotonic() - self._start_s:.0f} s")

    def report(self, fraction: float | None, text: str = "") -> None:
        super().report(fraction, text)
        if not self._bar.disable:
            total = None if self.endless else 1.0
            self._bar.update(self._task, total=total, completed=self.fraction, note=self.text)
        elif time.monotonic() - self._told_s >= EVERY_S:
            self._told_s = time.monotonic()
            self._say(self.text if self.endless else f"{self.fraction:4.0%}  {self.text}")

    def _say(self, text: str) -> None:
        self._console.print(f"{self._title:<20} {text}".rstrip(), soft_wrap=True, markup=False)
