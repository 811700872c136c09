"""A run on disk: its checkpoint, always whole, and its log, one JSON object a line."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from studio.core.errors import StudioError
from studio.core.files import write_whole

CHECKPOINT, LOG, BEST = "checkpoint.pt", "log.jsonl", "best.safetensors"
PICTURE = "sample.png"
"""What the network makes of a few samples, as last drawn."""


def save(folder: Path, state: Mapping[str, Any]) -> None:
    """Keep a run's state as its newest checkpoint."""
    whole = io.BytesIO()
    torch.save(dict(state), whole)
    write_whole(folder / CHECKPOINT, whole.getvalue())


def load(folder: Path) -> dict[str, Any] | None:
    """The newest checkpoint, on the processor; None if there is none.

    Raises StudioError if it cannot be read.
    """
    path = folder / CHECKPOINT
    if not path.is_file():
        return None
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise StudioError(
            f"The checkpoint “{path}” cannot be read ({type(error).__name__}).",
            "Start the training afresh without --resume, or take the file away.",
        ) from error


class Journal:
    """The log of a run, followed live by whoever wants to draw it."""

    def __init__(self, folder: Path, from_step: int) -> None:
        """Go on from a step: what was told after it is forgotten, for it will be told again."""
        self._path = folder / LOG
        kept = [line for line in lines(folder) if line["step"] <= from_step] if from_step else []
        write_whole(self._path, "".join(json.dumps(line) + "\n" for line in kept).encode())
        self._file = self._path.open("a", encoding="utf-8")

    def tell(self, **facts: Any) -> None:
        """Add a line; ``step`` is among its facts."""
        self._file.write(json.dumps(facts) + "\n")
        self._file.flush()

    def close(self) -> None:
        self._file.close()


def lines(folder: Path) -> list[dict[str, Any]]:
    """The log so far. A last line that is cut short is left out."""
    path = folder / LOG
    if not path.is_file():
        return []
    told: list[dict[str, Any]] = []
    for line in path.read_text("utf-8").splitlines():
        try:
            told.append(json.loads(line))
        except json.JSONDecodeError:
            break
    return told
