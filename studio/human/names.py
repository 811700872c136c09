"""The names of keypoints, and what joins them: the parts from which layouts are put together.

Body points are named ``left_knee``; hand points ``left_index_pip``; the 68 iBUG face points
``face_0`` ... ``face_67``; those of DOPE's contour between them ``contour_1``, ``contour_3`` ...
``contour_31``; MediaPipe's 478 face points ``mesh_0`` ... ``mesh_477``. Left is the person's left.
"""

from __future__ import annotations

import itertools
import json
from functools import cache
from pathlib import Path

Pairs = tuple[tuple[str, str], ...]

FINGERS = ("thumb", "index", "middle", "ring", "pinky")
HAND = (
    "hand_wrist",
    "thumb_cmc", "thumb_mcp", "thumb_ip", "thumb_tip",
    *(f"{f}_{j}" for f in FINGERS[1:] for j in ("mcp", "pip", "dip", "tip")),
)  # fmt: skip
FACE_68 = tuple(f"face_{i}" for i in range(68))
CONTOUR_33 = tuple(f"contour_{i}" if i % 2 else f"face_{i // 2}" for i in range(33))
"""The jaw line from the right ear over the chin to the left: iBUG's 17 points and those between."""
MESH_478 = tuple(f"mesh_{i}" for i in range(478))
FACE_PREFIXES = ("face_", "contour_", "mesh_")
FEET = frozenset(
    f"{side}_{point}"
    for side in ("left", "right")
    for point in ("big_toe", "small_toe", "heel", "foot_index")
)


def hand(side: str) -> tuple[str, ...]:
    """The 21 points of the ``left`` or ``right`` hand, wrist first, thumb to little finger."""
    return tuple(f"{side}_{point}" for point in HAND)


def dope_hand(side: str) -> tuple[str, ...]:
    """A hand in DOPE's order: the wrist, where the five fingers begin, then three a finger."""
    points = hand(side)
    return (points[0], *points[1::4], *(p for k in range(5) for p in points[4 * k + 2 : 4 * k + 5]))


def hand_bones(side: str) -> Pairs:
    """What joins the points of a hand."""
    points = hand(side)
    return tuple((points[0 if i % 4 == 1 else i - 1], points[i]) for i in range(1, 21))


def _both(*bones: tuple[str, str]) -> Pairs:
    sided = (tuple(p.replace("*", s) for p in bone) for bone in bones for s in ("left", "right"))
    return tuple(dict.fromkeys((a, b) for a, b in sided))


_LIMBS = _both(
    ("*_shoulder", "*_elbow"), ("*_elbow", "*_wrist"),
    ("*_hip", "*_knee"), ("*_knee", "*_ankle"),
    ("*_ankle", "*_heel"), ("*_ankle", "*_big_toe"), ("*_big_toe", "*_small_toe"),
)  # fmt: skip
_TRUNK_BOX = (("left_hip", "right_hip"), ("left_shoulder", "right_shoulder"),
              *_both(("*_hip", "*_shoulder")))  # fmt: skip
_FACE = _both(("nose", "*_eye"), ("*_eye", "*_ear"))

COCO_BONES: Pairs = (*_TRUNK_BOX, *_LIMBS, *_FACE)
"""Bones of COCO-like bodies; a layout takes those whose two points it has."""

NECK_BONES: Pairs = (
    *_LIMBS, *_FACE, *_both(("pelvis", "*_hip"), ("neck", "*_shoulder")),
    ("pelvis", "neck"), ("neck", "nose"), ("neck", "head_top"),
)  # fmt: skip

BODY_25B_BONES: Pairs = (*COCO_BONES, *_both(("*_shoulder", "upper_neck")),
                         ("upper_neck", "nose"), ("upper_neck", "head_top"))  # fmt: skip

