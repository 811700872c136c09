"""The one kind of error whose text is shown to users."""

from collections.abc import Mapping
from typing import Any


class StudioError(Exception):
    """Something the user can understand and mend.

    ``message`` says what is wrong, ``hint`` what to do about it; both are whole sentences in the
    words of the craft. Every other exception is a defect of the program and is shown as
    "something went wrong", with details that can be copied. ``action`` names the command of the
    window that mends it, and is shown as a button there. ``result`` is what came out nevertheless,
    as plain values: a command's one JSON object holds both.
    """

    def __init__(
        self,
        message: str,
        hint: str = "",
        action: str = "",
        *,
        result: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message if not hint else f"{message} {hint}")
        self.message = message
        self.hint = hint
        self.action = action
        self.result = dict(result or {})


class Cancelled(Exception):
    """Raised inside an engine, at its next ``Context.check``, after the user cancelled it."""
