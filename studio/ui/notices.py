"""What the user is told: toasts that pass, banners that stay until answered. Never a dialog."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QObject, Signal

from studio.core.errors import Cancelled, StudioError

_log = logging.getLogger(__name__)

Level = Literal["good", "look", "stop", "plain"]
Answer = tuple[str, Callable[[], object]]


@dataclass(frozen=True, eq=False)
class Notice:
    """One message. ``answers`` are buttons; ``details`` can be copied."""

    message: str
    hint: str = ""
    level: Level = "plain"
    answers: tuple[Answer, ...] = ()
    details: str = ""


class Notices(QObject):
    """Takes messages from anybody on the main thread; the window shows them."""

    toast = Signal(object)
    banner = Signal(object)
    status = Signal(str)
    settled = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.shown: list[Notice] = []

    def tell(
        self, message: str, hint: str = "", level: Level = "plain", *answers: Answer
    ) -> Notice:
        """A toast."""
        return self._post(Notice(message, hint, level, answers))

    def settle(self, notice: Notice) -> None:
        """What was told is not so any more: its card goes."""
        self.settled.emit(notice)

    def say(self, text: str) -> None:
        """A line in the status bar."""
        self.status.emit(text)

    def stay(
        self, message: str, hint: str = "", level: Level = "plain", *answers: Answer
    ) -> Notice:
        """A banner at the top of the window, until it is answered or closed."""
        notice = Notice(message, hint, level, answers)
        _log.info("%s %s", message, hint)
        self.banner.emit(notice)
        return notice

    def error(
        self, error: BaseException, where: str, details: str = "", *answers: Answer
    ) -> Notice | None:
        """An error as a toast: its own words if it has some, else “something went wrong”."""
        if isinstance(error, Cancelled):
            self.say(f"{where}: cancelled")
            return None
        if isinstance(error, StudioError):
            return self._post(Notice(error.message, error.hint, "stop", answers))
        details = details or "".join(traceback.format_exception(error))
        _log.error("something went wrong in %s\n%s", where, details)
        hint = "Your work is saved. Copy the details if you want to report it."
        return self._post(
            Notice(f"Something went wrong in “{where}”.", hint, "stop", answers, details)
        )

    def _post(self, notice: Notice) -> Notice:
        self.shown.append(notice)
        del self.shown[:-100]
        _log.info("notice: %s %s", notice.message, notice.hint)
        self.toast.emit(notice)
        return notice
