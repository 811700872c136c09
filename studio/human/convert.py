"""From one keypoint layout to another, and from marker names to a layout."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np

from studio.core.errors import StudioError
from studio.core.types import Crowd, Detections, Keypoints, Layout
from studio.human.catalogue import known, layout
from studio.human.names import FACE_68

# MediaPipe mesh points that lie where the 68 iBUG points are.
_MESH_OF_FACE = (
    127, 93, 132, 58, 172, 136, 150, 176, 152, 400, 379, 365, 397, 288, 361, 323, 356,
    70, 63, 105, 66, 107, 336, 296, 334, 293, 300, 168, 197, 5, 4, 75, 97, 2, 326, 305,
    33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380,
    61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181,
    78, 81, 13, 311, 308, 402, 14, 178,
)  # fmt: skip

_BOTH: dict[str, tuple[tuple[str, ...], ...]] = {
    "*_eye": (("*_pupil",), ("*_eye_inner", "*_eye_outer")),
    "*_wrist": (("*_hand_wrist",), ("wrist.#",)),
    "*_hand_wrist": (("*_wrist",),),
    "*_big_toe": (("*_foot_index",),),
    "*_foot_index": (("*_big_toe",),),
    "*_shoulder": (("upperarm01.#",),),
    "*_elbow": (("lowerarm01.#",),),
    "*_hip": (("upperleg01.#",),),
    "*_knee": (("lowerleg01.#",),),
    "*_ankle": (("foot.#",),),
    "*_index": (("*_index_mcp",),),
    "*_pinky": (("*_pinky_mcp",),),
    "*_thumb": (("*_thumb_ip",),),
}

DERIVED: dict[str, tuple[tuple[str, ...], ...]] = {
    name.replace("*", side): tuple(
        tuple(p.replace("*", side).replace("#", side[0].upper()) for p in points) for points in ways
    )
    for side in ("left", "right")
    for name, ways in _BOTH.items()
} | {
    "pelvis": (("left_hip", "right_hip"),),
    "neck": (("left_shoulder", "right_shoulder"),),
    "upper_neck": (("left_shoulder", "right_shoulder", "left_ear", "right_ear"),),
    "spine": (("pelvis", "neck"),),
    "head": (("left_ear", "right_ear"), ("nose",)),
    "nose": (("mesh_4",), ("face_30",)),
    "mouth_left": (("mesh_291",), ("face_54",)),
    "mouth_right": (("mesh_61",), ("face_48",)),
    "left_eye_inner": (("mesh_362",), ("face_42",)),
    "left_eye_outer": (("mesh_263",), ("face_45",)),
    "right_eye_inner": (("mesh_133",), ("face_39",)),
    "right_eye_outer": (("mesh_33",), ("face_36",)),
    "left_pupil": (("mesh_473",), ("left_eye",)),
    "right_pupil": (("mesh_468",), ("right_eye",)),
    **{f"contour_{i}": ((f"face_{i // 2}", f"face_{i // 2 + 1}"),) for i in range(1, 33, 2)},
    **{face: ((f"mesh_{mesh}",),) for face, mesh in zip(FACE_68, _MESH_OF_FACE, strict=True)},
}
"""How a point is made of others: ways to try in order; a way is the mean of its points."""


def _weights(point: str, source: Layout, seen: frozenset[str] = frozenset()) -> dict[int, float]:
    """The source points, with weights, of which ``point`` is the mean; empty if impossible."""
    if point in source.points:
        return {source.index(point): 1.0}
    for way in DERIVED.get(point, ()):
        if seen & set(way):
            continue
        found = [_weights(p, source, seen | {point}) for p in way]
        if all(found):
            mean: dict[int, float] = {}
            for part in found:
                for i, weight in part.items():
                    mean[i] = mean.get(i, 0.0) + weight / len(found)
            return mean
    return {}


def conversion(source: Layout | str, target: Layout | str) -> np.ndarray:
    """The matrix (target points, source points) of :func:`convert`; missing points are NaN rows."""
    source = layout(source) if isinstance(source, str) else source
    target = layout(target) if isinstance(target, str) else target
    matrix = np.zeros((len(target), len(source)))
    for row, point in enumerate(target.points):
        weights = _weights(point, source)
        if not weights:
            matrix[row] = np.nan
        for column, weight in weights.items():
            matrix[row, column] = weight
    return matrix


def convert(points: np.ndarray, source: Layout | str, target: Layout | str) -> np.ndarray:
    """Points (..., source points, dims) in another layout, by names; missing ones are NaN.

    Points that the source lacks are derived where that is meaningful: the pelvis is the mean of
    the hips, the neck that of the shoulders, iBUG points are picked from the face mesh.
    """
    matrix = conversion(source, target)
    used = np.nan_to_num(matrix)
    needs = used > 0
    known = np.isfinite(points).all(-1)
    missing = ((~known).astype(float)[..., None, :] @ needs.T.astype(float))[..., 0, :] > 0
    moved = used @ np.nan_to_num(points)
    moved[missing | np.isnan(matrix).any(1)] = np.nan
    return moved


Found = TypeVar("Found", Keypoints, Detections, Crowd)


def in_layout(found: Found, wanted: Layout) -> Found:
    """2D keypoints of a moment, a take or a crowd in another layout; what it lacks is not seen."""
    told = np.concatenate([found.xy_px, found.confidence[..., None]], -1)
    told = convert(told, found.layout, wanted)
    xy, sure = told[..., :2], np.nan_to_num(told[..., 2])
    return replace(found, layout=wanted, xy_px=xy, confidence=sure)


_WORDS = {"l": "left", "r": "right", "mid": "middle", "little": "pinky"}
_SAME = {
    "hip": "pelvis", "mid_hip": "pelvis", "middle_hip": "pelvis", "c_hip": "pelvis",
    "head": "head_top", "top_head": "head_top", "thorax": "neck",
    "left_bigtoe": "left_big_toe", "right_bigtoe": "right_big_toe",
    "left_smalltoe": "left_small_toe", "right_smalltoe": "right_small_toe",
}  # fmt: skip


def plain_name(marker: str) -> str:
    """A marker's name in the catalogue's spelling: ``RBigToe`` is ``right_big_toe``."""
    if marker.endswith((".L", ".R")) or marker in layout("anny_joints").points:
        return marker
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[LR])(?=[A-Z][a-z])|[\s.\-]+", "_", marker)
    spelled = "_".join(_WORDS.get(w, w) for w in words.lower().split("_") if w)
    return _SAME.get(spelled, spelled)


def match(names: Sequence[str], target: Layout) -> tuple[int | None, ...]:
    """For every point of ``target``, the position of its marker in ``names`` (None: absent)."""
    plain = [plain_name(name) for name in names]
    at: dict[str, int] = {}
    for i, name in enumerate(plain):
        at.setdefault(name, i)
    alternatives = {"upper_neck": "neck", "head": "head_top"}

    def find(point: str) -> int | None:
        return at.get(point, at.get(alternatives.get(point, "")))

    return tuple(find(point) for point in target.points)


def layout_of(names: Sequence[str]) -> Layout:
    """The catalogue's layout that markers of these names most likely have.

    The layout that holds most of the names wins, and among those the smallest. Raises
    StudioError when fewer than half of the names, or fewer than six, are known.
    """
    best = layout("coco_17")
    score = (-1, 0)
    for candidate in map(layout, known()):
        found = sum(position is not None for position in match(names, candidate))
        if (found, -len(candidate)) > score:
            best, score = candidate, (found, -len(candidate))
    if score[0] < max(6, len(names) / 2):
        raise StudioError(
            f"Only {max(score[0], 0)} of the {len(names)} markers have names Doppel knows.",
            "Rename them like RHip, LKnee, Nose, or choose the keypoint layout yourself.",
        )
    return best
