"""How the board of the sample is carried about, so that its cameras can be calibrated with it.

To each camera it is shown near and far, leaned every way, in the corners of the picture; in
between to neighbours at once. At last it is laid on the floor.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from jaxtyping import Float
from scipy.interpolate import CubicSpline
from scipy.spatial.transform import Rotation, RotationSpline

from studio.synth.board import BoardSpec

BOARD = BoardSpec()
BOARD_RATE_HZ = 10.0
BOARD_FRAMES = 240

# When, where the middle of the print is (metres), whither it faces: azimuth (0 along x, 90 along
# y) and height over the horizon, and its roll (degrees).
_WAY = (
    (0.00, -1.60, 1.75, 1.84, 110, 54, -26),
    (2.30, -1.57, 0.45, 1.38, 140, -24, -8),
    (4.09, -1.25, -0.40, 1.75, 219, -20, -15),
    (4.50, -1.18, -0.54, 1.78, 234, -35, -23),
    (5.97, -1.11, -0.89, 1.45, 287, 39, -27),
    (7.76, -0.32, -1.21, 1.16, 370, 3, -13),
    (9.90, 0.36, -1.53, 0.80, 247, -5, -28),
    (11.44, 1.13, -1.30, 0.72, 308, 33, -5),
    (13.17, 1.50, -0.48, 1.38, 313, -2, 25),
    (13.94, 1.34, -0.17, 1.64, 291, -19, 27),
    (15.22, 1.16, 0.59, 1.73, 269, 12, 28),
    (15.70, 1.17, 0.74, 1.52, 267, 20, 13),
    (16.86, 0.70, 0.21, 1.19, 274, 32, 11),
    (17.67, 0.38, 0.01, 0.93, 270, 11, -11),
    (19.42, -0.26, -0.06, 0.50, 181, 7, 6),
    (19.81, -0.46, -0.05, 0.54, 175, 19, 3),
    (21.36, -1.10, -0.20, 0.45, -110, 55, 0),
    (22.10, -1.10, -0.20, 0.10, -92, 85, 0),
    (22.60, -1.10, -0.20, 0.006, -90, 90, 0),
)  # fmt: skip
LAID_S = _WAY[-1][0]
"""From then on the board lies on the floor."""


def board_world(times_s: Float[np.ndarray, "*times"]) -> Float[np.ndarray, "*times 4 4"]:
    """Where the board is: from its coordinates (x along a row, y down, z away from the viewer)
    into the world. It passes smoothly through its way and stays at its end."""
    middle, turn = _way()
    times = np.clip(times_s, _WAY[0][0], LAID_S)
    out = np.zeros((*times.shape, 4, 4))
    out[..., :3, :3] = turn(times.ravel()).as_matrix().reshape(*times.shape, 3, 3)
    width, height = BOARD.size_m
    out[..., :3, 3] = middle(times) - out[..., :3, :3] @ [width / 2, height / 2, 0]
    out[..., 3, 3] = 1
    return out


@cache
def _way() -> tuple[CubicSpline, RotationSpline]:
    time_s, x, y, z, azimuth, above, roll = np.array(_WAY).T
    # Seen by somebody in front of it, its x axis points right, y down, z away.
    upright = Rotation.from_matrix([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])
    angles = np.stack([azimuth + 90, -above, roll], axis=-1)
    turned = Rotation.from_euler("ZXY", angles, degrees=True) * upright
    middle = CubicSpline(time_s, np.stack([x, y, z], axis=-1), bc_type="clamped")
    return middle, RotationSpline(time_s, turned)
