"""The settings of a calibration."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from studio.vision.calibration.solve import Lens, Refine

World = Literal["auto", "camera", "board", "points", "feet"]
Up = Literal["auto", "x", "y", "z", "-x", "-y", "-z"]


class Click(BaseModel):
    """A point of the floor, clicked in one picture. Point 0 is the origin, 1 lies on the x axis,
    2 anywhere else on the floor."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    point: Literal[0, 1, 2]
    camera: str
    x_px: float
    y_px: float


class Params(BaseModel):
    """What is filmed, with which board, and where the world is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    paths: tuple[Path, ...] = Field(
        default=(),
        title="Files",
        description="Videos or picture folders of the board, one a camera; none: the chosen take",
    )
    board: str = Field(
        default="",
        description="The board: charuco:COLUMNSxROWS:SQUARE:DICTIONARY, chessboard:COLUMNSxROWS:"
        "SQUARE (inner corners), aprilgrid:COLUMNSxROWS:TAG, aruco:FILE",
    )
    intrinsics: Path | None = Field(
        default=None,
        title="Lenses from a file",
        description="A calibration of any format whose lenses are used as they are",
    )
    refine: Refine = Field(
        default="auto",
        title="Refine given lenses",
        description="Solve lenses that a file gave once more: only where the data supports it, "
        "never, always",
    )
    world: World = Field(
        default="auto",
        title="Floor and origin",
        description="auto: level as the cameras stand, floor under the lowest the board came; "
        "camera: at the first camera; board: where the board lies on the floor at a moment; "
        "points: three clicked points; feet: under a tracked person",
    )
    floor_at_s: float | None = Field(
        default=None,
        ge=0,
        title="Board on the floor at",
        description="When the board lies on the floor, in seconds; of pictures, their number",
    )
    per_second: float = Field(
        default=5.0, gt=0, le=120, description="Pictures looked at in a second of video (Hz)"
    )
    lens: Lens = Field(
        default="auto",
        title="Kind of lens",
        description="Lens model of the lenses that are solved; auto: the one with the lowest "
        "error on pictures it never saw",
    )
    lens_paths: tuple[Path, ...] = Field(
        default=(),
        title="Pictures for the lenses",
        description="Videos or picture folders that serve each camera's lens alone",
    )
    lenses_only: bool = Field(
        default=False,
        description="Each camera's lens by itself, from pictures that need not be synchronised",
    )
    scene: Path | None = Field(
        default=None,
        title="Clicked points",
        description="A file of measured points of the scene and where they were clicked in each "
        "camera's picture: places the cameras of a lens file without a board",
    )
    drop: tuple[str, ...] = Field(default=(), description="Cameras to leave out")
    up: Up = Field(
        default="auto",
        description="The axis of the board that points up where it lies on the floor",
    )
    points: tuple[Click, ...] = Field(
        default=(), description="Three points of the floor, each clicked in two cameras or more"
    )
    between: tuple[str, str] | None = Field(
        default=None,
        title="Measured between",
        description="Two cameras whose distance was measured, or two of the clicked points "
        "(0 to 2)",
    )
    measured_m: float | None = Field(None, gt=0, le=1000, description="That distance, in metres")
    scale: Literal["board", "measured"] = Field(
        default="board",
        description="Whose length counts: the board's squares, or the measured distance; the "
        "other one checks it",
    )
    unequal: bool = Field(
        default=False,
        title="They start together",
        description="Videos of different lengths are taken as starting together",
    )
    found: str = Field(
        default="",
        description="What was seen before, by its sha256: it is solved without looking again",
    )
