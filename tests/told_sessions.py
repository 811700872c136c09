"""Solutions made of a simulated session's truth: what a perfect solver would hand over."""

from __future__ import annotations

import numpy as np

from studio.core.calibration import HeldOut, Solution, Spread
from studio.core.types import Camera, CameraRig
from studio.vision.calibration.simulated.sessions import Session


def truth_told(session: Session, sigma_mm: float = 0.5) -> Solution:
    """The lenses the session was told, at the true poses, each known to ``sigma_mm``."""
    rig = CameraRig(tuple(_at(told, session.truth[told.name]) for told in session.given.cameras))
    count = len(rig)
    deviations = np.tile([1e-4, 1e-4, 1e-4, *[sigma_mm / 1000] * 3], count)
    deviations[:6] = 0.0
    nan = np.full(2, np.nan)
    spread = {
        name: Spread(np.full(3, sigma_mm), np.full(3, np.degrees(1e-4)), nan, nan, np.zeros(0))
        for name in rig.names
    }
    held = HeldOut(0.6, 2.0, dict.fromkeys(rig.names, 0.6), (1, 2, 3))
    seen = {view.moment for view in session.views}
    world = {m: pose for m, pose in session.target_world.items() if m in seen}
    return Solution(
        rig, session.target, session.views, world, 0.5, dict.fromkeys(rig.names, 0.5),
        held, spread, np.diag(deviations**2),
    )  # fmt: skip


def _at(lens: Camera, place: Camera) -> Camera:
    return Camera(
        place.name, lens.size_px, lens.matrix, lens.distortion, place.rotation,
        place.translation_m, lens.lens,
    )  # fmt: skip
