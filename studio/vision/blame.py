"""Which camera is to blame: bumped cameras, and stretches in which one follows somebody else.

For every camera the points are triangulated from the others alone. A camera that is wrong lies
far from those points, while the others agree among themselves better than with it. Two cameras
can only disagree; from three on the odd one has a name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from studio.vision.gaps import runs
from studio.vision.sightings import Sightings, residuals_px
from studio.vision.triangulate import dlt, mean_px


@dataclass(frozen=True)
class Suspect:
    """A camera that disagrees with the others from ``start_s`` to ``end_s``."""

    camera: str
    start_s: float
    end_s: float
    off_px: float
    share: float
    text: str


@dataclass(frozen=True, eq=False)
class Agreement:
    """Frame by frame (median over its points): how far each camera lies from what the others say,
    and how well the others agree without it; pixels, NaN where it cannot be told."""

    own_px: Float[np.ndarray, "views frames"]
    rest_px: Float[np.ndarray, "views frames"]


def agreement(s: Sightings, points: int) -> Agreement:
    """Leave each camera out in turn. ``s`` holds whole frames of ``points`` points."""
    views, frames = len(s.u), len(s) // points
    own, rest = np.full((views, frames), np.nan), np.full((views, frames), np.nan)
    for view in range(views):
        used = s.seen
        used[view] = False
        used &= used.sum(0) >= 2
        off = residuals_px(s, dlt(s.only(used), reweight=1))
        own[view] = _frame_median(off[view], points)
        rest[view] = _frame_median(mean_px(off, used), points)
    return Agreement(own, rest)


def _frame_median(values: np.ndarray, points: int) -> np.ndarray:
    cube = np.where(np.isposinf(values), 1e6, values).reshape(-1, points)
    out = np.full(len(cube), np.nan)
    enough = np.isfinite(cube).sum(1) >= min(3, points)
    out[enough] = np.nanmedian(cube[enough], axis=1)
    return out


def suspects(
    a: Agreement,
    names: Sequence[str],
    times_s: Float[np.ndarray, " frames"],
    *,
    least_px: float = 8.0,
    least_s: float = 0.15,
) -> tuple[Suspect, ...]:
    """The cameras that disagree, worst first.

    In a frame a camera is odd if it lies ``least_px`` and three times the others' disagreement
    away, and if leaving it out makes the rest agree at least twice as well as leaving out any
    other. Stretches shorter than ``least_s`` are passed over.
    """
    views, frames = a.own_px.shape
    if views < 3 or not frames:
        return ()
    rest = np.where(np.isfinite(a.rest_px), a.rest_px, np.inf)
    found: list[Suspect] = []
    spacing = float(np.median(np.diff(times_s))) if frames > 1 else 0.0
    for view, name in enumerate(names):
        others = np.delete(rest, view, axis=0).min(0)
        with np.errstate(invalid="ignore"):
            odd = (
                (a.own_px[view] > least_px)
                & (a.own_px[view] > 3 * rest[view])
                & (2 * rest[view] < others)
            )
        if odd.mean() > 0.8:
            odd[:] = True
        long = [(i, j) for i, j in runs(odd) if (j - i) * spacing >= least_s or frames == j - i]
        if not long:
            continue
        chosen = np.concatenate([np.arange(i, j) for i, j in long])
        off = float(np.nanmedian(a.own_px[view][chosen]))
        share = len(chosen) / frames
        first, last = long[0][0], long[-1][1] - 1
        text = _sentence(name, off, share, float(times_s[first]), float(times_s[last]),
                         ends=last >= frames - 2, begins=first == 0)  # fmt: skip
        found.append(Suspect(name, float(times_s[first]), float(times_s[last]), off, share, text))
    return tuple(sorted(found, key=lambda suspect: -suspect.off_px * suspect.share))


def _sentence(
    name: str, off: float, share: float, start: float, end: float, *, ends: bool, begins: bool
) -> str:
    head = f"Camera {name} disagrees with the others by {off:.0f} px"
    if share > 0.8:
        return f"{head}: it was bumped, or its calibration is wrong. Calibrate it again."
    if ends and not begins and share > 0.1:
        return f"{head} from {start:.2f} s on: it was bumped. Calibrate it again, or cut there."
    return (
        f"{head} between {start:.2f} s and {end:.2f} s ({share:.0%} of the frames): "
        "it follows somebody else there, or it is out of step."
    )
