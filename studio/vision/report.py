"""How good a triangulated take is: by camera, by point, and in numbers an artist can use."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from studio.core.types import Layout
from studio.vision.blame import Suspect, agreement, suspects
from studio.vision.gaps import present, runs
from studio.vision.sightings import Sightings, in_cameras, residuals_px
from studio.vision.timing import lateness_s
from studio.vision.trajectory import Bones, bone_spread

_LIMBS = (("shoulder", "elbow"), ("elbow", "wrist"), ("hip", "knee"), ("knee", "ankle"))
_SOFT = (
    ("left_hip", "left_shoulder"), ("right_hip", "right_shoulder"), ("mouth_left", "mouth_right"),
    ("left_wrist", "left_hand_wrist"), ("right_wrist", "right_hand_wrist"),
    ("pelvis", "spine"), ("spine", "neck"), ("pelvis", "neck"), ("neck", "pelvis"),
)  # fmt: skip


@dataclass(frozen=True)
class CameraReport:
    """One camera. Shares are of the points that it could have seen.

    ``excluded`` counts sightings that were confident but disagreed; ``swapped`` those whose left
    and right were exchanged. ``late_ms`` is how much later than its time stamps the camera seems
    to have taken its pictures, NaN where that cannot be told from zero.
    """

    name: str
    mean_px: float
    median_px: float
    mean_mm: float
    unseen: float
    excluded: float
    swapped: float
    late_ms: float


@dataclass(frozen=True)
class PointReport:
    """One point of the layout over the take. Shares are of all frames."""

    name: str
    mean_px: float
    mean_mm: float
    error_mm: float
    cameras: float
    one_camera: float
    missing: float
    filled: float
    longest_gap_s: float


@dataclass(frozen=True)
class BoneReport:
    """One limb bone: its median length, and its spread (standard deviation over mean)."""

    name: str
    length_m: float
    spread: float


@dataclass(frozen=True)
class TakeReport:
    """All of it. ``mean_px`` is over every sighting used, ``error_mm`` the median error bar.

    ``missing`` and ``filled`` are shares of the points that count: those of parts (face, hands)
    that are ``unseen`` throughout do not, nor do other points that no camera ever found
    (``unfound``): a detector of another layout does not know them.
    """

    mean_px: float
    mean_mm: float
    error_mm: float
    bone_spread: float
    missing: float
    filled: float
    excluded_cameras: float
    cameras: tuple[CameraReport, ...]
    points: tuple[PointReport, ...]
    bones: tuple[BoneReport, ...]
    suspects: tuple[Suspect, ...]
    unseen: tuple[str, ...] = ()
    unfound: tuple[str, ...] = ()


def rigid_bones(layout: Layout) -> Bones:
    """The bones of a layout whose length does not change: not the face's, nor the trunk's."""
    face = set(layout.parts.get("face", ()))
    return tuple(
        (a, b)
        for a, b in layout.bones
        if not (a in face or b in face) and (layout.points[a], layout.points[b]) not in _SOFT
    )


def limb_bones(layout: Layout) -> Bones:
    """Upper and lower arms and legs; every rigid bone if the layout names none."""
    at = {name: index for index, name in enumerate(layout.points)}
    pairs = [(f"{side}_{a}", f"{side}_{b}") for a, b in _LIMBS for side in ("left", "right")]
    limbs = tuple((at[a], at[b]) for a, b in pairs if a in at and b in at)
    return limbs or rigid_bones(layout)


def _mean(values: np.ndarray) -> float:
    good = values[np.isfinite(values)]
    return float(good.mean()) if good.size else float("nan")


def _median(values: np.ndarray) -> float:
    good = values[np.isfinite(values)]
    return float(np.median(good)) if good.size else float("nan")


def take_report(
    names: tuple[str, ...],
    layout: Layout,
    times_s: Float[np.ndarray, " frames"],
    s: Sightings,
    xyz_m: Float[np.ndarray, "frames points 3"],
    error_m: Float[np.ndarray, "frames points"],
    used: Bool[np.ndarray, "views frames points"],
    filled: Bool[np.ndarray, "frames points"],
    swapped: Bool[np.ndarray, "views frames points"] | None = None,
    *,
    limit_px: float = 15.0,
) -> TakeReport:
    """Judge a take. ``s`` holds its sightings frame by frame, ``used`` those it rests on."""
    shape = used.shape
    flat = xyz_m.reshape(-1, 3)
    off = np.where(used, residuals_px(s, flat).reshape(shape), np.nan)
    depth = in_cameras(s, flat)[2].reshape(shape)
    scale = np.broadcast_to(s.scale_px, s.u.shape).reshape(shape)
    off_mm = off / scale * depth * 1000
    seen = s.seen.reshape(shape)
    swaps = np.zeros(shape, bool) if swapped is None else swapped
    there = present(xyz_m)
    late = lateness_s(s, times_s, xyz_m, used & ~filled)
    cameras = tuple(
        CameraReport(
            name,
            _mean(off[view]),
            _median(off[view]),
            _mean(off_mm[view]),
            float(1 - seen[view].mean()),
            float((seen[view] & there & ~filled & ~used[view]).mean()),
            float(swaps[view].mean()),
            float(late[view]) * 1000,
        )
        for view, name in enumerate(names)
    )
    points = tuple(
        _point_report(name, times_s, off[:, :, i], off_mm[:, :, i], error_m[:, i], used[:, :, i],
                      seen[:, :, i], there[:, i], filled[:, i])
        for i, name in enumerate(layout.points)
    )  # fmt: skip
    limbs = limb_bones(layout)
    spread = bone_spread(np.where(filled[..., None], np.nan, xyz_m), limbs)
    bones = tuple(
        BoneReport(
            f"{layout.points[a]}–{layout.points[b]}",
            _median(np.linalg.norm(xyz_m[:, b] - xyz_m[:, a], axis=-1)),
            float(value),
        )
        for (a, b), value in zip(limbs, spread, strict=True)
    )
    solved = there & ~filled
    unseen = _unseen(layout, seen.sum(0) >= 2)
    hidden = {i for part in unseen for i in layout.parts[part]}
    found = np.asarray(seen.any((0, 1)))
    unfound = [i for i in range(len(layout)) if not found[i] and i not in hidden and found.any()]
    counted = [i for i in range(len(layout)) if i not in hidden and i not in unfound]
    return TakeReport(
        _mean(off),
        _mean(off_mm),
        _median(error_m) * 1000,
        _mean(spread),
        float(1 - there[:, counted].mean()),
        float(filled[:, counted].mean()),
        _mean(np.where(solved, len(names) - used.sum(0), np.nan)),
        cameras,
        points,
        bones,
        suspects(agreement(s, len(layout)), names, times_s, least_px=max(limit_px, 2.0)),
        unseen,
        tuple(layout.points[i] for i in unfound),
    )


def _unseen(layout: Layout, possible: Bool[np.ndarray, "frames points"]) -> tuple[str, ...]:
    """The parts that two cameras hardly ever see: absent, rather than full of holes."""
    parts = {part: list(points) for part, points in layout.parts.items() if points}
    absent = tuple(part for part, at in parts.items() if possible[:, at].mean() < 0.1)
    return absent if len(absent) < len(parts) else ()


def _point_report(
    name: str,
    times_s: np.ndarray,
    off: np.ndarray,
    off_mm: np.ndarray,
    error_m: np.ndarray,
    used: np.ndarray,
    seen: np.ndarray,
    there: np.ndarray,
    filled: np.ndarray,
) -> PointReport:
    known = there & ~filled
    step = float(np.median(np.diff(times_s))) if len(times_s) > 1 else 0.0
    gaps = [(end - start) * step for start, end in runs(~known)]
    return PointReport(
        name,
        _mean(off),
        _mean(off_mm),
        _median(error_m) * 1000,
        _mean(np.where(known, used.sum(0), np.nan)),
        float((seen.sum(0) == 1).mean()),
        float(1 - there.mean()),
        float(filled.mean()),
        max(gaps, default=0.0),
    )
