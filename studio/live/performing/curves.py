"""A performance as a table: a row a frame, in the columns that other programs expect."""

from __future__ import annotations

import csv
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

from studio.human.rig import ACTIONS
from studio.live.performance import Performance
from studio.media.formats.whole import whole

COLUMNS = ("time_s", *ACTIONS, "yaw", "pitch", "roll")


@contextmanager
def curves(path: Path) -> Generator[Callable[[Performance], None]]:
    """Writes a row of a CSV file for each performance that the yielded function is given: time_s,
    the 52 actions (0 to 1), and the head's yaw, pitch and roll in degrees.

    The file is there when the block ends well. Raises StudioError if it cannot be written.
    """
    with whole(path) as temp, temp.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(COLUMNS)

        def write(one: Performance) -> None:
            weights = [f"{weight:.4f}" for weight in one.weights]
            angles = [f"{angle:.3f}" for angle in one.head_deg]
            rows.writerow((f"{one.time_s:.4f}", *weights, *angles))

        yield write
