"""Named points over time, as motion files know them: a Motion without views or errors."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from studio.core.errors import StudioError
from studio.core.types import Layout, Motion


def marker_layout(names: Sequence[str]) -> Layout:
    """A layout of loose markers: no bones, no mirror twins, no parts."""
    return Layout("markers", tuple(names), (), tuple(range(len(names))))


def motion_of(layout: Layout, times_s: np.ndarray, xyz_m: np.ndarray) -> Motion:
    """A motion of which only the positions (frames, points, 3) are known."""
    shape = xyz_m.shape[:2]
    unknown = np.full(shape, np.nan)
    return Motion(
        layout,
        np.asarray(times_s, np.float64),
        np.asarray(xyz_m, np.float64),
        unknown,
        unknown,
        np.zeros(shape, np.int64),
        np.zeros(shape, bool),
    )


def with_layout(motion: Motion, layout: Layout) -> Motion:
    """The motion with its points in the order of ``layout``, matched by name.

    Raises StudioError if none of the layout's points is there; single missing ones become NaN.
    """
    at = {name: i for i, name in enumerate(motion.layout.points)}
    index = np.array([at.get(name, -1) for name in layout.points])
    if not (index >= 0).any():
        raise StudioError(
            f"None of the points is one of the layout {layout.name}.",
            f"The file has: {', '.join(motion.layout.points[:12])}.",
        )
    gone = index < 0

    def take(values: np.ndarray, missing: float) -> np.ndarray:
        taken = values[:, index]
        taken[:, gone] = missing
        return taken

    return Motion(
        layout,
        motion.times_s,
        take(motion.xyz_m, np.nan),
        take(motion.error_m, np.nan),
        take(motion.reprojection_px, np.nan),
        take(motion.views, 0),
        take(motion.filled, False),
    )


def rate_of(motion: Motion) -> float:
    """Frames a second as a file header states it: rounded to 1e-6, 30 if it cannot be known."""
    return round(motion.rate_hz, 6) or 30.0


def check_motion(motion: Motion) -> None:
    """Raise StudioError unless there is something to write."""
    if not len(motion) or not len(motion.layout):
        what = "frames" if len(motion.layout) else "points"
        raise StudioError(f"The motion has no {what} to write.", "Triangulate the take again.")


def check_times(times_s: np.ndarray, path: Path) -> None:
    """Raise StudioError unless the times are finite and increase."""
    if not np.isfinite(times_s).all() or (np.diff(times_s) <= 0).any():
        raise StudioError(
            f"The times in “{path.name}” do not increase from frame to frame.",
            "Export the file again with one row a frame, in order.",
        )


def check_names(names: Sequence[str], path: Path) -> None:
    """Raise StudioError unless every point has a name of its own."""
    twice = {name for name in names if list(names).count(name) > 1}
    if not names or "" in names or twice:
        what = f"“{sorted(twice)[0]}” is there twice" if twice else "a point has no name"
        raise StudioError(
            f"The point names in “{path.name}” are not usable: {what}.",
            "Give every point its own name and export again.",
        )
