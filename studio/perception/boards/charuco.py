"""ChArUco boards: a chessboard with a marker in every light square (Garrido-Jurado et al., 2014).

OpenCV 4.6 changed where the first square lies when the rows are even; prints of both kinds are
about, so both are tried until a picture shows which it is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import cv2
import numpy as np
from jaxtyping import Int, UInt8

from studio.core.calibration import Target
from studio.core.errors import StudioError
from studio.perception.boards.artwork import Artwork
from studio.perception.boards.board import Found
from studio.perception.boards.grid import agreeing, facing, grid_edges, sharpness
from studio.perception.boards.lengths import say_length, write_length
from studio.perception.boards.markers import (
    MarkerFinder,
    Seen,
    dictionary,
    marker_cells,
    plane_misfit,
)
from studio.perception.boards.subpixel import to_crossings

_FEWEST = 4


@dataclass(frozen=True)
class Sheet:
    """One printed side: where its ids start, whether it is seen as in a mirror, and which of the
    target's points its corners are."""

    first_id: int
    flipped: bool
    points: tuple[int, ...]


@dataclass(frozen=True)
class CharucoBoard:
    """A ChArUco board: squares across and down, their side, the markers' side (metres).

    ``legacy`` is the layout of OpenCV before 4.6; None tries both. ``mirrored`` prints are seen in
    a mirror or through the back of a clear sheet. ``thickness_m`` makes it two-sided: the back
    carries the mirror image of the front (each corner right behind its twin), or with
    ``back_next`` the next ids of the dictionary. The back's corners follow the front's in the
    target; on a sheet without thickness, or one that is just seen through, they are the same.
    """

    columns: int
    rows: int
    square_m: float
    dictionary: str = "DICT_4X4_100"
    marker_m: float = 0.0
    inverted: bool = False
    legacy: bool | None = None
    mirrored: bool = False
    thickness_m: float | None = None
    back_next: bool = False

    def __post_init__(self) -> None:
        if not self.marker_m:
            object.__setattr__(self, "marker_m", 0.75 * self.square_m)
        if (
            min(self.columns, self.rows) < 2
            or max(self.columns, self.rows) > 60
            or self.corners < 4
        ):
            raise StudioError(
                f"A ChArUco board of {self.columns} x {self.rows} squares has too few or too many "
                "corners.",
                "Count the squares, dark and light, across and down: 3x3 to 60x60.",
            )
        if not 0.2 * self.square_m < self.marker_m < self.square_m:
            raise StudioError(
                f"The markers ({say_length(self.marker_m)}) must be smaller than the squares "
                f"({say_length(self.square_m)}), and at least a fifth of them.",
                "Give their share of a square, such as marker=0.75, or their side with a unit.",
            )
        last = self._ids[-1].start + self.markers if self.back_next else self.markers
        held = len(dictionary(self.dictionary).bytesList)
        if last > held:
            raise StudioError(
                f"{self.dictionary} has {held} markers, this board needs {last}.",
                "Choose a larger dictionary, such as DICT_4X4_1000.",
            )

    # -- what it is -------------------------------------------------------------------------------

    @property
    def corners(self) -> int:
        return (self.columns - 1) * (self.rows - 1)

    @property
    def markers(self) -> int:
        return self.columns * self.rows // 2

    @property
    def spec(self) -> str:
        words = ["charuco", f"{self.columns}x{self.rows}", write_length(self.square_m)]
        words.append(self.dictionary)
        share = self.marker_m / self.square_m
        if abs(share - 0.75) > 1e-9:
            words.append(f"marker={round(share, 6):g}" if abs(share * 1e4 % 1) < 1e-6
                         else f"marker={write_length(self.marker_m)}")  # fmt: skip
        words += ["inverted"] * self.inverted + ["mirrored"] * self.mirrored
        if self.legacy is not None:
            words.append("legacy" if self.legacy else "new")
        if self.thickness_m is not None:
            words.append(f"two-sided={write_length(self.thickness_m)}")
            words += ["back=next"] * self.back_next
        return ":".join(words)

    @property
    def name(self) -> str:
        kinds = [self.dictionary]
        kinds += ["inverted"] * self.inverted + ["mirrored"] * self.mirrored
        kinds += ["old layout"] * bool(self.legacy)
        if self.thickness_m is not None:
            kinds.append(f"two-sided, {say_length(self.thickness_m)} thick")
        return (
            f"ChArUco board of {self.columns} x {self.rows} squares of "
            f"{say_length(self.square_m)} ({', '.join(kinds)})"
        )

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
        drawn = self._drawn(0)
        return replace(drawn.mirrored(), origin_m=(0.0, 0.0)) if self.mirrored else drawn

    @property
    def back(self) -> Artwork | None:
        if self.thickness_m is None:
            return None
        if not self.back_next:
            return self.artwork.mirrored()
        drawn = self._drawn(self.markers)
        drawn = drawn.mirrored() if self.mirrored else drawn
        return replace(drawn, origin_m=(drawn.width_m, 0.0))

    # -- in a picture -----------------------------------------------------------------------------

    def find(self, gray: UInt8[np.ndarray, "height width"]) -> Found | None:
        """The corners in a picture, of the side that faces the camera."""
        picture = cv2.bitwise_not(gray) if self.inverted else gray
        plain, mirrored = self._finder(picture)
        best: Found | None = None
        for sheet in self._sheets:
            found = self._on_sheet(picture, sheet, mirrored if sheet.flipped else plain)
            if found is not None and (best is None or len(found) > len(best)):
                best = found
        return best

    def _on_sheet(self, picture: np.ndarray, sheet: Sheet, seen: Seen) -> Found | None:
        mine = (seen.ids >= sheet.first_id) & (seen.ids < sheet.first_id + self.markers)
        corners, ids = seen.corners[mine], seen.ids[mine]
        if not len(ids):
            return None
        if sheet.flipped:
            picture = np.ascontiguousarray(picture[:, ::-1])
            corners = (corners * [-1, 1] + np.array([picture.shape[1] - 1, 0])).astype(np.float32)
        legacy = self._layout(sheet.first_id, corners, ids)
        if legacy is None:
            return None
        xy, local = self._detectors[sheet.first_id, legacy].detectBoard(
            picture, None, None, list(corners[:, None]), ids[:, None].astype(np.int32)
        )[:2]
        if local is None or len(local) < _FEWEST:
            return None
        local, xy = local.ravel(), xy.reshape(-1, 2).astype(np.float64)
        sure = np.ones(len(local), bool)
        for _ in range(2):
            kept = agreeing(self._corners_m[local], xy)
            local, xy = local[kept], xy[kept]
            if len(local) < _FEWEST:
                return None
            squares = self._corners_m[local, :2] / self.square_m
            xy, sure = to_crossings(picture, squares, xy, self._margin)
        local, xy = local[sure], xy[sure]
        if len(local) < _FEWEST:
            return None
        plane = self._corners_m[local]
        flat = np.linalg.matrix_rank(plane[:, :2] - plane[:, :2].mean(0), 1e-9) < 2
        if flat or not facing(plane, xy):
            return None
        crisp = self._sharpness(picture, local, xy)
        if sheet.flipped:
            xy = xy * [-1, 1] + np.array([picture.shape[1] - 1, 0])
        return Found(np.asarray(sheet.points)[local], xy, crisp)

    def _layout(self, first_id: int, corners: np.ndarray, ids: np.ndarray) -> bool | None:
        """Whether the markers lie as in the old layout; None if they fit neither."""
        if self.legacy is not None or self.rows % 2:
            return bool(self.legacy)
        known: bool | None = self._seen.get("legacy")
        if known is not None:
            return known
        if len(ids) < 3:
            return None
        off = {legacy: self._misfit(first_id, legacy, corners, ids) for legacy in (False, True)}
        legacy = off[True] < off[False]
        if off[legacy] > 0.25 * off[not legacy]:
            return None
        self._seen["legacy"] = legacy
        return legacy

    def _misfit(self, first_id: int, legacy: bool, corners: np.ndarray, ids: np.ndarray) -> float:
        """How far the markers lie from one plane through all of them, mean pixels."""
        board = self._boards[first_id, legacy]
        plane = np.asarray(board.getObjPoints())[ids - first_id].reshape(-1, 3)
        return plane_misfit(plane[:, :2], corners.reshape(-1, 2))

    def _sharpness(self, picture: np.ndarray, local: np.ndarray, xy: np.ndarray) -> float:
        place = np.full(self.corners, -1)
        place[local] = np.arange(len(local))
        edges = place[grid_edges(self.columns - 1, self.rows - 1)]
        edges = edges[(edges >= 0).all(1)]
        return sharpness(picture, xy[edges[:, 0]], xy[edges[:, 1]])

    # -- made once --------------------------------------------------------------------------------

    @property
    def _margin(self) -> float:
        """The blank strip around a marker, in squares."""
        return (1 - self.marker_m / self.square_m) / 2

    @property
    def _ids(self) -> tuple[range, ...]:
        starts = (0, self.markers) if self.back_next else (0,)
        return tuple(range(start, start + self.markers) for start in starts)

    @cached_property
    def _seen(self) -> dict[str, bool]:
        """What the pictures have told so far."""
        return {}

    @cached_property
    def _sheets(self) -> tuple[Sheet, ...]:
        """The front; and the back, which without further word is the front seen from behind."""
        behind = np.arange(self.corners).reshape(self.rows - 1, -1)
        behind = behind[:, ::-1] if self.back_next else behind
        points = behind.ravel() + (self.corners if self.thickness_m else 0)
        first = self.markers if self.back_next else 0
        return (
            Sheet(0, self.mirrored, tuple(range(self.corners))),
            Sheet(first, self.mirrored == self.back_next, tuple(int(p) for p in points)),
        )

    @cached_property
    def _finder(self) -> MarkerFinder:
        every = tuple(id for ids in self._ids for id in ids)
        return MarkerFinder(self.dictionary, every, mirrored_too=True)

    @cached_property
    def _boards(self) -> dict[tuple[int, bool], Any]:
        made: dict[tuple[int, bool], Any] = {}
        for ids in self._ids:
            for legacy in (False, True):
                board = cv2.aruco.CharucoBoard(
                    (self.columns, self.rows), self.square_m, self.marker_m,
                    dictionary(self.dictionary), np.array(ids, np.int32),
                )  # fmt: skip
                board.setLegacyPattern(legacy)
                made[ids.start, legacy] = board
        return made

    @cached_property
    def _detectors(self) -> dict[tuple[int, bool], Any]:
        wanted = cv2.aruco.CharucoParameters()
        wanted.minMarkers = 1
        return {
            key: cv2.aruco.CharucoDetector(board, wanted) for key, board in self._boards.items()
        }

    @cached_property
    def _target(self) -> Target:
        points = self._corners_m
        if self.mirrored:
            points = points * [-1, 1, 1] + np.array([self.columns * self.square_m, 0, 0])
        if self.thickness_m:
            points = np.concatenate([points, points + np.array([0, 0, self.thickness_m])])
        return Target(self.name, points)

    @cached_property
    def _corners_m(self) -> np.ndarray:
        y, x = np.mgrid[1 : self.rows, 1 : self.columns]
        return np.stack([x.ravel(), y.ravel(), 0 * x.ravel()], -1) * self.square_m

    def _drawn(self, first_id: int) -> Artwork:
        """The side whose ids start at ``first_id``, as who looks at it sees it."""
        board = self._boards[first_id, bool(self.legacy)]
        tops = np.asarray(board.getObjPoints())[:, 0, :2]
        light = {(int(x / self.square_m), int(y / self.square_m)) for x, y in tops}
        side = self.square_m
        dark = [
            np.array([[x * side, y * side, side, side]])
            for y in range(self.rows) for x in range(self.columns) if (x, y) not in light
        ]  # fmt: skip
        dark += [
            marker_cells(self.dictionary, int(id)) * self.marker_m + [*top, 0, 0]
            for id, top in zip(board.getIds().ravel(), tops, strict=True)
        ]
        return Artwork(self.columns * side, self.rows * side, np.concatenate(dark), self.inverted)
