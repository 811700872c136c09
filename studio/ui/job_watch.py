"""The only bridge from jobs to Qt: at 60 Hz, on the main thread, the screen asks how they do."""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from studio.core.errors import Cancelled
from studio.jobs import Job
from studio.jobs.job import AnyJob

_log = logging.getLogger(__name__)

TICK_MS = 16
TELL_S = 0.1
KEPT = 20


def _nothing(*_: object) -> None:
    pass


@dataclass(eq=False)
class Watched:
    """A job on the watch list, and what to do with its values, its result and its error."""

    job: AnyJob
    show: Callable[[Any], object] = _nothing
    done: Callable[[Any], object] = _nothing
    failed: Callable[[BaseException, str], object] = _nothing
    retry: Callable[[], object] | None = None
    seen: int = -1
    delivered: bool = False


@dataclass(eq=False)
class _Call:
    future: Future[Any]
    done: Callable[[Any], object] = _nothing
    failed: Callable[[BaseException, str], object] = _nothing


class JobWatch(QObject):
    """Watches jobs and small background calls.

    ``ticked`` follows each tick with work in it; ``told``, ten times a second, is for words and
    bars that nobody can read faster.
    """

    changed = Signal()
    ticked = Signal()
    told = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.jobs: list[Watched] = []
        self._told_s = self._ticked_s = self._show_again_s = 0.0
        self._may_show = True
        self._calls: list[_Call] = []
        self._timer = QTimer(self, interval=TICK_MS)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self.tick)

    def add(
        self,
        job: Job[Any, Any],
        show: Callable[[Any], object] = _nothing,
        done: Callable[[Any], object] = _nothing,
        failed: Callable[[BaseException, str], object] = _nothing,
        retry: Callable[[], object] | None = None,
    ) -> Watched:
        """Watch a job. ``failed`` gets the error and its traceback, also for a cancelled job."""
        watched = Watched(job, show, done, failed, retry)
        self.jobs.append(watched)
        for old in [w for w in self.jobs if w.delivered][:-KEPT]:
            self.jobs.remove(old)
        self._timer.start()
        self.changed.emit()
        return watched

    def call(
        self,
        future: Future[Any],
        done: Callable[[Any], object] = _nothing,
        failed: Callable[[BaseException, str], object] = _nothing,
    ) -> None:
        """Deliver a small background call (a save, a file read) on the main thread."""
        self._calls.append(_Call(future, done, failed))
        self._timer.start()

    @property
    def working(self) -> tuple[Watched, ...]:
        """Those whose end was not delivered yet."""
        return tuple(w for w in self.jobs if not w.delivered)

    @property
    def busy(self) -> bool:
        return bool(self.working or self._calls)

    def tick(self) -> None:
        """Ask every job once. Tests may call this by hand."""
        now = time.monotonic()
        self._pace(now)
        over = False
        for watched in self.working:
            over |= self._ask(watched)
        for call in tuple(self._calls):
            if call.future.done():
                self._calls.remove(call)
                self._deliver(call.future, call.done, call.failed)
        self.ticked.emit()
        if over or now - self._told_s >= TELL_S:
            self._told_s = now
            self.told.emit()
        if over:
            self.changed.emit()
        if not self.busy:
            self._timer.stop()

    def _pace(self, now: float) -> None:
        """Show live values only as often as the screen can draw them.

        A tick that comes late was held up by drawing; as long again is left to the user's events.
        """
        late_s = min(now - self._ticked_s - TICK_MS / 1000, 0.5)
        self._ticked_s = now
        if self._may_show and late_s > TICK_MS / 1000:
            self._show_again_s = now + late_s
        self._may_show = now >= self._show_again_s

    def _ask(self, watched: Watched) -> bool:
        ended = watched.job.ended.done()  # asked first: a value may still come before the end
        newest = watched.job.newest
        if newest is not None and newest[0] > watched.seen and (ended or self._may_show):
            watched.seen = newest[0]
            _guarded(watched.show, newest[1])
        if ended:
            watched.delivered = True
            self._deliver(watched.job.ended, watched.done, watched.failed)
        return ended

    def _deliver(
        self,
        future: Future[Any],
        done: Callable[[Any], object],
        failed: Callable[[BaseException, str], object],
    ) -> None:
        try:
            result = future.result()
        except (CancelledError, Cancelled) as error:
            _guarded(failed, error if isinstance(error, Cancelled) else Cancelled(), "")
        except BaseException as error:
            _guarded(failed, error, traceback.format_exc())
        else:
            _guarded(done, result)

    def forget(self, watched: Watched) -> None:
        """Take an ended job off the list."""
        if watched.delivered:
            self.jobs.remove(watched)
            self.changed.emit()

    def cancel_all(self) -> None:
        for watched in self.working:
            watched.job.cancel()

    def close(self) -> None:
        """Cancel everything and stop asking."""
        self.cancel_all()
        self._timer.stop()


def _guarded(call: Callable[..., object], *values: object) -> None:
    """A panel that fails must not stop the other jobs from being heard."""
    try:
        call(*values)
    except Exception:
        _log.exception("a job's answer could not be shown")
