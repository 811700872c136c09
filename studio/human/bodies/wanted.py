"""What a photograph's points ask of a person: which are used, and how far each is believed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from studio.core.types import Camera, Layout
from studio.human.bodies.fitted import BodyPhoto
from studio.human.bodies.solve import Depths, Wanted
from studio.human.catalogue import make
from studio.human.descent import Target
from studio.human.names import hand
from studio.human.observe import RIGID_FACE
from studio.human.solver import Kinematics, Poses
from studio.vision.camera import project
from studio.vision.one_view import assumed

BODY, LIMBS = 33, 11
"""How many points a body has; the first of them are the head's."""
FIELD_DEG = 42.0
"""The field of view, along the longer side, that photographs of people usually have."""
NEAR_M = 2.6
"""Nearer than this whole people are hardly ever photographed."""
_OFF, _HAND_OFF, _FACE_OFF, _CORRECTED_OFF = 0.011, 0.008, 0.004, 0.003
"""How far points are off, usually, by the person's height in the picture."""
_FACE_DEEP_M = 0.008
_LEAST, _SURE = 0.15, 0.5
_OF_HEAD = ("nose", "eye", "ear", "mouth")
_ROUGH = {"pinky": 3.0, "index": 3.0, "thumb": 3.0, "foot_index": 1.5, "heel": 1.5, "hip": 1.4}
_DEEP = (
    ("shoulder", "elbow", 0.06), ("elbow", "wrist", 0.06), ("hip", "knee", 0.10),
    ("knee", "ankle", 0.10), ("heel", "foot_index", 0.05), ("shoulder", "hip", 0.10),
)  # fmt: skip
"""Limbs of which a network tells how they lead ahead, and how far that is off, usually (metres)."""
_ACROSS = (("shoulder", 0.04), ("hip", 0.03), ("ankle", 0.10))
_WEIGHT = (("hip", 0.25), ("shoulder", 0.25), ("heel", -0.25), ("foot_index", -0.25))
_LEGS, _BENT_DEG = 0.3, 130.0
"""Who stands has legs at least so long in the picture, by the person's size, and one knee at least
that is straighter, as a network guesses it."""
_CONFIDENT_HAND = 0.35


def used_points(photos: Sequence[BodyPhoto]) -> tuple[Layout, bool]:
    """The points that are fitted in these photographs, and whether hands are seen in any."""
    hands = [side for side in ("left", "right") if any(_handed(p, side) for p in photos)]
    return points_with(photos[0].keypoints.layout, hands), bool(hands)


def points_with(whole: Layout, hands: Sequence[str]) -> Layout:
    """A layout's points of body and head, and of the hands of these sides."""
    names = [*whole.points[:BODY], *[p for p in whole.points if p in RIGID_FACE]]
    names += [point for side in hands for point in hand(side)]
    return make(whole.name, tuple(names), ())


def _handed(photo: BodyPhoto, side: str) -> bool:
    at = [photo.keypoints.layout.index(point) for point in hand(side)]
    return float(photo.keypoints.confidence[at].mean()) > _CONFIDENT_HAND


def size_px(photo: BodyPhoto) -> float:
    """How large the person is in the picture: the longer side of its points' box."""
    xy = photo.keypoints.xy_px[:BODY]
    sure = photo.keypoints.confidence[:BODY] > _LEAST
    return float(np.ptp(xy[sure] if sure.sum() >= 4 else xy, axis=0).max())


def camera_of(photo: BodyPhoto, height_m: float) -> Camera:
    """The photograph's camera: the calibrated one, or a level one with the lens that the file tells
    or that is usual, from no nearer than people are photographed."""
    if photo.camera is not None:
        return photo.camera
    level = assumed(photo.name, photo.size_px, FIELD_DEG)
    if photo.focal_px is not None:
        focal = photo.focal_px
    else:
        focal = max(float(level.matrix[0, 0]), NEAR_M * size_px(photo) / (0.9 * height_m))
    matrix = level.matrix.copy()
    matrix[0, 0] = matrix[1, 1] = focal
    return Camera(
        photo.name, photo.size_px, matrix, level.distortion, level.rotation, level.translation_m
    )


def wanted(photo: BodyPhoto, camera: Camera, layout: Layout, height_m: float) -> Wanted:
    """What a photograph asks of the points of a layout."""
    whole, confidence = photo.keypoints.layout, photo.keypoints.confidence
    at = np.array([whole.index(name) for name in layout.points])
    xy, sure = photo.keypoints.xy_px[at].copy(), confidence[at].copy()
    meshed = photo.face_px is not None
    if photo.face_px is not None:
        for row, name in enumerate(layout.points):
            if name in RIGID_FACE:
                xy[row], sure[row] = photo.face_px[int(name.partition("_")[2]), :2], 1.0
    tall = size_px(photo)
    off = np.array([_off(name, meshed, layout.points) for name in layout.points])
    for row, name in enumerate(layout.points):
        if name in photo.corrected:
            off[row], sure[row] = _CORRECTED_OFF, 1.0
    seen = np.isfinite(xy).all(1) & (sure > _LEAST)
    for side in ("left", "right"):
        rows = [layout.index(p) for p in hand(side) if p in layout.points]
        if rows and not _handed(photo, side):
            seen[rows] = False
    say = np.where(seen, np.clip(sure / _SURE, 0, 1) / (off * tall), 0.0)
    depths = [*_body_depths(photo, layout, say), *_face_depths(photo, layout, height_m / tall)]
    stands = _balance(photo, layout)
    return Wanted(camera, np.nan_to_num(xy), say, tuple(depths), balance=stands,
                  level=stands is not None,
                  tilts=photo.camera is None and stands is not None)  # fmt: skip


