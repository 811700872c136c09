"""Fast pose fitting on bones alone: residuals and analytic Jacobians, batched over frames. NumPy.

A pose is the root's turn R0 and place t, and the angles θ of the degrees of freedom. Each bone's
rotation is the exponential of the sum of its degrees of freedom (axis times angle times share).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import scipy.sparse as sparse
from jaxtyping import Float

from studio.human.joints import Dof
from studio.human.keypoints import Landmarks
from studio.human.rig import BONE_NAMES, BONE_PARENTS

ROOT = 6
"""The first six unknowns are the root's turn (world axes, radians) and place (metres)."""


def exp(vectors: np.ndarray) -> np.ndarray:
    """Rotation matrices of rotation vectors (..., 3)."""
    angle = np.linalg.norm(vectors, axis=-1)[..., None, None]
    K = hat(vectors)
    small = angle < 1e-6
    safe = np.where(small, 1.0, angle)
    a = np.where(small, 1 - angle**2 / 6, np.sin(safe) / safe)
    b = np.where(small, 0.5 - angle**2 / 24, (1 - np.cos(safe)) / safe**2)
    return np.eye(3) + a * K + b * (K @ K)


def hat(v: np.ndarray) -> np.ndarray:
    """The cross-product matrices of vectors (..., 3)."""
    K = np.zeros((*v.shape[:-1], 3, 3))
    K[..., 0, 1], K[..., 0, 2], K[..., 1, 2] = -v[..., 2], v[..., 1], -v[..., 0]
    K[..., 1, 0], K[..., 2, 0], K[..., 2, 1] = v[..., 2], -v[..., 1], v[..., 0]
    return K


def left_jacobian(vectors: np.ndarray) -> np.ndarray:
    """d exp(v) = hat(J dv) exp(v): the left Jacobian of SO(3)."""
    angle = np.linalg.norm(vectors, axis=-1)[..., None, None]
    K = hat(vectors)
    small = angle < 1e-4
    safe = np.where(small, 1.0, angle)
    a = np.where(small, 0.5 - angle**2 / 24, (1 - np.cos(safe)) / safe**2)
    b = np.where(small, 1 / 6 - angle**2 / 120, (safe - np.sin(safe)) / safe**3)
    return np.eye(3) + a * K + b * (K @ K)


@dataclass(frozen=True, eq=False)
class Poses:
    """Poses of one person: root turn and place, and the angles of the degrees of freedom."""

    root_turn: Float[np.ndarray, "frames 3 3"]
    root_m: Float[np.ndarray, "frames 3"]
    angles: Float[np.ndarray, "frames dofs"]

    def __len__(self) -> int:
        return len(self.angles)

    def __getitem__(self, at: slice | np.ndarray) -> Poses:
        return Poses(self.root_turn[at], self.root_m[at], self.angles[at])

    def moved(self, step: Float[np.ndarray, "frames unknowns"]) -> Poses:
        """The poses after a step of the unknowns."""
        turn = exp(step[:, :3]) @ self.root_turn
        return Poses(turn, self.root_m + step[:, 3:6], self.angles + step[:, ROOT:])

    @classmethod
    def joined(cls, parts: list[Poses]) -> Poses:
        return cls(
            np.concatenate([p.root_turn for p in parts]),
            np.concatenate([p.root_m for p in parts]),
            np.concatenate([p.angles for p in parts]),
        )


