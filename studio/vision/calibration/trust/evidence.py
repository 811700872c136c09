"""What the views say about each camera, once everybody else has been given the chance to yield.

Around a solution every view is linear in what may be wrong: the camera's pose, its lens, its
clock. The target's pose is eliminated moment by moment (Schur complement), which leaves one small
normal matrix a moment. Any suspicion, "this camera moved at moment t", "this clock is late", is
then a score test (Rao 1948): by how much the squared error falls if it were true, with all camera
poses free to follow. No suspicion needs a solve of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.interpolate import CubicSpline
from scipy.spatial.transform import Rotation, RotationSpline

from studio.core.calibration import Target, View
from studio.core.types import Camera, CameraRig
from studio.vision.calibration.lens import project, values_of
from studio.vision.rotations import cross_matrix

POSE, LENS, CLOCK = slice(0, 6), slice(6, 10), slice(10, 11)
SIZE = 11
"""Unknowns a camera: turn about its own axes (rad), centre (m), focal share, principal point (px),
k1, and how early its clock is (s)."""
PRIOR = np.array([0.3, 0.3, 0.3, 0.5, 0.5, 0.5, 0.3, 100.0, 100.0, 0.3, 0.3])
_SPEED_M_S, _GAP_S = 3.0, 1.5
_BLOCK_S, _BLOCK_MOMENTS = 1.0, 3
_USUAL_WEIGHT = 4.0
"""How many freedoms of a view's own the usual noise counts for."""
_COMMON_PX, _COMMON_POINTS = 0.12, 3.0
"""What all corners of a view share (blur, a bent board), and to how many points that comes down:
more corners do not average it out."""


@dataclass(frozen=True, eq=False)
class Evidence:
    """Normal matrices a moment over all cameras' unknowns, the target's pose eliminated.

    In units of each view's noise: a fall of the squared error by 1 is worth one standard
    deviation. ``camera_px2`` has no pose eliminated and is in pixels; ``points`` counts the points
    seen. Moments of one ``block`` are so close in time that what disturbs one disturbs the next.
    """

    cameras: tuple[str, ...]
    moments: Int[np.ndarray, " moments"]
    matrix: Float[np.ndarray, "moments unknowns unknowns"]
    slope: Float[np.ndarray, "moments unknowns"]
    camera_px2: Float[np.ndarray, "moments cameras size size"]
    points: Int[np.ndarray, "moments cameras"]
    block: Int[np.ndarray, " moments"]
    sigma_px: float
    noise_px: Float[np.ndarray, "moments cameras"]
    """Each view's own noise, NaN where there is none."""
    residual_px: Float[np.ndarray, "moments cameras"]
    """Root mean square of each view, NaN where there is none."""
    lost: int
    """Views too far from where the solution has them to say anything."""

    def of(self, camera: int, part: slice) -> Int[np.ndarray, " part"]:
        """The columns of one camera's unknowns."""
        return np.arange(SIZE * camera + part.start, SIZE * camera + part.stop)


def evidence(
    rig: CameraRig,
    target: Target,
    views: Sequence[View],
    target_world: Mapping[int, Float[np.ndarray, "4 4"]],
    times_s: Mapping[int, float] | None = None,
) -> Evidence:
    """Linearise all views whose moment has a pose around a solution.

    Without ``times_s`` nothing can be said of clocks.
    """
    moments = np.array(sorted({v.moment for v in views} & set(target_world)), np.int64)
    row = {int(moment): k for k, moment in enumerate(moments)}
    poses = np.array([target_world[int(m)] for m in moments]).reshape(-1, 4, 4)
    middle = poses[:, :3, :3] @ target.points_m.mean(0) + poses[:, :3, 3]
    twist = _twists(moments, poses, middle, times_s)
    shape = (len(moments), len(rig))
    jtj, bare = np.zeros((2, *shape, SIZE, SIZE))
    jtv, jtr = np.zeros((*shape, SIZE, 6)), np.zeros((*shape, SIZE))
    vtv, vtr = np.zeros((len(moments), 6, 6)), np.zeros((len(moments), 6))
    counts, rms, noise = np.zeros(shape, np.int64), np.full(shape, np.nan), np.full(shape, np.nan)
    kept = [view for view in views if view.moment in row and view.camera in rig.names and len(view)]
    lines = [linear_view(rig[v.camera], target, v, poses[row[v.moment]]) for v in kept]
    near = [bool(np.abs(line[0]).max() < max(rig[v.camera].size_px))
            for v, line in zip(kept, lines, strict=True)]  # fmt: skip
    lost = len(kept) - sum(near)
    kept = [view for view, good in zip(kept, near, strict=True) if good]
    lines = [line for line, good in zip(lines, near, strict=True) if good]
    sigma = _noise(lines)
    for view, (residual, by_camera, by_target) in zip(kept, lines, strict=True):
        m, c = row[view.moment], rig.names.index(view.camera)
        good, own = _own_noise(residual, by_target, sigma)
        r = residual[good].ravel() / own
        t = by_target[good].reshape(-1, 6) / own
        clock = t @ twist[m]
        j = np.column_stack([by_camera[good].reshape(-1, SIZE - 1) / own, clock])
        jtj[m, c], jtv[m, c], jtr[m, c] = j.T @ j, j.T @ t, j.T @ r
        bare[m, c], noise[m, c] = jtj[m, c] * own**2, own
        vtv[m] += t.T @ t
        vtr[m] += t.T @ r
        counts[m, c] = int(good.sum())
        rms[m, c] = float(np.sqrt(np.square(residual).sum(1).mean()))
    inverse = np.linalg.pinv(vtv, rcond=1e-10, hermitian=True)
    flat = jtv.reshape(len(moments), -1, 6)
    matrix = -flat @ inverse @ np.swapaxes(flat, 1, 2)
    for c in range(len(rig)):
        own = slice(SIZE * c, SIZE * c + SIZE)
        matrix[:, own, own] += jtj[:, c]
    slope = jtr.reshape(len(moments), -1) - (flat @ (inverse @ vtr[..., None]))[..., 0]
    block = _blocks(moments, times_s)
    return Evidence(rig.names, moments, matrix, slope, bare, counts, block, sigma, noise, rms, lost)


