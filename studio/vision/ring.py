"""Cameras in a ring around a subject: the standard rig of simulations."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from studio.core.types import Camera, CameraRig


def look_at(
    name: str,
    centre_m: Float[np.ndarray, " 3"],
    target_m: Float[np.ndarray, " 3"],
    focal_px: float,
    size_px: tuple[int, int],
) -> Camera:
    """An upright pinhole camera at ``centre_m`` whose axis goes through ``target_m``."""
    forward = target_m - centre_m
    forward = forward / np.linalg.norm(forward)
    right = np.cross(forward, [0.0, 0.0, 1.0])
    right = right / np.linalg.norm(right)
    rotation = np.stack([right, np.cross(forward, right), forward])
    width, height = size_px
    middle = (width - 1) / 2, (height - 1) / 2
    matrix = np.array([[focal_px, 0, middle[0]], [0, focal_px, middle[1]], [0, 0, 1.0]])
    return Camera(name, size_px, matrix, np.zeros(0), rotation, -rotation @ centre_m)


def ring_rig(
    views: int,
    *,
    radius_m: float = 4.5,
    height_m: float = 1.5,
    target_m: tuple[float, float, float] = (0.0, 0.0, 1.0),
    focal_px: float = 1150.0,
    size_px: tuple[int, int] = (1000, 1000),
) -> CameraRig:
    """``views`` cameras, evenly spaced, looking inwards; named cam1, cam2 ..."""
    angles = 2 * np.pi * np.arange(views) / views
    spots = np.stack([radius_m * np.cos(angles), radius_m * np.sin(angles)], 1)
    return CameraRig(
        tuple(
            look_at(
                f"cam{i + 1}", np.array([*spot, height_m]), np.array(target_m), focal_px, size_px
            )
            for i, spot in enumerate(spots)
        )
    )
