"""A photograph laid out large, with what was found in it, pins, and a picture over it."""

from studio.ui.photo.table import Marks, PhotoTable
from studio.ui.photo.view import PhotoView

__all__ = ["Marks", "PhotoTable", "PhotoView"]
