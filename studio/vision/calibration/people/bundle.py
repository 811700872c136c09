"""Bundle adjustment over camera poses and free points: sparse, robust, analytic derivatives.

Sightings are on the normalised image plane, so lenses are behind us; a residual is their distance
to the projection, in pixels over their standard deviation (``Sightings.weight`` is one over it).
Points are eliminated first (Schur complement), which leaves six or seven unknowns a camera:
rotation about its own axes, its centre in the world, and optionally the logarithm of its focal
length. Levenberg-Marquardt with Huber's loss.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.spatial.transform import Rotation

from studio.vision.refine import huber_weight
from studio.vision.sightings import NEAREST_M, Sightings, in_cameras

UNKNOWNS = 7
KNEE = 2.0


@dataclass(frozen=True, eq=False)
class Linear:
    """The problem around one state: reduced normal matrix and gradient, and what points add.

    ``scores`` are every point's share of the gradient once the point itself is eliminated.
    """

    normal: Float[np.ndarray, "n n"]
    gradient: Float[np.ndarray, " n"]
    scores: Float[np.ndarray, "points n"]
    inverse: Float[np.ndarray, "points 3 3"]
    mixed: Float[np.ndarray, "points n 3"]
    pull: Float[np.ndarray, "points 3"]
    cost: float


@dataclass(frozen=True, eq=False)
class Bundle:
    """Poses (in ``sightings``), points and, per camera, the factor on its focal length."""

    sightings: Sightings
    xyz: Float[np.ndarray, "points 3"]
    stretch: Float[np.ndarray, " views"]
    cost: float


def centres(s: Sightings) -> Float[np.ndarray, "views 3"]:
    """Where the cameras stand."""
    return -np.einsum("vji,vj->vi", s.rotation, s.translation_m)


def scaling(s: Sightings, free: Bool[np.ndarray, "views 7"]) -> Float[np.ndarray, " n"]:
    """How the unknowns change as everything grows about the first fixed camera (or the first)."""
    place = centres(s)
    fixed = np.flatnonzero(~free[:, 3:6].any(1))
    grow = np.zeros(free.shape)
    grow[:, 3:6] = place - place[fixed[0] if len(fixed) else 0]
    return grow.ravel()


def moved(s: Sightings, step: Float[np.ndarray, "views 7"]) -> Sightings:
    """Every camera turned about its own axes (first three, rad) and shifted (next three)."""
    centre = centres(s) + step[:, 3:6]
    rotation = Rotation.from_rotvec(step[:, :3]).as_matrix() @ s.rotation
    return replace(s, rotation=rotation, translation_m=-np.einsum("vij,vj->vi", rotation, centre))


def residuals(
    s: Sightings, xyz: Float[np.ndarray, "points 3"], stretch: Float[np.ndarray, " views"]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Whitened residuals (2, views, points), depths, and which sightings count."""
    x, y, z = in_cameras(s, np.where(np.isfinite(xyz), xyz, 0.0))
    good = s.seen & np.isfinite(xyz[:, 0]) & (z > NEAREST_M)
    depth = np.where(good, z, 1.0)
    plane = np.stack([x / depth, y / depth])
    off = (s.weight * s.scale_px) * (stretch[:, None] * plane - np.stack([s.u, s.v]))
    return np.where(good, off, 0.0), plane, depth, good


def linearise(s: Sightings, xyz: np.ndarray, stretch: np.ndarray, *, knee: float = KNEE) -> Linear:
    """Normal equations with the points eliminated. Points with under two sightings add nothing."""
    off, plane, depth, good = residuals(s, xyz, stretch)
    size = np.hypot(off[0], off[1])
    robust = np.where(good, huber_weight(size, knee), 0.0)
    views, points = good.shape
    (u, v), root = plane, np.sqrt(robust)
    a = np.where(good, s.weight * s.scale_px * stretch[:, None], 0.0) * root
    zero = np.zeros_like(u)
    turn = np.stack([np.stack([-u * v, 1 + u * u, -v]), np.stack([-1 - v * v, u * v, u])])
    project = np.stack([np.stack([zero + 1, zero, -u]), np.stack([zero, zero + 1, -v])]) / depth
    space = np.einsum("rjvp,vjk->rkvp", project, s.rotation)
    camera = np.concatenate([turn, -space, plane[:, None]], 1) * a
    space = space * a
    off = off * root
    v_normal = np.einsum("rivp,rjvp->pij", space, space, optimize=True)
    pull = np.einsum("rivp,rvp->pi", space, off, optimize=True)
    enough = (good.sum(0) >= 2) & (np.linalg.det(v_normal) > 1e-18)
    inverse = np.zeros((points, 3, 3))
    inverse[enough] = np.linalg.inv(v_normal[enough])
    camera = np.where(enough, camera, 0.0)
    mixed = np.einsum("rivp,rjvp->pvij", camera, space, optimize=True).reshape(points, -1, 3)
    own = np.einsum("rivp,rjvp->vij", camera, camera, optimize=True)
    gradient = np.einsum("rivp,rvp->pvi", camera, off, optimize=True).reshape(points, -1)
    normal = np.zeros((views * UNKNOWNS, views * UNKNOWNS))
    for view in range(views):
        at = slice(view * UNKNOWNS, (view + 1) * UNKNOWNS)
        normal[at, at] = own[view]
    through = mixed @ inverse
    flat = np.moveaxis(through, 0, 1).reshape(views * UNKNOWNS, -1)
    normal -= flat @ np.moveaxis(mixed, 0, 1).reshape(views * UNKNOWNS, -1).T
    scores = gradient - np.einsum("pij,pj->pi", through, pull)
    loss = np.where(size > knee, knee * (2 * size - knee), size * size)
    cost = float(loss[good & enough].sum() + (s.seen & ~good)[:, enough].sum() * 4 * knee * knee)
    return Linear(normal, scores.sum(0), scores, inverse, mixed, pull, cost)


