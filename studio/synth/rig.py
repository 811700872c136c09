"""Cameras that stand where a technician would put them."""

from __future__ import annotations

import numpy as np

from studio.core.types import Camera, CameraRig


def camera_at(
    name: str,
    centre_m: tuple[float, float, float],
    target_m: tuple[float, float, float],
    size_px: tuple[int, int],
    focal_px: float,
    distortion: tuple[float, ...] = (),
    roll_deg: float = 0.0,
    offset_px: tuple[float, float] = (0.0, 0.0),
) -> Camera:
    """A camera that looks at a point; ``offset_px`` moves the principal point off the middle."""
    centre = np.array(centre_m, float)
    forward = np.array(target_m, float) - centre
    forward /= np.linalg.norm(forward)
    right = np.cross(forward, [0.0, 0.0, 1.0])
    right /= np.linalg.norm(right)
    down = np.cross(forward, right)
    c, s = np.cos(np.radians(roll_deg)), np.sin(np.radians(roll_deg))
    rotation = np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]]) @ np.stack([right, down, forward])
    middle = (np.array(size_px) - 1) / 2 + offset_px
    matrix = np.array([[focal_px, 0, middle[0]], [0, focal_px * 1.002, middle[1]], [0, 0, 1]])
    return Camera(name, size_px, matrix, np.array(distortion, float), rotation, -rotation @ centre)


def sample_rig(size_px: tuple[int, int] = (960, 720)) -> CameraRig:
    """Four cameras, 2.9 to 3.5 m away, three before the person and one behind; mild distortion."""
    scale = size_px[0] / 960
    bent = [
        (-0.082, 0.031, 0.0006, -0.0004, 0.0),
        (-0.095, 0.044, -0.0005, 0.0007, 0.0),
        (-0.071, 0.022, 0.0003, 0.0005, 0.0),
        (-0.088, 0.036, -0.0007, -0.0003, 0.0),
    ]
    places = [(-2.15, -2.55, 1.6), (0.75, -3.3, 1.15), (3.05, -0.9, 2.1), (-2.55, 2.1, 1.85)]
    targets = [(0, 0, 0.93), (0, 0, 0.98), (0, 0, 0.9), (0, 0, 0.92)]
    focal = (868.0, 846.0, 852.0, 861.0)
    shift = [(6.3, -4.1), (-5.2, 3.7), (3.4, 5.8), (-7.1, -2.6)]
    return CameraRig(
        tuple(
            camera_at(
                f"cam{k + 1}", places[k], targets[k], size_px, focal[k] * scale, bent[k],
                roll_deg=(0.6, -0.9, 0.4, 1.1)[k],
                offset_px=(shift[k][0] * scale, shift[k][1] * scale),
            )
            for k in range(4)
        )
    )  # fmt: skip
