"""From views of a target to a calibrated rig, and what it is worth."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import numpy as np

from studio.core.calibration import Solution, Target, View
from studio.core.errors import StudioError
from studio.core.types import Camera, CameraRig
from studio.vision.calibration import lens as optics
from studio.vision.calibration.bundle import rig_freedom, robust_adjust
from studio.vision.calibration.covariance import uncertainty
from studio.vision.calibration.heldout import errors_on, folds, summary
from studio.vision.calibration.intrinsics import fit_lens
from studio.vision.calibration.observations import observe
from studio.vision.calibration.placement import place_cameras, require_connected, settle_twins
from studio.vision.calibration.planar import twin_poses, usable
from studio.vision.calibration.state import State, off_px

Refine = Literal["auto", "never", "always"]
Lens = Literal["auto", "pinhole4", "pinhole5", "pinhole8", "fisheye"]
Report = Callable[[float, str], None]


def solve(
    target: Target,
    views: Sequence[View],
    sizes_px: Mapping[str, tuple[int, int]],
    *,
    intrinsics: Mapping[str, Camera] | CameraRig | None = None,
    refine: Refine = "auto",
    lens: Lens = "auto",
    report: Report | None = None,
) -> Solution:
    """Calibrate the cameras named in ``sizes_px`` (in this order) from views of a target."""
    tell = report or (lambda _fraction, _text: None)
    names = tuple(sizes_px)
    given = {c.name: c for c in intrinsics.cameras} if isinstance(intrinsics, CameraRig) else dict(intrinsics or {})  # fmt: skip
    kept = [v for v in views if usable(target.points_m[v.points])]
    for name in names:
        if not any(v.camera == name for v in kept):
            raise StudioError(
                f"Camera {name} never saw enough of the target.", "Show it the whole target."
            )
    seen = {name: {v.moment for v in kept if v.camera == name} for name in names}
    require_connected(names, seen)
    values, lenses, terms = [], [], []
    for name in names:
        if name in given:
            values.append(optics.values_of(given[name]))
            lenses.append(given[name].lens)
            terms.append(len(given[name].distortion))
        else:
            fit = fit_lens(
                observe(target, [v for v in kept if v.camera == name], (name,)),
                sizes_px[name],
                "pinhole",
                5,
            )
            values.append(fit.values)
            lenses.append("pinhole")
            terms.append(5)
    o = observe(target, kept, names)
    count, moments = len(names), len(o.moments)
    s = State(
        tuple(lenses),
        tuple(terms),
        np.stack(values),
        np.tile(np.eye(3), (count, 1, 1)),
        np.zeros((count, 3)),
        np.tile(np.eye(3), (moments, 1, 1)),
        np.zeros((moments, 3)),
    )
    twins = twin_poses(o, s)
    s = place_cameras(o, s, twins)
    s = settle_twins(o, s, twins, 8.0)
    freedom = rig_freedom(count)
    s = robust_adjust(o, s, freedom)
    rig = CameraRig(tuple(s.camera(i, n, sizes_px[n]) for i, n in enumerate(names)))
    fold = folds(moments)
    parts = []
    for f in range(int(fold.max()) + 1):
        inside = fold[o.moment] != f
        trained = robust_adjust(o.take(inside), s, freedom)
        parts.append(errors_on(target, o.take(~inside), trained))
    held = summary(rig, o, parts)
    off = np.square(off_px(o, s)).sum(-1)
    sure = uncertainty(o, s, freedom)
    per = {
        n: float(np.sqrt(off[o.camera == i].sum() / o.seen[o.camera == i].sum()))
        for i, n in enumerate(names)
    }
    back = np.eye(4)
    back[:3, 3] = -o.pivot_m
    return Solution(
        rig,
        target,
        tuple(kept),
        {m: s.targets[i] @ back for i, m in enumerate(o.moments)},
        float(np.sqrt(off.sum() / o.seen.sum())),
        per,
        held,
        {n: sure.spread(i, terms[i]) for i, n in enumerate(names)},
        sure.poses(),
        refined=tuple(n for n in names if n not in given),
    )
