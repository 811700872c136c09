"""The catalogue of keypoint layouts, in the official order of each.

Sources: OpenPose (BODY_25, BODY_25B, face 70), COCO and COCO-WholeBody, Halpe-FullBody,
MediaPipe's landmarkers, Human3.6M, DOPE (US 11494932), and the ``anny`` rig.
"""

from __future__ import annotations

from functools import cache

from studio.core.errors import StudioError
from studio.core.types import Layout
from studio.human import names
from studio.human.rig import BONE_NAMES, BONE_PARENTS

LEFT_HAND, RIGHT_HAND = names.hand("left"), names.hand("right")
HAND_BONES = (*names.hand_bones("left"), *names.hand_bones("right"))
DOPE_FACE_BONES = (*names.CONTOUR_BONES, *names.FACE_BONES[16:])
PUPILS = ("right_pupil", "left_pupil")


def _both(*points: str) -> tuple[str, ...]:
    return tuple(f"{side}_{point}" for point in points for side in ("left", "right"))


def _sided(side: str, *points: str) -> tuple[str, ...]:
    return tuple(f"{side}_{point}" for point in points)


_ARM, _LEG = ("shoulder", "elbow", "wrist"), ("hip", "knee", "ankle")
_FOOT = ("big_toe", "small_toe", "heel")

COCO_17 = ("nose", *_both("eye", "ear", *_ARM, *_LEG))
BODY_25 = (
    "nose", "neck", *_sided("right", *_ARM), *_sided("left", *_ARM),
    "pelvis", *_sided("right", *_LEG), *_sided("left", *_LEG),
    "right_eye", "left_eye", "right_ear", "left_ear",
    *_sided("left", *_FOOT), *_sided("right", *_FOOT),
)  # fmt: skip
BODY_25B = (*COCO_17, "upper_neck", "head_top", *_sided("left", *_FOOT), *_sided("right", *_FOOT))
HALPE_26 = (*COCO_17, "head_top", "neck", "pelvis", *_both(*_FOOT))
MEDIAPIPE_33 = (
    "nose", "left_eye_inner", "left_eye", "left_eye_outer",
    "right_eye_inner", "right_eye", "right_eye_outer", "left_ear", "right_ear",
    "mouth_left", "mouth_right",
    *_both(*_ARM, "pinky", "index", "thumb", *_LEG, "heel", "foot_index"),
)  # fmt: skip
H36M_17 = (
    "pelvis", *_sided("right", *_LEG), *_sided("left", *_LEG),
    "spine", "neck", "nose", "head_top", *_sided("left", *_ARM), *_sided("right", *_ARM),
)  # fmt: skip
_DOPE = ("ankle", "knee", "hip", "wrist", "elbow", "shoulder")
DOPE_13 = (*(f"{side}_{point}" for point in _DOPE for side in ("right", "left")), "head")
DOPE_LEFT_HAND, DOPE_RIGHT_HAND = names.dope_hand("left"), names.dope_hand("right")
DOPE_84 = (*names.CONTOUR_33, *names.FACE_68[17:])

_TABLE: dict[str, tuple[tuple[str, ...], names.Pairs]] = {
    "body_25": (BODY_25, names.NECK_BONES),
    "body_25b": (BODY_25B, names.BODY_25B_BONES),
    "halpe_26": (HALPE_26, names.NECK_BONES),
    "coco_17": (COCO_17, names.COCO_BONES),
    "coco_133": (
        (*COCO_17, *_sided("left", *_FOOT), *_sided("right", *_FOOT), *names.FACE_68,
         *LEFT_HAND, *RIGHT_HAND),
        (*names.COCO_BONES, *names.WRIST_BONES, *names.FACE_BONES, *HAND_BONES),
    ),
    "openpose_137": (
        (*BODY_25, *LEFT_HAND, *RIGHT_HAND, *names.FACE_68, *PUPILS),
        (*names.NECK_BONES, *names.WRIST_BONES, *HAND_BONES, *names.FACE_BONES),
    ),
    "mediapipe_33": (MEDIAPIPE_33, names.MEDIAPIPE_BONES),
    "hand_21": (LEFT_HAND, HAND_BONES),
    "left_hand_21": (LEFT_HAND, HAND_BONES),
    "right_hand_21": (RIGHT_HAND, HAND_BONES),
    "face_68": (names.FACE_68, names.FACE_BONES),
    "face_70": ((*names.FACE_68, *PUPILS), names.FACE_BONES),
    "dope_13": (DOPE_13, names.DOPE_BONES),
    "dope_hand_21": (DOPE_LEFT_HAND, HAND_BONES),
    "dope_right_hand_21": (DOPE_RIGHT_HAND, HAND_BONES),
    "dope_84": (DOPE_84, DOPE_FACE_BONES),
    "dope_139": (
        (*DOPE_13, *DOPE_LEFT_HAND, *DOPE_RIGHT_HAND, *DOPE_84),
        (*names.DOPE_BONES, *names.WRIST_BONES, *HAND_BONES, *DOPE_FACE_BONES),
    ),
    "h36m_17": (H36M_17, names.H36M_BONES),
}  # fmt: skip

