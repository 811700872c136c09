"""A whole take at once: points that agree with the pictures, with rigid bones, and with inertia.

Minimises  Σ huber(reprojection / noise)² + Σ huber((|bone| - length) / give)²
+ Σ (acceleration / agility)²  over all frames, by damped Gauss-Newton. Bone lengths are not
given but found with the points. Each step is one sparse system over the take, solved by
conjugate gradients, preconditioned by the exact banded factor of inertia and mean data.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool, Float
from scipy.linalg import cho_solve_banded, cholesky_banded

from studio.vision.gaps import present
from studio.vision.refine import gauss_newton_terms, huber_weight
from studio.vision.sightings import Sightings, residuals_px, rig_constant

Bones = tuple[tuple[int, int], ...]
_FULL = np.array([0, 1, 2, 1, 3, 4, 2, 4, 5])


@dataclass(frozen=True)
class Priors:
    """How far the pictures are trusted against bones and inertia."""

    noise_px: float = 4.0
    knee: float = 1.5
    bone_give: float = 0.02
    bone_give_m: float = 0.006
    agility_m_s2: float = 50.0
    outlier_px: float = 30.0
    steps: int = 12


@dataclass(frozen=True, eq=False)
class Take:
    """Refined points (frames, points, 3), the bone lengths found, and the sightings used."""

    xyz_m: Float[np.ndarray, "frames points 3"]
    bones: Bones
    lengths_m: Float[np.ndarray, " bones"]
    used: Bool[np.ndarray, "views frames points"]


@dataclass(eq=False)
class _System:
    """The terms of the objective for one take."""

    s: Sightings
    times_s: np.ndarray
    alive: np.ndarray
    bones: np.ndarray
    priors: Priors
    lengths: np.ndarray
    constant: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self.constant = rig_constant(self.s.rotation, self.s.translation_m)
        h = np.diff(self.times_s)
        before, after = h[:-1], h[1:]
        span = (before + after) / 2
        self.stencil = np.stack([1 / before, -(1 / before + 1 / after), 1 / after]) / span
        self.stencil = self.stencil / self.priors.agility_m_s2
        self.triple = self.alive[:-2] & self.alive[1:-1] & self.alive[2:]
        self.pair = self.alive[:, self.bones[:, 0]] & self.alive[:, self.bones[:, 1]]
        self.give = self.priors.bone_give * self.lengths + self.priors.bone_give_m

    def bend(self, x: np.ndarray) -> np.ndarray:
        """Acceleration over agility, where three frames in a row are there."""
        c = self.stencil[:, :, None, None]
        return (c[0] * x[:-2] + c[1] * x[1:-1] + c[2] * x[2:]) * self.triple[..., None]

    def unbend(self, bent: np.ndarray) -> np.ndarray:
        """The transpose of :meth:`bend`."""
        c = self.stencil[:, :, None, None]
        out = np.zeros((len(self.times_s), *bent.shape[1:]))
        out[:-2] += c[0] * bent
        out[1:-1] += c[1] * bent
        out[2:] += c[2] * bent
        return out

    def along(self, x: np.ndarray) -> np.ndarray:
        return x[:, self.bones[:, 1]] - x[:, self.bones[:, 0]]

    def spread(self, pulls: np.ndarray, points: int) -> np.ndarray:
        """The transpose of :meth:`along`."""
        out = np.zeros((len(pulls), points, 3))
        for bone, (parent, child) in enumerate(self.bones):
            out[:, parent] -= pulls[:, bone]
            out[:, child] += pulls[:, bone]
        return out

    def linearise(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
        """Data blocks (frames, points, 3, 3), weighted bone directions, gradient and cost."""
        p, shape = self.priors, x.shape
        flat = x.reshape(-1, 3).T
        normal, pull, loss = gauss_newton_terms(
            self.constant, self.s, np.where(np.isfinite(flat), flat, 0.0), p.knee * p.noise_px
        )
        noise2 = p.noise_px**2
        alive = self.alive[..., None]
        blocks = normal[_FULL].T.reshape(*shape[:2], 3, 3) / noise2
        blocks = np.where(alive[..., None], blocks, np.eye(3))
        gradient = np.where(alive, pull.T.reshape(shape) / noise2, 0.0)
        cost = float(loss.reshape(shape[:2])[self.alive].sum()) / noise2
        d = self.along(x)
        size = np.fmax(np.linalg.norm(d, axis=-1), 1e-6)
        off = np.where(self.pair, (size - self.lengths) / self.give, 0.0)
        robust = huber_weight(np.abs(off), 3.0)
        direction = d / (size * self.give)[..., None] * (np.sqrt(robust) * self.pair)[..., None]
        gradient = gradient + self.spread(direction * (np.sqrt(robust) * off)[..., None], shape[1])
        cost += float((np.where(np.abs(off) > 3, 3 * (2 * np.abs(off) - 3), off * off)).sum())
        bent = self.bend(x)
        return blocks, direction, gradient + self.unbend(bent), cost + float(np.square(bent).sum())

    def solve(self, blocks: np.ndarray, direction: np.ndarray, right: np.ndarray) -> np.ndarray:
        """Conjugate gradients on the Gauss-Newton system."""

        def apply(x: np.ndarray) -> np.ndarray:
            stretch = (self.along(x) * direction).sum(-1, keepdims=True)
            return (
                np.einsum("tpij,tpj->tpi", blocks, x)
                + self.spread(stretch * direction, x.shape[1])
                + self.unbend(self.bend(x))
            )

        precondition = self._preconditioner(blocks, direction)
        x = np.zeros_like(right)
        r = right.copy()
        z = precondition(r)
        d = z
        rz = float((r * z).sum())
        goal = 1e-10 * rz
        for _ in range(200):
            if rz <= goal:
                break
            q = apply(d)
            step = rz / float((d * q).sum())
            x += step * d
            r -= step * q
            z = precondition(r)
            rz, last = float((r * z).sum()), rz
            d = z + rz / last * d
        return x

    def _preconditioner(
        self, blocks: np.ndarray, direction: np.ndarray
    ) -> Callable[[np.ndarray], np.ndarray]:
        frames, points = blocks.shape[:2]
        diagonal = np.trace(blocks, axis1=2, axis2=3) / 3
        stiff = np.square(direction).sum(-1) / 3
        for bone, (parent, child) in enumerate(self.bones):
            diagonal[:, parent] += stiff[:, bone]
            diagonal[:, child] += stiff[:, bone]
        c, on = self.stencil[:, :, None], self.triple
        bands = np.zeros((3, frames, points))
        bands[0] = diagonal
        for i in range(3):
            for j in range(i, 3):
                bands[j - i, i : frames - 2 + i] += c[i] * c[j] * on
        factor = cholesky_banded(bands.transpose(0, 2, 1).reshape(3, -1), lower=True)

        def solve(r: np.ndarray) -> np.ndarray:
            columns = r.transpose(1, 0, 2).reshape(-1, 3)
            solved = cho_solve_banded((factor, True), columns, check_finite=False)
            return solved.reshape(points, frames, 3).transpose(1, 0, 2)

        return solve


def bone_lengths(
    xyz_m: Float[np.ndarray, "frames points 3"], bones: Bones
) -> Float[np.ndarray, " bones"]:
    """Median length of every bone over the frames that have it; NaN if none has."""
    pairs = np.array(bones, np.intp).reshape(-1, 2)
    size = np.linalg.norm(xyz_m[:, pairs[:, 1]] - xyz_m[:, pairs[:, 0]], axis=-1)
    lengths = np.full(len(pairs), np.nan)
    some = np.isfinite(size).any(0)
    lengths[some] = np.nanmedian(size[:, some], axis=0)
    return lengths


def bone_spread(
    xyz_m: Float[np.ndarray, "frames points 3"], bones: Bones
) -> Float[np.ndarray, " bones"]:
    """Coefficient of variation of every bone's length over the take; NaN if seen under twice."""
    pairs = np.array(bones, np.intp).reshape(-1, 2)
    size = np.linalg.norm(xyz_m[:, pairs[:, 1]] - xyz_m[:, pairs[:, 0]], axis=-1)
    spread = np.full(len(pairs), np.nan)
    some = np.isfinite(size).sum(0) > 1
    spread[some] = np.nanstd(size[:, some], axis=0) / np.nanmean(size[:, some], axis=0)
    return spread


