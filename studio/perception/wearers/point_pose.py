"""How something of a known shape stands before a level camera, by points of it: one step of Gauss
and Newton's least squares.

The picture tells where the points are seen; a network's depths are a weak witness of which way it
leans; how far away it is may be known nearly. The world is that of a level camera in its origin:
x to the right of the picture, y away, z up.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.spatial.transform import Rotation

from studio.core.types import Camera

_NEAR_M = 0.05


@dataclass(frozen=True, eq=False)
class Seen:
    """What is known of points: their places in the thing's own axes (``model_m``), where they are
    seen, their depths (pixels, about their mean) and which places those depths are of
    (``deep_m``, about their mean), and how much a pixel of depth counts (``depth_trust``).
    ``away_m`` is how far away it should be, and how sure that is (a share of it)."""

    model_m: Float[np.ndarray, "points 3"]
    px: Float[np.ndarray, "points 2"]
    away_px: Float[np.ndarray, " points"]
    deep_m: Float[np.ndarray, "points 3"]
    depth_trust: float
    away_m: tuple[float, float] | None = None


def off_px(
    seen: Seen, turn: Float[np.ndarray, "3 3"], place_m: Float[np.ndarray, "3"], camera: Camera
) -> Float[np.ndarray, "points 2"]:
    """How far the points are seen from where they would lie."""
    at = seen.model_m @ turn.T + place_m
    y = np.maximum(at[:, 1], _NEAR_M)
    focal, middle = float(camera.matrix[0, 0]), camera.matrix[:2, 2]
    x, z = middle[0] + focal * at[:, 0] / y, middle[1] - focal * at[:, 2] / y
    return np.column_stack([seen.px[:, 0] - x, seen.px[:, 1] - z])


def step(
    seen: Seen, weight: Float[np.ndarray, " points"], off: Float[np.ndarray, "points 2"],
    turn: Float[np.ndarray, "3 3"], place_m: Float[np.ndarray, "3"], camera: Camera,
) -> tuple[Float[np.ndarray, "3 3"], Float[np.ndarray, "3"]]:  # fmt: skip
    """Turn and place that explain better what is seen; ``off`` is :func:`off_px` of them."""
    focal = float(camera.matrix[0, 0])
    spun = seen.model_m @ turn.T
    sx, sy, sz = spun.T
    x, y, z = (spun + place_m).T
    y = np.maximum(y, _NEAR_M)
    k = focal / y
    across, down = k * x / y, k * z / y
    # A turn moves a point by the cross product with where it lies.
    J = np.stack([
        np.stack([sz * across, sz * k, -sx * across - sy * k, k, -across, 0 * k], 1),
        np.stack([-sy * k - sz * down, sx * k, sx * down, 0 * k, down, -k], 1),
    ])  # fmt: skip
    deep = seen.deep_m @ turn.T
    ray = place_m / np.linalg.norm(place_m)
    scale = focal / max(float(place_m[1]), _NEAR_M)
    a, b = [1, 2, 0], [2, 0, 1]
    J3 = np.zeros((len(spun), 6))
    J3[:, :3] = scale * (deep[:, a] * ray[b] - deep[:, b] * ray[a])
    gone = seen.away_px - scale * (deep @ ray)
    weighed, weighed3 = J * weight[:, None], (seen.depth_trust**2 * weight)[:, None] * J3
    A = weighed.reshape(-1, 6).T @ J.reshape(-1, 6) + weighed3.T @ J3
    right = weighed.reshape(-1, 6).T @ off.T.ravel() + weighed3.T @ gone
    if seen.away_m is not None:
        wanted, sure = seen.away_m
        slope = 1 / (float(place_m[1]) * sure)
        A[4, 4] += slope**2
        right[4] += slope * np.log(wanted / float(place_m[1])) / sure
    change = np.linalg.solve(A + 1e-6 * np.trace(A) * np.eye(6) / 6, right)
    return Rotation.from_rotvec(change[:3]).as_matrix() @ turn, place_m + change[3:]


def towards(at_px: Float[np.ndarray, "2"], camera: Camera) -> Float[np.ndarray, "3 3"]:
    """From straight ahead to where a pixel lies: what a network believes of shapes is as if they
    were before the camera's middle."""
    across, down = (at_px - camera.matrix[:2, 2]) / float(camera.matrix[0, 0])
    ray = np.array([across, 1.0, -down])
    ray /= np.linalg.norm(ray)
    axis = np.cross([0.0, 1.0, 0.0], ray)
    size = float(np.linalg.norm(axis))
    if size < 1e-9:
        return np.eye(3)
    return Rotation.from_rotvec(axis / size * float(np.arctan2(size, ray[1]))).as_matrix()


def at_pixel(
    at_px: Float[np.ndarray, "2"], away_m: float, camera: Camera
) -> Float[np.ndarray, "3"]:
    """The place that is seen at a pixel, so far away along the camera's axis."""
    across, down = (at_px - camera.matrix[:2, 2]) * away_m / float(camera.matrix[0, 0])
    return np.array([across, away_m, -down])
