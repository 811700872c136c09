"""Somebody who stands before a camera for tests, and simple things to wear."""

from __future__ import annotations

import numpy as np

from studio.core.items import AnchorPoint, Item, ItemKind
from studio.core.types import Armature, Character, Frame, Material, Mesh, Part
from studio.human.rig import ACTIONS
from studio.live.wearing.limb_frames import FOOT_M, PALM, PALM_M
from studio.perception.faces.tracker import SeenFace
from studio.perception.wearers.average import average_head
from studio.perception.wearers.followed import SeenPoints
from studio.perception.wearers.head_pose import projected
from studio.perception.wearers.point_pose import towards
from studio.vision.one_view import assumed

SIZE = (320, 240)
VIEW_DEG = 55.0


def face_at(
    place_m: tuple[float, float, float], turn: np.ndarray | None = None, size: float = 1.0
) -> np.ndarray:
    """The points of an average face that stands so."""
    turn = np.eye(3) if turn is None else turn
    camera = assumed("cam", SIZE, VIEW_DEG)
    world = size * average_head().marks_m @ turn.T + np.array(place_m)
    flat = average_head().seen_m @ turn.T
    scale = size * camera.matrix[0, 0] / place_m[1]
    return np.column_stack([projected(world, camera), scale * flat[:, 1]])


class Crowd:
    """Faces that are where they are told to be, in place of the network that finds them."""

    def __init__(self, *faces: np.ndarray) -> None:
        self.faces = faces
        self.closed = False

    def find(self, rgb: np.ndarray, time_s: float) -> tuple[SeenFace, ...]:
        return tuple(SeenFace(face, np.zeros(len(ACTIONS))) for face in self.faces)

    def close(self) -> None:
        self.closed = True


def box(
    low: tuple[float, float, float], high: tuple[float, float, float]
) -> tuple[np.ndarray, np.ndarray]:
    """The corners and the triangles of a box."""
    corners = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)], float)
    quads = ((0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3))
    faces = [f for a, b, c, d in quads for f in ((a, b, c), (a, c, d))]
    return np.array(low) + corners * (np.array(high) - low), np.array(faces)


def item(
    kind: ItemKind,
    boxes: dict[AnchorPoint, list[tuple[tuple[float, ...], tuple[float, ...]]]],
    colour: tuple[float, float, float, float] = (0.9, 0.05, 0.05, 1.0),
) -> Item:
    """A thing made of boxes, each in metres of its anchor point."""
    parts = []
    for bone, each in enumerate(boxes.values()):
        for low, high in each:
            vertices, faces = box(low, high)  # type: ignore[arg-type]
            joints = np.zeros((len(vertices), 4), int)
            joints[:, 0] = bone
            weights = np.tile([1.0, 0, 0, 0], (len(vertices), 1))
            name = f"box {len(parts)}"
            parts.append(Part(name, Mesh(vertices, faces), Material(name, colour), joints, weights))
    count = len(boxes)
    armature = Armature(tuple(boxes), np.full(count, -1), np.tile(np.eye(4), (count, 1, 1)),
                        np.zeros((count, 3)))  # fmt: skip
    return Item(kind, kind, Character(kind, armature, tuple(parts)))


def glasses(wide_m: float = 0.14) -> Item:
    """A bar before the eyes, and two temples."""
    half = wide_m / 2
    return item(
        "glasses",
        {"eyes": [((-half, -0.02, -0.01), (half, -0.015, 0.01)),
                  ((-half, -0.02, -0.004), (0.006 - half, 0.11, 0.004)),
                  ((half - 0.006, -0.02, -0.004), (half, 0.11, 0.004))]},
    )  # fmt: skip


def grey(level: int = 110, time_s: float = 0.0) -> Frame:
    return Frame("cam", time_s, np.full((SIZE[1], SIZE[0], 3), level, np.uint8))


def seen_points(world_m: np.ndarray, sure: np.ndarray, side: str = "") -> SeenPoints:
    """What a network without error tells of points before the camera: their shape is as if they
    were straight ahead."""
    camera = assumed("cam", SIZE, VIEW_DEG)
    at = projected(world_m, camera)
    middle = world_m.mean(0)
    shape = (world_m - middle) @ towards(projected(middle[None], camera)[0], camera)
    depth = shape[:, 1] * camera.matrix[0, 0] / middle[1]
    return SeenPoints(np.column_stack([at, depth]), shape, sure, side)


def hand_at(frame: np.ndarray, side: str = "left", score: float = 0.95) -> SeenPoints:
    """A hand, of which the palm is true, where ``frame`` is that of its wrist's anchor point."""
    own = np.tile(PALM_M.mean(0), (21, 1))
    own[list(PALM)] = PALM_M
    own = own * (1.0 if side == "left" else -1.0, 1.0, 1.0)
    return seen_points(own @ frame[:3, :3].T + frame[:3, 3], np.full(21, score), side)


def body_at(place_m: tuple[float, float, float], turn: np.ndarray | None = None) -> SeenPoints:
    """An average adult who stands upright, feet ahead, the soles at ``place_m``, arms hanging."""
    turn = np.eye(3) if turn is None else turn
    own = np.zeros((33, 3))
    for k, sign in ((0, 1.0), (1, -1.0)):
        mirror = np.array([sign, 1.0, 1.0])
        sole = np.array([sign * 0.154, 0.0, 0.0])
        ankle, heel, toe, knee = sole + FOOT_M * mirror
        hip = np.array([sign * 0.1025, -0.03, knee[2] + 0.43])
        shoulder = np.array([sign * 0.1774, -0.03, hip[2] + 0.534])
        elbow, wrist = shoulder - (0, 0, 0.29), shoulder - (0, 0, 0.558)
        for joint, at in ((11, shoulder), (13, elbow), (15, wrist), (17, wrist), (19, wrist),
                          (21, wrist), (23, hip), (25, knee), (27, ankle), (29, heel),
                          (31, toe)):  # fmt: skip
            own[joint + k] = at
    own[:11] = (0.0, -0.17, own[11, 2] + 0.2)
    return seen_points(own @ turn.T + np.array(place_m), np.ones(33))


def frame_of(turn: np.ndarray, place_m: tuple[float, float, float]) -> np.ndarray:
    frame = np.eye(4)
    frame[:3, :3], frame[:3, 3] = turn, place_m
    return frame


class Points:
    """Bodies or hands that are where they are told to be, in place of the network."""

    def __init__(self, *seen: SeenPoints) -> None:
        self.seen = seen
        self.looked, self.closed = 0, False

    def find(self, rgb: np.ndarray, time_s: float) -> tuple[SeenPoints, ...]:
        self.looked += 1
        return self.seen

    def close(self) -> None:
        self.closed = True


def watch() -> Item:
    """A square ring about the wrist, of which one side is thick."""
    low, high = -0.005, 0.005
    return item(
        "watch",
        {"wrist.L": [((-0.034, -0.034, low), (0.034, -0.028, high)),
                     ((-0.034, 0.028, low), (0.034, 0.034, high)),
                     ((-0.034, -0.034, low), (-0.028, 0.034, high)),
                     ((0.028, -0.034, low), (0.034, 0.034, high))]},
    )  # fmt: skip
