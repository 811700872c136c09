"""The card of a network that Doppel trained: what it is for, what it learned from, its figures.

A network is a folder ``models/NAME`` with ``card.toml`` and ``weights.safetensors``.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from studio.core.errors import StudioError

CARD, WEIGHTS = "card.toml", "weights.safetensors"
_PACKAGE = Path(__file__).parents[1]


@dataclass(frozen=True)
class Card:
    """``facts`` are sentences and numbers by name; ``figures`` one table row each: ``what``,
    ``value``, ``unit``, ``better``, ``baselines``, ``note``."""

    name: str
    licence: str
    facts: Mapping[str, Any]
    figures: Sequence[Mapping[str, Any]] = field(default_factory=tuple)
    folder: Path | None = None

    @property
    def weights(self) -> Path:
        """The file of the weights."""
        assert self.folder is not None
        return self.folder / WEIGHTS

    def toml(self) -> str:
        """The card as it is written."""
        lines = [f"name = {_value(self.name)}", f"licence = {_value(self.licence)}"]
        lines += [f"{key} = {_value(value)}" for key, value in self.facts.items()]
        for row in self.figures:
            lines += ["", "[[figures]]"]
            lines += [f"{key} = {_value(value)}" for key, value in row.items() if value is not None]
        return "\n".join(lines) + "\n"


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_text(k)} = {_value(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    return _text(str(value))


def _text(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def shipped_models() -> Path:
    """The folder of the networks that come with Doppel."""
    installed = _PACKAGE / "_models"
    return installed if installed.is_dir() else _PACKAGE.parent / "models"


def own_models() -> Path:
    """The folder of the networks that the user trained (``DOPPEL_MODELS_DIR`` overrides it)."""
    if chosen := os.environ.get("DOPPEL_MODELS_DIR"):
        return Path(chosen)
    from platformdirs import user_data_path

    return user_data_path("doppel", appauthor=False) / "models"


def trained() -> dict[str, Path]:
    """The folder of every trained network; the user's own hide those that come with Doppel."""
    found: dict[str, Path] = {}
    for root in (shipped_models(), own_models()):
        found |= {path.parent.name: path.parent for path in sorted(root.glob(f"*/{CARD}"))}
    return found


def find_card(name: str) -> Card:
    """The card of a trained network. Raises StudioError if there is none."""
    folders = trained()
    if name not in folders:
        there = f"There are: {', '.join(folders)}." if folders else "None is trained yet."
        raise StudioError(f"There is no trained network “{name}”.", there)
    return read_card(folders[name])


def read_card(folder: Path) -> Card:
    """The card in a network's folder. Raises StudioError saying what is wrong with it."""
    path = folder / CARD
    try:
        told = tomllib.loads(path.read_text("utf-8"))
        name, licence = str(told.pop("name")), str(told.pop("licence"))
        figures = tuple(dict(row) for row in told.pop("figures", ()))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError) as error:
        raise StudioError(
            f"The card “{path}” cannot be read: {error}.", "Publish the network again."
        ) from error
    return Card(name, licence, told, figures, folder)
