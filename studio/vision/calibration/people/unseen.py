"""How well a rig explains moments that it never saw."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from studio.core.calibration import HeldOut
from studio.vision.calibration.people.seen import Chosen, straight
from studio.vision.sightings import Sightings, in_cameras, residuals_px
from studio.vision.triangulate import dlt

_WILD_PX = 60.0
"""Farther off, a keypoint is somebody else or somewhere else: no matter of calibration."""


def held_out(s: Sightings, test: Chosen, names: Sequence[str]) -> HeldOut:
    """Each camera's keypoints against the points that all others give, in px and in mm across the
    line of sight (in the units of the rig times 1000 until it is scaled).

    Of two cameras, against both: the distance then is half of how far their rays miss.
    """
    s = straight(s, dlt(s, reweight=1), test.layout)
    views = len(s.u)
    squares: dict[str, float] = {}
    sums, lengths, count = 0.0, 0.0, 0
    for view, name in enumerate(names):
        used = s.seen
        if views > 2:
            used[view] = False
        used &= used.sum(0) >= 2
        now = s.only(used)
        xyz = dlt(now, reweight=1)
        off = residuals_px(s, xyz)[view] * (1.0 if views > 2 else 2.0)
        near = np.isfinite(off) & (off < _WILD_PX)
        if not near.any():
            squares[name] = float("nan")
            continue
        squares[name] = float(np.sqrt(np.mean(np.square(off[near]))))
        depth = in_cameras(s, xyz)[2][view][near]
        across = off[near] * depth / np.broadcast_to(s.scale_px, s.u.shape)[view][near]
        sums += float(np.square(off[near]).sum())
        lengths += float(np.square(across).sum())
        count += int(near.sum())
    if not count:
        return HeldOut(float("nan"), float("nan"), squares, ())
    return HeldOut(
        float(np.sqrt(sums / count)), 1000 * float(np.sqrt(lengths / count)), squares,
        tuple(range(len(test.times_s))),
    )  # fmt: skip
