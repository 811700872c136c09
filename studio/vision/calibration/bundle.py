"""Bundle adjustment of cameras, lenses and one rigid pose of the target a moment.

Levenberg-Marquardt with Huber's loss. Within a view all rigid motions act through the target's
pose in that camera, so each view is reduced to one small normal matrix; the target's poses are
eliminated by the Schur complement, whose blocks are 6x6 (Triggs et al., "Bundle adjustment: a
modern synthesis", 2000).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from studio.vision.calibration import lens as optics
from studio.vision.calibration.observations import Observations
from studio.vision.calibration.state import State, lengths_px, slopes
from studio.vision.rotations import cross_matrix, twice

NEARLY = 1e-3
_SETTLED = 1e-8
_ALIKE = 0.01
_KNEES = 3.0


@dataclass(frozen=True, eq=False)
class Freedom:
    """What may move: poses of cameras, and by camera which of its lens values.

    ``prior`` draws lens values to ``towards``, a pixel squared for each of its units squared;
    ``square`` draws the two focal lengths of a camera to each other.
    """

    poses: tuple[bool, ...]
    values: tuple[Int[np.ndarray, " _"], ...]
    prior: Float[np.ndarray, "cameras 19"] | None = None
    towards: Float[np.ndarray, "cameras 19"] | None = None
    square: Float[np.ndarray, " cameras"] | None = None

    @property
    def columns(self) -> tuple[tuple[Int[np.ndarray, " _"], Int[np.ndarray, " _"]], ...]:
        """By camera, the unknowns of its pose (6 or none) and of its lens."""
        out, start = [], 0
        for pose, values in zip(self.poses, self.values, strict=True):
            six = np.arange(start, start + 6 * pose)
            start += len(six)
            out.append((six, np.arange(start, start + len(values))))
            start += len(values)
        return tuple(out)

    def __len__(self) -> int:
        return sum(
            6 * pose + len(values) for pose, values in zip(self.poses, self.values, strict=True)
        )


def rig_freedom(cameras: int, values: Sequence[np.ndarray] | None = None) -> Freedom:
    """All cameras but the first, the datum, may move; lenses only if ``values`` says so."""
    none = np.zeros(0, np.intp)
    lens = tuple(values) if values is not None else (none,) * cameras
    return Freedom((False, *(True,) * (cameras - 1)), lens)


@dataclass(frozen=True, eq=False)
class Normals:
    """The normal equations at a state, the target's poses kept apart.

    ``rig`` is of cameras and lenses, ``target`` of each moment's pose, ``mixed`` between them.
    ``pull`` and ``target_pull`` are the gradients, ``by_moment`` the rig's, moment by moment.
    """

    rig: Float[np.ndarray, "n n"]
    target: Float[np.ndarray, "moments 6 6"]
    mixed: Float[np.ndarray, "moments n 6"]
    by_moment: Float[np.ndarray, "moments n"]
    target_pull: Float[np.ndarray, "moments 6"]
    prior: Float[np.ndarray, "n n"]
    prior_pull: Float[np.ndarray, " n"]

    @property
    def pull(self) -> Float[np.ndarray, " n"]:
        return self.by_moment.sum(0) + self.prior_pull

    def reduced(
        self, damping: float = 0.0
    ) -> tuple[Float[np.ndarray, "n n"], Float[np.ndarray, "moments 6 n"]]:
        """Schur complement of the target's poses, and T⁻¹ Mᵀ for going back to them."""
        rig = self.rig + self.prior
        target = self.target.copy()
        if damping:
            rig[np.diag_indices_from(rig)] *= 1 + damping
            target[:, range(6), range(6)] *= 1 + damping
        target[:, range(6), range(6)] += 1e-12
        back = np.linalg.solve(target, np.swapaxes(self.mixed, -1, -2))
        n = len(rig)
        flat = np.swapaxes(self.mixed, 0, 1).reshape(n, 6 * len(target))
        return rig - flat @ back.reshape(6 * len(target), n), back


