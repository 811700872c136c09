"""Folders that users fill for training: an index that says of what format they are, and whose."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, ClassVar, Self

from studio.core.errors import StudioError
from studio.core.files import read_text, write_whole

FORMAT = 1


class Collection:
    """A folder with an index. ``origin`` says whose things these are and who may use them."""

    index: ClassVar[str]
    kind: ClassVar[str]
    """What it is called, such as “folder of labels”."""
    holds: ClassVar[str]
    made_with: ClassVar[str]
    """What to do where there is none."""
    restored: ClassVar[str]
    """What to do where the index is damaged."""

    def __init__(self, path: Path, origin: str = "") -> None:
        self.path, self.origin = path, origin

    @classmethod
    def create(cls, path: Path, origin: str = "") -> Self:
        """A new folder, or the one that is there already. Raises StudioError if it cannot be."""
        if (path / cls.index).is_file():
            return cls.open(path)
        if path.is_dir() and any(path.iterdir()):
            raise StudioError(
                f"“{path.name}” is not empty and holds no {cls.holds}.",
                "Choose a new or empty folder.",
            )
        made = cls(path, origin)
        made.save_index()
        return made

    @classmethod
    def open(cls, path: Path) -> Self:
        """A folder that is there. Raises StudioError if it is none or of a newer format."""
        if not (path / cls.index).is_file():
            raise StudioError(
                f"“{path.name}” is no {cls.kind}: it has no {cls.index}.", cls.made_with
            )
        try:
            raw: Any = json.loads(read_text(path / cls.index, f"the list of {cls.holds}"))
            number, origin = int(raw["format"]), str(raw.get("origin", ""))
        except (ValueError, KeyError, TypeError) as error:
            raise StudioError(f"“{path.name}/{cls.index}” is damaged.", cls.restored) from error
        if number > FORMAT:
            raise StudioError(
                f"“{path.name}” was made by a newer Doppel (format {number}).", "Update Doppel."
            )
        return cls(path, origin)

    def save_index(self) -> None:
        """Write the index."""
        text = json.dumps({"format": FORMAT, "origin": self.origin}, indent=2, ensure_ascii=False)
        write_whole(self.path / self.index, text.encode())
