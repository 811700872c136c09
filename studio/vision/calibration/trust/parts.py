"""Did two cameras trade names? The first part solved alone, and the lenses tried on each other.

When two cameras trade names in the middle of a session no single rig explains it, and there is
nothing sound to linearise around; but the first part solves well alone, and with the right two
names traded the last part fits it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from studio.core.calibration import Target, View
from studio.core.errors import StudioError
from studio.core.types import Camera, CameraRig
from studio.vision.calibration.heldout import errors_on, rig_state
from studio.vision.calibration.observations import observe
from studio.vision.calibration.planar import twin_poses
from studio.vision.calibration.solve import solve
from studio.vision.calibration.trust.limits import spaced

_CAP_PX, _PART, _BETTER = 15.0, 0.28, 0.6
_TRIED, _VIEWS, _SURELY = 4, 40, 0.995
_MOMENTS = 20
"""Moments of either part, enough to tell them apart by."""


@dataclass(frozen=True)
class Swap:
    """Two cameras that have each other's name from ``moment`` on."""

    cameras: tuple[str, str]
    moment: int


def find_swap(target: Target, views: Sequence[View], rig: CameraRig) -> Swap | None:
    """The pair of cameras that traded names on the way; None if no trade explains the last part.

    The first part is solved alone; the cameras that fit the last one worst are tried in pairs.
    """
    moments = np.array(sorted({view.moment for view in views}))
    if len(moments) < 15:
        return None
    part = int(_PART * len(moments))
    early, late = (
        np.array(spaced(m.tolist(), _MOMENTS)) for m in (moments[:part], moments[-part:])
    )
    first = _part(target, views, rig, set(early.tolist()))
    if first is None:
        return None
    after = [v for v in views if v.moment in set(late.tolist()) and v.camera in first.names]
    plain, by_camera = _costs(target, after, first, late)
    worst = sorted(by_camera, key=lambda name: -by_camera[name])[:_TRIED]
    tried = {
        pair: float(_costs(target, _traded(after, pair), first, late)[0].sum())
        for pair in combinations(sorted(worst), 2)
    }
    best = min(tried, key=lambda pair: tried[pair], default=None)
    if best is None or not tried[best] < _BETTER * plain.sum():
        return None
    some = np.array(spaced(moments.tolist(), 3 * _MOMENTS))
    return Swap(best, _when(target, [v for v in views if v.moment in set(some.tolist())], first,
                            best, some))  # fmt: skip


def lens_traded(target: Target, views: Sequence[View], rig: CameraRig, camera: str) -> str | None:
    """The camera with whose lens this one's views fit better, and the other way round.

    Each view has a pose of its own: nothing of the rig is asked but its lenses.
    """
    own = _alone_px(target, views, camera, rig[camera])
    found: dict[str, float] = {}
    for other in rig.cameras:
        if other.name == camera:
            continue
        here = _alone_px(target, views, camera, other) / own
        if here > 1:
            continue
        there = _alone_px(target, views, other.name, rig[camera])
        there /= _alone_px(target, views, other.name, other)
        if there < 1 and here * there < _SURELY:
            found[other.name] = here * there
    return min(found, key=lambda name: found[name], default=None)


def _alone_px(target: Target, views: Sequence[View], camera: str, lens: Camera) -> float:
    """How well a camera's views fit with a lens, each by itself: the geometric mean of their root
    mean squares, for a good view tells as much as a bad one."""
    own = [view for view in views if view.camera == camera]
    some = [own[i] for i in np.unique(np.linspace(0, len(own) - 1, _VIEWS).astype(int))]
    o = observe(target, some, (camera,))
    rms = twin_poses(o, rig_state(CameraRig((lens,)), len(o.moments))).rms_px[:, 0]
    known = np.log(np.fmax(rms[np.isfinite(rms)], 1e-6))
    return float(np.exp(known.mean())) if len(known) else np.inf


def _traded(views: Sequence[View], pair: tuple[str, str]) -> list[View]:
    trade = {pair[0]: pair[1], pair[1]: pair[0]}
    return [replace(view, camera=trade.get(view.camera, view.camera)) for view in views]


def _part(
    target: Target, views: Sequence[View], rig: CameraRig, moments: set[int]
) -> CameraRig | None:
    """The rig of some of the moments alone, lenses held."""
    kept = [view for view in views if view.moment in moments]
    sizes = {c.name: c.size_px for c in rig.cameras if any(v.camera == c.name for v in kept)}
    try:
        return solve(target, kept, sizes, intrinsics=rig, refine="never").rig
    except StudioError:
        return None


def _when(
    target: Target, views: Sequence[View], rig: CameraRig, pair: tuple[str, str],
    moments: np.ndarray,
) -> int:  # fmt: skip
    """The first moment from which traded names explain the views better, all in all."""
    told = [view for view in views if view.camera in rig.names]
    plain, other = (_costs(target, part, rig, moments)[0] for part in (told, _traded(told, pair)))
    ahead = np.concatenate([[0.0], np.cumsum(plain)])
    behind = np.concatenate([np.cumsum(other[::-1])[::-1], [0.0]])
    return int(moments[min(int(np.argmin(ahead + behind)), len(moments) - 1)])


def _costs(
    target: Target, views: Sequence[View], rig: CameraRig, moments: np.ndarray
) -> tuple[np.ndarray, dict[str, float]]:
    """Capped squared errors by moment, and their mean by camera, with the rig held."""
    o = observe(target, views, rig.names)
    errors = errors_on(target, o, rig_state(rig, len(o.moments)))
    off = np.nan_to_num(errors.squared_px / np.fmax(errors.points, 1), nan=_CAP_PX**2)
    off = np.minimum(off, _CAP_PX**2)
    row = {int(m): k for k, m in enumerate(moments)}
    where = np.array([row[int(m)] for m in errors.moment], np.intp)
    by = {
        name: float(off[errors.camera == i].mean())
        for i, name in enumerate(rig.names) if (errors.camera == i).any()
    }  # fmt: skip
    return np.bincount(where, off, len(moments)), by
