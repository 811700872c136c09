"""Small icons that a style sheet needs as files: drawn once in a colour, kept in the cache."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from string import Template

from platformdirs import user_cache_path

from studio.core.resources import resource


@cache
def drawn(name: str, colour: str) -> Path:
    """The file of ``resources/icons/<name>.svg`` in a colour."""
    folder = user_cache_path("doppel", appauthor=False) / "icons"
    path = folder / f"{name}-{colour.lstrip('#')}.svg"
    text = Template(resource(f"icons/{name}.svg").read_text("utf-8")).substitute(colour=colour)
    try:
        if not path.is_file() or path.read_text("utf-8") != text:
            folder.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
    except OSError:  # an unwritable cache costs a few arrows, not the start
        return resource(f"icons/{name}.svg")
    return path