def huber(off: np.ndarray, knee: float) -> tuple[np.ndarray, np.ndarray]:
    """Loss (pixels squared) and weight of residual lengths."""
    far = off > knee
    return (
        np.where(far, knee * (2 * off - knee), off * off),
        np.where(far, knee / np.where(far, off, 1.0), 1.0),
    )


def view_normals(
    o: Observations, s: State, camera: int, free: Int[np.ndarray, " free"], knee_px: float
) -> tuple[Float[np.ndarray, "views k k"], Float[np.ndarray, "views k"], np.ndarray]:
    """Normal matrix, gradient and loss of each view of one camera by itself: of the target's
    motion in that camera's axes (6) and of the ``free`` lens values."""
    residual, slope = slopes(o, s, camera, free)
    views, k, _, points = slope.shape
    loss, weight = huber(np.sqrt(residual[:, 0] ** 2 + residual[:, 1] ** 2), knee_px)
    weight *= o.seen[o.of_camera(camera)]
    weighted = (slope * weight[:, None, None]).reshape(views, k, 2 * points)
    normal = weighted @ np.swapaxes(slope.reshape(views, k, 2 * points), -1, -2)
    pull = weighted @ residual.reshape(views, 2 * points, 1)
    return normal, pull[..., 0], loss.sum(-1)


def normal_equations(o: Observations, s: State, freedom: Freedom, knee_px: float) -> Normals:
    """Linearise at a state, residuals weighted by Huber's loss."""
    moments, n = len(o.moments), len(freedom)
    target, mixed = np.zeros((moments, 6, 6)), np.zeros((moments, n, 6))
    rig, by_moment = np.zeros((n, n)), np.zeros((moments, n))
    target_pull = np.zeros((moments, 6))
    for camera, (pose, lens) in enumerate(freedom.columns):
        rows = o.of_camera(camera)
        if rows.start == rows.stop:
            continue
        normal, pull, _ = view_normals(o, s, camera, freedom.values[camera], knee_px)
        views, k = pull.shape
        at, turn = o.moment[rows], s.rotation[camera]
        to_target = twice(turn)
        np.add.at(target, at, to_target.T @ normal[:, :6, :6] @ to_target)
        np.add.at(target_pull, at, pull[:, :6] @ to_target)
        own = np.concatenate([pose, lens])
        if not len(own):
            continue
        moved = np.zeros((views, k, len(own)))
        if len(pose):
            moved[:, range(3), range(3)] = -1.0
            moved[:, 3:6, :3] = cross_matrix((s.place_m[at] - s.centre_m[camera]) @ turn.T)
            moved[:, 3:6, 3:6] = -turn
        moved[:, 6:, len(pose) :] = np.eye(len(lens))
        half = np.swapaxes(moved, -1, -2) @ normal
        rig[np.ix_(own, own)] = np.tensordot(half, moved, ((0, 2), (0, 1)))
        blocks, pulled = half[:, :, :6] @ to_target, (pull[:, None] @ moved)[:, 0]
        np.add.at(mixed, (at[:, None], own), blocks)
        np.add.at(by_moment, (at[:, None], own), pulled)
    prior, prior_pull, _ = _prior(s, freedom)
    return Normals(rig, target, mixed, by_moment, target_pull, prior, prior_pull)


def _prior(s: State, freedom: Freedom) -> tuple[np.ndarray, np.ndarray, float]:
    """Matrix, gradient and loss of the priors on lenses."""
    n = len(freedom)
    matrix, pull, loss = np.zeros((n, n)), np.zeros(n), 0.0
    for camera, (_, columns) in enumerate(freedom.columns):
        which = freedom.values[camera]
        if freedom.prior is not None and freedom.towards is not None:
            weight = freedom.prior[camera, which]
            away = s.values[camera, which] - freedom.towards[camera, which]
            matrix[columns, columns] += weight
            pull[columns] += weight * away
            loss += float((weight * away**2).sum())
        focal = columns[np.isin(which, (0, 1))]
        if freedom.square is not None and len(focal) == 2:
            weight, apart = freedom.square[camera], s.values[camera, 0] - s.values[camera, 1]
            matrix[np.ix_(focal, focal)] += weight * np.array([[1, -1], [-1, 1]])
            pull[focal] += weight * apart * np.array([1, -1])
            loss += float(weight * apart**2)
    return matrix, pull, loss


