"""A calibration board to be filmed: true to size, on a stiff panel."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

import cv2
import numpy as np

from studio.core.types import Material, Mesh
from studio.perception.boards.artwork import Artwork, rasterise
from studio.perception.boards.board import Board
from studio.perception.boards.charuco import CharucoBoard
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

    def board(self) -> CharucoBoard:
        """The same, as it is found in pictures."""
        return CharucoBoard(self.columns, self.rows, self.square_m, self.dictionary, self.marker_m)

    def to_json(self) -> str:
        """The board's description, as written beside a clip."""
        return json.dumps({"type": "charuco", **asdict(self)}, indent=2) + "\n"

    def corners_m(self) -> np.ndarray:
        """The inner corners (n, 3) in the board's frame, in OpenCV's order of ids."""
        return self.board().target.points_m


def board_scene(spec: BoardSpec, board_world: np.ndarray) -> tuple[Drawable, ...]:
    """The board as it lies in the world: ``board_world`` carries board coordinates (x along a row,
    y down the columns, z away from the viewer, origin at the first square's corner) into it."""
    return panel_scene(spec.board(), board_world, spec.border_m)


def panel_scene(
    board: Board, board_world: np.ndarray, border_m: float | None = None, thickness_m: float = 0.006
) -> tuple[Drawable, ...]:
    """Any printed board on a stiff panel; ``board_world`` carries its target's points into the
    world. A two-sided board is as thick as it says and printed on its back too."""
    front, back = board.artwork, board.back
    depth = float(np.ptp(board.target.points_m[:, 2])) or thickness_m
    edge = front.quiet_m if border_m is None else border_m
    ox, oy = front.origin_m
    low = (-ox - edge, -oy - edge)
    high = (front.width_m - ox + edge, front.height_m - oy + edge)

    def place(points: np.ndarray) -> np.ndarray:
        return points @ board_world[:3, :3].T + board_world[:3, 3]

    sides = [_print(front, edge, low, high, 0.0)]
    if back is not None:
        sides.append(_print(back, edge, low, high, depth))
    inner = depth - 0.0008 if back is not None else depth
    panel = box((*low, 0.0008), (*high, inner), (196, 190, 180))
    printed = tuple(
        Drawable(
            Mesh(place(mesh.vertices_m), mesh.faces, mesh.uv),
            Material("board", roughness=0.7, texture=ink), 80, Finish(specular=0.2),
        )
        for mesh, ink in sides
    )  # fmt: skip
    body = Drawable(
        Mesh(place(panel.vertices_m), panel.faces, None, panel.colours),
        Material("panel", roughness=0.8), 81, coat_m=panel.vertices_m,
    )  # fmt: skip
    return (*printed, body)


def _print(
    art: Artwork, edge: float, low: tuple[float, float], high: tuple[float, float], z: float
) -> tuple[Mesh, np.ndarray]:
    """A side of the board as a textured quad, and its ink: black is never quite black."""
    smallest = float(art.rectangles_m[:, 2:].min())
    pixels_per_m = min(8 / smallest, 4096 / max(art.width_m, art.height_m))
    picture = rasterise(art, pixels_per_m, edge)
    ink = np.repeat(picture[..., None], 3, axis=2)
    ink = (18 + ink.astype(np.float32) * (222 / 255)).astype(np.uint8)
    left, right = (low[0], high[0]) if z == 0 else (high[0], low[0])
    corners = np.array(
        [[left, high[1], z], [right, high[1], z], [right, low[1], z], [left, low[1], z]]
    )
    # The picture ends at a whole pixel, a little off the edge: the print keeps its size.
    u, v = np.array([high[0] - low[0], high[1] - low[1]]) * pixels_per_m / picture.shape[1::-1]
    uv = np.array([[0, 1 - v], [u, 1 - v], [u, 1], [0, 1]])
    faces = np.array([[0, 1, 2], [0, 2, 3]])
    return Mesh(corners, faces, uv[faces]), ink
