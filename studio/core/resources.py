"""Where the data files lie: theme, icons, fonts, help, the sample, the licence."""

from pathlib import Path

_PACKAGE = Path(__file__).parents[1]


def resource(name: str) -> Path:
    """The path of a data file, e.g. ``resource("theme/dark.toml")``; it may not be there.

    An installed Doppel carries the folder ``resources`` as ``studio/_resources``; in a checkout it
    lies beside the package.
    """
    installed = _PACKAGE / "_resources"
    return (installed if installed.is_dir() else _PACKAGE.parent / "resources") / name


def take_files(sample: Path) -> list[Path]:
    """The videos and the calibration of a sample folder; its board clips and truth are left out."""
    return [path for pattern in ("cam*.mp4", "rig.*") for path in sorted(sample.glob(pattern))]
