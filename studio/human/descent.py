"""Levenberg-Marquardt over poses: every frame on its own, all frames at once."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float

from studio.human.solver import ROOT, Kinematics, Poses

NOISE_M = 0.008
"""What even a good keypoint is off from the point it stands for (added to its own error)."""
HUBER = 3.0
"""Standard deviations beyond which a keypoint counts as an outlier and pulls less."""
LIMIT_RAD = 0.05
"""How softly joint limits give way."""


@dataclass(frozen=True, eq=False)
class Target:
    """Where the landmarks were seen; weight is 1 / standard deviation in metres, 0 if unseen."""

    xyz_m: Float[np.ndarray, "frames points 3"]
    weight: Float[np.ndarray, "frames points"]

    @classmethod
    def of(
        cls, xyz_m: np.ndarray, error_m: np.ndarray, trust: np.ndarray, extra: int = 0
    ) -> Target:
        """From measured points, their errors (NaN: unknown) and the trust (0..1) in each point.

        ``extra`` landmarks follow that are never seen.
        """
        seen = np.isfinite(xyz_m).all(-1)
        error = np.nan_to_num(error_m, nan=0.0)
        weight = np.where(seen, trust / np.hypot(NOISE_M, error), 0.0)
        wide = ((0, 0), (0, extra))
        return cls(np.pad(np.nan_to_num(xyz_m), (*wide, (0, 0))), np.pad(weight, wide))

    def __getitem__(self, at: slice | np.ndarray) -> Target:
        return Target(self.xyz_m[at], self.weight[at])

    def __len__(self) -> int:
        return len(self.xyz_m)


@dataclass(frozen=True, eq=False)
class Prior:
    """What angles are likely: a mean and a weight (1 / radians) for every degree of freedom."""

    mean: Float[np.ndarray, "frames dofs"]
    weight: Float[np.ndarray, " dofs"]

    @classmethod
    def usual(cls, kinematics: Kinematics) -> Prior:
        weight = 1 / np.radians([dof.usual_deg for dof in kinematics.dofs])
        return cls(np.zeros((1, len(weight))), weight)


@dataclass(frozen=True, eq=False)
class System:
    """Normal equations of every frame, the cost, and the landmarks they were made at."""

    H: Float[np.ndarray, "frames unknowns unknowns"]
    g: Float[np.ndarray, "frames unknowns"]
    cost: Float[np.ndarray, " frames"]
    points: Float[np.ndarray, "frames points 3"]
    jacobian: Float[np.ndarray, "frames rows unknowns"] = field(
        default_factory=lambda: np.zeros((0, 0, 0))
    )
    residual: Float[np.ndarray, "frames rows"] = field(default_factory=lambda: np.zeros((0, 0)))


def robust(distance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Huber's cost, and the square root of its weight, of distances in standard deviations."""
    far = distance > HUBER
    cost = np.where(far, HUBER * (2 * distance - HUBER), distance**2)
    return cost, np.sqrt(np.where(far, HUBER / np.maximum(distance, HUBER), 1.0))


def limits(kinematics: Kinematics) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest angle of every degree of freedom, radians."""
    return (
        np.radians([dof.low_deg for dof in kinematics.dofs]),
        np.radians([dof.high_deg for dof in kinematics.dofs]),
    )


def _penalties(
    kinematics: Kinematics, poses: Poses, priors: tuple[Prior, ...]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cost, gradient and (diagonal) Hessian of priors and joint limits on the angles."""
    low, high = limits(kinematics)
    over = poses.angles - np.clip(poses.angles, low, high)
    cost = (over**2).sum(1) / LIMIT_RAD**2
    gradient = over / LIMIT_RAD**2
    diagonal = (over != 0) / LIMIT_RAD**2
    for prior in priors:
        off = (poses.angles - prior.mean) * prior.weight
        cost = cost + (off**2).sum(1)
        gradient = gradient + off * prior.weight
        diagonal = diagonal + prior.weight**2
    return cost, gradient, diagonal


def cost(
    kinematics: Kinematics, target: Target, poses: Poses, priors: tuple[Prior, ...]
) -> Float[np.ndarray, " frames"]:
    """The cost of every frame."""
    off = (kinematics.points(poses) - target.xyz_m) * target.weight[..., None]
    data, _ = robust(np.linalg.norm(off, axis=-1))
    return data.sum(1) + _penalties(kinematics, poses, priors)[0]