def cost(o: Observations, s: State, freedom: Freedom, knee_px: float) -> float:
    """Huber's loss of all residuals, and the priors'."""
    return float(huber(lengths_px(o, s), knee_px)[0].sum()) + _prior(s, freedom)[2]


def adjust(
    o: Observations,
    s: State,
    freedom: Freedom,
    *,
    knee_px: float = np.inf,
    steps: int = 50,
    settled: float = _SETTLED,
) -> State:
    """Minimise from a start; never ends worse than it began. ``knee_px`` inf: least squares.

    Ends where a further step would lower the loss by less than ``settled`` of it: steps gain less
    by the same factor each time, so two tell what a third is worth.
    """
    damping, best, before = 1e-4, cost(o, s, freedom, knee_px), 0.0
    for _ in range(steps):
        normals = normal_equations(o, s, freedom, knee_px)
        improved = 0.0
        while damping < 1e8:
            tried = s.moved(*_step(o, normals, freedom, damping))
            value = cost(o, tried, freedom, knee_px)
            if np.isfinite(value) and value < best:
                improved, s, best = (best - value) / best, tried, value
                damping = max(damping / 10, 1e-12)
                break
            damping *= 10
        slower = min(improved / before, 1.0) if before else 1.0
        if improved * slower < settled:
            break
        before = improved
    return s


def _step(
    o: Observations, normals: Normals, freedom: Freedom, damping: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cameras, lens values and targets, as :meth:`State.moved` takes them."""
    schur, back = normals.reduced(damping)
    count = len(o.cameras)
    scale = 1 / np.sqrt(np.fmax(np.diag(schur), 1e-30))
    lowered = normals.pull - np.einsum("mji,mj->i", back, normals.target_pull)
    system = schur * scale[:, None] * scale
    try:
        x = -scale * np.linalg.solve(system, scale * lowered)
    except np.linalg.LinAlgError:
        x = -scale * np.linalg.lstsq(system, scale * lowered, rcond=1e-12)[0]
    diagonal = normals.target.copy()
    diagonal[:, range(6), range(6)] *= 1 + damping
    diagonal[:, range(6), range(6)] += 1e-12
    targets = -np.linalg.solve(diagonal, normals.target_pull[..., None])[..., 0] - back @ x
    cameras, values = np.zeros((count, 6)), np.zeros((count, optics.SIZE))
    for camera, (pose, lens) in enumerate(freedom.columns):
        if len(pose):
            cameras[camera] = x[pose]
        values[camera, freedom.values[camera]] = x[lens]
    return cameras, values, targets


def scale_px(off: Float[np.ndarray, " seen"]) -> float:
    """Noise of one coordinate (standard deviation), from the median length of residuals."""
    return float(np.median(off) / 1.17741) if off.size else float("nan")


def robust_adjust(
    o: Observations, s: State, freedom: Freedom, *, rounds: int = 3, settled: float = _SETTLED
) -> State:
    """Adjust with the loss's knee at three standard deviations of the noise, found on the way: the
    rounds before the last end early, and are left out once the knee stays."""
    knee, left = knee_of(o, s), rounds - 1
    while left:
        s = adjust(o, s, freedom, knee_px=knee, steps=8, settled=NEARLY)
        before, knee = knee, knee_of(o, s)
        left = left - 1 if abs(knee - before) > _ALIKE * before else 0
    return adjust(o, s, freedom, knee_px=knee, steps=40, settled=settled)


def knee_of(o: Observations, s: State) -> float:
    """Three standard deviations of a coordinate's noise, where Huber's loss bends."""
    return max(_KNEES * scale_px(lengths_px(o, s)[o.seen]), 0.05)
