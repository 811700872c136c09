"""The space about a fitted head: how far places are from its skin, and where they would be about
the average head, both on grids."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from jaxtyping import Float, Float32
from scipy.spatial import KDTree
from torch import Tensor
from torch.nn import functional

from studio.human.heads import model
from studio.human.person import whole
from studio.vision.triangles import Triangles

LOW_M = np.array([-0.19, -0.20, -0.15])
HIGH_M = np.array([0.19, 0.22, 0.28])
"""The box about a head, in its frame (metres): from the neck's base up, hair and all."""
STEP_M, ALIGNED_STEP_M = 0.006, 0.02
"""How finely distances are kept, and the way to the average head."""
REACH_M = 0.12
_NEAREST, _SOFT_M = 12, 0.012


@dataclass(frozen=True, eq=False)
class Space:
    """Grids over the box (z, y, x): ``outside_m`` how far outside the fitted skin places are
    (negative inside), ``moved_m`` (3, z, y, x) the way to the average head."""

    outside_m: Float32[np.ndarray, "z y x"]
    moved_m: Float32[np.ndarray, "3 p q r"]

    @classmethod
    def about(cls, skin_m: Float[np.ndarray, "vertices 3"], faces: np.ndarray) -> Space:
        """The space about a head's skin (all base vertices, in the head's frame)."""
        points, size = places(STEP_M)
        near = np.all((skin_m > LOW_M - 0.1) & (skin_m < HIGH_M + 0.1), axis=1)
        own = faces[near[faces].all(1)]
        out = outside_m(points, skin_m, faces)
        coarse, few = places(ALIGNED_STEP_M)
        used = np.unique(own)
        far, which = KDTree(skin_m[used]).query(coarse, k=_NEAREST)
        weight = 1 / (far + _SOFT_M) ** 2
        weight /= weight.sum(1, keepdims=True)
        way = (average()[used] - skin_m[used])[which]
        moved = np.einsum("nk,nkd->nd", weight, way)
        return cls(
            np.clip(out, -REACH_M, REACH_M).reshape(size).astype(np.float32),
            moved.T.reshape(3, *few).astype(np.float32),
        )

    def tensor(self) -> tuple[Tensor, Tensor]:
        """The grids as (1, 1, z, y, x) and (1, 3, z, y, x)."""
        return torch.from_numpy(self.outside_m)[None, None], torch.from_numpy(self.moved_m)[None]


def outside_m(
    points_m: Float[np.ndarray, "points 3"], skin_m: Float[np.ndarray, "vertices 3"],
    faces: np.ndarray,
) -> Float32[np.ndarray, " points"]:  # fmt: skip
    """How far points are outside a person's skin; negative inside."""
    return -Triangles.of(skin_m, faces).inside_m(points_m)


def places(step_m: float) -> tuple[Float[np.ndarray, "points 3"], tuple[int, int, int]]:
    """The places of a grid over the box, x quickest, and how many there are along z, y and x."""
    count = np.ceil((HIGH_M - LOW_M) / step_m).astype(int) + 1
    x, y, z = (np.linspace(LOW_M[k], HIGH_M[k], count[k]) for k in range(3))
    grid = np.stack(np.meshgrid(z, y, x, indexing="ij")[::-1], -1)
    return grid.reshape(-1, 3), (int(count[2]), int(count[1]), int(count[0]))


@cache
@torch.no_grad()
def average() -> Float[np.ndarray, "vertices 3"]:
    """The average head's skin: all base vertices, in its frame (metres)."""
    rest = whole().rest(model.shape_of(model.usual()), actions=False)
    return (rest.vertices_m - rest.heads_m[model.HEAD]).double().numpy()


def asked(grid: Tensor, points_m: Tensor) -> Tensor:
    """A grid's values (scenes, channels, z, y, x) at points (scenes, n, 3): (scenes, n, channels);
    at the edge beyond it. Differentiable in the points."""
    low = torch.as_tensor(LOW_M, dtype=points_m.dtype, device=points_m.device)
    high = torch.as_tensor(HIGH_M, dtype=points_m.dtype, device=points_m.device)
    where = 2 * (points_m - low) / (high - low) - 1
    found = functional.grid_sample(
        grid, where[:, None, None], align_corners=True, padding_mode="border"
    )
    return found[:, :, 0, 0].transpose(1, 2)
