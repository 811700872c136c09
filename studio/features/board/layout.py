"""Where everything lies on the paper: the board or a tile of it, crop marks, ruler and words."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import numpy as np
from jaxtyping import Float

from studio.core.errors import StudioError
from studio.perception.boards.artwork import Artwork
from studio.perception.boards.board import Board

FOOT_M = 0.015
_RULER_M = 0.1
_MARK_M = 0.004
_HAIR_M = 0.0001
_TEXT_M = 0.0026


@dataclass(frozen=True, eq=False)
class Words:
    """A line of text: its left end on the base line, and the height of its letters' body."""

    x_m: float
    y_m: float
    size_m: float
    text: str


@dataclass(frozen=True, eq=False)
class Page:
    """One sheet in metres from its top left corner: black rectangles (x, y, width, height) and
    words on white.

    ``pattern`` is filled by the even-odd rule, so a rectangle inside another is white again;
    ``marks`` are the ruler and where to cut.
    """

    width_m: float
    height_m: float
    pattern: Float[np.ndarray, "pattern 4"]
    marks: Float[np.ndarray, "marks 4"]
    words: tuple[Words, ...]


@dataclass(frozen=True)
class _Grid:
    """The paper as it is laid, and how many sheets carry the board."""

    paper_m: tuple[float, float]
    across: int
    down: int


def lay_out(board: Board, paper_m: tuple[float, float], margin_m: float) -> tuple[Page, ...]:
    """The sheets of a board, the front's first, then the back's.

    The paper is turned if that saves sheets. Raises StudioError if the paper is too small for the
    ruler.
    """
    sides = [("front", board.artwork)]
    if board.back is not None:
        sides.append(("back", board.back))
    pages: list[Page] = []
    for side, art in sides:
        grid = _grid(art, paper_m, margin_m)
        label = f"{board.spec}" + (f"  ({side})" if len(sides) > 1 else "")
        pages += [
            _page(art, grid, margin_m, (column, row), label)
            for row in range(grid.down)
            for column in range(grid.across)
        ]
    return tuple(pages)


def _grid(art: Artwork, paper_m: tuple[float, float], margin_m: float) -> _Grid:
    found: list[_Grid] = []
    for width, height in (paper_m, paper_m[::-1]):
        room = (width - 2 * margin_m, height - 2 * margin_m - FOOT_M)
        if room[0] < _RULER_M + 0.005 or room[1] < 0.02:
            continue
        across, down = ceil(art.width_m / room[0] - 1e-9), ceil(art.height_m / room[1] - 1e-9)
        found.append(_Grid((width, height), across, down))
    if not found:
        raise StudioError(
            f"Paper of {paper_m[0] * 1000:g} x {paper_m[1] * 1000:g} mm with a margin of "
            f"{margin_m * 1000:g} mm is too small for the 100 mm ruler.",
            "Choose larger paper, or a smaller margin.",
        )
    return min(found, key=lambda grid: grid.across * grid.down)


def _page(art: Artwork, grid: _Grid, margin_m: float, tile: tuple[int, int], label: str) -> Page:
    width, height = grid.paper_m
    part = np.array([art.width_m / grid.across, art.height_m / grid.down])
    start = part * tile
    room = np.array([width - 2 * margin_m, height - 2 * margin_m - FOOT_M])
    corner = margin_m + (room - part) / 2
    shown = _clipped(art.rectangles_m, start, start + part)
    shown[:, :2] += corner - start
    if art.inverted:
        shown = np.concatenate([[[*corner, *part]], shown])
    foot = height - margin_m - FOOT_M
    marks = _ruler(margin_m, foot + 0.004)
    words = _words(margin_m, foot, grid, tile, label)
    if grid.across * grid.down > 1:
        marks = np.concatenate([marks, _crop_marks(corner, part)])
    return Page(width, height, shown, marks, words)


def _clipped(rectangles: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """What of rectangles lies between two corners."""
    starts = np.fmax(rectangles[:, :2], low)
    ends = np.fmin(rectangles[:, :2] + rectangles[:, 2:], high)
    inside = (ends - starts > 1e-9).all(1)
    return np.column_stack([starts, ends - starts])[inside]


def _ruler(x: float, y: float) -> np.ndarray:
    """A line of 100 mm with a tick every 10 mm; ends are measured between their outer edges."""
    ticks = [
        [x + (_RULER_M - _HAIR_M) * step / 10, y - (0.003 if step % 5 == 0 else 0.0015), _HAIR_M,
         0.003 if step % 5 == 0 else 0.0015]
        for step in range(11)
    ]  # fmt: skip
    return np.array([[x, y, _RULER_M, 2 * _HAIR_M], *ticks])


def _crop_marks(corner: np.ndarray, part: np.ndarray) -> np.ndarray:
    """Hair lines outside the four corners of the tile: cut from mark to mark."""
    marks: list[list[float]] = []
    for x, outward_x in ((corner[0], -1), (corner[0] + part[0], 1)):
        for y, outward_y in ((corner[1], -1), (corner[1] + part[1], 1)):
            left = x + 0.001 * outward_x + (-_MARK_M if outward_x < 0 else 0)
            top = y + 0.001 * outward_y + (-_MARK_M if outward_y < 0 else 0)
            marks.append([left, y - _HAIR_M / 2, _MARK_M, _HAIR_M])
            marks.append([x - _HAIR_M / 2, top, _HAIR_M, _MARK_M])
    return np.array(marks)


def _words(
    x: float, foot: float, grid: _Grid, tile: tuple[int, int], label: str
) -> tuple[Words, ...]:
    beside = Words(
        x + _RULER_M + 0.003, foot + 0.005, _TEXT_M,
        "Print at 100 %, not “fit to page”. This ruler is 100 mm: measure it.",
    )  # fmt: skip
    lines = [Words(x, foot + 0.009, _TEXT_M, label)]
    if grid.across * grid.down > 1:
        lines.append(
            Words(
                x,
                foot + 0.0128,
                _TEXT_M,
                f"Row {tile[1] + 1} of {grid.down}, column {tile[0] + 1} of {grid.across}. "
                "Cut at the marks and join edge to edge.",
            )
        )
    fits = grid.paper_m[0] - x - beside.x_m > 0.085
    if not fits:
        beside = Words(x, foot + 0.0128 + (0.003 if len(lines) > 1 else 0), _TEXT_M, beside.text)
    return (beside, *lines)
