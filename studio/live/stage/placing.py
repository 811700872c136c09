"""Where the camera stands that sees the avatar: before it, or such that it covers a face."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from studio.core.types import Camera, Character, Posed
from studio.document.stage import AvatarLayer
from studio.media.formats.avatar import Avatar

AHEAD = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
"""World to camera of a level camera that looks along +Y."""
FOCAL = 1.7
"""Focal length in heights of the picture: a portrait's, not a webcam's."""
EXTENT = {"head": 1.75, "bust": 2.7}
"""How much is seen, in heights of the head."""
_BELOW = {"head": 0.06, "bust": 0.42}
COVERS = 1.1
"""An avatar over a face is so much larger, to cover it."""
_HEAD_M, _EYES_M = 0.23, 0.063
RIGHT_IRIS, LEFT_IRIS = 468, 473


@dataclass(frozen=True)
class Head:
    """An avatar's head at rest (metres): its bone, where its eyes' middle is, how far its eyes are
    apart, how tall it is."""

    bone: int
    eyes_m: np.ndarray
    apart_m: float
    height_m: float
    lowest_m: float
    highest_m: float


def head_of(avatar: Avatar) -> Head:
    """Measures an avatar's head, by its eyes' bones or by its shape."""
    armature = avatar.character.armature
    bone = avatar.bones.get("head", 0)
    heads = armature.rest_world[:, :3, 3]
    own = _skin_of(avatar.character, bone)
    every = np.concatenate([part.mesh.vertices_m for part in avatar.character.parts])
    low, high = float(every[:, 2].min()), float(every[:, 2].max())
    start = heads[bone] if len(heads) else np.zeros(3)
    top = float(own[:, 2].max()) if len(own) else high
    tall = max(1.2 * (top - start[2]), 0.05) if len(own) else _HEAD_M
    eyes = [avatar.bones[k] for k in ("leftEye", "rightEye") if k in avatar.bones]
    if len(eyes) == 2:
        middle = heads[eyes].mean(0)
        apart = float(np.linalg.norm(heads[eyes[0]] - heads[eyes[1]]))
        if apart > 0.01:
            return Head(bone, middle, apart, tall, low, high)
    front = float(own[:, 1].min()) if len(own) else start[1]
    middle = np.array([start[0], front + 0.1 * tall, start[2] + 0.45 * (top - start[2])])
    return Head(bone, middle, tall * _EYES_M / _HEAD_M, tall, low, high)


def _skin_of(character: Character, bone: int) -> np.ndarray:
    """The vertices that go with a bone or with those below it."""
    parents = character.armature.parents.tolist()
    below = {bone}
    for k, parent in enumerate(parents):
        if parent in below:
            below.add(k)
    out = [
        part.mesh.vertices_m[(np.isin(part.joints, list(below)) * part.weights).sum(1) > 0.5]
        for part in character.parts
    ]
    return np.concatenate(out) if out else np.zeros((0, 3))


def free_camera(head: Head, layer: AvatarLayer, size_px: tuple[int, int]) -> Camera:
    """A camera before the avatar that shows as much of it as the layer says."""
    width, height = size_px
    if layer.framing == "body":
        extent = 1.12 * (head.highest_m - head.lowest_m)
        centre = (head.highest_m + head.lowest_m) / 2
    else:
        extent = EXTENT[layer.framing] * head.height_m
        centre = head.eyes_m[2] - _BELOW[layer.framing] * head.height_m
    extent /= layer.zoom
    focal = FOCAL * height
    away = FOCAL * extent
    at = np.array([head.eyes_m[0], head.eyes_m[1] - away, centre])
    at[0] -= layer.across * extent
    at[2] -= layer.up * extent
    return _camera(size_px, focal, at, (width - 1) / 2, (height - 1) / 2)


def face_camera(
    head: Head, posed: Posed, eyes_px: tuple[float, float], apart_px: float, layer: AvatarLayer,
    size_px: tuple[int, int],
) -> Camera:  # fmt: skip
    """A camera that sees the avatar's eyes where the person's are, and a little further apart.

    ``eyes_px`` is the middle of the eyes on the stage; ``apart_px`` how far apart they are, not
    foreshortened. It looks straight ahead: the head's turn is the performance's.
    """
    rest = posed.character.armature.rest_world[head.bone]
    carry = posed.bones_world[head.bone] @ np.linalg.inv(rest)
    eyes = carry[:3, :3] @ head.eyes_m + carry[:3, 3]
    focal = FOCAL * size_px[1]
    away = focal * head.apart_m / max(COVERS * apart_px * layer.zoom, 1e-3)
    u = eyes_px[0] + layer.across * size_px[1]
    v = eyes_px[1] - layer.up * size_px[1]
    return _camera(size_px, focal, eyes - (0, away, 0), u, v)


def eyes_in(face_px: np.ndarray) -> tuple[tuple[float, float], float]:
    """The middle of a face's irises in its picture, and how far they are apart, in pixels."""
    right, left = face_px[RIGHT_IRIS], face_px[LEFT_IRIS]
    middle = (right + left) / 2
    return (float(middle[0]), float(middle[1])), float(np.linalg.norm(left - right))


def _camera(
    size_px: tuple[int, int], focal: float, at: np.ndarray, u: float, v: float
) -> Camera:  # fmt: skip
    matrix = np.array([[focal, 0, u], [0, focal, v], [0, 0, 1.0]])
    return Camera("stage", size_px, matrix, np.zeros(0), AHEAD, -AHEAD @ at)
