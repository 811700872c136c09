"""What a board may be told: its kind and size, the paper, and what the print really measures."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from studio.perception.boards.aprilgrid import AprilGrid
from studio.perception.boards.board import Board
from studio.perception.boards.charuco import CharucoBoard
from studio.perception.boards.chessboard import Chessboard

Kind = Literal["charuco", "chessboard", "aprilgrid"]
PaperName = Literal["A4", "A3", "A2", "A1", "A0", "Letter", "Tabloid", "custom"]
Dictionary = Literal[
    "DICT_4X4_50", "DICT_4X4_100", "DICT_4X4_250", "DICT_4X4_1000",
    "DICT_5X5_50", "DICT_5X5_100", "DICT_5X5_250", "DICT_5X5_1000",
    "DICT_6X6_50", "DICT_6X6_250", "DICT_6X6_1000", "DICT_7X7_250", "DICT_APRILTAG_36H11",
]  # fmt: skip

PAPERS_MM: dict[PaperName, tuple[float, float]] = {
    "A4": (210, 297), "A3": (297, 420), "A2": (420, 594), "A1": (594, 841), "A0": (841, 1189),
    "Letter": (215.9, 279.4), "Tabloid": (279.4, 431.8),
}  # fmt: skip
RULER_MM = 100.0


class Params(BaseModel):
    """The board, the paper, and what the printed ruler measures."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kind = Field(
        "charuco",
        description="ChArUco (found even when partly covered), plain chessboard, or AprilGrid",
    )
    columns: int = Field(
        7, ge=2, le=40, description="Squares across; inner corners of a chessboard, tags of a grid"
    )
    rows: int = Field(
        5, ge=2, le=40, description="Squares down; inner corners of a chessboard, tags of a grid"
    )
    square_mm: float = Field(
        34.0, gt=1, le=1000, description="Side of a square, or of a tag of an AprilGrid, in mm"
    )
    paper: PaperName = Field("A4", description="Paper; a larger board is tiled over several sheets")
    measured_mm: float = Field(
        RULER_MM, ge=80, le=120, title="The printed ruler measures",
        description="What the 100 mm ruler on the print measures, in mm; printers scale",
    )  # fmt: skip
    folder: Path | None = Field(
        None, description="Folder to write to; by default one beside the project"
    )
    dictionary: Dictionary = Field(
        "DICT_5X5_100", description="Markers of a ChArUco board; two boards in one room need two"
    )
    marker_ratio: float = Field(
        0.75, ge=0.3, le=0.95, description="A marker's side as a share of a square's"
    )
    spacing: float = Field(
        0.3, ge=0.1, le=1, description="The gap between tags as a share of a tag, AprilGrid only"
    )
    inverted: bool = Field(False, description="Light on dark, for dark panels and screens")
    mirrored: bool = Field(
        False, description="Mirror image, to be seen through the back of a clear sheet"
    )
    two_sided: bool = Field(
        False, description="A back for cameras on the other side, to be glued behind the front"
    )
    thickness_mm: float = Field(
        5.0, ge=0, le=100, description="Thickness of the panel between front and back, in mm"
    )
    margin_mm: float = Field(
        10.0, ge=3, le=50, description="Edge of the paper that the printer leaves white, in mm"
    )
    paper_width_mm: float = Field(
        300.0, ge=130, le=5000, description="Width of custom paper, in mm"
    )
    paper_height_mm: float = Field(
        400.0, ge=100, le=5000, description="Height of custom paper, in mm"
    )
    formats: tuple[Literal["pdf", "svg"], ...] = Field(
        ("pdf", "svg"), min_length=1, description="Files to write"
    )

    @property
    def paper_m(self) -> tuple[float, float]:
        """Width and height of the paper, upright."""
        own = (self.paper_width_mm, self.paper_height_mm)
        width, height = PAPERS_MM.get(self.paper, own)
        return width / 1000, height / 1000

    @property
    def scale(self) -> float:
        """By how much the printer enlarged."""
        return self.measured_mm / RULER_MM

    def board(self) -> Board:
        """The board as designed. Raises StudioError if there can be no such board."""
        side = self.square_mm / 1000
        if self.kind == "chessboard":
            return Chessboard(self.columns, self.rows, side)
        if self.kind == "aprilgrid":
            return AprilGrid(self.columns, self.rows, side, self.spacing)
        return CharucoBoard(
            self.columns, self.rows, side, self.dictionary, self.marker_ratio * side,
            inverted=self.inverted, mirrored=self.mirrored,
            thickness_m=self.thickness_mm / 1000 if self.two_sided else None,
        )  # fmt: skip
