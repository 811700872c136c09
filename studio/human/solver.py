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
from studio.vision.rotations import cross_matrix, left_jacobian, rotation

ROOT = 6
"""The first six unknowns are the root's turn (world axes, radians) and place (metres)."""


def _sums(index: np.ndarray, count: int) -> sparse.csr_matrix:
    """The matrix that adds up rows with the same index: (count, rows)."""
    rows = np.arange(len(index))
    return sparse.csr_matrix((np.ones(len(index)), (index, rows)), (count, len(index)))


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
        turn = rotation(step[:, :3]) @ self.root_turn
        return Poses(turn, self.root_m + step[:, 3:6], self.angles + step[:, ROOT:])

    @classmethod
    def joined(cls, parts: list[Poses]) -> Poses:
        return cls(
            np.concatenate([p.root_turn for p in parts]),
            np.concatenate([p.root_m for p in parts]),
            np.concatenate([p.angles for p in parts]),
        )


@dataclass(frozen=True, eq=False)
class Moves:
    """Pairs of a landmark and an entry that moves it.

    ``gather`` sums the attachments of each pair, ``mass`` their weights, ``scatter`` adds pairs
    up to (landmark, degree of freedom).
    """

    point: np.ndarray
    entry: np.ndarray
    gather: sparse.csr_matrix
    mass: np.ndarray
    scatter: sparse.csr_matrix


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
    def moves(self) -> Moves:
        """Which entries move which landmarks."""
        point, bone, weight, _ = self.attached
        dof, entry_bone, _ = self.entries
        above = np.zeros((len(BONE_NAMES), len(BONE_NAMES)), bool)
        for b in range(len(BONE_NAMES)):
            a = b
            while a >= 0:
                above[a, b] = True
                a = BONE_PARENTS[a]
        entry, k = np.nonzero(above[entry_bone][:, bone])
        pairs, row = np.unique(point[k] * len(entry_bone) + entry, return_inverse=True)
        gather = sparse.csr_matrix((np.ones(len(k)), (row, k)), (len(pairs), len(bone)))
        points, entries = pairs // len(entry_bone), pairs % len(entry_bone)
        column = points * len(self.dofs) + dof[entries]
        scatter = sparse.csr_matrix(
            (np.ones(len(pairs)), (column, np.arange(len(pairs)))),
            (self.landmarks.count * len(self.dofs), len(pairs)),
        )
        return Moves(points, entries, gather, gather @ weight, scatter)

    def rotations(self, poses: Poses) -> Float[np.ndarray, "frames bones 3 3"]:
        """Every bone's own rotation D; the root's is its turn in the world."""
        turns = rotation(self._vectors(poses.angles))
        turns[:, 0] = poses.root_turn
        return turns

    def _vectors(self, angles: np.ndarray) -> np.ndarray:
        dof, bone, axis = self.entries
        turned = (angles[:, dof, None] * axis).transpose(1, 0, 2).reshape(len(dof), -1)
        summed = _sums(bone, len(BONE_NAMES)) @ turned
        return summed.reshape(len(BONE_NAMES), len(angles), 3).transpose(1, 0, 2)

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
        flat = parts.transpose(1, 0, 2).reshape(parts.shape[1], -1)
        summed = _sums(self.attached[0], self.landmarks.count) @ flat
        return summed.reshape(self.landmarks.count, len(parts), 3).transpose(1, 0, 2)

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
        moves = self.moves
        _, bone, axis = self.entries
        frames, count = len(poses), self.landmarks.count
        vectors = self._vectors(poses.angles)[:, bone]
        parents = np.array(BONE_PARENTS)[bone]
        turned = (left_jacobian(vectors) @ axis[:, :, None])[..., 0]
        omega = (G[:, parents] @ turned[..., None])[..., 0]
        # Per pair: omega × (sum of the attachments - mass · head), frames last.
        w = np.ascontiguousarray(omega.transpose(1, 2, 0))[moves.entry]
        swept = moves.gather @ np.ascontiguousarray(parts.transpose(1, 2, 0)).reshape(
            parts.shape[1], -1
        )
        pivot = np.ascontiguousarray(heads[:, bone].transpose(1, 2, 0))[moves.entry]
        arm = swept.reshape(-1, 3, frames) - moves.mass[:, None, None] * pivot
        cross = np.empty_like(arm)
        for i, j, k in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
            cross[:, i] = w[:, j] * arm[:, k] - w[:, k] * arm[:, j]
        summed = (moves.scatter @ cross.reshape(len(cross), -1)).reshape(
            count, len(self.dofs), 3, frames
        )
        J = np.zeros((frames, count, 3, self.unknowns))
        J[..., ROOT:] = summed.transpose(3, 0, 2, 1)
        J[..., :3] = -cross_matrix(points - poses.root_m[:, None])
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
