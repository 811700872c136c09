"""Undo and redo that say what they did."""

from __future__ import annotations

from studio.ui.studio import Studio


def undo(studio: Studio) -> None:
    """Take back the last step and say which."""
    label = studio.document.undo()
    studio.notices.say(f"Undid: {label}" if label else "There is nothing to undo.")


def redo(studio: Studio) -> None:
    """Do the next step again and say which."""
    label = studio.document.redo()
    studio.notices.say(f"Did again: {label}" if label else "There is nothing to redo.")
