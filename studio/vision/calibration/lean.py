"""How a flat target stands before a camera whose lens is not known yet, from one view of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float


@dataclass(frozen=True)
class Lean:
    """How a target stands before a camera: tilt off frontal, which side is nearer, how far.

    ``towards_deg`` is in the picture, 0 to the right, 90 down: the side that is nearer.
    """

    tilt_deg: float
    towards_deg: float
    depth_m: float


def lean_of(
    points_m: Float[np.ndarray, "seen 3"],
    xy_px: Float[np.ndarray, "seen 2"],
    size_px: tuple[int, int],
    flat: bool = True,
) -> Lean | None:
    """The lean of a target, by a homography and a guessed lens (a focal length of 0.9 widths).

    None where its points do not say: fewer than four, or in a line. Of a target that is not flat
    only the distance is told.
    """
    if len(points_m) < 4:
        return None
    centre, focal = (np.array(size_px) - 1) / 2, 0.9 * max(size_px)
    plane = (xy_px - centre) / focal
    if not flat:
        spread = np.sqrt(np.square(points_m - points_m.mean(0)).sum(1).mean())
        seen = np.sqrt(np.square(plane - plane.mean(0)).sum(1).mean())
        return Lean(0.0, 0.0, float(spread / seen)) if seen > 0 else None
    middle = points_m[:, :2].mean(0)
    flat_m = points_m[:, :2] - middle
    sides = np.linalg.svd(flat_m, compute_uv=False)
    if sides[1] < 1e-3 * sides[0]:
        return None
    ones = np.ones(len(flat_m))
    home = np.column_stack([flat_m / sides[0], ones])
    nil = np.zeros_like(home)
    system = np.vstack(
        [
            np.hstack([home, nil, -plane[:, :1] * home]),
            np.hstack([nil, home, -plane[:, 1:] * home]),
        ]
    )
    matrix = np.linalg.eigh(system.T @ system)[1][:, 0].reshape(3, 3)
    matrix[:, :2] /= sides[0]
    matrix *= np.sign(matrix[2, 2]) or 1.0
    size = (np.linalg.norm(matrix[:, 0]) + np.linalg.norm(matrix[:, 1])) / 2
    normal = np.cross(matrix[:, 0], matrix[:, 1])
    length = np.linalg.norm(normal)
    if not (size > 1e-12 and length > 1e-12):
        return None
    normal *= np.sign(normal[2]) / length
    return Lean(
        float(np.degrees(np.arccos(np.clip(normal[2], -1, 1)))),
        float(np.degrees(np.arctan2(normal[1], normal[0]))) % 360,
        float(matrix[2, 2] / size),
    )
