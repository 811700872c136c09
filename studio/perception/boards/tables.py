"""Small description files, TOML or JSON, and what may stand in them."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from studio.core.errors import StudioError


def read_table(path: Path, what: str) -> Mapping[str, Any]:
    """The file's table. Raises StudioError if it cannot be read or is none."""
    try:
        text = path.read_text("utf-8")
        table = json.loads(text) if path.suffix.lower() == ".json" else tomllib.loads(text)
    except FileNotFoundError:
        raise StudioError(f"There is no file “{path}” for {what}.", "Check its name.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise StudioError(f"“{path.name}” cannot be read: {error}.", "Copy it again.") from error
    except ValueError as error:
        raise StudioError(
            f"“{path.name}” is damaged ({error}).", "Mend it in a text editor, or write it again."
        ) from error
    if not isinstance(table, Mapping):
        raise StudioError(f"“{path.name}” is no description of {what}.", "Choose another file.")
    return table


def numbers(value: Any, shape: tuple[int, ...], where: str) -> np.ndarray:
    """An array of that shape. Raises StudioError naming the place in the file."""
    try:
        array = np.asarray(value, np.float64)
    except (TypeError, ValueError):
        array = np.zeros(0)
    if array.shape != shape or not np.isfinite(array).all():
        wanted = " x ".join(str(count) for count in shape)
        raise StudioError(f"{where} must be {wanted} numbers.", f"It says {value!r}.")
    return array
