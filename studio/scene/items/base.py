"""What every drawn item is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from studio.scene.labels import Label
from studio.scene.palette import Palette
from studio.scene.strokes import Strokes

Role = Literal["result", "truth", "ghost"]
PickKind = Literal["camera", "joint", "mesh", "point"]


@dataclass(frozen=True)
class Pick:
    """What lies under the pointer: which item, and which part of it by name and index."""

    key: str
    kind: PickKind
    name: str
    index: int
    xyz_m: tuple[float, float, float]


@dataclass(frozen=True)
class Eye:
    """The observer of one rendering: matrices (world to view, view to clip) and window size."""

    view: np.ndarray
    clip: np.ndarray
    window_px: tuple[int, int]
    position_m: np.ndarray
    pixel_ratio: float = 1.0

    @property
    def metre_px(self) -> float:
        """Pixels that a metre spans at a depth of one metre."""
        return float(self.clip[1, 1]) * self.window_px[1] / 2


class DrawnItem:
    """Actors made from one value, updated in place.

    ``accepts`` names the value types; :meth:`update` may be called thousands of times and must
    not leave anything behind. ``framed`` items count when everything is framed.
    """

    accepts: ClassVar[tuple[type, ...]] = ()
    framed = True

    def __init__(self, key: str, palette: Palette, role: Role = "result") -> None:
        self.key = key
        self.palette = palette
        self.role: Role = role
        self.strokes: list[Strokes] = []
        self.actors: list[Any] = []

    def update(self, value: Any) -> None:
        raise NotImplementedError

    def recolour(self, palette: Palette) -> None:
        """Another theme."""
        self.palette = palette

    def seen_by(self, eye: Eye) -> None:
        """Called before each rendering."""
        for strokes in self.strokes:
            strokes.seen(eye.window_px, eye.metre_px, eye.pixel_ratio)

    def show(self, visible: bool) -> None:
        for actor in self.all_actors():
            actor.SetVisibility(visible)

    def all_actors(self) -> list[Any]:
        return [*self.actors, *(strokes.actor for strokes in self.strokes)]

    @property
    def labels(self) -> Sequence[Label]:
        """Its words."""
        return ()

    def points_m(self) -> np.ndarray:
        """Points (n, 3) that say how large the item is; may hold NaN."""
        return np.empty((0, 3))

    def pick(self, eye: Eye, xy_px: tuple[float, float], within_px: float) -> Pick | None:
        """The part of this item at a window pixel."""
        return None

    def select(self, pick: Pick | None) -> None:
        """Highlight a part of this item, or none."""
