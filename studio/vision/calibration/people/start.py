"""From pairs of cameras to all of them: the best pair first, then one camera after the other.

Every believable pair pose is grown into a whole rig, and the rig that explains the points best is
kept: a mirrored or twisted start cannot place a third camera, and from two cameras alone it makes
bones that change their length.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import cv2
import numpy as np
from jaxtyping import Float

from studio.core.errors import StudioError
from studio.vision.calibration.people.bundle import UNKNOWNS, adjust
from studio.vision.calibration.people.pairs import PairPose, pair_poses
from studio.vision.sightings import Sightings, residuals_px
from studio.vision.triangulate import dlt

_STARTS = 6
_LIMIT_PX = 12.0


@dataclass(frozen=True, eq=False)
class Start:
    """A rig in its own scale (first baseline 1), its points, and how well it explains them.

    ``off_px`` is the mean distance, cut at 25 px; ``bones`` how much bone lengths vary, as a share
    of themselves (median over bones).
    """

    sightings: Sightings
    xyz: Float[np.ndarray, "points 3"]
    off_px: float
    bones: float
    pair: PairPose

    @property
    def badness(self) -> float:
        return self.off_px * (self.bones + 0.02)


def find_start(
    s: Sightings, names: Sequence[str], points: int, bones: Sequence[tuple[int, int]]
) -> tuple[Start, ...]:
    """Rigs grown from every promising pair, the best first. ``s`` holds whole frames of ``points``.

    Raises StudioError where no two cameras see the person together, or one camera cannot be placed.
    """
    pairs: list[PairPose] = []
    for a, b in combinations(range(len(s.u)), 2):
        pairs += pair_poses(s, a, b)
    if not pairs:
        raise StudioError(
            "No two cameras see the person together well enough.",
            "Let the person walk where at least two cameras see all of the body, and check that "
            "the cameras run in step.",
        )
    pairs.sort(key=lambda pair: -pair.worth)
    lost: dict[str, int] = {}
    starts: list[Start] = []
    for pair in pairs[:_STARTS]:
        grown = _grow(s, pair, points, bones)
        if isinstance(grown, Start):
            starts.append(grown)
        else:
            for view in grown:
                lost[names[view]] = lost.get(names[view], 0) + 1
    if not starts:
        worst = max(lost, key=lambda name: lost[name])
        raise StudioError(
            f"Camera {worst} cannot be placed: it sees too little of the person at the same time "
            "as the others.",
            f"Let the person walk where camera {worst} and two others see all of the body, or "
            "leave this camera out.",
        )
    return tuple(sorted(starts, key=lambda start: start.badness))


def _grow(
    s: Sightings, pair: PairPose, points: int, bones: Sequence[tuple[int, int]]
) -> Start | list[int]:
    views = len(s.u)
    rotation = np.tile(np.eye(3), (views, 1, 1))
    translation = np.zeros((views, 3))
    rotation[pair.b], translation[pair.b] = pair.rotation, pair.direction
    s = replace(s, rotation=rotation, translation_m=translation)
    placed = [pair.a, pair.b]
    s, xyz = _settled(s, placed, steps=8)
    while len(placed) < views:
        best: tuple[int, int, np.ndarray, np.ndarray] | None = None
        for view in set(range(views)) - set(placed):
            pose = _resect(s, xyz, view)
            if pose is not None and (best is None or pose[0] > best[1]):
                best = (view, *pose)
        if best is None:
            return sorted(set(range(views)) - set(placed))
        view, _, r, t = best
        rotation, translation = s.rotation.copy(), s.translation_m.copy()
        rotation[view], translation[view] = r, t
        s = replace(s, rotation=rotation, translation_m=translation)
        placed.append(view)
        s, xyz = _settled(s, placed, steps=8)
    off = residuals_px(s, xyz)
    known = s.seen & np.isfinite(off) | np.isposinf(off)
    mean = float(np.fmin(off[known], 25.0).mean()) if known.any() else np.inf
    return Start(s, xyz, mean, bone_change(xyz, points, bones), pair)


def _settled(s: Sightings, placed: list[int], steps: int) -> tuple[Sightings, np.ndarray]:
    """Points from the cameras placed so far, and a short adjustment of all of them."""
    used = np.zeros(s.seen.shape, bool)
    used[placed] = True
    now = s.only(used & s.seen)
    xyz = dlt(now, reweight=1)
    off = residuals_px(now, xyz)
    now = now.only(now.seen & (off < 4 * _LIMIT_PX))
    xyz = dlt(now, reweight=1)
    free = np.zeros((len(s.u), UNKNOWNS), bool)
    free[placed[1:], :6] = True
    white = replace(now, weight=now.weight / 5.0)
    done = adjust(white, xyz, free, hold_scale=True, steps=steps)
    found = replace(s, rotation=done.sightings.rotation, translation_m=done.sightings.translation_m)
    gap = np.linalg.norm(_centre(found, placed[1]) - _centre(found, placed[0]))
    found = replace(found, translation_m=found.translation_m / gap)
    return found, dlt(found.only(used & s.seen), reweight=1)


def _centre(s: Sightings, view: int) -> np.ndarray:
    return -s.rotation[view].T @ s.translation_m[view]


def _resect(s: Sightings, xyz: np.ndarray, view: int) -> tuple[int, np.ndarray, np.ndarray] | None:
    """Place a camera by points known from the others: inliers, rotation, translation."""
    at = np.flatnonzero(s.seen[view] & np.isfinite(xyz[:, 0]))
    if len(at) < 30:
        return None
    at = at[np.linspace(0, len(at) - 1, min(len(at), 2500)).astype(int)]
    plane = np.stack([s.u[view, at], s.v[view, at]], 1)
    limit = _LIMIT_PX / float(np.mean(s.scale_px[view]))
    cv2.setRNGSeed(0)
    ok, turn, shift, inliers = cv2.solvePnPRansac(
        xyz[at], plane, np.eye(3), None, iterationsCount=400, reprojectionError=limit,
        confidence=0.9999, flags=cv2.SOLVEPNP_SQPNP,
    )  # fmt: skip
    if not ok or not np.ndim(inliers) or len(inliers) < max(30, 0.2 * len(at)):
        return None
    rotation = cv2.Rodrigues(turn)[0]
    depth = xyz[at] @ rotation[2] + shift[2, 0]
    if (depth[inliers.ravel()] > 0).mean() < 0.9:
        return None
    return len(inliers), rotation, shift[:, 0]


def bone_change(xyz: np.ndarray, points: int, bones: Sequence[tuple[int, int]]) -> float:
    """How much bones change their length: median over them of the scatter as a share; 0.5 if
    there are none to look at."""
    cube = xyz.reshape(-1, points, 3)
    shares: list[float] = []
    for a, b in bones:
        length = np.linalg.norm(cube[:, a] - cube[:, b], axis=-1)
        length = length[np.isfinite(length)]
        if len(length) >= 10:
            middle = float(np.median(length))
            shares.append(1.48 * float(np.median(np.abs(length - middle))) / max(middle, 1e-9))
    return float(np.median(shares)) if shares else 0.5
