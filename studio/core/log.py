"""One log file for the whole program, beside the settings; the newest megabytes are kept."""

from __future__ import annotations

import logging
import platform
import sys
from logging.handlers import RotatingFileHandler
from pathlib import Path

from platformdirs import user_log_path


def log_path() -> Path:
    """Where the log is written."""
    return user_log_path("doppel", appauthor=False) / "doppel.log"


def start_log(verbose: bool = False) -> None:
    """Send the ``studio`` loggers to the log file, and to stderr if ``verbose``.

    A log that cannot be written (full disk, read-only home) never stops the program.
    """
    root = logging.getLogger("studio")
    if root.handlers:
        return
    root.setLevel(logging.DEBUG if verbose else logging.INFO)
    form = logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        log_path().parent.mkdir(parents=True, exist_ok=True)
        file = RotatingFileHandler(log_path(), maxBytes=2_000_000, backupCount=2, encoding="utf-8")
        file.setFormatter(form)
        root.addHandler(file)
    except OSError as error:
        print(f"The log cannot be written: {error}", file=sys.stderr)
    if verbose:
        screen = logging.StreamHandler()
        screen.setFormatter(form)
        root.addHandler(screen)


def diagnostics(last_lines: int = 200) -> str:
    """What a report needs: versions, platform, the end of the log. No file names of the user's."""
    from importlib.metadata import PackageNotFoundError, version

    lines = [f"Python {platform.python_version()} on {platform.platform()}"]
    for name in ("doppel-studio", "PySide6", "torch", "numpy", "opencv-contrib-python", "mediapipe",
                 "open3d", "pyvista", "vispy"):  # fmt: skip
        try:
            lines.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            lines.append(f"{name} missing")
    try:
        tail = log_path().read_text("utf-8", errors="replace").splitlines()[-last_lines:]
    except OSError:
        tail = ["(no log)"]
    home = str(Path.home())
    return "\n".join([*lines, "", *(line.replace(home, "~") for line in tail)])
