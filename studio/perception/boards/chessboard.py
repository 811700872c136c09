"""Chessboards: found whole, numbered the same way in every picture where the colours allow it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from jaxtyping import Int, UInt8

from studio.core.calibration import Target
from studio.core.errors import StudioError
from studio.perception.boards.artwork import Artwork
from studio.perception.boards.board import Found
from studio.perception.boards.crossings import beyond, crossing, dark_first
from studio.perception.boards.grid import agreeing, facing, grid_edges, grid_m, sharpness
from studio.perception.boards.lengths import say_length, write_length

_CLASSIC = cv2.CALIB_CB_ADAPTIVE_THRESH | cv2.CALIB_CB_NORMALIZE_IMAGE
_CLASSIC_PX, _SECTOR_PX = 1600, 960
_LEAST_SHARE = 0.85


@dataclass(frozen=True)
class Chessboard:
    """A chessboard: **inner** corners across and down, the squares' side (metres).

    The first corner is the one whose outer square is dark, and the rows run so that the picture
    is not mirrored. With an even sum of corners the board looks the same upside down: then the
    first corner is the one nearer to the picture's top left, and ``note`` says so.
    """

    columns: int
    rows: int
    square_m: float

    def __post_init__(self) -> None:
        if min(self.columns, self.rows) < 3 or max(self.columns, self.rows) > 60:
            raise StudioError(
                f"A chessboard of {self.columns} x {self.rows} inner corners cannot be used.",
                "Count the corners where four squares meet: 3x3 to 60x60.",
            )

    @property
    def spec(self) -> str:
        return f"chessboard:{self.columns}x{self.rows}:{write_length(self.square_m)}"

    @property
    def name(self) -> str:
        return (
            f"Chessboard of {self.columns} x {self.rows} inner corners, "
            f"squares of {say_length(self.square_m)}"
        )

    @property
    def note(self) -> str:
        if not self.twins:
            return ""
        return (
            f"A board of {self.columns} x {self.rows} corners looks the same upside down, so "
            "cameras that see it the other way up number it the other way round. Print one with "
            "one row more, or a ChArUco board."
        )

    @property
    def twins(self) -> tuple[Int[np.ndarray, " points"], ...]:
        if (self.columns + self.rows) % 2:
            return ()
        index = np.arange(self.columns * self.rows).reshape(self.rows, self.columns)
        turns = [2] if self.columns != self.rows or self.columns % 2 == 0 else [1, 2, 3]
        return tuple(np.rot90(index, turn).ravel() for turn in turns)

    @property
    def target(self) -> Target:
        return self._target

    @cached_property
    def _target(self) -> Target:
        return Target(self.name, grid_m(self.columns, self.rows, self.square_m))

    @property
    def artwork(self) -> Artwork:
        y, x = np.mgrid[: self.rows + 1, : self.columns + 1]
        dark = (x + y) % 2 == 0
        tops = np.stack([x[dark], y[dark], np.ones(dark.sum()), np.ones(dark.sum())], -1)
        return Artwork(
            (self.columns + 1) * self.square_m, (self.rows + 1) * self.square_m,
            tops * self.square_m, quiet_m=self.square_m / 2,
            origin_m=(self.square_m, self.square_m),
        )  # fmt: skip

    @property
    def back(self) -> Artwork | None:
        return None

    def find(self, gray: UInt8[np.ndarray, "height width"]) -> Found | None:
        """All corners, or none: a chessboard that is partly covered cannot be numbered."""
        corners = self._corners(gray)
        if corners is None:
            return None
        grid = self._numbered(gray, corners)
        if grid is None or beyond(gray, grid):
            return None
        xy = grid.reshape(-1, 2)
        kept = agreeing(self.target.points_m, xy) & crossing(gray, grid).ravel()
        if kept.sum() < max(6, _LEAST_SHARE * len(xy)):
            return None
        edges = grid_edges(self.columns, self.rows)
        crisp = sharpness(gray, xy[edges[:, 0]], xy[edges[:, 1]])
        return Found(np.flatnonzero(kept), xy[kept], crisp)

    def _corners(self, gray: np.ndarray) -> np.ndarray | None:
        """The corners (n, 2) in one of the board's orders, sub-pixel.

        The contour method is quick and takes steep angles; the sector method takes blur and noise.
        """
        size = (self.columns, self.rows)
        small, shrink = _shrunk(gray, _CLASSIC_PX)
        found, xy = cv2.findChessboardCorners(small, size, flags=_CLASSIC)
        if not found:
            small, shrink = _shrunk(gray, _SECTOR_PX)
            found, xy = cv2.findChessboardCornersSB(small, size, flags=cv2.CALIB_CB_NORMALIZE_IMAGE)
        if not found:
            return None
        xy = (xy.reshape(-1, 2) + 0.5) / shrink - 0.5
        grid = xy.reshape(self.rows, self.columns, 2)
        step = min(
            np.linalg.norm(np.diff(grid, axis=0), axis=-1).min(),
            np.linalg.norm(np.diff(grid, axis=1), axis=-1).min(),
        )
        window = int(np.clip(step / 3, 2, 11))
        until = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 60, 1e-3)
        fine = cv2.cornerSubPix(
            gray, xy[:, None].astype(np.float32), (window, window), (-1, -1), until
        )
        return fine.reshape(-1, 2).astype(np.float64)

    def _numbered(self, gray: np.ndarray, xy: np.ndarray) -> np.ndarray | None:
        """The corners (rows, columns, 2), numbered as the class says."""
        grid = xy.reshape(self.rows, self.columns, 2)
        if not facing(self.target.points_m, xy):
            grid = grid[:, ::-1]
        turns = [0, 2] if self.columns != self.rows else [0, 1, 2, 3]
        ways = [np.rot90(grid, turn) for turn in turns]
        dark = [way for way in ways if dark_first(gray, way)]
        if not dark:
            return None
        return min(dark, key=lambda way: float(way[0, 0].sum()))


def _shrunk(gray: np.ndarray, longest_px: int) -> tuple[np.ndarray, float]:
    """The picture with no side longer than that, and by how much it was shrunk."""
    shrink = min(1.0, longest_px / max(gray.shape))
    if shrink == 1:
        return gray, 1.0
    return cv2.resize(gray, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA), shrink
