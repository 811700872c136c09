"""Pictures that people have labelled: a plain folder that painting fills and training reads.

::

    NAME/labels.json              format, and who may use the pictures (a licence, a consent)
    NAME/pictures/0001.jpg        any common format; the stem names the picture
    NAME/parts/0001.png           8 bits a pixel: numbers of studio.core.parts
    NAME/mask/0001.png            0 background, 255 person
    NAME/occlusion/0001.png       0 the item is seen .. 255 what is in front of it is seen
    NAME/items/0001.png           the item alone, RGBA, as large as the picture
    NAME/keypoints/0001.json      {"layout": "coco_133", "people": [{"xy_px": [[x, y] or null]}]}

Points that a network marked, pseudo-labels, say whose it is: ``"by": "mediapipe"``. A picture may
have any of these. Maps are as large as their picture. What is not labelled is
absent: training takes only what it needs. Everything is written whole, one file at a time.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from jaxtyping import Float, UInt8

from studio.core.errors import StudioError
from studio.core.files import IMAGE_SUFFIXES, natural_key, read_text, write_whole
from studio.core.parts import PartLabel
from studio.core.pictures import read_picture, write_picture
from studio.human.catalogue import layout
from studio.training.collection import Collection

MapKind = Literal["parts", "mask", "occlusion"]
MAP_KINDS: tuple[MapKind, ...] = ("parts", "mask", "occlusion")


@dataclass(frozen=True, eq=False)
class LabelledPerson:
    """One person of a picture; points that nobody marked are NaN."""

    layout: str
    xy_px: Float[np.ndarray, "points 2"]


class LabelFolder(Collection):
    """A folder of labelled pictures. ``origin`` says whose they are and who may use them."""

    index, kind, holds = "labels.json", "folder of labels", "labels"
    made_with = "Choose a folder made with “Label pictures”, or make a new one there."
    restored = "Restore it, or delete it and choose the folder again: maps stay as they are."

    def __init__(self, path: Path, origin: str = "") -> None:
        super().__init__(path, origin)
        self._sizes: dict[str, tuple[int, tuple[int, int]]] = {}

    # -- pictures

    def names(self) -> tuple[str, ...]:
        """The names of all pictures, as people count."""
        return tuple(self._files())

    def _files(self) -> dict[str, Path]:
        folder = self.path / "pictures"
        found = (p for p in folder.iterdir()) if folder.is_dir() else ()
        files = [p for p in found if p.suffix.lower() in IMAGE_SUFFIXES]
        return {p.stem: p for p in sorted(files, key=lambda p: natural_key(p.stem))}

    def add(self, picture: Path | UInt8[np.ndarray, "height width 3"], name: str = "") -> str:
        """Add a picture (a file, or its pixels); its name, made unique.

        Raises StudioError if the file is no picture.
        """
        taken = set(self._files())
        if isinstance(picture, Path):
            pixels = read_picture(picture)
            suffix, name = picture.suffix.lower(), name or picture.stem
        else:
            pixels, suffix = picture, ".png"
        name = _free(re.sub(r"[^\w .()-]", "_", name).strip(" .") or "picture", taken)
        target = self.path / "pictures" / f"{name}{suffix}"
        if isinstance(picture, Path) and suffix not in (".jpg", ".jpeg"):
            write_whole(target, picture.read_bytes())
        else:  # turned upright as its EXIF says, once and for all
            write_picture(target, pixels, quality=96)
        return name

    def picture(self, name: str) -> UInt8[np.ndarray, "height width 3"]:
        """The pixels of a picture. Raises StudioError if there is none of that name."""
        files = self._files()
        if name not in files:
            raise StudioError(f"“{self.path.name}” has no picture “{name}”.", "Add it first.")
        written = files[name].stat().st_mtime_ns
        rgb = read_picture(files[name])
        self._sizes[name] = written, (rgb.shape[0], rgb.shape[1])
        return rgb

    def _size(self, name: str) -> tuple[int, int]:
        """Height and width of a picture, which is read only if it was not since it changed."""
        path = self._files().get(name)
        known = self._sizes.get(name)
        if path is None or known is None or path.stat().st_mtime_ns != known[0]:
            height, width = self.picture(name).shape[:2]
            return height, width
        return known[1]

    def item(self, name: str) -> UInt8[np.ndarray, "height width 4"] | None:
        """The item that is laid over a picture, or None."""
        path = self.path / "items" / f"{name}.png"
        return self._fitting(name, read_picture(path, "rgba")) if path.is_file() else None

    def save_item(self, name: str, rgba: UInt8[np.ndarray, "height width 4"]) -> None:
        """Keep the item that lies over a picture."""
        write_picture(self.path / "items" / f"{name}.png", self._fitting(name, rgba))

    # -- maps

    def map(self, name: str, kind: MapKind) -> UInt8[np.ndarray, "height width"] | None:
        """What somebody painted, or None. Raises StudioError if it does not fit its picture."""
        path = self.path / kind / f"{name}.png"
        if not path.is_file():
            return None
        values = self._fitting(name, read_picture(path, "grey", "the map"))
        highest, last = int(values.max(initial=0)), int(max(PartLabel))
        if kind == "parts" and highest > last:
            raise StudioError(
                f"“{kind}/{name}.png” has the value {highest}; parts are 0 to {last}.",
                "Paint it again, or convert it to the numbers of Doppel's parts.",
            )
        return values

    def save_map(self, name: str, kind: MapKind, values: UInt8[np.ndarray, "height width"]) -> None:
        """Keep a painted map. Raises StudioError if it is not as large as its picture."""
        write_picture(self.path / kind / f"{name}.png", self._fitting(name, values))

    def labelled(self, kind: MapKind | Literal["keypoints"]) -> tuple[str, ...]:
        """The names of the pictures that have this label."""
        suffix = ".json" if kind == "keypoints" else ".png"
        return tuple(n for n in self.names() if (self.path / kind / f"{n}{suffix}").is_file())

    def _fitting(self, name: str, values: np.ndarray) -> np.ndarray:
        height, width = self._size(name)
        if values.shape[:2] != (height, width):
            raise StudioError(
                f"A map of “{name}” is {values.shape[1]} x {values.shape[0]}, its picture "
                f"{width} x {height}.",
                "Export it in the size of the picture.",
            )
        return values

    # -- keypoints

    def keypoints(self, name: str) -> tuple[LabelledPerson, ...] | None:
        """The people whose points somebody marked, or None if nobody did."""
        path = self.path / "keypoints" / f"{name}.json"
        if not path.is_file():
            return None
        try:
            raw: Any = json.loads(read_text(path, "the keypoints"))
            kind = layout(str(raw["layout"]))
            people = [_points(person["xy_px"], len(kind)) for person in raw["people"]]
        except (ValueError, KeyError, TypeError) as error:
            raise StudioError(
                f"“keypoints/{path.name}” cannot be understood ({error}).",
                'It needs "layout" and "people", each with a list "xy_px" of [x, y] or null.',
            ) from error
        return tuple(LabelledPerson(kind.name, xy) for xy in people)

    def marked_by(self, name: str) -> str:
        """Whose network marked the points of a picture; nobody's if a person did."""
        path = self.path / "keypoints" / f"{name}.json"
        if not path.is_file():
            return ""
        try:
            raw: Any = json.loads(read_text(path, "the keypoints"))
            return str(raw.get("by", ""))
        except (ValueError, AttributeError):
            return ""

    def save_keypoints(self, name: str, people: Sequence[LabelledPerson], by: str = "") -> None:
        """Keep the points of all people of a picture, of one layout. ``by`` names the network that
        marked them."""
        if not people:
            raise StudioError("There are no people to keep.", "Mark somebody first.")
        content = {
            "layout": people[0].layout,
            "people": [{"xy_px": [_or_null(point) for point in p.xy_px]} for p in people],
            **({"by": by} if by else {}),
        }
        write_whole(self.path / "keypoints" / f"{name}.json", json.dumps(content).encode())

    def problems(self, kinds: Iterable[MapKind] = MAP_KINDS) -> tuple[StudioError, ...]:
        """Everything that is wrong with the maps, keypoints and pictures of this folder."""
        found: list[StudioError] = []
        for name in self.names():
            try:
                self.picture(name)
                self.item(name)
                for kind in kinds:
                    self.map(name, kind)
                self.keypoints(name)
            except StudioError as error:
                found.append(error)
        return tuple(found)


def _free(name: str, taken: set[str]) -> str:
    number, free = 2, name
    while free in taken:
        free, number = f"{name} ({number})", number + 1
    return free


def _points(raw: Sequence[Any], count: int) -> np.ndarray:
    if len(raw) != count:
        raise ValueError(f"{len(raw)} points, {count} expected")
    nowhere = [np.nan, np.nan]
    return np.array([nowhere if p is None else [float(p[0]), float(p[1])] for p in raw])


def _or_null(point: np.ndarray) -> list[float] | None:
    return [round(float(v), 3) for v in point] if np.isfinite(point).all() else None
