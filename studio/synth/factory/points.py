"""The points of any layout on a posed person, and whether a camera sees them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from scipy.sparse import csr_matrix

from studio.core.types import Camera
from studio.human import marks
from studio.human.keypoints import family, offset, sources
from studio.human.layouts import layout
from studio.human.person import Shape, whole
from studio.human.rig import BONE_NAMES
from studio.synth.factory.shot import Points
from studio.vision.camera import project

_DEEP_M = {
    "shoulder": 0.11, "elbow": 0.085, "wrist": 0.06, "hip": 0.17, "knee": 0.10, "ankle": 0.085,
    "pelvis": 0.17, "neck": 0.12, "upper_neck": 0.12, "spine": 0.17, "head": 0.15, "heel": 0.06,
    "big_toe": 0.045, "small_toe": 0.045, "foot_index": 0.045, "head_top": 0.06, "ear": 0.03,
    "eye": 0.012, "nose": 0.012,
}  # fmt: skip
"""How deep under what is seen (skin, cloth, shoes, hair) a point may lie and still count as seen.
Points of hands lie 2.2 cm under it at most, points of the face 1 cm."""
_HAND_M, _FACE_M, _BONE_M = 0.022, 0.01, 0.12


@dataclass(frozen=True, eq=False)
class _Recipe:
    """Points as sums: of bones' heads and vertices, and of offsets that turn with bones."""

    heads: csr_matrix
    vertices: np.ndarray
    of_vertices: csr_matrix
    of_bones: csr_matrix
    offset_m: np.ndarray
    offset_bone: np.ndarray
    deep_m: np.ndarray


def _deep(point: str) -> float:
    side, _, rest = point.partition("_")
    if side in ("face", "mesh") or point.startswith("mouth"):
        return _FACE_M
    name = rest if side in ("left", "right") else point
    if name in _DEEP_M:
        return _DEEP_M[name]
    if name.startswith(("eye", "pupil")):
        return 0.012
    if point in BONE_NAMES:
        return _HAND_M if point.startswith("finger") else _BONE_M
    return _HAND_M


@cache
def _sums(name: str, marked: bool = True) -> _Recipe:
    of = layout(name)
    kind = family(of)
    as_marked = marked and name in marks.LAYOUTS
    bones: list[tuple[int, int, float]] = []
    skin: list[tuple[int, int, float]] = []
    offsets = np.zeros((len(of), 3))
    offset_bone = np.zeros(len(of), int)
    for row, point in enumerate(of.points):
        for weight, what, which in marks.sources(point) if as_marked else sources(point, kind):
            if what == "bone":
                bones.append((row, BONE_NAMES.index(str(which)), weight))
                offset_bone[row] = bones[-1][1]
            else:
                skin.append((row, int(which), weight))
        offsets[row] = marks.offset(point) if as_marked else offset(point, kind)
    used = np.unique([vertex for _, vertex, _ in skin] or [0])
    place = {int(v): k for k, v in enumerate(used)}
    shape = len(of), len(used)
    rows, columns, values = zip(*[(r, place[v], w) for r, v, w in skin] or [(0, 0, 0.0)],
                                strict=True)  # fmt: skip
    on_skin = csr_matrix((values, (rows, columns)), shape=shape)
    rows, columns, values = zip(*bones or [(0, 0, 0.0)], strict=True)
    on_bones = csr_matrix((values, (rows, columns)), shape=(len(of), len(BONE_NAMES)))
    deep = np.array([_deep(point) for point in of.points])
    return _Recipe(on_bones, used, on_skin, on_bones, offsets, offset_bone, deep)


@cache
def _reference() -> np.ndarray:
    """Every bone's axes in the reference pose (bones, 3, 3)."""
    with torch.no_grad():
        return whole().subset([0]).rest(Shape.of()).orientations.double().numpy()


def places_m(
    name: str, vertices_m: np.ndarray, bones_world: np.ndarray, marked: bool = True
) -> np.ndarray:
    """The points (points, 3) of a layout on a posed person (all base vertices, bones (b, 4, 4)).

    Those of MediaPipe's layouts lie where it marks them (:mod:`studio.human.marks`), without
    ``marked`` at the joints' centres, as in motions that were carried there.
    """
    sums = _sums(name, marked)
    found = sums.of_bones @ bones_world[:, :3, 3]
    found = found + sums.of_vertices @ vertices_m[sums.vertices]
    if np.any(sums.offset_m):
        turns = turns_of(bones_world)
        found = found + (turns[sums.offset_bone] @ sums.offset_m[..., None])[..., 0]
    return found


def turns_of(bones_world: np.ndarray) -> np.ndarray:
    """How each bone (bones, 4, 4) is turned from the reference pose (bones, 3, 3), world axes."""
    return bones_world[:, :3, :3] @ _reference().transpose(0, 2, 1)


def see(
    name: str,
    vertices_m: np.ndarray,
    bones_world: np.ndarray,
    camera: Camera,
    depth_m: np.ndarray,
) -> Points:
    """A layout's points in a picture whose depth map (as the lens bends it) is given."""
    places = places_m(name, vertices_m, bones_world)
    return Points(
        name,
        places.astype(np.float32),
        (at := in_picture(camera, places)).astype(np.float32),
        seen(camera, places, at, depth_m, _sums(name).deep_m),
    )


def in_picture(camera: Camera, places_m: np.ndarray) -> np.ndarray:
    """Pixels (n, 2); NaN for what is behind the camera."""
    ahead = places_m @ camera.rotation[2] + camera.translation_m[2] > 0.02
    return project(camera, np.where(ahead[:, None], places_m, np.nan))


def seen(
    camera: Camera, places: np.ndarray, at: np.ndarray, depth_m: np.ndarray, deep_m: np.ndarray
) -> np.ndarray:
    """Which points are in the picture and no deeper than ``deep_m`` behind what it shows there.

    Of the 3 x 3 pixels around a point the farthest counts, so that an edge does not hide it.
    """
    height, width = depth_m.shape
    whole_px = np.rint(np.nan_to_num(at, nan=-9.0)).clip(-9, max(height, width) + 9).astype(int)
    inside = ((whole_px >= 0) & (whole_px < [width, height])).all(axis=1)
    near = np.full(len(places), -np.inf)
    for dy in (-1, 0, 1):
        for dx in (-1, 0, 1):
            x = (whole_px[:, 0] + dx).clip(0, width - 1)
            y = (whole_px[:, 1] + dy).clip(0, height - 1)
            near = np.maximum(near, np.where(np.isfinite(depth_m[y, x]), depth_m[y, x], -np.inf))
    depth = places @ camera.rotation[2] + camera.translation_m[2]
    return inside & (depth - near < deep_m) & np.isfinite(near)
