"""Calibration boards: parse one by name, find it in pictures, choose the views worth solving."""

from studio.perception.boards.artwork import Artwork, rasterise
from studio.perception.boards.board import Board, Found
from studio.perception.boards.spec import parse_board

__all__ = ["Artwork", "Board", "Found", "parse_board", "rasterise"]
