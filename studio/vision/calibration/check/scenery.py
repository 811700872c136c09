"""Has a camera moved, by what stands still: its picture of the empty scene then and now.

Features of the background are matched; a camera that only turned moves them all by one rotation,
one whose lens was zoomed or refocused by a scale about its axis, and one that was carried aside
moves near things against far ones. Needs no second camera, so it names the one of two that moved.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from jaxtyping import Float, UInt8
from scipy.spatial.transform import Rotation

from studio.core.types import Camera
from studio.vision.camera import normalise
from studio.vision.rotations import angle_deg

LEAST_MATCHES = 25
STILL_PX = 0.6
"""Within this, a picture is said to stand still: compression and light move features as much."""
_RATIO, _FEATURES, _CELLS = 0.75, 3000, 4


@dataclass(frozen=True, eq=False)
class SceneShift:
    """How a camera's picture of the still scene changed.

    ``rotation`` carries directions of then into those of now, in the camera's own axes;
    ``zoom`` is the change of focal length as a share; ``shift_px`` how far features moved (median),
    ``rest_px`` what turn and zoom leave of that, ``sd_px`` one standard deviation of the shift.
    """

    camera: str
    rotation: Float[np.ndarray, "3 3"]
    zoom: float
    shift_px: float
    rest_px: float
    sd_px: float
    matches: int

    @property
    def turn_deg(self) -> float:
        return float(angle_deg(self.rotation, np.eye(3)))

    @property
    def moved(self) -> bool:
        """Whether the picture moved, beyond what noise can do."""
        return self.shift_px > max(STILL_PX, 4 * self.sd_px)

    @property
    def carried(self) -> bool:
        """Whether near things moved against far ones: the lens itself changed its place."""
        return self.moved and self.rest_px > max(STILL_PX, 0.35 * self.shift_px)

    def turned(self, camera: Camera) -> Camera:
        """The camera with the same place, turned as its picture says."""
        rotation = self.rotation @ camera.rotation
        return replace(camera, rotation=rotation, translation_m=-rotation @ camera.centre_m)


def scene_shift(
    camera: Camera,
    then: UInt8[np.ndarray, "height width 3"],
    now: UInt8[np.ndarray, "height_now width_now 3"],
) -> SceneShift | None:
    """Compare two pictures of the same scene; None where too little of it can be recognised.

    Both need the size at which the camera is calibrated.
    """
    if then.shape != now.shape or then.shape[1::-1] != tuple(camera.size_px):
        return None
    a, b = _matches(then, now)
    if len(a) < LEAST_MATCHES:
        return None
    rays = [_rays(camera, xy) for xy in (a, b)]
    known = np.isfinite(rays[0]).all(1) & np.isfinite(rays[1]).all(1)
    a, b, one, two = a[known], b[known], rays[0][known], rays[1][known]
    focal = float(camera.matrix[0, 0])
    inside = _consensus(one, two, 6.0 / focal)
    if inside.sum() < LEAST_MATCHES:
        return None
    a, b, one, two = a[inside], b[inside], one[inside], two[inside]
    turn, zoom, rest, covariance = _fitted(one, two)
    middle = np.array([turn[1], turn[0]]) * focal
    spread = float(np.sqrt(np.trace(covariance[:2, :2]) / 2)) * focal
    shift = float(np.linalg.norm(np.median(b - a, axis=0)))
    radius = float(np.median(np.linalg.norm(one[:, :2], axis=1))) * focal
    shift = max(shift, float(np.linalg.norm(middle)), abs(zoom) * radius, abs(turn[2]) * radius)
    return SceneShift(
        camera.name, Rotation.from_rotvec(turn).as_matrix(), zoom, shift,
        float(np.median(rest)) * focal, spread, len(a),
    )  # fmt: skip


def _matches(then: np.ndarray, now: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Places (n, 2) of the same features in both pictures, each the other's best match."""
    sift = cv2.SIFT.create(_FEATURES)
    even = cv2.createCLAHE(2.0, (8, 8))
    found = [sift.detectAndCompute(even.apply(cv2.cvtColor(p, cv2.COLOR_RGB2GRAY)), None)
             for p in (then, now)]  # fmt: skip
    if any(len(points) < LEAST_MATCHES for points, _ in found):
        return np.zeros((0, 2)), np.zeros((0, 2))
    (points_a, words_a), (points_b, words_b) = found
    matcher = cv2.BFMatcher(cv2.NORM_L2)
    back = {m.queryIdx: m.trainIdx for (m,) in matcher.knnMatch(words_b, words_a, k=1)}
    pairs = [
        (m.queryIdx, m.trainIdx)
        for m, second in matcher.knnMatch(words_a, words_b, k=2)
        if m.distance < _RATIO * second.distance and back.get(m.trainIdx) == m.queryIdx
    ]
    a = np.array([points_a[i].pt for i, _ in pairs], np.float64).reshape(-1, 2)
    b = np.array([points_b[j].pt for _, j in pairs], np.float64).reshape(-1, 2)
    return a, b


