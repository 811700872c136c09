"""Files that the stage leaves: their names, and the way to them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from html import escape
from pathlib import Path

from PySide6.QtCore import Qt, QUrl
from PySide6.QtWidgets import QLabel


def free_places(folder: Path, *suffixes: str, stem: str = "Stage") -> tuple[Path, ...]:
    """Paths of one name, that of now, where no file is yet."""
    stem = f"{stem} {time.strftime('%Y-%m-%d %H.%M.%S')}"
    name, count = stem, 2
    while any((folder / f"{name}{suffix}").exists() for suffix in suffixes):
        name, count = f"{stem} {count}", count + 1
    return tuple(folder / f"{name}{suffix}" for suffix in suffixes)


class WrittenLabel(QLabel):
    """Says how a recording goes, and afterwards what was written; a click shows its folder."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "small")
        self.setWordWrap(True)
        self.setOpenExternalLinks(True)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.LinksAccessibleByMouse
            | Qt.TextInteractionFlag.LinksAccessibleByKeyboard
        )
        self.hide()

    def say(self, text: str) -> None:
        """What goes on; nothing if it is empty."""
        self.setText(escape(text))
        self.setToolTip("")
        self.setVisible(bool(text))

    def show_files(self, paths: Sequence[Path]) -> None:
        """What was written, all in one folder."""
        folder = paths[0].parent
        names = paths[0].name
        if len(paths) > 1:
            names = f"{paths[0].stem} ({', '.join(p.suffix.lstrip('.').upper() for p in paths)})"
        url = QUrl.fromLocalFile(str(folder)).toString(QUrl.ComponentFormattingOption.FullyEncoded)
        self.setText(f"{escape(names)} · <a href='{url}'>Open folder</a>")
        self.setToolTip(str(folder))
        self.setVisible(True)