@dataclass(frozen=True, eq=False)
class Kinematics:
    """One person's bones, degrees of freedom and landmarks, ready to be fitted."""

    dofs: tuple[Dof, ...]
    offsets_m: Float[np.ndarray, "bones 3"]
    landmarks: Landmarks

    @property
    def unknowns(self) -> int:
        return ROOT + len(self.dofs)

    @cached_property
    def entries(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """One row for each (degree of freedom, bone): dof index, bone index, axis times share."""
        rows = [
            (i, BONE_NAMES.index(bone), np.array(dof.axis) * share)
            for i, dof in enumerate(self.dofs)
            for bone, share in dof.shares.items()
        ]
        return (
            np.array([r[0] for r in rows]),
            np.array([r[1] for r in rows]),
            np.stack([r[2] for r in rows]),
        )

    @cached_property
    def alive(self) -> list[int]:
        """The bones that carry a landmark, and their ancestors."""
        alive = set()
        for bone in self.landmarks.bone.tolist():
            while bone >= 0 and bone not in alive:
                alive.add(bone)
                bone = BONE_PARENTS[bone]
        return sorted(alive)

    @cached_property
    def attached(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        marks = self.landmarks
        return (
            marks.point.numpy(),
            marks.bone.numpy(),
            marks.weight.detach().numpy().astype(float),
            marks.arms_m.detach().numpy().astype(float),
        )

    @cached_property
    def gather(self) -> tuple[sparse.csr_matrix, np.ndarray, sparse.csr_matrix]:
        """Sums over the attachments that an entry moves: (points·entries, attachments)."""
        point, bone, weight, _ = self.attached
        dof, entry_bone, _ = self.entries
        above = np.zeros((len(BONE_NAMES), len(BONE_NAMES)), bool)
        for b in range(len(BONE_NAMES)):
            a = b
            while a >= 0:
                above[a, b] = True
                a = BONE_PARENTS[a]
        moves = above[entry_bone][:, bone]  # entries × attachments
        entry, k = np.nonzero(moves)
        rows = point[k] * len(entry_bone) + entry
        shape = (self.landmarks.count * len(entry_bone), len(bone))
        gather = sparse.csr_matrix((np.ones(len(k)), (rows, k)), shape)
        mass = (gather @ weight).reshape(self.landmarks.count, len(entry_bone))
        to_dof = sparse.csr_matrix(
            (np.ones(len(dof)), (np.arange(len(dof)), dof)), (len(dof), len(self.dofs))
        )
        return gather, mass, to_dof

    def rotations(self, poses: Poses) -> Float[np.ndarray, "frames bones 3 3"]:
        """Every bone's own rotation D; the root's is its turn in the world."""
        turns = exp(self._vectors(poses.angles))
        turns[:, 0] = poses.root_turn
        return turns

    def _vectors(self, angles: np.ndarray) -> np.ndarray:
        dof, bone, axis = self.entries
        vectors = np.zeros((len(angles), len(BONE_NAMES), 3))
        np.add.at(vectors, (slice(None), bone), angles[:, dof, None] * axis)
        return vectors

    def forward(
        self, poses: Poses
    ) -> tuple[Float[np.ndarray, "frames bones 3 3"], Float[np.ndarray, "frames bones 3"]]:
        """Every bone's turn G from the reference and its head (bones without landmarks: zero)."""
        turns = self.rotations(poses)
        G = np.zeros_like(turns)
        heads = np.zeros((len(poses), len(BONE_NAMES), 3))
        G[:, 0], heads[:, 0] = turns[:, 0], poses.root_m
        for bone in self.alive[1:]:
            parent = BONE_PARENTS[bone]
            G[:, bone] = G[:, parent] @ turns[:, bone]
            heads[:, bone] = heads[:, parent] + G[:, parent] @ self.offsets_m[bone]
        return G, heads

    def _parts(self, G: np.ndarray, heads: np.ndarray) -> np.ndarray:
        _, bone, weight, arms = self.attached
        return weight[:, None] * heads[:, bone] + np.einsum("fkij,kj->fki", G[:, bone], arms)

    def _sum(self, parts: np.ndarray) -> np.ndarray:
        points = np.zeros((len(parts), self.landmarks.count, 3))
        np.add.at(points, (slice(None), self.attached[0]), parts)
        return points

    def points(self, poses: Poses) -> Float[np.ndarray, "frames points 3"]:
        """Where the landmarks are."""
        return self._sum(self._parts(*self.forward(poses)))

    def linearise(
        self, poses: Poses
    ) -> tuple[Float[np.ndarray, "frames points 3"], Float[np.ndarray, "frames points 3 unknowns"]]:
        """Where the landmarks are, and their derivatives by root turn, root place and angles."""
        G, heads = self.forward(poses)
        parts = self._parts(G, heads)
        points = self._sum(parts)
        gather, mass, to_dof = self.gather
        _, bone, axis = self.entries
        frames, count, entries = len(poses), self.landmarks.count, len(bone)
        vectors = self._vectors(poses.angles)[:, bone]
        parents = np.array(BONE_PARENTS)[bone]
        omega = np.einsum(
            "feij,fejk,ek->fei", G[:, parents], left_jacobian(vectors), axis, optimize=True
        )
        swept = gather @ parts.transpose(1, 0, 2).reshape(parts.shape[1], -1)
        swept = swept.reshape(count, entries, frames, 3).transpose(2, 0, 1, 3)
        arm = swept - mass[None, :, :, None] * heads[:, None, bone]
        cross = np.cross(omega[:, None], arm)  # frames, points, entries, 3
        J = np.zeros((frames, count, 3, self.unknowns))
        flat = cross.transpose(0, 1, 3, 2).reshape(-1, entries)
        J[..., ROOT:] = (flat @ to_dof.toarray()).reshape(frames, count, 3, -1)
        J[..., :3] = -hat(points - poses.root_m[:, None])
        J[..., 3:6] = np.eye(3)
        return points, J

    def shape_change(
        self, poses: Poses, offsets_m: np.ndarray, arms_m: np.ndarray
    ) -> Float[np.ndarray, "frames points 3"]:
        """How the landmarks move per unit of a shape change, the pose kept."""
        G, _ = self.forward(poses)
        still = replace(poses, root_m=np.zeros_like(poses.root_m))
        other = replace(self, offsets_m=offsets_m)
        _, heads = other.forward(still)
        _, bone, weight, _ = self.attached
        parts = weight[:, None] * heads[:, bone] + np.einsum("fkij,kj->fki", G[:, bone], arms_m)
        return self._sum(parts)