def _rays(camera: Camera, xy: np.ndarray) -> np.ndarray:
    plane = normalise(camera, xy)
    rays = np.column_stack([plane, np.ones(len(plane))])
    return rays / np.linalg.norm(rays, axis=1, keepdims=True)


def _consensus(one: np.ndarray, two: np.ndarray, limit: float) -> np.ndarray:
    """Which directions one rotation carries over within ``limit`` (RANSAC of two matches)."""
    random = np.random.default_rng(0)
    best = np.zeros(len(one), bool)
    for _ in range(200):
        pick = random.choice(len(one), 2, replace=False)
        u, _, vt = np.linalg.svd(two[pick].T @ one[pick])
        rotation = u @ np.diag([1, 1, np.linalg.det(u @ vt)]) @ vt
        inside = np.linalg.norm(one @ rotation.T - two, axis=1) < limit
        if inside.sum() > best.sum():
            best = inside
    return best


def _fitted(one: np.ndarray, two: np.ndarray) -> tuple[np.ndarray, float, np.ndarray, np.ndarray]:
    """Turn (rad) and zoom that carry directions over, robustly; what is left on the plane, and
    the covariance of both with errors alike within patches of the picture."""
    turn, zoom = np.zeros(3), 0.0
    seen = two[:, :2] / two[:, 2:]
    rest, slopes, weight = seen, np.zeros((len(one), 2, 4)), np.ones(len(one))
    normal = np.eye(4)
    for _ in range(15):
        moved = one @ Rotation.from_rotvec(turn).as_matrix().T
        plane = moved[:, :2] / moved[:, 2:] * np.exp(zoom)
        u, v = plane.T
        rest = plane - seen
        size = np.linalg.norm(rest, axis=1)
        scale = max(1.48 * float(np.median(size)), 1e-6)
        weight = 1 / (1 + np.square(size / (2 * scale)))
        slopes = np.stack([
            np.stack([-u * v, 1 + u * u, -v, u], 1), np.stack([-1 - v * v, u * v, u, v], 1)
        ], 1)  # fmt: skip
        normal = np.einsum("nri,n,nrj->ij", slopes, weight, slopes)
        step = -np.linalg.solve(normal, np.einsum("nri,n,nr->i", slopes, weight, rest))
        turn = (Rotation.from_rotvec(step[:3]) * Rotation.from_rotvec(turn)).as_rotvec()
        zoom += float(step[3])
        if np.abs(step).max() < 1e-9:
            break
    scores = np.einsum("nri,n,nr->ni", slopes, weight, rest)
    patch = np.floor((seen - seen.min(0)) / (np.ptp(seen, axis=0) + 1e-9) * _CELLS).astype(int)
    labels = np.unique(patch[:, 0] * _CELLS + patch[:, 1], return_inverse=True)[1].ravel()
    sums = np.zeros((labels.max() + 1, 4))
    np.add.at(sums, labels, scores)
    inverse = np.linalg.inv(normal)
    return turn, zoom, np.linalg.norm(rest, axis=1), inverse @ sums.T @ sums @ inverse