def _off(name: str, meshed: bool, points: Sequence[str]) -> float:
    if name in RIGID_FACE:
        return _FACE_OFF
    side, _, rest = name.partition("_")
    if name.startswith(("mouth", "nose")) or rest.startswith(_OF_HEAD):
        return np.inf if meshed else 2 * _OFF if "ear" in name else _OFF
    if rest in ("pinky", "index", "thumb") and f"{side}_hand_wrist" in points:
        return np.inf
    if side in ("left", "right") and name in hand(side):
        return _HAND_OFF
    return _OFF * _ROUGH.get(rest, 1.0)


def _body_depths(photo: BodyPhoto, layout: Layout, say: np.ndarray) -> list[Depths]:
    if photo.space_m is None:
        return []
    space, points = photo.space_m, photo.keypoints.layout
    pairs = [(f"{side}_{a}", f"{side}_{b}", off) for side in ("left", "right")
             for a, b, off in _DEEP]  # fmt: skip
    pairs += [(f"left_{joint}", f"right_{joint}", off) for joint, off in _ACROSS]
    found: list[Depths] = []
    for a, b, off in pairs:
        rows = np.array([layout.index(a), layout.index(b)])
        if (say[rows] > 0).all():
            ahead = space[[points.index(a), points.index(b)], 2]
            found.append(Depths(rows, ahead, off / np.sqrt(2)))
    return found


def _balance(photo: BodyPhoto, layout: Layout) -> np.ndarray | None:
    """Which points, times what, lie above one another where somebody stands on their feet."""
    xy, points = photo.keypoints.xy_px, photo.keypoints.layout
    out = np.zeros(len(layout))
    for side in ("left", "right"):
        legs = xy[points.index(f"{side}_ankle"), 1] - xy[points.index(f"{side}_hip"), 1]
        if legs < _LEGS * size_px(photo):
            return None
        for joint, share in _WEIGHT:
            out[layout.index(f"{side}_{joint}")] = share
    return None if _sits(photo) else out


def _sits(photo: BodyPhoto) -> bool:
    """Whether somebody bends both knees far: who sits need not be upright above their feet."""
    if photo.space_m is None:
        return False
    at = photo.keypoints.layout.index
    knees: list[float] = []
    for side in ("left", "right"):
        hip, knee, ankle = (photo.space_m[at(f"{side}_{j}")] for j in ("hip", "knee", "ankle"))
        thigh, shank = hip - knee, ankle - knee
        across = np.linalg.norm(thigh) * np.linalg.norm(shank)
        turn = np.arccos(np.clip(thigh @ shank / max(across, 1e-9), -1, 1))
        knees.append(float(np.degrees(turn)))
    return max(knees) < _BENT_DEG


def _face_depths(photo: BodyPhoto, layout: Layout, pixel_m: float) -> list[Depths]:
    if photo.face_px is None:
        return []
    rows = np.array([row for row, name in enumerate(layout.points) if name in RIGID_FACE])
    marks = [int(layout.points[row].partition("_")[2]) for row in rows]
    return [Depths(rows, photo.face_px[marks, 2] * pixel_m, _FACE_DEEP_M)] if len(rows) else []


def in_space(
    photo: BodyPhoto, camera: Camera, layout: Layout, kinematics: Kinematics
) -> Target | None:
    """The body's points as a network guesses them in 3D, turned into the world, to begin with;
    None where it does not."""
    if photo.space_m is None:
        return None
    count = kinematics.landmarks.count
    xyz, weight = np.zeros((1, count, 3)), np.zeros((1, count))
    world: Float[np.ndarray, "33 3"] = photo.space_m @ camera.rotation
    sure = photo.keypoints.confidence
    for row, name in enumerate(layout.points):
        at = photo.keypoints.layout.index(name)
        if at < BODY and not name.endswith(("pinky", "index", "thumb")):
            xyz[0, row], weight[0, row] = world[at], sure[at] / 0.04
    return Target(xyz, weight)


def off_px(pose: Poses, kinematics: Kinematics, ask: Wanted) -> float:
    """How far the points of body and feet are off on average (pixels)."""
    xy = project(ask.camera, kinematics.points(pose)[0][: len(ask.xy_px)])
    body = np.flatnonzero(ask.say[:BODY] > 0)
    body = body[body >= LIMBS]
    return float(np.nanmean(np.linalg.norm(xy[body] - ask.xy_px[body], axis=1)))