MEDIAPIPE_BONES: Pairs = (
    *_TRUNK_BOX, *_LIMBS,
    *_both(
        ("*_ankle", "*_foot_index"), ("*_heel", "*_foot_index"),
        ("*_wrist", "*_pinky"), ("*_wrist", "*_index"), ("*_wrist", "*_thumb"),
        ("*_pinky", "*_index"), ("nose", "*_eye_inner"), ("*_eye_inner", "*_eye"),
        ("*_eye", "*_eye_outer"), ("*_eye_outer", "*_ear"),
    ),
    ("mouth_left", "mouth_right"),
)  # fmt: skip

H36M_BONES: Pairs = (
    *_LIMBS, *_both(("pelvis", "*_hip"), ("neck", "*_shoulder")),
    ("pelvis", "spine"), ("spine", "neck"), ("neck", "nose"), ("nose", "head_top"),
)  # fmt: skip

DOPE_BONES: Pairs = (*_TRUNK_BOX, *_LIMBS, *_both(("*_shoulder", "head")))

WRIST_BONES: Pairs = _both(("*_wrist", "*_hand_wrist"))


def _chain(*runs: tuple[int, int], rings: tuple[tuple[int, int], ...] = ()) -> Pairs:
    lines = [(i, i + 1) for first, last in (*runs, *rings) for i in range(first, last)]
    lines += [(last, first) for first, last in rings]
    return tuple((f"face_{a}", f"face_{b}") for a, b in lines)


CONTOUR_BONES: Pairs = tuple(itertools.pairwise(CONTOUR_33))
FACE_BONES: Pairs = _chain(
    (0, 16), (17, 21), (22, 26), (27, 30), (31, 35),
    rings=((36, 41), (42, 47), (48, 59), (60, 67)),
)  # fmt: skip


def _face_mirror() -> dict[str, str]:
    pairs = [(i, 16 - i) for i in range(17)] + [(i, 43 - i) for i in range(17, 27)]
    pairs += [(i, i) for i in range(27, 31)] + [(i, 66 - i) for i in range(31, 36)]
    pairs += [(36, 45), (37, 44), (38, 43), (39, 42), (40, 47), (41, 46)]
    pairs += [(i, 102 - i) for i in range(48, 55)] + [(i, 114 - i) for i in range(55, 60)]
    pairs += [(i, 124 - i) for i in range(60, 65)] + [(i, 132 - i) for i in range(65, 68)]
    both = dict(pairs) | {b: a for a, b in pairs}
    contour = {f"contour_{i}": f"contour_{32 - i}" for i in range(1, 33, 2)}
    return contour | {f"face_{a}": f"face_{b}" for a, b in both.items()}


@cache
def _mesh() -> dict[str, list[int] | list[list[int]]]:
    return json.loads((Path(__file__).parent / "face_mesh.json").read_text("utf-8"))


@cache
def mesh_bones() -> Pairs:
    """The contours of MediaPipe's face mesh: lips, eyes, brows, nose, oval, irises."""
    return tuple((f"mesh_{a}", f"mesh_{b}") for a, b in _mesh()["bones"])  # pyright: ignore


@cache
def _twins() -> dict[str, str]:
    mesh = {f"mesh_{a}": f"mesh_{b}" for a, b in enumerate(_mesh()["mirror"])}
    return _face_mirror() | mesh


def twin(point: str) -> str:
    """The name of a point's left-right twin; its own name on the midline."""
    if point in _twins():
        return _twins()[point]
    if point.endswith((".L", ".R")):
        return point[:-1] + ("R" if point.endswith("L") else "L")
    swap = {"left": "right", "right": "left"}
    return "_".join(swap.get(word, word) for word in point.split("_"))


def face_vertices(point: str) -> tuple[int, ...]:
    """The hm08 vertices whose mean is a face point (``face_3``, ``contour_3``, ``mesh_3``).

    A vertex that weighs more is there more than once. Every point has its mirror image's mirror
    vertices. iBUG's contour runs over the jaw's edge, from in front of the ear to the chin, evenly.
    """
    kind, _, number = point.partition("_")
    table = _mesh()[{"mesh": "vertices", "face": "vertices_68"}.get(kind, kind)]
    return tuple(table[int(number)])  # pyright: ignore
