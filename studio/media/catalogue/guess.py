"""What a model is, how large, which way up and where it belongs: as far as its file can tell.

Nothing is believed in silence: each answer says how sure it is and why, and what is not sure
enough is to be asked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Generic, Literal, TypeVar

import numpy as np

from studio.core.frames import UNITS_M
from studio.core.items import ANCHORED, ItemKind
from studio.core.types import Character
from studio.media.catalogue.card import WEARER, ItemCard, Placement
from studio.media.catalogue.models import points_of, read_model, sampled
from studio.media.catalogue.sides import is_pair, standing, turn_of
from studio.media.catalogue.where import USUAL_M, offset_of, tilt_of, worn_size

Unit = Literal["m", "dm", "cm", "mm", "in", "none"]
Axis = Literal["x", "-x", "y", "-y", "z", "-z"]
Question = Literal["kind", "unit", "up"]
SURE = 0.75
"""What is less sure than this is asked."""
T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True)
class Told(Generic[T_co]):
    """An answer, how sure it is (0 to 1), and why in words."""

    value: T_co
    sure: float
    why: str


@dataclass(frozen=True, eq=False)
class Guess:
    """What a model's file tells. ``up`` and ``front`` are axes of the file; ``size_m`` is how wide,
    deep and high it is worn."""

    path: Path
    character: Character
    kind: Told[ItemKind]
    unit: Told[Unit]
    up: Told[Axis]
    front: Told[Axis]
    pair: bool
    placement: Placement
    size_m: tuple[float, float, float]
    notes: tuple[str, ...]

    @property
    def questions(self) -> tuple[Question, ...]:
        """What has to be asked."""
        asked: list[Question] = []
        if self.kind.sure < SURE:
            asked.append("kind")
        if self.unit.sure < SURE and self.kind.value not in WEARER:
            asked.append("unit")
        if min(self.up.sure, self.front.sure) < SURE:
            asked.append("up")
        return tuple(asked)

    def card(self, name: str = "", licence: str = "unknown", author: str = "", source: str = ""
             ) -> ItemCard:  # fmt: skip
        """The card of the thing if this is right; its model is called ``model.glb``."""
        kind = self.kind.value
        return ItemCard(
            name=name or words_of(self.path.stem), kind=kind, model="model.glb",
            fit="wearer" if kind in WEARER else "true", pair=self.pair, placement=self.placement,
            licence=licence, author=author, source=source, notes=self.notes,
        )  # fmt: skip


_WORDS: tuple[tuple[ItemKind, tuple[str, ...]], ...] = (
    ("sunglasses", ("sunglass", "sun glass", "sun-glass", "sun_glass", "shades", "aviator",
                    "wayfarer", "sonnenbrille", "cool glasses", "goggle")),
    ("glasses", ("glasses", "spectacle", "eyewear", "brille", "frames", "monocle")),
    ("earrings", ("earring", "ear ring", "ear_ring", "ear-ring", "stud", "ohrring")),
    ("ears", ("bunny", "rabbit", "cat ear", "headband", "cat_ear", "tiara", "diadem", "horns",
              "crown")),
    ("necklace", ("necklace", "pendant", "choker", "chain", "collier", "halskette")),
    ("watch", ("watch", "bracelet", "wristband", "bangle", "chronograph")),
    ("bag", ("handbag", "purse", "tote", "satchel", "backpack", "rucksack", "bag", "tasche")),
    ("logo", ("logo", "badge", "emblem", "patch", "brooch", "name tag", "nametag")),
    ("shoes", ("shoe", "sneaker", "boot", "sandal", "trainer", "footwear", "slipper", "heel")),
    ("hat", ("hat", "cap", "beanie", "fedora", "helmet", "bonnet", "beret", "turban", "headwear")),
    ("top", ("shirt", "jacket", "hoodie", "sweater", "blouse", "coat", "vest", "corset")),
)  # fmt: skip
_PRIOR: dict[str, float] = {"m": 1.0, "mm": 0.5, "cm": 0.5, "in": 0.1, "dm": 0.06}
_UNITS: tuple[Unit, ...] = ("m", "dm", "cm", "mm", "in")


def guess(path: Path) -> Guess:
    """Read a model and say what can be told of it. Raises StudioError as reading does."""
    character, notes = read_model(path)
    kind = _kind(path, character)
    return _told(path, character, kind, None, None, notes)


def answered(
    first: Guess,
    kind: ItemKind | None = None,
    unit: Unit | None = None,
    up: tuple[Axis, Axis] | None = None,
) -> Guess:
    """The guess with what the user said: kind, unit, and the file's axes that are up and front."""
    said: Told[ItemKind] = Told(kind, 1.0, _SAID) if kind else first.kind
    notes = tuple(note for note in first.notes if not note.startswith(_GUESSED))
    return _told(first.path, first.character, said, unit, up, notes)


def moved(first: Guess, placement: Placement) -> Guess:
    """The guess with a placement that the user made."""
    return replace(first, placement=placement)


def words_of(stem: str) -> str:
    """A file's name as words."""
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", stem)
    words = "".join(c if c.isalnum() else " " for c in parted).split()
    return " ".join(words).capitalize() or "Item"


