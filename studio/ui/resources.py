"""Where the data files of the window lie: theme, icons, fonts, help pages."""

from pathlib import Path

ROOT = Path(__file__).parents[2] / "resources"


def resource(name: str) -> Path:
    """The path of a data file, e.g. ``resource("theme/dark.toml")``."""
    return ROOT / name
