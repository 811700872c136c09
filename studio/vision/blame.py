"""Which camera is to blame: bumped cameras, and stretches in which one follows somebody else.

For every camera the points are triangulated from the others alone. A camera that is wrong lies
far from those points, while the others agree among themselves better than with it. A small bump
hides below the noise of single points but moves all of them the same way, at one moment and for
good. Two cameras can only disagree; from three on the odd one has a name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from studio.core.percent import percent
from studio.vision.gaps import runs
from studio.vision.sightings import Sightings, in_cameras, residuals_px
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
    which way it lies, and how well the others agree without it; pixels, NaN where it cannot be
    told."""

    own_px: Float[np.ndarray, "views frames"]
    rest_px: Float[np.ndarray, "views frames"]
    shift_px: Float[np.ndarray, "views frames 2"]


def agreement(s: Sightings, points: int) -> Agreement:
    """Leave each camera out in turn. ``s`` holds whole frames of ``points`` points."""
    views, frames = len(s.u), len(s) // points
    own, rest = np.full((views, frames), np.nan), np.full((views, frames), np.nan)
    shift = np.full((views, frames, 2), np.nan)
    for view in range(views):
        used = s.seen
        used[view] = False
        used &= used.sum(0) >= 2
        xyz = dlt(s.only(used), reweight=1)
        off = residuals_px(s, xyz)
        own[view] = _frame_median(off[view], points)
        rest[view] = _frame_median(mean_px(off, used), points)
        x, y, z = (axis[view] for axis in in_cameras(s, xyz))
        with np.errstate(invalid="ignore", divide="ignore"):
            ways = s.scale_px[view] * np.stack([s.u[view] - x / z, s.v[view] - y / z])
        for axis, way in enumerate(np.where(np.isfinite(off[view]), ways, np.nan)):
            shift[view, :, axis] = _frame_median(way, points)
    return Agreement(own, rest, shift)


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
    other. Stretches shorter than ``least_s`` are passed over. A camera that is
    never or seldom so far off may still have moved a little for good: see :func:`_jolt`.
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
    moved = _jolt(a, names, times_s, 0.3 * least_px)
    if moved and not any(2 * suspect.share > moved.share for suspect in found):
        found = [moved, *(suspect for suspect in found if suspect.camera != moved.camera)]
    return tuple(sorted(found, key=lambda suspect: -suspect.off_px * suspect.share))


def _jolt(
    a: Agreement, names: Sequence[str], times_s: np.ndarray, least_px: float
) -> Suspect | None:
    """The camera all of whose points moved at one moment, and stayed so.

    The step between the half seconds before and after must be ``least_px``, three times the
    frames' scatter, a quarter more than that of any other camera, and last to the end.
    """
    frames = a.shift_px.shape[1]
    spacing = float(np.median(np.diff(times_s))) if frames > 1 else 0.0
    half = max(round(0.5 / spacing), 5) if spacing > 0 else 0
    if not half or frames < 2 * half or not np.isfinite(a.shift_px).any():
        return None
    windows = np.lib.stride_tricks.sliding_window_view(a.shift_px, half, axis=1)
    known = np.isfinite(windows).sum(-1) > half // 2
    middle = np.where(known, np.nanmedian(np.where(known[..., None], windows, 0.0), -1), np.nan)
    step = np.linalg.norm(middle[:, half:] - middle[:, :-half], axis=-1)
    step = np.where(np.isfinite(step), step, 0.0)
    view, first = (int(i) for i in np.unravel_index(step.argmax(), step.shape))
    size, at = float(step[view, first]), first + half
    tracks = a.shift_px[view]
    parts = [part[np.isfinite(part[:, 0])] for part in (tracks[:at], tracks[at:])]
    centres = [np.median(part, axis=0) for part in parts]
    scatter = max(
        1.48 * float(np.median(np.linalg.norm(part - centre, axis=1)))
        for part, centre in zip(parts, centres, strict=True)
    )
    lasting = float(np.linalg.norm(centres[1] - centres[0]))
    others = float(np.delete(step[:, max(first - half, 0) : at], view, axis=0).max())
    if size < max(least_px, 3 * scatter, 1.25 * others) or lasting < 0.7 * size:
        return None
    start, end, share = float(times_s[at]), float(times_s[-1]), (frames - at) / frames
    text = _sentence(names[view], size, 0.5, start, end, ends=True, begins=False)
    return Suspect(names[view], start, end, size, share, text)


def _sentence(
    name: str, off: float, share: float, start: float, end: float, *, ends: bool, begins: bool
) -> str:
    head = f"Camera {name} disagrees with the others by {off:.0f} px"
    if share > 0.8:
        return f"{head}: it was bumped, or its calibration is wrong. Calibrate it again."
    if ends and not begins and share > 0.1:
        return f"{head} from {start:.2f} s on: it was bumped. Calibrate it again, or cut there."
    return (
        f"{head} between {start:.2f} s and {end:.2f} s ({percent(share)} of the frames): "
        "it follows somebody else there, or it is out of step."
    )
