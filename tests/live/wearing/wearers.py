"""Somebody who stands before a camera for tests, and simple things to wear."""

from __future__ import annotations

import numpy as np

from studio.core.items import AnchorPoint, Item, ItemKind
from studio.core.types import Armature, Character, Frame, Material, Mesh, Part
from studio.human.rig import ACTIONS
from studio.perception.faces.tracker import SeenFace
from studio.perception.wearers.average import average_head
from studio.perception.wearers.head_pose import projected
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
