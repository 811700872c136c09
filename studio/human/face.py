"""Facial actions from face points: bounded least squares on the person's own blendshapes.

The face is brought into the head's frame, its own neutral shape is learnt from the take's
calmest frames, and what moves beyond it is explained by ARKit's actions, each between 0 and 1. The
less certain the points are, the more an action must explain: errors of one face's points go
together, and would else be read as grimaces.
"""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float
from scipy.ndimage import gaussian_filter1d

from studio.core.types import Motion
from studio.human.names import face_vertices
from studio.human.observe import RIGID_FACE
from studio.human.person import Shape, whole
from studio.human.rig import ACTIONS, BONE_NAMES

RIDGE_M, DOUBT = 0.008, 25.0
"""An action must explain about this much movement (root sum of squares) to be believed; where the
points' error bars are known, so many times those at least."""
SMOOTH_S = 0.02
_HEAD = BONE_NAMES.index("head")
_UNSEEN = ("tongueOut", "cheekPuff")


def aligned(
    points: Float[np.ndarray, "frames points 3"],
    model: Float[np.ndarray, "points 3"],
    rigid: np.ndarray,
) -> Float[np.ndarray, "frames points 3"]:
    """Points moved rigidly so that the rigid ones lie on the model (Kabsch); unseen: NaN."""
    seen = np.isfinite(points).all(-1) & rigid
    weight = seen / np.maximum(seen.sum(1, keepdims=True), 1)
    safe = np.nan_to_num(points)
    mean, centre = np.einsum("fp,fpk->fk", weight, safe), weight @ model
    C = np.einsum("fp,fpi,fpj->fij", weight, safe - mean[:, None], model[None] - centre[:, None])
    U, _, Vt = np.linalg.svd(C)
    flip = np.ones((len(points), 3))
    flip[:, 2] = np.sign(np.linalg.det(U @ Vt))
    turn = (U * flip[:, None]) @ Vt
    moved = np.einsum("fji,fpj->fpi", turn, points - mean[:, None]) + centre[:, None]
    moved[seen.sum(1) < 6] = np.nan
    return moved


def bounded(
    A: Float[np.ndarray, "rows actions"], b: Float[np.ndarray, "frames rows"], ridge: float
) -> Float[np.ndarray, "frames actions"]:
    """Least squares with every unknown between 0 and 1, by accelerated projected gradients."""
    G = A.T @ A + ridge**2 * np.eye(A.shape[1])
    rhs = b @ A
    step = 1 / np.linalg.eigvalsh(G)[-1]
    x = y = np.zeros_like(rhs)
    for k in range(300):
        after = np.clip(y - step * (y @ G - rhs), 0, 1)
        y = after + k / (k + 3) * (after - x)
        x = after
    return x


def face_actions(motion: Motion, shape: Shape) -> Float[np.ndarray, "frames actions"]:
    """The facial actions of every frame; zero where fewer than 30 face points are seen."""
    columns = [i for i, p in enumerate(motion.layout.points) if p.startswith(("mesh_", "face_"))]
    found = np.zeros((len(motion), len(ACTIONS)))
    names = [motion.layout.points[i] for i in columns]
    seen = np.asarray(np.isfinite(motion.xyz_m[:, columns]).all(-1))
    if len(columns) < 30 or not (seen.sum(1) >= 30).any():
        return found
    ids = [face_vertices(name) for name in names]
    flat = sorted({v for pair in ids for v in pair})
    person = whole().subset(flat)
    with torch.no_grad():
        rest = person.rest(shape)
    at = {v: i for i, v in enumerate(flat)}
    vertices, moves = rest.vertices_m.numpy(), rest.actions_m.numpy()
    model = np.stack([vertices[[at[v] for v in pair]].mean(0) for pair in ids])
    deltas = np.stack([moves[:, [at[v] for v in pair]].mean(1) for pair in ids], 1)
    rigid = np.array([name in RIGID_FACE for name in names])
    local = aligned(motion.xyz_m[:, columns], model, rigid)
    there = np.asarray(np.isfinite(local).all(-1))
    use = there.any(0) & ~np.isin(names, [f"face_{i}" for i in range(17)])
    offset = np.nan_to_num(local - _neutral(local, model, names))
    offset[~there] = 0
    keep = np.array([a not in _UNSEEN and not a.startswith("eyeLook") for a in ACTIONS])
    A = deltas[keep][:, use].transpose(1, 2, 0).reshape(-1, int(keep.sum()))
    errors = motion.error_m[:, columns][:, use]
    off_m = float(np.median(errors[np.isfinite(errors)])) if np.isfinite(errors).any() else 0.0
    full = bounded(A, offset[:, use].reshape(len(offset), -1), max(RIDGE_M, DOUBT * off_m))
    full[there[:, use].sum(1) < 30] = 0
    rate = motion.rate_hz
    if rate > 0 and len(full) > 2:
        full = gaussian_filter1d(full, SMOOTH_S * rate, axis=0)
    found[:, keep] = full
    return found


def _neutral(
    local: np.ndarray, model: np.ndarray, names: list[str]
) -> Float[np.ndarray, "points 3"]:
    """The take's calm face: the median of the frames whose mouth is shut and eyes are open."""

    def gap(above: str, below: str) -> np.ndarray:
        if above not in names or below not in names:
            return np.zeros(len(local))
        return np.linalg.norm(local[:, names.index(above)] - local[:, names.index(below)], axis=-1)

    mesh = "mesh_13" in names
    mouth = gap("mesh_13", "mesh_14") if mesh else gap("face_62", "face_66")
    lids = (
        (("mesh_159", "mesh_145"), ("mesh_386", "mesh_374"))
        if mesh
        else (("face_37", "face_41"), ("face_44", "face_46"))
    )
    eyes = gap(*lids[0]) + gap(*lids[1])
    known = np.isfinite(mouth + eyes)
    if not known.any():
        return model
    calm = known & (mouth <= np.nanpercentile(mouth[known], 40))
    calm &= eyes >= np.nanpercentile(eyes[known], 30)
    chosen = local[calm] if calm.sum() >= 3 else local[known]
    middle = np.full_like(model, np.nan)
    ok = np.asarray(np.isfinite(chosen).all(-1))
    for i in np.flatnonzero(ok.any(0)):
        middle[i] = np.median(chosen[ok[:, i], i], axis=0)
    return np.where(np.isfinite(middle), middle, model)