def adjust(
    s: Sightings,
    xyz: Float[np.ndarray, "points 3"],
    free: Bool[np.ndarray, "views 7"],
    *,
    stretch: np.ndarray | None = None,
    prior: Float[np.ndarray, "views 7"] | None = None,
    hold_scale: bool = False,
    knee: float = KNEE,
    steps: int = 40,
    tolerance: float = 1e-7,
) -> Bundle:
    """Minimise from a start. ``free`` says which unknowns may change.

    ``prior`` are standard deviations of each unknown about its start; infinite for none. Where only
    one camera is fixed, nothing else determines the overall scale: ``hold_scale`` keeps it.
    """
    stretch = np.ones(len(s.u)) if stretch is None else stretch
    chosen = np.flatnonzero(free.ravel())
    pulls = np.zeros(free.size) if prior is None else 1 / np.square(prior.ravel())
    walked = np.zeros(free.size)
    damping, now = 1e-4, linearise(s, xyz, stretch, knee=knee)
    cost = now.cost
    for _ in range(steps):
        normal = (now.normal + np.diag(pulls))[np.ix_(chosen, chosen)]
        gradient = (now.gradient + pulls * walked)[chosen]
        if hold_scale:
            grow = scaling(s, free)[chosen]
            normal = normal + np.outer(grow, grow) * np.trace(normal) / max(grow @ grow, 1e-12)
        damped = normal + np.diag(damping * np.diag(normal) + 1e-9)
        step = np.zeros(free.size)
        step[chosen] = -np.linalg.solve(damped, gradient)
        back = np.einsum("pij,pi->pj", now.mixed, np.broadcast_to(step, now.scores.shape))
        shift = -np.einsum("pij,pj->pi", now.inverse, now.pull + back)
        by_view = step.reshape(free.shape)
        tried_s, tried_xyz = moved(s, by_view), xyz + shift
        tried_stretch = stretch * np.exp(by_view[:, 6])
        tried = linearise(tried_s, tried_xyz, tried_stretch, knee=knee)
        tried_cost = tried.cost + float((pulls * np.square(walked + step)).sum())
        if tried_cost < cost:
            gain = (cost - tried_cost) / max(cost, 1e-12)
            s, xyz, stretch, now, cost = tried_s, tried_xyz, tried_stretch, tried, tried_cost
            walked, damping = walked + step, max(damping / 5, 1e-9)
            if gain < tolerance:
                break
        else:
            damping *= 10
            if damping > 1e6:
                break
    return Bundle(s, xyz, stretch, now.cost)


def sandwich(
    now: Linear,
    chosen: Int[np.ndarray, " n"],
    *clusters: Int[np.ndarray, " points"],
    held: Float[np.ndarray, "rows n"] | None = None,
) -> Float[np.ndarray, "n n"]:
    """Covariance of the chosen unknowns when errors are alike within clusters.

    A detector's errors last: from frame to frame, and for one joint over the whole take. So the
    scores are summed within each clustering before they are squared (two-way clustering after
    Cameron, Gelbach and Miller 2011). ``held`` are directions that are fixed (the gauge).
    """
    bread = now.normal[np.ix_(chosen, chosen)]
    scores = now.scores[:, chosen]
    basis = np.eye(len(chosen))
    if held is not None:
        basis = np.linalg.svd(held)[2][np.linalg.matrix_rank(held) :].T
    inverse = basis @ np.linalg.pinv(basis.T @ bread @ basis, hermitian=True) @ basis.T
    meat = np.zeros_like(bread)
    for labels in clusters:
        meat += _squared(scores, labels)
    if len(clusters) == 2:
        both = np.unique(np.stack(clusters), axis=1, return_inverse=True)[1].ravel()
        meat -= _squared(scores, both)
    values, vectors = np.linalg.eigh(inverse @ meat @ inverse)
    plain = np.diag(inverse)
    covariance = (vectors * np.fmax(values, 0.0)) @ vectors.T
    # Never surer than if every sighting were independent.
    short = np.sqrt(np.fmax(plain, 1e-30) / np.fmax(np.diag(covariance), 1e-30))
    grow = np.fmax(short, 1.0)
    return covariance * np.outer(grow, grow)


def _squared(scores: np.ndarray, labels: np.ndarray) -> np.ndarray:
    names, at = np.unique(labels, return_inverse=True)
    sums = np.zeros((len(names), scores.shape[1]))
    np.add.at(sums, at.ravel(), scores)
    correction = len(names) / max(len(names) - 1, 1)
    return correction * sums.T @ sums
