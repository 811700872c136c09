"""A ChArUco board to be filmed: true to size, on a stiff panel."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

import cv2
import numpy as np

from studio.core.types import Material, Mesh
from studio.render.scene import Drawable, Finish
from studio.synth.shapes import box


@dataclass(frozen=True)
class BoardSpec:
    """A ChArUco board: squares across and down, their side, the markers' side (metres)."""

    columns: int = 6
    rows: int = 4
    square_m: float = 0.11
    marker_m: float = 0.084
    dictionary: str = "DICT_4X4_50"
    border_m: float = 0.02

    @property
    def size_m(self) -> tuple[float, float]:
        """Width and height of the printed squares."""
        return self.columns * self.square_m, self.rows * self.square_m

    def charuco(self) -> Any:
        """OpenCV's own board."""
        names = cv2.aruco.getPredefinedDictionary(getattr(cv2.aruco, self.dictionary))
        return cv2.aruco.CharucoBoard(
            (self.columns, self.rows), self.square_m, self.marker_m, names
        )

    def to_json(self) -> str:
        """The board's description, as written beside a clip."""
        return json.dumps({"type": "charuco", **asdict(self)}, indent=2) + "\n"

    def corners_m(self) -> np.ndarray:
        """The inner corners (n, 3) in the board's frame, in OpenCV's order of ids."""
        return np.asarray(self.charuco().getChessboardCorners(), np.float64)


def board_scene(spec: BoardSpec, board_world: np.ndarray) -> tuple[Drawable, ...]:
    """The board as it lies in the world: ``board_world`` carries board coordinates (x along a row,
    y down the columns, z away from the viewer, origin at the first square's corner) into it."""
    width, height = spec.size_m
    pixels = 48
    margin = round(spec.border_m / spec.square_m * pixels)
    picture = spec.charuco().generateImage(
        (spec.columns * pixels + 2 * margin, spec.rows * pixels + 2 * margin), marginSize=margin
    )
    edge = margin / pixels * spec.square_m
    low, high = (-edge, -edge), (width + edge, height + edge)
    front = np.array([[low[0], high[1], 0], [*high, 0], [high[0], low[1], 0], [*low, 0]])
    uv = np.array([[0, 0], [1, 0], [1, 1], [0, 1.0]])
    faces = np.array([[0, 1, 2], [0, 2, 3]])
    print_ink = np.repeat(picture[..., None], 3, axis=2)
    print_ink = (18 + print_ink.astype(np.float32) * (222 / 255)).astype(np.uint8)
    back = box((*low, 0.0008), (*high, 0.006), (196, 190, 180))

    def place(points: np.ndarray) -> np.ndarray:
        return points @ board_world[:3, :3].T + board_world[:3, 3]

    return (
        Drawable(
            Mesh(place(front), faces, uv[faces]),
            Material("board", roughness=0.7, texture=print_ink), 80, Finish(specular=0.2),
        ),
        Drawable(
            Mesh(place(back.vertices_m), back.faces, None, back.colours),
            Material("panel", roughness=0.8), 81, coat_m=back.vertices_m,
        ),
    )  # fmt: skip
