"""A calibrated rig in another world: turned, scaled, shifted, with all that is known of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from jaxtyping import Float

from studio.core.calibration import Solution
from studio.core.types import CameraRig
from studio.vision.calibration.rotations import rigid


def moved(
    solution: Solution,
    rotation: Float[np.ndarray, "3 3"] | None = None,
    translation_m: Float[np.ndarray, "3"] | None = None,
    scale: float = 1.0,
) -> Solution:
    """The same calibration where a point x of the old world is s R x + t in the new one.

    Moves cameras, the target and its poses, covariance and spreads alike. A scale other than 1
    scales the target too: it was not of the size it was said to be. Raises ValueError for a scale
    that is not positive.
    """
    if not scale > 0:
        raise ValueError(f"a scale must be positive, not {scale}")
    r = np.eye(3) if rotation is None else rotation
    t = np.zeros(3) if translation_m is None else translation_m
    cameras = tuple(
        replace(
            camera,
            rotation=camera.rotation @ r.T,
            translation_m=scale * camera.translation_m - camera.rotation @ r.T @ t,
        )
        for camera in solution.rig.cameras
    )
    blocks = np.zeros((6, 6))
    blocks[:3, :3], blocks[3:, 3:] = np.eye(3), scale * r
    whole = np.kron(np.eye(len(cameras)), blocks)
    covariance = whole @ solution.pose_covariance @ whole.T
    spread = {
        camera.name: replace(
            solution.spread[camera.name],
            centre_mm=1000 * np.sqrt(np.fmax(np.diag(covariance)[6 * i + 3 : 6 * i + 6], 0.0)),
        )
        for i, camera in enumerate(cameras)
    }
    targets = {
        moment: rigid(r @ pose[:3, :3], scale * (r @ pose[:3, 3]) + t)
        for moment, pose in solution.target_world.items()
    }
    held = solution.held_out
    return replace(
        solution,
        rig=CameraRig(cameras),
        target=replace(solution.target, points_m=scale * solution.target.points_m),
        target_world=targets,
        held_out=replace(held, mm=scale * held.mm, bias_mm=scale * held.bias_mm),
        spread=spread,
        pose_covariance=covariance,
    )
