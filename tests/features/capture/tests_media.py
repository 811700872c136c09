"""The makers of small clips, rigs and detections that the tests of the media room use."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "media"))

from clips import film
from people import pose, write_take
from rigs import ring

__all__ = ["film", "pose", "ring", "write_take"]
