"""Pins and locks from a file: a project in which they were set, or JSON by hand."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from studio.core.errors import StudioError
from studio.features.head.params import Params, Pin

_KEPT = ("pins", "held", "reach_mm")
_HINT = (
    'Give a project (.doppel), or JSON like {"pins": [{"photo": "a.jpg", "point": 152, '
    '"x_px": 310, "y_px": 622}], "held": ["expression"], "reach_mm": 14}.'
)


def read_pins(path: Path, photos: Sequence[Path]) -> dict[str, Any]:
    """What a file says of pins, of what they leave alone and of how far they reach, as
    :class:`Params` name it. Pins belong to the photograph of that path or, where there is none, of
    that name.

    Raises StudioError if it cannot be read, says nothing of that, or has pins but none in these
    photographs.
    """
    file = path / "project.json" if path.is_dir() else path
    try:
        told = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise StudioError(f"No pins can be read from “{path.name}”.", _HINT) from error
    if isinstance(told, dict) and "params" in told:
        told = told["params"].get("head", {})
    if not isinstance(told, dict) or not set(_KEPT) & set(told):
        raise StudioError(f"There are no pins in “{path.name}”.", _HINT)
    try:
        known = Params.model_validate({name: told[name] for name in _KEPT if name in told})
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise StudioError(f"“{path.name}”, {where}: {first['msg']}.", _HINT) from error
    pins = [pin for pin in (_placed(one, photos, path.parent) for one in known.pins) if pin]
    if known.pins and not pins:
        names = ", ".join(sorted({pin.photo.name for pin in known.pins}))
        raise StudioError(f"The pins in “{path.name}” are of other photographs: {names}.",
                          "Give those photographs.")  # fmt: skip
    return {"pins": tuple(pins), "held": known.held, "reach_mm": known.reach_mm}


def _placed(pin: Pin, photos: Sequence[Path], folder: Path) -> Pin | None:
    """The pin in the one of these photographs that it is of; None if it is in none of them."""
    wanted = (folder / pin.photo).resolve()
    same = [photo for photo in photos if photo.resolve() in (wanted, pin.photo.resolve())]
    same = same or [photo for photo in photos if photo.name == pin.photo.name]
    return pin.model_copy(update={"photo": same[0]}) if len(same) == 1 else None
