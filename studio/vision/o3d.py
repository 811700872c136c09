"""Open3D, imported when it is first used: it takes a second."""

from __future__ import annotations

import importlib
import time
from functools import cache
from typing import Any

_TRIES, _WAIT_S = 20, 0.05


@cache
def open3d() -> Any:
    """The package ``open3d``.

    Its import goes through all modules that are loaded, which fails while another thread imports
    one; it is tried again then.
    """
    for _ in range(_TRIES):
        try:
            return importlib.import_module("open3d")
        except RuntimeError as error:
            if "changed size during iteration" not in str(error):
                raise
            time.sleep(_WAIT_S)
    return importlib.import_module("open3d")