LAYOUTS = (*_TABLE, "mediapipe_478", "whole_body", "anny_joints")
"""The names of Doppel's own layouts."""
_added: dict[str, Layout] = {}


def _part(point: str) -> str:
    if point in names.FEET:
        return "feet"
    if point in LEFT_HAND:
        return "left_hand"
    if point in RIGHT_HAND:
        return "right_hand"
    if point.startswith(names.FACE_PREFIXES) or point in PUPILS:
        return "face"
    return "body"


def _points_and_bones(name: str) -> tuple[tuple[str, ...], names.Pairs]:
    if name == "mediapipe_478":
        return names.MESH_478, names.mesh_bones()
    if name == "whole_body":
        return (
            (*MEDIAPIPE_33, *LEFT_HAND, *RIGHT_HAND, *names.MESH_478),
            (*names.MEDIAPIPE_BONES, *names.WRIST_BONES, *HAND_BONES, *names.mesh_bones()),
        )
    if name == "anny_joints":
        pairs = zip(BONE_PARENTS, BONE_NAMES, strict=True)
        return BONE_NAMES, tuple((BONE_NAMES[p], child) for p, child in pairs if p >= 0)
    return _TABLE[name]


def make(name: str, points: tuple[str, ...], bones: names.Pairs) -> Layout:
    """A layout of any points by name. Bones whose ends are not both there are left out."""
    at = {point: i for i, point in enumerate(points)}
    parts: dict[str, tuple[int, ...]] = {}
    for i, point in enumerate(points):
        parts[_part(point)] = (*parts.get(_part(point), ()), i)
    return Layout(
        name,
        points,
        tuple((at[a], at[b]) for a, b in bones if a in at and b in at),
        tuple(at.get(names.twin(point), i) for i, point in enumerate(points)),
        parts,
    )


def known() -> tuple[str, ...]:
    """The names of all layouts: Doppel's own, then those that were added."""
    return (*LAYOUTS, *_added)


def add_layout(name: str, points: tuple[str, ...], bones: names.Pairs) -> Layout:
    """Make another layout known, of points in order and bones by the names of their ends; the same
    one again is no other. Points named as in the catalogue are converted from and to the others.

    Raises StudioError if the name is taken by another layout, there are no points, two have the
    same name, or a bone's end is no point.
    """
    if not points or len(set(points)) < len(points):
        raise StudioError(
            f"The keypoint layout “{name}” needs points of different names.", "Name each once."
        )
    if lost := {end for bone in bones for end in bone} - set(points):
        raise StudioError(
            f"Bones of the keypoint layout “{name}” end at {', '.join(sorted(lost))}, which are no "
            "points of it.",
            "Name points of the layout.",
        )
    made = make(name, points, bones)
    before = _own(name) if name in LAYOUTS else _added.get(name, made)
    if before != made:
        raise StudioError(
            f"There is a keypoint layout “{name}” already.", "Give the new one another name."
        )
    if name not in LAYOUTS:
        _added[name] = made
    return made


def layout(name: str) -> Layout:
    """The layout of that name. Raises StudioError for a name that is not in the catalogue.

    ``hand_21`` is one hand whose side does not matter (its points are named as a left hand), and
    so is ``dope_hand_21``, in DOPE's order; ``dope_84`` is a contour of 33 points and iBUG's inner
    51; ``dope_139`` is DOPE's body 13, left hand, right hand and face 84;
    ``whole_body`` is MediaPipe's body 33, left hand 21, right hand 21 and face 478, in this
    order; ``openpose_137`` is BODY_25, left hand, right hand, face 70.
    """
    if name in _added:
        return _added[name]
    if name not in LAYOUTS:
        raise StudioError(
            f"“{name}” is not a keypoint layout Doppel knows.", f"There are: {', '.join(known())}."
        )
    return _own(name)


@cache
def _own(name: str) -> Layout:
    return make(name, *_points_and_bones(name))