def assemble(
    kinematics: Kinematics, target: Target, poses: Poses, priors: tuple[Prior, ...]
) -> System:
    """The Gauss-Newton system of every frame."""
    points, derivative = kinematics.linearise(poses)
    off = (points - target.xyz_m) * target.weight[..., None]
    data, root = robust(np.linalg.norm(off, axis=-1))
    scale = target.weight * root
    frames, n = len(poses), kinematics.unknowns
    J = (derivative * scale[..., None, None]).reshape(frames, -1, n)
    r = (off * root[..., None]).reshape(frames, -1)
    H = J.transpose(0, 2, 1) @ J
    g = (J.transpose(0, 2, 1) @ r[..., None])[..., 0]
    extra, gradient, diagonal = _penalties(kinematics, poses, priors)
    g[:, ROOT:] += gradient
    index = np.arange(ROOT, n)
    H[:, index, index] += diagonal
    return System(H, g, data.sum(1) + extra, points, J, r)


def descend(
    kinematics: Kinematics,
    target: Target,
    poses: Poses,
    priors: tuple[Prior, ...],
    steps: int = 10,
    tolerance: float = 1e-4,
) -> tuple[Poses, Float[np.ndarray, " frames"]]:
    """Fit every frame on its own. Returns the poses and their costs."""
    damping = np.full(len(poses), 1e-3)
    now = None
    for _ in range(steps):
        system = assemble(kinematics, target, poses, priors)
        now = system.cost
        H = system.H.copy()
        index = np.arange(kinematics.unknowns)
        H[:, index, index] += damping[:, None] * (H[:, index, index] + 1e-3) + 1e-6
        step = -np.linalg.solve(H, system.g[..., None])[..., 0]
        step *= np.minimum(
            1.0, 1.0 / np.maximum(np.abs(np.delete(step, [3, 4, 5], 1)).max(1), 1e-9)
        )[:, None]
        tried = poses.moved(step)
        after = cost(kinematics, target, tried, priors)
        better = after < now
        damping = np.where(better, np.maximum(damping / 5, 1e-7), damping * 8)
        poses = Poses(
            np.where(better[:, None, None], tried.root_turn, poses.root_turn),
            np.where(better[:, None], tried.root_m, poses.root_m),
            np.where(better[:, None], tried.angles, poses.angles),
        )
        gain = np.where(better, now - after, 0) / np.maximum(now, 1e-9)
        now = np.where(better, after, now)
        if (gain < tolerance).all() and (better | (damping > 1e2)).all():
            break
    return poses, now if now is not None else cost(kinematics, target, poses, priors)


def upright(kinematics: Kinematics, target: Target) -> Poses:
    """First poses: the reference pose, turned and placed to fit the points of the trunk best.

    Kabsch's rigid registration of all seen landmarks, weighted.
    """
    frames = len(target)
    zero = Poses(
        np.tile(np.eye(3), (frames, 1, 1)),
        np.zeros((frames, 3)),
        np.zeros((frames, len(kinematics.dofs))),
    )
    model = kinematics.points(zero[:1])[0]
    weight = target.weight**2 * stiff(kinematics)
    weight = weight / np.maximum(weight.sum(1, keepdims=True), 1e-12)
    seen = np.einsum("fp,fpk->fk", weight, target.xyz_m)
    mean = weight @ model
    C = np.einsum(
        "fp,fpi,fpj->fij", weight, target.xyz_m - seen[:, None], model[None] - mean[:, None]
    )
    U, _, Vt = np.linalg.svd(C)
    flip = np.ones((frames, 3))
    flip[:, 2] = np.sign(np.linalg.det(U @ Vt))
    turn = (U * flip[:, None]) @ Vt
    return Poses(turn, seen - np.einsum("fij,fj->fi", turn, mean), zero.angles)


def stiff(kinematics: Kinematics) -> Float[np.ndarray, " points"]:
    """1 for landmarks on the trunk and the head, little for those on limbs that may be anywhere."""
    moves = kinematics.moves
    wide = np.array([dof.usual_deg >= 50 for dof in kinematics.dofs for _ in dof.shares])
    swung = np.bincount(
        moves.point, wide[moves.entry] & (moves.mass > 0.5), kinematics.landmarks.count
    )
    return np.where(swung > 0, 0.02, 1.0)
