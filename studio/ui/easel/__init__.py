"""The easel: a picture that is painted on, in the middle of the window."""

from studio.ui.easel.desk import Desk, Ink, Tool
from studio.ui.easel.easel import Easel
from studio.ui.easel.tools import Tools

__all__ = ["Desk", "Easel", "Ink", "Tool", "Tools"]