_Line = tuple[np.ndarray, np.ndarray, np.ndarray]


def linear_view(camera: Camera, target: Target, view: View, pose: np.ndarray) -> _Line:
    """Residuals (n, 2) and their slopes with respect to camera (n, 2, 10) and target (n, 2, 6).

    The target turns about the world's axes through the middle of its points.
    """
    middle = pose[:3, :3] @ target.points_m.mean(0) + pose[:3, 3]
    world = target.points_m[view.points] @ pose[:3, :3].T + pose[:3, 3]
    local = (world - camera.centre_m) @ camera.rotation.T
    values = values_of(camera)
    xy, by_point, by_lens = project(camera.lens, values, local, np.array([0, 1, 2, 3, 5]))
    by_camera = np.empty((len(view), 2, SIZE - 1))
    by_camera[..., 0:3] = by_point @ cross_matrix(local)
    by_camera[..., 3:6] = -by_point @ camera.rotation
    by_camera[..., 6] = by_lens[..., 0] * values[0] + by_lens[..., 1] * values[1]
    by_camera[..., 7:10] = by_lens[..., 2:]
    by_world = by_point @ camera.rotation
    by_target = np.concatenate([by_world @ -cross_matrix(world - middle), by_world], -1)
    return view.xy_px - xy, by_camera, by_target


def _noise(lines: Sequence[_Line]) -> float:
    """The detector's noise (px an axis): what is left of a view once it has its own pose."""
    rest: list[np.ndarray] = []
    for residual, _, by_target in lines:
        if len(residual) < 6:
            continue
        j, r = by_target.reshape(-1, 6), residual.ravel()
        left = r - j @ np.linalg.lstsq(j, r, rcond=None)[0]
        rest.append(left * np.sqrt(len(r) / (len(r) - 6)))
    if not rest:
        return 0.5
    return max(1.4826 * float(np.median(np.abs(np.concatenate(rest)))), 0.02)


def _own_noise(
    residual: np.ndarray, by_target: np.ndarray, sigma: float
) -> tuple[Bool[np.ndarray, " points"], float]:
    """Points that move with the rest of their view, however far it is off, and their noise.

    The noise is what a pose of the view's own leaves, drawn towards the usual (and never below
    it), for a dozen corners tell their own noise badly; and what they share comes on top.
    """
    off = np.linalg.norm(residual - np.median(residual, axis=0), axis=1)
    good: np.ndarray = off < 5 * max(2 * sigma, float(np.median(off)))
    j, r = by_target[good].reshape(-1, 6), residual[good].ravel()
    free = max(len(r) - 6, 0)
    left = r - j @ np.linalg.lstsq(j, r, rcond=None)[0] if free else np.zeros(0)
    pooled = (left @ left + _USUAL_WEIGHT * sigma**2) / (free + _USUAL_WEIGHT)
    shared = _COMMON_PX**2 * good.sum() / _COMMON_POINTS
    return good, float(np.sqrt(max(pooled, sigma**2) + shared))


def _blocks(
    moments: np.ndarray, times_s: Mapping[int, float] | None
) -> Int[np.ndarray, " moments"]:
    """Moments within a second of each other, or three in a row where times are not known."""
    if times_s is None or not all(int(m) in times_s for m in moments):
        return np.arange(len(moments)) // _BLOCK_MOMENTS
    times = np.array([times_s[int(m)] for m in moments])
    return np.unique(np.floor(times / _BLOCK_S), return_inverse=True)[1].astype(np.int64)


def _twists(
    moments: np.ndarray, poses: np.ndarray, middle: np.ndarray, times_s: Mapping[int, float] | None
) -> Float[np.ndarray, "moments 6"]:
    """How the target turns (rad/s) and moves (m/s) at each moment; zero where it cannot be told."""
    out = np.zeros((len(moments), 6))
    if times_s is None or len(moments) < 4:
        return out
    times = np.array([times_s.get(int(m), np.nan) for m in moments])
    gap = np.diff(times)
    jump = np.linalg.norm(np.diff(middle, axis=0), axis=1)
    with np.errstate(invalid="ignore"):
        broken = ~((gap > 0) & (gap < _GAP_S) & (jump < _SPEED_M_S * gap))
    for part in np.split(np.arange(len(moments)), np.flatnonzero(broken) + 1):
        if len(part) >= 5:
            turn = RotationSpline(times[part], Rotation.from_matrix(poses[part, :3, :3]))
            out[part, :3] = turn(times[part], 1)
            out[part, 3:] = CubicSpline(times[part], middle[part])(times[part], 1)
            out[part[[0, -1]]] = 0.0  # a spline's slope at its ends is a guess
    return out
