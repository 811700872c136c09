"""One of several people: a skeleton in their own colour, their name over the head."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from studio.core.types import Skeleton
from studio.human.sides import sides
from studio.scene.items.base import Eye, Role
from studio.scene.items.skeleton import SkeletonItem
from studio.scene.labels import Label
from studio.scene.palette import Palette

_ABOVE_M = 0.12
_SHADE = 0.28


@dataclass(frozen=True, eq=False)
class NamedSkeleton:
    """A skeleton with the person's name and number (from 1), which gives the colour."""

    skeleton: Skeleton
    name: str
    number: int


class PersonItem(SkeletonItem):
    """Like a skeleton; left is a little lighter than the person's colour, right a little darker."""

    accepts = (NamedSkeleton,)

    def __init__(self, key: str, palette: Palette, role: Role = "result") -> None:
        super().__init__(key, palette, role)
        self._number = 1
        self._label = Label("", (0.0, 0.0, 0.0), 11)
        self._above = self._visible = True
        self.actors.append(self._label.actor)

    def update(self, value: Any) -> None:
        person: NamedSkeleton = value
        if person.number != self._number:
            self._number = person.number
            self._tint()
        self._draw(person.skeleton)
        self._label.actor.SetInput(person.name)
        xyz = np.asarray(person.skeleton.xyz_m)
        known = xyz[np.isfinite(xyz).all(1)]
        self._above = bool(len(known))
        if self._above:
            x, y = (float(v) for v in np.median(known[:, :2], axis=0))
            self._label.move((x, y, float(known[:, 2].max()) + _ABOVE_M))
        self._label.colour(self.palette.person(self._number))
        self._label.actor.SetVisibility(self._visible and self._above)

    def _tint(self) -> None:
        if self._layout is None:
            return
        base = np.array(self.palette.person(self._number), np.float32)
        light, dark = base + _SHADE * (1 - base), (1 - _SHADE) * base
        self._colour = np.stack([base, light, dark])[sides(self._layout)]

    def seen_by(self, eye: Eye) -> None:
        super().seen_by(eye)
        self._label.sized(eye.pixel_ratio)

    def show(self, visible: bool) -> None:
        super().show(visible)
        self._visible = visible
        self._label.actor.SetVisibility(visible and self._above)

    def recolour(self, palette: Palette) -> None:
        super().recolour(palette)
        self._label.colour(palette.person(self._number))

    @property
    def labels(self) -> tuple[Label, ...]:
        """The name, where it is to be read."""
        return (self._label,) if self._visible and self._above else ()
