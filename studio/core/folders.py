"""Where things are kept: what can be made or fetched again, and what is the user's own."""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs import user_cache_path, user_data_path


def cache_folder(name: str) -> Path:
    """A folder of the user's cache (``DOPPEL_CACHE_DIR`` overrides it); it may not exist yet."""
    chosen = os.environ.get("DOPPEL_CACHE_DIR")
    return (Path(chosen) if chosen else user_cache_path("doppel", appauthor=False)) / name


def data_folder(name: str) -> Path:
    """A folder of the user's own data (``DOPPEL_DATA_DIR`` overrides it); it may not exist yet."""
    chosen = os.environ.get("DOPPEL_DATA_DIR")
    return (Path(chosen) if chosen else user_data_path("doppel", appauthor=False)) / name
