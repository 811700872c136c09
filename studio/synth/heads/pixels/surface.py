"""The bust near some numbers of a head: how its skin moves with them, and its normals."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from jaxtyping import Float, Float32, Int
from scipy.sparse import csr_matrix

from studio.human.heads import model
from studio.human.heads.model import BUILDS, HEAD, NECK
from studio.render.scene import normal_sums
from studio.synth.heads.bust import bust
from studio.vision.rotations import cross_matrix

_STEP = 0.05
Vertices = Float[np.ndarray, "vertices 3"]


@dataclass(frozen=True, eq=False)
class Skin:
    """A bust near a head's ``values``, of the neck's sliders ``neck`` (metres, in the head's
    frame): its calm vertices, how each of the numbers' ends moves them (see
    :func:`studio.human.heads.model.ends`), each facial action, and each slider of the neck."""

    values: Float[np.ndarray, " unknowns"]
    neck: Float[np.ndarray, " sliders"]
    vertices_m: Float32[np.ndarray, "vertices 3"]
    moves_m: Float32[np.ndarray, "vertices 3 ends"]
    actions_m: Float32[np.ndarray, "vertices 3 52"]
    neck_m: Float32[np.ndarray, "vertices 3 sliders"]

    @classmethod
    def near(
        cls, values: Float[np.ndarray, " unknowns"], neck: Float[np.ndarray, " sliders"]
    ) -> Skin:
        """Builds are tried anew, sliders as on the average head."""
        rest = bust().region.rest(values, actions=True, neck=neck)
        at = bust().closed(rest.vertices_m - rest.heads_m[HEAD]).numpy()
        slid = _slid()
        moves = np.empty((*at.shape, len(BUILDS) + slid.shape[-1] - len(NECK)), np.float32)
        moves[..., len(BUILDS) :] = slid[..., : -len(NECK)]
        for k in range(len(BUILDS)):
            step = _STEP if values[k] + _STEP <= 1 else -_STEP
            other = values.copy()
            other[k] += step
            moves[..., k] = (_at(other, neck) - at) / step
        actions = bust().closed(rest.actions_m).numpy().transpose(1, 2, 0)
        return cls(values, neck, at, moves, np.ascontiguousarray(actions), slid[..., -len(NECK) :])

    def at(
        self, values: Float[np.ndarray, " unknowns"], neck: Float[np.ndarray, " sliders"],
        actions: Float[np.ndarray, " 52"],
    ) -> Vertices:  # fmt: skip
        """The vertices of these numbers, with an expression."""
        by = (model.ends(values) - model.ends(self.values)).astype(np.float32)
        moved = self.moves_m @ by + self.actions_m @ actions.astype(np.float32)
        return self.vertices_m + moved + self.neck_m @ (neck - self.neck).astype(np.float32)

    def slopes(self, values: Float[np.ndarray, " unknowns"]) -> np.ndarray:
        """How all coordinates change with the numbers, the actions and the neck's sliders (3
        vertices, numbers)."""
        own = self.moves_m[..., model.sides(values)]
        together = np.concatenate([own, self.actions_m, self.neck_m], axis=2)
        return together.reshape(-1, together.shape[2])


def _at(values: np.ndarray, neck: np.ndarray) -> np.ndarray:
    rest = bust().region.rest(values, neck=neck)
    return bust().closed(rest.vertices_m - rest.heads_m[HEAD]).numpy()


@cache
def _slid() -> Float32[np.ndarray, "vertices 3 ends"]:
    """How the average bust moves with each slider, up, then down, then with the neck's."""
    middle, none = model.usual(), np.zeros(len(NECK))
    calm = _at(middle, none)

    def made() -> np.ndarray:
        ends = model.slid(lambda values: _at(values, none), calm).reshape(-1, *calm.shape)
        neck = [_at(middle, one) - calm for one in np.eye(len(NECK))]
        return np.moveaxis(np.concatenate([ends, neck]), 0, -1).astype(np.float32, order="C")

    ends = 2 * (len(middle) - len(BUILDS)) + len(NECK)
    return model.kept(f"{model.face_sliders()} {NECK}", calm, (*calm.shape, ends), made)


def normal_slopes(
    vertices_m: Vertices, faces: Int[np.ndarray, "faces 3"], wanted: Int[np.ndarray, " wanted"]
) -> csr_matrix:
    """How the unit normals of the ``wanted`` vertices change with all vertices (3 vertices, 3
    vertices)."""
    asked = np.zeros(len(vertices_m), bool)
    asked[wanted] = True
    some = faces[asked[faces].any(1)]
    a, b, c = (vertices_m[some[:, k]] for k in range(3))
    blocks = np.concatenate([cross_matrix(c - b), cross_matrix(a - c), cross_matrix(b - a)])
    rows, columns = np.tile(some, (3, 1)), some.T.ravel()
    spread = [spread_blocks(rows[:, k], columns, blocks, len(vertices_m)) for k in range(3)]
    raw = normal_sums(vertices_m, faces)
    long = np.linalg.norm(raw, axis=1).clip(1e-12)
    unit = raw / long[:, None]
    across = (np.eye(3) - unit[:, :, None] * unit[:, None]) / long[:, None, None]
    across[~asked] = 0.0
    own = np.arange(len(vertices_m))
    return spread_blocks(own, own, across, len(own)) @ sum(spread[1:], spread[0])


def spread_blocks(
    rows: np.ndarray, columns: np.ndarray, blocks: Float[np.ndarray, "n own 3"], count: int,
    high: int | None = None,
) -> csr_matrix:  # fmt: skip
    """A matrix of blocks (own, 3), each in its row and column of blocks, of ``count`` columns of
    blocks and ``high`` rows (as many, if not given)."""
    tall = blocks.shape[1]
    down, right = np.mgrid[:tall, :3]
    at = (tall * rows[:, None, None] + down), (3 * columns[:, None, None] + right)
    shape = tall * (count if high is None else high), 3 * count
    data = (blocks.ravel(), (at[0].ravel(), at[1].ravel()))
    return csr_matrix(data, shape)


@cache
def ear_moves() -> Float32[np.ndarray, "vertices 3 ends"]:
    """How the sliders of ears move the average bust."""
    slid = _slid()[..., : -len(NECK)]
    first = model.ears() - len(BUILDS)
    return slid[..., np.concatenate([first, first + slid.shape[-1] // 2])]
