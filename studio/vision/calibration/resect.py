"""The target's pose at many moments at once, cameras held fixed."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from studio.vision.calibration.bundle import huber, view_normals
from studio.vision.calibration.observations import Observations
from studio.vision.calibration.state import State, lengths_px
from studio.vision.rotations import twice

_NONE = np.zeros(0, np.intp)


def moment_costs(
    o: Observations, s: State, knee_px: float = np.inf
) -> Float[np.ndarray, " moments"]:
    """Huber's loss of each moment's residuals, pixels squared."""
    return np.bincount(o.moment, huber(lengths_px(o, s), knee_px)[0].sum(-1), len(o.moments))


def _normals(
    o: Observations, s: State, knee_px: float
) -> tuple[np.ndarray, np.ndarray, Float[np.ndarray, " moments"]]:
    """Normal matrix, gradient and loss of each moment's pose, cameras held."""
    moments = len(o.moments)
    normal, pull, loss = np.zeros((moments, 6, 6)), np.zeros((moments, 6)), np.zeros(moments)
    for camera in range(len(o.cameras)):
        rows = o.of_camera(camera)
        if rows.start == rows.stop:
            continue
        own, pulled, lost = view_normals(o, s, camera, _NONE, knee_px)
        to_target = twice(s.rotation[camera])
        np.add.at(normal, o.moment[rows], to_target.T @ own @ to_target)
        np.add.at(pull, o.moment[rows], pulled @ to_target)
        loss += np.bincount(o.moment[rows], lost, moments)
    return normal, pull, loss


def resect(o: Observations, s: State, *, knee_px: float = np.inf, steps: int = 30) -> State:
    """Refine every moment's pose by itself (Levenberg-Marquardt); none ends worse than it began."""
    moments = len(o.moments)
    damping = np.full(moments, 1e-4)
    normal, pull, best = _normals(o, s, knee_px)
    unmoved = np.zeros((len(o.cameras), 6)), np.zeros(s.values.shape)
    going, part = np.ones(moments, bool), o
    for _ in range(steps):
        damped = normal.copy()
        damped[:, range(6), range(6)] *= 1 + damping[:, None]
        damped[:, range(6), range(6)] += 1e-12
        step = -np.linalg.solve(damped, pull[..., None])[..., 0]
        tried = s.moved(*unmoved, step)
        normals, pulls, value = _normals(part, tried, knee_px)
        better = going & (value < best)
        here = better[:, None, None]
        gained = np.where(better, (best - value) / np.fmax(best, 1e-12), 0.0)
        s, best = (
            s.with_targets(np.where(here, tried.targets, s.targets)),
            np.where(better, value, best),
        )
        normal, pull = np.where(here, normals, normal), np.where(better[:, None], pulls, pull)
        damping = np.clip(np.where(better, damping / 10, damping * 10), 1e-12, 1e6)
        stuck = better | (damping > 1e2) | (np.abs(step).max(-1) < 1e-8)
        going &= ~((gained < 1e-6) & stuck)
        if not going.any():
            break
        if going[part.moment].mean() < 0.6:
            part = part.take(going[part.moment])
    return s
