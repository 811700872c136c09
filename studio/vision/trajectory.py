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
from studio.vision.sightings import CHUNK, Sightings, residuals_px, rig_constant

Bones = tuple[tuple[int, int], ...]
_BONE_KNEE = 3.0
_PRECISION = 1e-3
_SETTLED = 1e-4
_PHASES = 3


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
    """The terms of the objective for one take. Points are stored axes first, time last:
    x (3, points, frames), so that all of inertia runs along contiguous memory."""

    s: Sightings
    times_s: np.ndarray
    alive: np.ndarray
    bones: np.ndarray
    priors: Priors
    lengths: np.ndarray
    check: Callable[[], object] = lambda: None
    constant: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        points, frames = self.alive.shape
        self.constant = rig_constant(self.s.rotation, self.s.translation_m)
        self.s = self.s.take(np.arange(points * frames).reshape(frames, points).T.ravel())
        self.parents, self.children = self.bones[:, 0], self.bones[:, 1]
        self.pair = self.alive[self.parents] & self.alive[self.children]
        self.give = (self.priors.bone_give * self.lengths + self.priors.bone_give_m)[:, None]
        h = np.diff(self.times_s)
        before, after = h[:-1], h[1:]
        c = np.stack([1 / before, -(1 / before + 1 / after), 1 / after]) * 2 / (before + after)
        c = c / self.priors.agility_m_s2
        triple = self.alive[:, :-2] & self.alive[:, 1:-1] & self.alive[:, 2:]
        self.inertia = np.zeros((3, points, frames))
        for i in range(3):
            for j in range(i, 3):
                self.inertia[j - i, :, i : frames - 2 + i] += c[i] * c[j] * triple

    def resist(self, x: np.ndarray) -> np.ndarray:
        """The gradient of inertia (half the slope of the squared accelerations)."""
        near, far = self.inertia[1, :, :-1], self.inertia[2, :, :-2]
        out = self.inertia[0] * x
        out[..., :-1] += near * x[..., 1:]
        out[..., 1:] += near * x[..., :-1]
        out[..., :-2] += far * x[..., 2:]
        out[..., 2:] += far * x[..., :-2]
        return out

    def along(self, x: np.ndarray) -> np.ndarray:
        """From every bone's parent to its child (3, bones, frames)."""
        return x[:, self.children] - x[:, self.parents]

    def spread(self, pulls: np.ndarray, out: np.ndarray) -> None:
        """Add the transpose of :meth:`along` to ``out``."""
        for bone, (parent, child) in enumerate(self.bones):
            out[:, parent] -= pulls[:, bone]
            out[:, child] += pulls[:, bone]

    def linearise(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
        """Data blocks (6, points, frames: xx xy xz yy yz zz), weighted bone directions
        (3, bones, frames), gradient and cost at ``x``."""
        p, shape = self.priors, x.shape
        blocks, gradient = np.empty((6, shape[1] * shape[2])), np.empty((3, shape[1] * shape[2]))
        loss = np.empty(shape[1] * shape[2])
        flat = x.reshape(3, -1)
        for start in range(0, flat.shape[1], CHUNK):
            self.check()
            at = slice(start, start + CHUNK)
            blocks[:, at], gradient[:, at], loss[at] = gauss_newton_terms(
                self.constant, self.s.take(at), flat[:, at], p.knee * p.noise_px
            )
        blocks, gradient = blocks.reshape(6, *shape[1:]), gradient.reshape(shape)
        blocks /= p.noise_px**2
        gradient /= p.noise_px**2
        blocks[:, ~self.alive] = np.array([1.0, 0, 0, 1, 0, 1])[:, None]
        gradient[:, ~self.alive] = 0
        cost = float(loss.reshape(shape[1:])[self.alive].sum()) / p.noise_px**2
        d = self.along(x)
        size = np.fmax(np.sqrt(np.square(d).sum(0)), 1e-6)
        off = np.where(self.pair, (size - self.lengths[:, None]) / self.give, 0.0)
        firm = np.sqrt(huber_weight(np.abs(off), _BONE_KNEE)) * self.pair
        direction = d * (firm / (size * self.give))
        self.spread(direction * (firm * off), gradient)
        wild = np.abs(off)
        cost += float(
            np.where(wild > _BONE_KNEE, _BONE_KNEE * (2 * wild - _BONE_KNEE), off * off).sum()
        )
        pull = self.resist(x)
        return blocks, direction, gradient + pull, cost + float((pull * x).sum())

    def solve(self, blocks: np.ndarray, direction: np.ndarray, right: np.ndarray) -> np.ndarray:
        """Conjugate gradients on the Gauss-Newton system."""
        xx, xy, xz, yy, yz, zz = blocks

        def apply(x: np.ndarray) -> np.ndarray:
            out = self.resist(x)
            out[0] += xx * x[0] + xy * x[1] + xz * x[2]
            out[1] += xy * x[0] + yy * x[1] + yz * x[2]
            out[2] += xz * x[0] + yz * x[1] + zz * x[2]
            self.spread((self.along(x) * direction).sum(0) * direction, out)
            return out

        precondition = self._preconditioner(blocks, direction)
        x = np.zeros_like(right)
        r = right.copy()
        z = precondition(r)
        d = z
        rz = float((r * z).sum())
        goal = _PRECISION**2 * rz
        for _ in range(300):
            if rz <= goal:
                break
            self.check()
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
        """Inertia exactly, data and bones as if they pulled alike in all directions."""
        bands = self.inertia.copy()
        bands[0] += (blocks[0] + blocks[3] + blocks[5]) / 3
        stiff = np.square(direction).sum(0) / 3
        for bone, (parent, child) in enumerate(self.bones):
            bands[0, parent] += stiff[bone]
            bands[0, child] += stiff[bone]
        factor = cholesky_banded(bands.reshape(3, -1), lower=True, check_finite=False)

        def solve(r: np.ndarray) -> np.ndarray:
            columns = r.reshape(3, -1).T
            return cho_solve_banded((factor, True), columns, check_finite=False).T.reshape(r.shape)

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
    there = present(xyz_m)
    lengths = bone_lengths(xyz_m, bones)
    firm = [i for i, length in enumerate(lengths) if np.isfinite(length) and length > 1e-4]
    kept = tuple(bones[i] for i in firm)
    x = np.ascontiguousarray(np.where(there[..., None], xyz_m, 0.0).transpose(2, 1, 0))
    alive = np.ascontiguousarray(there.T)
    for phase in range(_PHASES):

        def tick(phase: int = phase) -> None:
            check(phase / _PHASES)

        if phase:
            now = x.transpose(2, 1, 0)
            off = residuals_px(s, np.ascontiguousarray(now).reshape(-1, 3)).reshape(used.shape)
            used = (off < p.outlier_px) & there
            lengths[firm] = bone_lengths(np.where(there[..., None], now, np.nan), kept)
        system = _System(
            s.only(used.reshape(len(used), -1)), times_s, alive,
            np.array(kept, np.intp).reshape(-1, 2), p, lengths[firm], tick,
        )  # fmt: skip
        x = _descend(system, x, p.steps // _PHASES)
    refined = np.where(there[..., None], x.transpose(2, 1, 0), np.nan)
    return Take(refined, bones, lengths, used)


def _descend(system: _System, x: np.ndarray, steps: int) -> np.ndarray:
    """Damped Gauss-Newton steps, fewer once they no longer help."""
    blocks, direction, gradient, cost = system.linearise(x)
    damping = 1e-3
    for _ in range(steps):
        damped = blocks.copy()
        damped[[0, 3, 5]] += damping * (blocks[0] + blocks[3] + blocks[5]) / 3
        move = system.solve(damped, direction, -gradient)
        tried = np.where(system.alive, x + move, x)
        new = system.linearise(tried)
        gain = (cost - new[3]) / cost if cost > 0 else 0.0
        if gain > 0:
            (blocks, direction, gradient, cost), x = new, tried
            damping /= 10
            if gain < _SETTLED:
                break
        else:
            damping *= 10
    return x