def refine_take(
    s: Sightings,
    times_s: Float[np.ndarray, " frames"],
    xyz_m: Float[np.ndarray, "frames points 3"],
    used: Bool[np.ndarray, "views frames points"],
    bones: Bones,
    priors: Priors | None = None,
    check: Callable[[float], object] = lambda fraction: None,
) -> Take:
    """Refine a take from a first guess. ``s`` holds its sightings, frame by frame.

    Points that are NaN in the guess stay NaN. Sightings that the guess rejected are taken back
    once they lie within ``outlier_px`` of the refined track, and rejected beyond. ``check`` is
    called between steps with the fraction done.
    """
    p = priors or Priors()
    alive = present(xyz_m)
    lengths = bone_lengths(xyz_m, bones)
    firm = [i for i, length in enumerate(lengths) if np.isfinite(length) and length > 1e-4]
    kept = tuple(bones[i] for i in firm)
    pairs = np.array(kept, np.intp).reshape(-1, 2)
    x = np.where(alive[..., None], xyz_m, 0.0)
    shape = used.shape
    system = _System(s.only(used.reshape(len(used), -1)), times_s, alive, pairs, p, lengths[firm])
    blocks, direction, gradient, cost = system.linearise(x)
    damping = 1e-3
    for step in range(p.steps):
        check(step / p.steps)
        if step in (p.steps // 3, 2 * p.steps // 3):
            off = residuals_px(s, x.reshape(-1, 3)).reshape(shape)
            used = (off < p.outlier_px) & alive
            lengths[firm] = bone_lengths(np.where(alive[..., None], x, np.nan), kept)
            system = _System(s.only(used.reshape(len(used), -1)), times_s, alive, pairs, p,
                             lengths[firm])  # fmt: skip
            blocks, direction, gradient, cost = system.linearise(x)
        size = np.trace(blocks, axis1=2, axis2=3)[..., None, None] / 3
        move = system.solve(blocks + damping * size * np.eye(3), direction, -gradient)
        tried = x + np.where(alive[..., None], move, 0.0)
        new = system.linearise(tried)
        if new[3] < cost:
            (blocks, direction, gradient, cost), x = new, tried
            damping /= 10
        else:
            damping *= 10
    return Take(np.where(alive[..., None], x, np.nan), bones, lengths, used)
