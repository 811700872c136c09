"""The target's pose at many moments at once, cameras held fixed."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from studio.vision.calibration.bundle import Freedom, huber, normal_equations
from studio.vision.calibration.observations import Observations
from studio.vision.calibration.state import State, off_px


def moment_costs(
    o: Observations, s: State, knee_px: float = np.inf
) -> Float[np.ndarray, " moments"]:
    """Huber's loss of each moment's residuals, pixels squared."""
    loss = huber(np.linalg.norm(off_px(o, s), axis=-1), knee_px)[0].sum(-1)
    return np.bincount(o.moment, loss, len(o.moments))


def resect(o: Observations, s: State, *, knee_px: float = np.inf, steps: int = 30) -> State:
    """Refine every moment's pose by itself (Levenberg-Marquardt); none ends worse than it began."""
    none = tuple(np.zeros(0, np.intp) for _ in o.cameras)
    still = Freedom((False,) * len(o.cameras), none)
    moments = len(o.moments)
    damping, best = np.full(moments, 1e-4), moment_costs(o, s, knee_px)
    unmoved = np.zeros((len(o.cameras), 6)), np.zeros(s.values.shape)
    going, part = np.ones(moments, bool), o
    for _ in range(steps):
        normals = normal_equations(part, s, still, knee_px)
        damped = normals.target.copy()
        damped[:, range(6), range(6)] *= 1 + damping[:, None]
        damped[:, range(6), range(6)] += 1e-12
        step = -np.linalg.solve(damped, normals.target_pull[..., None])[..., 0]
        tried = s.moved(*unmoved, step)
        value = moment_costs(part, tried, knee_px)
        better = going & (value < best)
        chosen = np.where(better[:, None, None], tried.targets, s.targets)
        gained = np.where(better, (best - value) / np.fmax(best, 1e-12), 0.0)
        s, best = s.with_targets(chosen), np.where(better, value, best)
        damping = np.clip(np.where(better, damping / 10, damping * 10), 1e-12, 1e6)
        stuck = better | (damping > 1e2) | (np.abs(step).max(-1) < 1e-8)
        going &= ~((gained < 1e-6) & stuck)
        if not going.any():
            break
        if going[part.moment].mean() < 0.6:
            part = part.take(going[part.moment])
    return s