_SAID = "You said so."
_GUESSED = "Its true size is not known"


def _told(
    path: Path, character: Character, kind: Told[ItemKind], unit: Unit | None,
    up: tuple[Axis, Axis] | None, notes: tuple[str, ...],
) -> Guess:  # fmt: skip
    points = sampled(character) if kind.value == "hat" else points_of(character)
    if up is None:
        turn, sure, why = standing(kind.value, points, path.suffix.lower() != ".obj")
        up_axis: Told[Axis] = Told(_axis_of(turn.T @ (0.0, 0.0, 1.0)), sure, why)
        front: Told[Axis] = Told(_axis_of(turn.T @ (0.0, -1.0, 0.0)), sure, why)
    else:
        turn = turn_of(_way_of(up[0]), _way_of(up[1]))
        up_axis, front = Told(up[0], 1.0, _SAID), Told(up[1], 1.0, _SAID)
    stood = points @ turn.T
    pair = len(ANCHORED[kind.value]) == 2 and is_pair(stood)
    size = worn_size(kind.value, stood, pair)
    told: Told[Unit] = (
        _unit(kind.value, size, path.suffix.lower() != ".obj")
        if unit is None else Told(unit, 1.0, _SAID)
    )  # fmt: skip
    if kind.value in WEARER or told.value == "none":
        scale = USUAL_M[kind.value][1] / max(size, 1e-9)
    else:
        scale = UNITS_M[told.value]
    if told.value == "none" and kind.value not in WEARER:
        notes = (*notes, f"{_GUESSED}: it is shown {100 * USUAL_M[kind.value][1]:.0f} cm wide.")
    if kind.value in ("glasses", "sunglasses") and up is None:
        tilt = tilt_of(scale * stood)
        turn, stood = tilt @ turn, stood @ tilt.T
    offset = offset_of(kind.value, scale * stood, pair)
    placement = Placement.of(scale, turn, offset)
    wide, deep, high = (float(v) for v in np.ptp(scale * stood, axis=0))
    return Guess(path, character, kind, told, up_axis, front, pair, placement,
                 (wide, deep, high), notes)  # fmt: skip


def _kind(path: Path, character: Character) -> Told[ItemKind]:
    """By the words in the file's, its folder's and its parts' names; else by its proportions."""
    parts = " ".join(f"{part.name} {part.material.name}" for part in character.parts)
    generic = path.stem.lower() in ("scene", "model", "untitled", "source", "object")
    named = [path.stem, *([path.parent.name] if generic else []), character.name, parts]
    for place, text in zip(("file", "folder", "title", "parts"), named, strict=False):
        for kind, words in _WORDS:
            word = next((word for word in words if word in text.lower()), None)
            if word:
                if kind == "glasses" and _dark_lenses(character):
                    return Told("sunglasses", 0.8, f"Its {place} says “{word}”; it is dark.")
                return Told(kind, 0.9, f"Its {place} says “{word}”.")
    wide, deep, high = np.ptp(points_of(character), axis=0)
    if 0.6 < deep / max(wide, 1e-9) < 1.6 and high < 0.55 * wide:
        return Told("glasses", 0.4, "It is as flat and wide as glasses.")
    return Told("hat", 0.2, "Nothing in the file tells what it is.")


def _dark_lenses(character: Character) -> bool:
    return any(
        ("lens" in part.name.lower() or "glass" in part.material.name.lower())
        and max(part.material.base[:3]) < 0.3 and part.material.base[3] > 0.5
        for part in character.parts
    )  # fmt: skip


def _unit(kind: ItemKind, size: float, metric: bool) -> Told[Unit]:
    """The unit in which a thing of this kind has a size that such things have."""
    low, usual, high = USUAL_M[kind]
    fits: list[Unit] = [unit for unit in _UNITS if low <= size * UNITS_M[unit] <= high]
    if not fits:
        return Told(
            "none", 0.4, f"Its file says {size:.3g}: in no unit is it as large as such things are."
        )
    share = {
        unit: _PRIOR[unit] * (2.0 if metric and unit == "m" else 1.0)
        * float(np.exp(-0.5 * (np.log(size * UNITS_M[unit] / usual) / 0.35) ** 2))
        for unit in fits
    }  # fmt: skip
    best = fits[int(np.argmax([share[unit] for unit in fits]))]
    sure = share[best] / (sum(share.values()) + 0.08)
    return Told(best, round(sure, 2), f"It would be {1000 * size * UNITS_M[best]:.0f} mm wide.")


_WAYS: dict[Axis, tuple[float, float, float]] = {
    "x": (1, 0, 0), "-x": (-1, 0, 0), "y": (0, 0, 1), "-y": (0, 0, -1),
    "z": (0, -1, 0), "-z": (0, 1, 0),
}  # fmt: skip
"""The file's axes as they lie once Y up became Z up."""


def _way_of(axis: Axis) -> np.ndarray:
    return np.array(_WAYS[axis], float)


def _axis_of(way: np.ndarray) -> Axis:
    return max(_WAYS, key=lambda axis: float(np.dot(_WAYS[axis], way)))
