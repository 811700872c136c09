"""AprilGrids: a grid of AprilTags with small squares at their corners (Kalibr's board)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np
from jaxtyping import Int, UInt8

from studio.core.calibration import Target
from studio.core.errors import StudioError
from studio.perception.boards.artwork import Artwork
from studio.perception.boards.board import Found
from studio.perception.boards.grid import agreeing, facing, sharpness
from studio.perception.boards.lengths import say_length, write_length
from studio.perception.boards.markers import (
    MarkerFinder,
    Seen,
    dictionary,
    marker_cells,
    plane_misfit,
    refined,
)

FAMILY = "DICT_APRILTAG_36H11"
_CLEAR = 0.3


@dataclass(frozen=True)
class Layout:
    """How a print was made: cells of the tags' border, whether id 0 is at the top, and by how
    many quarters each tag is turned."""

    border: int
    top_first: bool
    turn: int


@dataclass(frozen=True)
class AprilGrid:
    """An AprilGrid: tags across and down, a tag's side (metres), the gap as a share of it.

    Points are the tags' corners: point 4 · id + k is corner k of tag id, clockwise from its top
    left on the upright board. Tags run right and up from the bottom left as Kalibr prints them;
    other arrangements of the print are recognised.
    """

    columns: int
    rows: int
    tag_m: float
    spacing: float = 0.3
    border: int = 2
    first_id: int = 0

    def __post_init__(self) -> None:
        held = len(dictionary(FAMILY).bytesList)
        last = self.first_id + self.columns * self.rows
        if min(self.columns, self.rows) < 1 or self.columns * self.rows < 2 or last > held:
            raise StudioError(
                f"An AprilGrid of {self.columns} x {self.rows} tags from id {self.first_id} on "
                "cannot be made.",
                f"There are {held} tags; use 2 to {held - self.first_id} of them.",
            )
        if not 0.05 <= self.spacing <= 2 or self.border not in (1, 2):
            raise StudioError(
                f"An AprilGrid with spacing {self.spacing:g} and border {self.border} is unheard "
                "of.",
                "The spacing is the gap between tags as a share of a tag, usually 0.3; the border "
                "is 1 or 2.",
            )

    @property
    def spec(self) -> str:
        words = ["aprilgrid", f"{self.columns}x{self.rows}", write_length(self.tag_m)]
        words += [f"spacing={self.spacing:g}"] * (self.spacing != 0.3)
        words += [f"border={self.border}"] * (self.border != 2)
        words += [f"first={self.first_id}"] * (self.first_id != 0)
        return ":".join(words)

    @property
    def name(self) -> str:
        return (
            f"AprilGrid of {self.columns} x {self.rows} tags of {say_length(self.tag_m)}, "
            f"{say_length(self.tag_m * self.spacing)} apart"
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
        gap = self.tag_m * self.spacing
        tops = self._tags_m(False)[:, 0]
        cells = [
            marker_cells(FAMILY, self.first_id + number, self.border) * self.tag_m + [*top, 0, 0]
            for number, top in enumerate(tops)
        ]
        y, x = np.mgrid[: self.rows + 1, : self.columns + 1]
        squares = np.stack([x.ravel(), y.ravel()], -1) * (self.tag_m + gap) - gap
        cells.append(np.column_stack([squares, np.full((len(squares), 2), gap)]))
        cells = np.concatenate(cells) + np.array([gap, gap, 0, 0])
        return Artwork(
            self.columns * (self.tag_m + gap) + gap, self.rows * (self.tag_m + gap) + gap,
            cells, quiet_m=gap, origin_m=(gap, gap),
        )  # fmt: skip

    @property
    def back(self) -> Artwork | None:
        return None

    def find(self, gray: UInt8[np.ndarray, "height width"]) -> Found | None:
        """The corners of the tags in a picture."""
        known = self._seen.get("layout")
        borders = (known.border,) if known else dict.fromkeys((self.border, 1, 2))
        seen, layout = Seen.none(), known
        for border in borders:
            seen, _ = self._finders[border](gray)
            if len(seen) and known is None:
                layout = self._layout(border, seen)
            if layout is not None and len(seen):
                break
        if layout is None or not len(seen):
            return None
        corners = np.roll(self._refined(gray, layout, seen), -layout.turn, axis=1)
        numbers = seen.ids - self.first_id
        points = (4 * numbers[:, None] + np.arange(4)).ravel()
        return self._kept(gray, layout, points, corners.reshape(-1, 2))

    def _refined(self, gray: np.ndarray, layout: Layout, seen: Seen) -> np.ndarray:
        """Tag and square touch at a corner, so both are found as one thing and the first guess
        is off; the crossing itself is sharp, with nothing else as near as the border is wide."""
        cells = dictionary(FAMILY).markerSize + 2 * layout.border
        return refined(gray, seen.corners, min(0.8 * layout.border / cells, self.spacing))

    def _kept(
        self, gray: np.ndarray, layout: Layout, points: np.ndarray, xy: np.ndarray
    ) -> Found | None:
        if layout.top_first:
            # Such a print is ours turned upside down as to ids: row r is our row from the top.
            columns, rows = self.columns, self.rows
            tag, corner = points // 4, points % 4
            points = 4 * ((rows - 1 - tag // columns) * columns + tag % columns) + corner
        plane = self.target.points_m[points]
        kept = agreeing(plane, xy)
        if kept.sum() < 4 or not facing(plane[kept], xy[kept]):
            return None
        whole = kept.reshape(-1, 4).all(1)
        quads = xy.reshape(-1, 4, 2)[whole]
        crisp = sharpness(gray, quads.reshape(-1, 2), np.roll(quads, -1, axis=1).reshape(-1, 2))
        return Found(points[kept], xy[kept], crisp)

    def _layout(self, border: int, seen: Seen) -> Layout | None:
        """Which arrangement the tags show; None while they leave a doubt."""
        numbers = seen.ids - self.first_id
        if len(np.unique(numbers // self.columns)) < 2 and self.rows > 1:
            return None
        off = {
            Layout(border, top_first, turn): plane_misfit(
                self._tags_m(top_first)[numbers].reshape(-1, 2),
                np.roll(seen.corners, -turn, axis=1).reshape(-1, 2),
            )
            for top_first, turn in product((False, True), range(4))
        }
        first, second = sorted(off, key=lambda layout: off[layout])[:2]
        if off[first] > _CLEAR * off[second]:
            return None
        self._seen["layout"] = first
        return first

    def _tags_m(self, top_first: bool) -> np.ndarray:
        """The tags' corners (tags, 4, 2), clockwise from the top left of each; by id."""
        y, x = np.mgrid[: self.rows, : self.columns]
        if not top_first:
            y = self.rows - 1 - y
        tops = np.stack([x.ravel(), y.ravel()], -1) * self.tag_m * (1 + self.spacing)
        return tops[:, None] + np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) * self.tag_m

    @cached_property
    def _target(self) -> Target:
        flat = self._tags_m(False).reshape(-1, 2)
        return Target(self.name, np.column_stack([flat, np.zeros(len(flat))]))

    @cached_property
    def _seen(self) -> dict[str, Layout]:
        return {}

    @cached_property
    def _finders(self) -> dict[int, MarkerFinder]:
        ids = tuple(range(self.first_id, self.first_id + self.columns * self.rows))
        return {border: MarkerFinder(FAMILY, ids, border) for border in (1, 2)}
