"""A thing that is being fitted: what its file tells, what the user says, where a hand puts it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Float
from scipy.spatial.transform import Rotation

from studio.core.items import Item, ItemKind
from studio.core.types import Camera, Character
from studio.human.anchors import REFERENCE_M, growth
from studio.live.wearing.gripping import Placing, scale_of
from studio.live.wearing.mannequin import Fitted
from studio.live.wearing.worn import Worn
from studio.media.catalogue.card import ItemCard, Placement
from studio.media.catalogue.catalogue import CatalogueEntry
from studio.media.catalogue.guess import Axis, Guess, Unit, answered, guess
from studio.media.catalogue.models import read_model
from studio.media.catalogue.worn import item_of

ROOM = 2.3
"""How much of a live picture is shown around a thing, in widths of the head."""


@dataclass(frozen=True, eq=False)
class Trial:
    """A model on its way into a catalogue, or a thing of one that is adjusted.

    ``item`` is worn as ``card`` says; a hand's placing is told relative to that (:meth:`nudge`).
    ``told`` is what the file tells, None for a thing that has a card; ``middle`` the middle of what
    is worn at its first anchor point, in that point's frame (metres).
    """

    model: Path
    character: Character
    card: ItemCard
    item: Item
    middle: Float[np.ndarray, "3"]
    told: Guess | None = None
    entry: CatalogueEntry | None = None

    @classmethod
    def of_model(cls, path: Path) -> Trial:
        """Of a file. Raises StudioError as reading does."""
        return cls.of_guess(guess(path))

    @classmethod
    def of_guess(cls, told: Guess, name: str = "") -> Trial:
        """Of what is told of a file."""
        return cls._made(told.path, told.character, told.card(name), told, None)

    @classmethod
    def of_entry(cls, entry: CatalogueEntry) -> Trial:
        """Of a thing that a catalogue has. Raises StudioError if its model is damaged."""
        character, _ = read_model(entry.model)
        return cls._made(entry.model, character, entry.card, None, entry)

    @classmethod
    def _made(
        cls, model: Path, character: Character, card: ItemCard, told: Guess | None,
        entry: CatalogueEntry | None,
    ) -> Trial:  # fmt: skip
        item = item_of(character, card)
        own = np.concatenate([
            part.mesh.vertices_m[part.joints[:, 0] == 0] for part in item.character.parts
        ])  # fmt: skip
        middle = 0.5 * (own.min(0) + own.max(0)) if len(own) else np.zeros(3)
        return cls(model, character, card, item, middle, told, entry)

    def said(
        self, kind: ItemKind | None = None, unit: Unit | None = None,
        up: tuple[Axis, Axis] | None = None,
    ) -> Trial:  # fmt: skip
        """With what the user said; where a hand had put it is forgotten. Raises StudioError where
        that makes no sense."""
        assert self.told is not None
        before = self.told
        kept_unit = unit or (before.unit.value if before.unit.sure == 1 else None)
        sides = (before.up.value, before.front.value) if before.up.sure == 1 else None
        told = answered(before, kind, kept_unit, up or sides)
        return Trial.of_guess(told, self.card.name)

    def placement(self, placing: Placing) -> Placement:
        """What the card says once a hand has put the thing so, as well as before."""
        whole = placing @ self.card.placement.matrix
        scale = scale_of(whole)
        turn = Rotation.from_matrix(whole[:3, :3] / scale).as_matrix()
        return Placement.of(scale, turn, whole[:3, 3])

    def kept(self, placing: Placing, name: str) -> Trial:
        """Put so for good, and called so."""
        card = self.card.model_copy(update={"placement": self.placement(placing), "name": name})
        told = None if self.told is None else replace(self.told, placement=card.placement)
        return Trial._made(self.model, self.character, card, told, self.entry)

    def size_mm(self, placing: Placing) -> tuple[float, float, float]:
        """How wide, deep and high it is, put so."""
        points = np.concatenate([p.mesh.vertices_m for p in self.item.character.parts])
        wide, deep, high = 1e3 * scale_of(placing) * np.ptp(points, axis=0)
        return float(wide), float(deep), float(high)


def on_wearer(worn: Worn, item: Item, size_px: tuple[int, int]) -> Fitted | None:
    """The part of a live picture in which somebody wears a thing, and the frame at which it hangs
    there, as large as it grows with the wearer. None where nobody does."""
    point = item.character.armature.names[0]
    if worn.camera is None or not worn.wearers:
        return None
    wearer, frame = next(
        ((one, f) for one in worn.wearers for name, f in one.frames.items() if name == point),
        (worn.wearers[0], None),
    )
    if frame is None:
        return None
    grown = growth(item, {**REFERENCE_M, "head": wearer.head_m, **wearer.sizes_m})
    frame = frame @ np.diag([grown, grown, grown, 1.0])
    focal = float(worn.camera.matrix[0, 0])
    at = worn.camera.rotation @ frame[:3, 3] + worn.camera.translation_m
    x, y = (worn.camera.matrix @ at)[:2] / at[2]
    height, width = worn.rgba.shape[:2]
    tall = ROOM * (wearer.head_m or REFERENCE_M["head"]) * focal / at[2]
    tall = float(min(tall, height, width * size_px[1] / size_px[0]))
    wide = tall * size_px[0] / size_px[1]
    left = float(np.clip(x - wide / 2, 0, width - wide))
    top = float(np.clip(y - tall / 2, 0, height - tall))
    zoom = size_px[1] / tall
    warp = np.array([[zoom, 0, -zoom * left], [0, zoom, -zoom * top]])
    rgb = cv2.warpAffine(np.ascontiguousarray(worn.rgba[..., :3]), warp, size_px)
    matrix = np.vstack([warp, (0, 0, 1)]) @ worn.camera.matrix
    camera = Camera("wearer", size_px, matrix, np.zeros(5), worn.camera.rotation,
                    worn.camera.translation_m)  # fmt: skip
    return Fitted(np.asarray(rgb, np.uint8), camera, frame)
