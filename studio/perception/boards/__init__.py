"""Calibration boards: parse one by name, find it in pictures, choose the views worth solving."""

from studio.perception.boards.artwork import Artwork, rasterise
from studio.perception.boards.board import Board, Found
from studio.perception.boards.scene_points import ScenePoints, read_scene_points
from studio.perception.boards.spec import parse_board
from studio.perception.boards.views import Sighting, Views, apart, views_of
from studio.perception.boards.which import Suggestion, which_board

__all__ = [
    "Artwork", "Board", "Found", "ScenePoints", "Sighting", "Suggestion", "Views", "apart",
    "parse_board", "rasterise", "read_scene_points", "views_of", "which_board",
]  # fmt: skip
