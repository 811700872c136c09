"""What lies on the easel: a picture, the map that is painted over it, the tool in the hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from PySide6.QtCore import QObject, Signal

from studio.training.painting import Painting, Point, Region, composite

Tool = Literal["brush", "eraser", "lasso", "fill"]
LEAST_PX, MOST_PX = 1.0, 200.0
_RISE_PX = 10.0
"""How far from a stroke's border its edge is looked for."""


@dataclass(frozen=True)
class Ink:
    """A value of the map: what it is called and the colour it is shown in (0..255)."""

    value: int
    title: str
    rgb: tuple[int, int, int]


class Desk(QObject):
    """Panels put a picture on it and choose tools; the easel shows it and paints.

    ``changed`` follows another picture, map or way of showing; ``touched(region)`` each change of
    some pixels; ``painted`` each finished stroke, undo and redo; ``tooled`` another tool or size;
    ``wanted`` asks the window to show the easel.
    """

    wanted = Signal()
    changed = Signal()
    touched = Signal(object)
    painted = Signal()
    tooled = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.title = ""
        self.rgb: np.ndarray | None = None
        self.item: np.ndarray | None = None
        self.painting: Painting | None = None
        self.inks: tuple[Ink, ...] = ()
        self.tool: Tool = "brush"
        self.value = 1
        self.radius_px = 12.0
        self.opacity = 0.55
        self.snapping = False
        self._table = np.zeros((256, 3), np.float32)

    def put(
        self,
        title: str,
        rgb: np.ndarray,
        labels: np.ndarray,
        inks: tuple[Ink, ...],
        item: np.ndarray | None = None,
    ) -> None:
        """Lay out a picture (h, w, 3), its map (h, w) and, for an occlusion map, its item
        (h, w, 4). The first ink is what the eraser leaves."""
        self.title, self.rgb, self.item, self.inks = title, rgb, item, inks
        self.painting = Painting(labels)
        self._table[:] = 0
        for ink in inks:
            self._table[ink.value] = ink.rgb
        if self.value not in {ink.value for ink in inks}:
            self.value = inks[min(1, len(inks) - 1)].value
        self.changed.emit()
        self.tooled.emit()

    def clear(self) -> None:
        """Nothing to paint on."""
        self.title, self.rgb, self.item, self.painting = "", None, None, None
        self.changed.emit()

    # -- the hand

    def choose(
        self,
        tool: Tool | None = None,
        value: int | None = None,
        radius_px: float | None = None,
        snapping: bool | None = None,
    ) -> None:
        """Take another tool, ink or size. An ink is taken up with the brush, not the eraser."""
        if value is not None:
            self.value = value
            self.tool = "brush" if self.tool == "eraser" else self.tool
        if tool is not None:
            self.tool = tool
        if radius_px is not None:
            self.radius_px = min(max(radius_px, LEAST_PX), MOST_PX)
        if snapping is not None:
            self.snapping = snapping
        self.tooled.emit()

    def ink(self, erase: bool = False) -> int:
        """The value that a stroke leaves."""
        return self.inks[0].value if erase or self.tool == "eraser" else self.value

    def stroke(self, start: Point, end: Point, erase: bool = False) -> None:
        """Draw on with the brush or the eraser."""
        value = self.ink(erase)
        self._touch(lambda on: on.line(start, end, self.radius_px, value))

    def lasso(self, outline: list[Point], erase: bool = False) -> None:
        """Fill an outline and end the stroke."""
        value = self.ink(erase)
        self._touch(lambda on: on.fill(outline, value))
        self.finish(value)

    def flood(self, at: Point, erase: bool = False) -> None:
        """Fill the area under a point and end the stroke."""
        value = self.ink(erase)
        self._touch(lambda on: on.flood(at, value))
        self.finish(None)

    def finish(self, value: int | None) -> None:
        """End a stroke; where edges are snapped to, the border of ``value`` looks for one."""
        painting, rgb = self.painting, self.rgb
        if painting is None or rgb is None:
            return
        if self.snapping and value is not None:
            self._touch(lambda on: on.snap(rgb, value, _RISE_PX))
        if painting.end():
            self.painted.emit()

    def undo(self) -> None:
        if self.painting is not None and self.painting.undo():
            self._everything()

    def redo(self) -> None:
        if self.painting is not None and self.painting.redo():
            self._everything()

    def suggest(self, labels: np.ndarray) -> None:
        """Take a map that somebody proposes, as one step of undo."""
        if self.painting is not None:
            self.painting.replace(labels)
            self._everything()

    def _everything(self) -> None:
        self.touched.emit(np.s_[:, :])
        self.painted.emit()

    def _touch(self, change: Callable[[Painting], Region]) -> None:
        if self.painting is not None:
            self.touched.emit(change(self.painting))

    # -- how it looks

    def set_opacity(self, opacity: float) -> None:
        """How strongly the map is shown (0 the picture alone, 1 the colours alone)."""
        self.opacity = min(max(opacity, 0.0), 1.0)
        self.changed.emit()

    def shown(self, region: Region = np.s_[:, :], plain: bool = False) -> np.ndarray:
        """The picture with the map over it (h, w, 3), in a region; ``plain`` without the map."""
        assert self.rgb is not None
        assert self.painting is not None
        rgb, labels = self.rgb[region], self.painting.labels[region]
        if plain:
            return rgb
        if self.item is not None:
            rgb = composite(rgb, self.item[region], labels)
        painted = (labels != self.inks[0].value)[..., None]
        share = self.opacity * (0.45 if self.item is not None else 1.0)
        return np.where(
            painted, rgb * (1 - share) + self._table[labels] * share, rgb
        ).astype(np.uint8)  # fmt: skip
