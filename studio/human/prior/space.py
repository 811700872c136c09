"""A pose as a vector of joint angles: what the pose prior is a density over.

The angles are those of :func:`studio.human.joints.dofs` without the fingers, before them how the
pelvis nods and tilts. Where somebody stands and which way they face is no part of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from studio.human.joints import Dof, body_names, dofs
from studio.human.rig import BONE_NAMES, BONE_PARENTS

_TILT_DEG = (("pelvis_nod", -60.0, 90.0, 12.0), ("pelvis_tilt", -45.0, 45.0, 6.0))
ANGLE_NAMES: tuple[str, ...] = (*(row[0] for row in _TILT_DEG), *body_names())


def _mirror() -> tuple[np.ndarray, np.ndarray]:
    swap = {".L": ".R", ".R": ".L"}
    other = [name[:-2] + swap.get(name[-2:], name[-2:]) for name in ANGLE_NAMES]
    turned = [name == "pelvis_tilt" or name.endswith(("_side", "_twist")) for name in ANGLE_NAMES]
    order = np.array([ANGLE_NAMES.index(name) for name in other])
    return order, np.where(turned, -1.0, 1.0)


MIRROR = _mirror()
"""Where each angle's mirror twin is, and its sign."""


def mirrored(angles: np.ndarray) -> np.ndarray:
    """Poses (..., angles) with left and right changed."""
    order, sign = MIRROR
    return angles[..., order] * sign


@dataclass(frozen=True, eq=False)
class PoseSpace:
    """The angles of a pose, for a person whose bones' heads are ``heads_m`` in the reference pose.

    Vectors are radians, in the order of ``ANGLE_NAMES``.
    """

    heads_m: Float[np.ndarray, "bones 3"]
    dofs: tuple[Dof, ...]

    @property
    def size(self) -> int:
        return len(ANGLE_NAMES)

    @cached_property
    def limits(self) -> tuple[Float[np.ndarray, " angles"], Float[np.ndarray, " angles"]]:
        """The lowest and the highest angles of a healthy joint."""
        low = [row[1] for row in _TILT_DEG] + [dof.low_deg for dof in self.dofs]
        high = [row[2] for row in _TILT_DEG] + [dof.high_deg for dof in self.dofs]
        return np.radians(low), np.radians(high)

    @cached_property
    def usual(self) -> Float[np.ndarray, " angles"]:
        """How far each angle usually is from the reference pose."""
        rows = [row[3] for row in _TILT_DEG] + [dof.usual_deg for dof in self.dofs]
        return np.radians(rows)

    @cached_property
    def _turning(self) -> Tensor:
        """(angles - 2, bones, 3): the rotation vector that an angle adds to each bone."""
        table = np.zeros((len(self.dofs), len(BONE_NAMES), 3))
        for k, dof in enumerate(self.dofs):
            for bone, share in dof.shares.items():
                table[k, BONE_NAMES.index(bone)] += share * np.array(dof.axis)
        return torch.from_numpy(table)

    def turns(self, angles: Float[Tensor, "poses angles"]) -> Float[Tensor, "poses bones 3 3"]:
        """Each bone's own rotation D (see :func:`studio.human.person.forward`); differentiable.

        The root's is its nod and tilt; it faces -Y.
        """
        table = self._turning.to(angles)
        turns = exp(torch.einsum("pa,abk->pbk", angles[:, 2:], table))
        ways = torch.eye(3, dtype=angles.dtype, device=angles.device)
        nod = exp(angles[:, :1] * ways[0])
        tilt = exp(angles[:, 1:2] * ways[1])
        return torch.cat([(nod @ tilt)[:, None], turns[:, 1:]], 1)

    def joints(self, angles: Float[Tensor, "poses angles"]) -> Float[Tensor, "poses bones 3"]:
        """Where each bone begins (metres), the root at the origin; differentiable."""
        from studio.human.person import forward

        heads = torch.from_numpy(self.heads_m).to(angles)
        offsets = heads - heads[np.maximum(BONE_PARENTS, 0)]
        return forward(offsets, self.turns(angles), torch.zeros_like(angles[:, :3]))[1]


def exp(vectors: Tensor) -> Tensor:
    """Rotation matrices of rotation vectors (..., 3); its gradient is finite everywhere."""
    angle = (vectors.square().sum(-1) + 1e-18).sqrt()[..., None, None]
    x, y, z = vectors.unbind(-1)
    o = torch.zeros_like(x)
    K = torch.stack([o, -z, y, z, o, -x, -y, x, o], -1).reshape(*vectors.shape[:-1], 3, 3)
    eye = torch.eye(3, dtype=vectors.dtype, device=vectors.device)
    half = torch.sin(angle / 2) / angle
    return eye + torch.sin(angle) / angle * K + 2 * half.square() * (K @ K)


@cache
def pose_space() -> PoseSpace:
    """The pose space of the average adult, in which the prior is learned."""
    from studio.human.person import Shape, whole

    heads = whole().rest(Shape.of(), actions=False).heads_m.double().numpy()
    return PoseSpace(heads - heads[0], dofs(heads, hands=False))
