"""How many photographs of one person are worked on at once."""

from __future__ import annotations

from collections.abc import Sequence

from studio.core.errors import StudioError

MOST = 12


def check_photographs(photographs: Sequence[object], wanted: str) -> None:
    """Raises StudioError if there is none (``wanted`` says which to choose), or too many."""
    if not photographs:
        raise StudioError("There is no photograph.", wanted)
    if len(photographs) > MOST:
        raise StudioError(f"{len(photographs)} photographs are many.", f"Give at most {MOST}.")
