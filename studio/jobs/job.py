"""An engine is a generator: it yields live values and returns its result.

``engine(params, inputs, context)`` yields something the screen can show (a skeleton, a mesh, a
keypoint set) as often as it likes and returns the finished result. It may ask its
:class:`Context` whether to go on and tell it how far it is; that is all it knows of the outside.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Generator
from concurrent.futures import Executor, Future
from contextlib import closing
from typing import Any, Generic, Literal, TypeVar

from studio.core.errors import Cancelled, StudioError

_log = logging.getLogger(__name__)

Live = TypeVar("Live")
Result = TypeVar("Result")
Engine = Generator[Live, None, Result]
State = Literal["waiting", "running", "paused", "done", "failed", "cancelled"]


class Context:
    """All that an engine may know of the outside: check, report, cancel, pause, finish, renew.

    An engine says that it ``keeps`` what there is while it would end early if asked to finish.
    """

    def __init__(self) -> None:
        self._newer: Any = None
        self._cancelled = threading.Event()
        self._finishing = threading.Event()
        self._going = threading.Event()
        self._going.set()
        self.fraction = 0.0
        self.endless = False
        self.keeps = False
        self.text = ""

    def check(self) -> None:
        """Wait while paused; raise :class:`Cancelled` once the user has cancelled."""
        self._going.wait()
        if self._cancelled.is_set():
            raise Cancelled

    def report(self, fraction: float | None, text: str = "") -> None:
        """Say how far the work is (0..1) and, optionally, what is being done.

        None is for work that goes on until somebody ends it.
        """
        self.endless = fraction is None
        self.fraction = min(max(fraction or 0.0, 0.0), 1.0)
        if text:
            self.text = text

    def renew(self, inputs: Any) -> None:
        """Lay newer inputs out for the engine; it takes them at its next look, or never."""
        self._newer = inputs

    def renewed(self) -> Any:
        """The newest inputs laid out since the last look, or None."""
        newer, self._newer = self._newer, None
        return newer

    def cancel(self) -> None:
        """Ask the engine to stop at its next check; wakes a paused one."""
        self._cancelled.set()
        self._finishing.set()
        self._going.set()

    @property
    def stoppable(self) -> bool:
        """Whether the work would end early and keep what there is."""
        return self.endless or self.keeps

    def finish(self) -> None:
        """Ask an engine that is ``stoppable`` to come to its end and return what it has."""
        self._finishing.set()
        self._going.set()

    def pause(self) -> None:
        """Hold the engine at its next check."""
        self._going.clear()

    def resume(self) -> None:
        """Let a paused engine go on."""
        self._going.set()

    @property
    def paused(self) -> bool:
        return not self._going.is_set()

    def wait(self, seconds: float) -> bool:
        """Sleep, at most until the user asks to finish or cancels; True once finishing.

        Raises :class:`Cancelled`.
        """
        finishing = self._finishing.wait(seconds)
        self.check()
        return finishing

    @property
    def finishing(self) -> bool:
        return self._finishing.is_set()

    @property
    def cancelled(self) -> bool:
        return self._cancelled.is_set()


def run(engine: Engine[Live, Result], each: Callable[[Live], object] | None = None) -> Result:
    """Run an engine here and now: call ``each`` on every live value, return the result."""
    with closing(engine):
        try:
            while True:
                value = next(engine)
                if each is not None:
                    each(value)
        except StopIteration as stop:
            return stop.value


class Job(Generic[Live, Result]):
    """An engine at work: its newest value, its progress, and how it ended.

    The worker replaces ``newest`` whole, so readers need no lock; nothing is pushed to anybody.
    """

    def __init__(
        self,
        name: str,
        start: Callable[[Context], Engine[Live, Result]],
        lane: Executor,
        *,
        feature: str = "",
    ) -> None:
        self.name = name
        self.feature = feature
        self.context = Context()
        self.newest: tuple[int, Live] | None = None
        self.created_s = time.monotonic()
        self.started_s: float | None = None
        self.finished_s: float | None = None
        self.ended: Future[Result] = lane.submit(self._run, start)

    def _run(self, start: Callable[[Context], Engine[Live, Result]]) -> Result:
        self.started_s = time.monotonic()
        number = 0

        def show(value: Live) -> None:
            nonlocal number
            self.newest = (number, value)
            number += 1
            self.context.check()

        try:
            self.context.check()
            result = run(start(self.context), show)
            self.context.report(1.0)
            return result
        except (Cancelled, StudioError):
            raise
        except BaseException:
            _log.exception("job %s failed", self.name)
            raise
        finally:
            self.finished_s = time.monotonic()

    @property
    def state(self) -> State:
        if self.ended.done():
            if self.ended.cancelled():
                return "cancelled"
            error = self.ended.exception()
            if error is None:
                return "done"
            return "cancelled" if isinstance(error, Cancelled) else "failed"
        if self.context.paused:
            return "paused"
        return "running" if self.started_s is not None else "waiting"

    @property
    def seconds_left(self) -> float | None:
        """An estimate from the progress so far; None until it means something."""
        if self.started_s is None or self.context.fraction < 0.02 or self.ended.done():
            return None
        spent = time.monotonic() - self.started_s
        return spent * (1 / self.context.fraction - 1)

    def cancel(self) -> None:
        """Stop the job: at once if it still waits, at its next check if it runs."""
        self.context.cancel()
        self.ended.cancel()


AnyJob = Job[Any, Any]
