"""Sets of markers fixed to one rigid thing, each where a file says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Int, UInt8
from scipy.spatial.transform import Rotation

from studio.core.calibration import Target
from studio.core.errors import StudioError
from studio.core.frames import to_metres
from studio.perception.boards.artwork import Artwork
from studio.perception.boards.board import Found
from studio.perception.boards.grid import sharpness
from studio.perception.boards.lengths import parse_length
from studio.perception.boards.markers import MarkerFinder, dictionary, refined
from studio.perception.boards.tables import numbers, read_table

_EXAMPLE = 'Write dictionary = "DICT_4X4_50", unit = "mm" and [[markers]] with id and corners.'


@dataclass(frozen=True, eq=False)
class MarkerSet:
    """Markers on a rigid thing: point 4 · i + k is corner k of the i-th marker, clockwise from its
    own top left."""

    file: Path
    dictionary: str
    ids: tuple[int, ...]
    corners_m: Float[np.ndarray, "markers 4 3"]

    @property
    def spec(self) -> str:
        return f"aruco:{self.file}"

    @property
    def name(self) -> str:
        return f"{len(self.ids)} markers of {self.dictionary} ({self.file.name})"

    @property
    def note(self) -> str:
        return ""

    @property
    def twins(self) -> tuple[Int[np.ndarray, " points"], ...]:
        return ()

    @property
    def target(self) -> Target:
        return self._target

    @property
    def artwork(self) -> Artwork:
        raise StudioError("A set of markers is not one sheet.", "Print its markers one by one.")

    @property
    def back(self) -> Artwork | None:
        return None

    def find(self, gray: UInt8[np.ndarray, "height width"]) -> Found | None:
        """The corners of the markers in a picture."""
        seen, _ = self._finder(gray)
        if not len(seen):
            return None
        quads = refined(gray, seen.corners)
        place = {id: number for number, id in enumerate(self.ids)}
        first = 4 * np.array([place[int(id)] for id in seen.ids])
        crisp = sharpness(gray, quads.reshape(-1, 2), np.roll(quads, -1, axis=1).reshape(-1, 2))
        return Found((first[:, None] + np.arange(4)).ravel(), quads.reshape(-1, 2), crisp)

    @cached_property
    def _target(self) -> Target:
        return Target(self.name, self.corners_m.reshape(-1, 3))

    @cached_property
    def _finder(self) -> MarkerFinder:
        return MarkerFinder(self.dictionary, self.ids)


def read_marker_set(path: Path) -> MarkerSet:
    """A set from a TOML or JSON file.

    ``dictionary``, ``unit``, and ``markers``: each with its ``id`` and either its four
    ``corners`` (clockwise from its own top left) or its ``size``, ``centre`` and ``rotation_deg``
    (turned about x, then y, then z of the set, from lying in its xy plane with x right, y down).
    Raises StudioError that names what is missing or wrong.
    """
    table = read_table(path, "the set of markers")
    unit = table.get("unit")
    if not isinstance(unit, str):
        raise StudioError(f"“{path.name}” does not say its unit of length.", _EXAMPLE)
    scale = to_metres(unit)
    name = str(table.get("dictionary", "")).upper()
    held = len(dictionary(name).bytesList)
    listed = table.get("markers")
    if isinstance(listed, Mapping):
        listed = [{"id": id, **entry} for id, entry in listed.items()]
    if not isinstance(listed, list) or not listed:
        raise StudioError(f"“{path.name}” lists no markers.", _EXAMPLE)
    corners: dict[int, np.ndarray] = {}
    for entry in listed:
        id = _id(entry, held, name)
        if id in corners:
            raise StudioError(
                f"“{path.name}” has the marker {id} twice.",
                "Every marker of a set needs its own id.",
            )
        corners[id] = _corners_m(entry, f"Marker {id}", table.get("size"), scale)
    return MarkerSet(path, name, tuple(corners), np.stack(list(corners.values())))


def _id(entry: Mapping[str, Any], held: int, name: str) -> int:
    try:
        id = int(entry["id"])
    except (KeyError, TypeError, ValueError):
        raise StudioError("A marker has no id.", _EXAMPLE) from None
    if not 0 <= id < held:
        raise StudioError(f"{name} has no marker {id}.", f"Its ids run from 0 to {held - 1}.")
    return id


def _corners_m(entry: Mapping[str, Any], who: str, every_size: Any, scale: float) -> np.ndarray:
    if "corners" in entry:
        return numbers(entry["corners"], (4, 3), f"{who}: corners") * scale
    size = entry.get("size", every_size)
    if size is None or "centre" not in entry:
        raise StudioError(
            f"{who} does not say where it is.",
            "Give its four corners, or its size, centre and rotation_deg.",
        )
    if isinstance(size, str):
        size_m = parse_length(size, f"{who}: the size")[0]
    else:
        size_m = float(numbers(size, (), f"{who}: size")) * scale
    centre = numbers(entry["centre"], (3,), f"{who}: centre") * scale
    turn = numbers(entry.get("rotation_deg", [0, 0, 0]), (3,), f"{who}: rotation_deg")
    square = np.array([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]]) * size_m / 2
    return Rotation.from_euler("xyz", turn, degrees=True).apply(square) + centre
