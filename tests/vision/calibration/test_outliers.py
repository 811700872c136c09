"""Who is to blame where the cameras of a moment contradict each other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from studio.vision.calibration.bundle import knee_of
from studio.vision.calibration.heldout import rig_state
from studio.vision.calibration.observations import Observations, observe
from studio.vision.calibration.outliers import limits_px, view_px, without_each
from studio.vision.calibration.resect import resect
from studio.vision.calibration.simulated.sessions import simulate
from studio.vision.calibration.state import State


def contradicted() -> tuple[Observations, State, int]:
    """Four true cameras, one view of one moment shifted by 20 px; its row."""
    session = simulate(4, 2, moments=12)
    o = observe(session.target, session.views, session.given.names)
    poses = np.stack([session.target_world[m] for m in o.moments])
    poses[:, :3, 3] += poses[:, :3, :3] @ o.pivot_m
    s = rig_state(session.truth, len(poses)).with_targets(poses)
    moment = int(np.bincount(o.moment).argmax())
    row = int(np.flatnonzero(o.moment == moment)[1])
    xy = o.xy_px.copy()
    xy[row] = np.where(o.seen[row, :, None], xy[row] + 20.0, 0.0)
    o = replace(o, xy_px=xy)
    return o, resect(o, s), row


def test_all_absences_at_once_are_each_by_itself() -> None:
    o, s, row = contradicted()
    moment = o.moment[row]
    limit = limits_px(o, view_px(o, s))
    told = without_each(o, s, np.array([moment]), limit)
    rows = np.flatnonzero(o.moment == moment)
    assert len(rows) >= 3
    for gone in rows:
        others = rows[rows != gone]
        rest = o.take(others)
        alone = view_px(rest, resect(rest, s, knee_px=knee_of(o, s))) / limit[others]
        np.testing.assert_allclose(told[gone], alone.max(), rtol=1e-3)
    assert np.isinf(told[o.moment != moment]).all()


def test_the_others_agree_once_the_shifted_view_is_gone() -> None:
    o, s, row = contradicted()
    told = without_each(o, s, o.moment[[row]], limits_px(o, view_px(o, s)))
    assert told.argmin() == row
    assert told[row] < 1
