"""What lies on the table: a photograph, points on it, pins, and a picture laid over it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float, UInt8
from PySide6.QtCore import QObject, Signal

from studio.ui.zoomed import Point


def _nameless(number: int) -> str:
    return f"point {number}"


@dataclass(frozen=True, eq=False)
class Marks:
    """Points on a photograph (pixels, NaN where there is none): where they were ``found`` and where
    what was fitted has them, which are pinned and where, how points are called, and which of the
    fitted ones lines join."""

    found_px: Float[np.ndarray, "points 2"]
    fitted_px: Float[np.ndarray, "points 2"]
    pins: dict[int, Point] = field(default_factory=dict)
    name_of: Callable[[int], str] = _nameless
    lines: tuple[tuple[int, int], ...] = ()


class PhotoTable(QObject):
    """Panels lay photographs out and take pins; the view shows them and lets them be dragged.

    ``changed`` follows whatever is to be drawn anew, ``laid`` another photograph, ``dragged(point,
    x, y, gesture, ended)`` a pin that is moved (pixels), ``removed(point)`` one that is taken out,
    ``picked(x, y)`` a place that was clicked twice;
    ``wanted`` asks the window to show the table beside the viewport, ``left`` to put it away.
    """

    changed = Signal()
    laid = Signal()
    dragged = Signal(int, float, float, int, bool)
    removed = Signal(int)
    picked = Signal(float, float)
    wanted = Signal()
    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.title = ""
        self.rgb: UInt8[np.ndarray, "height width 3"] | None = None
        self.marks: Marks | None = None
        self.over: UInt8[np.ndarray, "side side 4"] | None = None
        self.square = (0.0, 0.0, 1.0)
        self.shown: tuple[float, float, float, float] | None = None
        self.opacity = 0.6
        self.wipe = 1.0
        self.pointed = True
        self.note = ""

    def lay(
        self,
        title: str,
        rgb: UInt8[np.ndarray, "height width 3"],
        square: tuple[float, float, float],
        shown: tuple[float, float, float, float] | None = None,
    ) -> None:
        """Lay out a photograph. What is laid over it fills ``square``: left, top, side (pixels);
        the view shows at first what is ``shown`` (left, top, width, height), or the square's
        middle."""
        if rgb is self.rgb:
            return
        self.title, self.rgb, self.square, self.shown = title, rgb, square, shown
        self.marks = self.over = None
        self.laid.emit()
        self.changed.emit()

    def clear(self) -> None:
        """Nothing on the table."""
        self.title, self.rgb, self.marks, self.over = "", None, None, None
        self.laid.emit()
        self.changed.emit()

    def show_marks(
        self, marks: Marks | None, over: UInt8[np.ndarray, "side side 4"] | None
    ) -> None:
        """Show points, and a picture over the photograph's square."""
        self.marks, self.over = marks, over
        self.changed.emit()

    def choose(
        self,
        opacity: float | None = None,
        pointed: bool | None = None,
        wipe: float | None = None,
    ) -> None:
        """How strongly the picture lies over the photograph (0 to 1), whether points show, and up
        to where the picture lies there (0: nowhere, 1: on all of the square)."""
        if opacity is not None:
            self.opacity = min(max(opacity, 0.0), 1.0)
        if pointed is not None:
            self.pointed = pointed
        if wipe is not None:
            self.wipe = min(max(wipe, 0.0), 1.0)
        self.changed.emit()

    @property
    def wiped_px(self) -> tuple[float, float]:
        """Where the square begins in the photograph, from left to right, and ends (pixels)."""
        left, _, side = self.square
        width = side if self.rgb is None else self.rgb.shape[1]
        return max(left, 0.0), min(left + side, float(width))

    def say(self, note: str) -> None:
        """Words on the table's lower edge."""
        if note != self.note:
            self.note = note
            self.changed.emit()
