"""The heads that hats are made for, as one convex solid in the frame of the head's anchor point.

It holds the skulls of adults of several builds, each scaled to the reference size, so that what
fits it covers the scalp of all of them.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import torch
from scipy.spatial import ConvexHull

from studio.human.anchors import REFERENCE_M
from studio.human.names import face_vertices
from studio.human.person import Shape, whole
from studio.human.rig import BONE_NAMES

CENTRE_M = np.array([0.0, 0.024, 0.030])
"""The middle of the head, from the middle between the ears."""
_BUILDS: tuple[dict[str, float], ...] = (
    {}, {"gender": 0.0, "muscle": 0.7}, {"gender": 1.0, "weight": 0.4}, {"age": 0.5},
    {"african": 1.0, "asian": 0.0, "caucasian": 0.0}, {"african": 0.0, "asian": 1.0,
                                                       "caucasian": 0.0},
    {"african": 0.0, "asian": 0.0, "caucasian": 1.0}, {"age": 0.95, "weight": 0.7},
)  # fmt: skip
_BELOW_M, _EARS_M, _BESIDE_M, _BROW_M = -0.030, 0.034, 0.0755, 0.036


@cache
def planes() -> tuple[np.ndarray, np.ndarray]:
    """The solid's faces: their normals (faces, 3), and how far each is from the middle."""
    person = whole()
    strongest = person.bones.numpy()[np.arange(len(person.ids)), person.weights.numpy().argmax(1)]
    own = np.flatnonzero(strongest[:13_380] == BONE_NAMES.index("head"))
    tragi = [face_vertices(f"mesh_{number}") for number in (454, 234)]
    few = person.subset(np.array([*own, *tragi[0], *tragi[1]]))
    points: list[np.ndarray] = []
    for build in _BUILDS:
        with torch.no_grad():
            skin = few.rest(Shape.of(None, **build), actions=False).vertices_m.numpy()
        left, right = skin[-4:-2].mean(0), skin[-2:].mean(0)
        scale = REFERENCE_M["head"] / np.linalg.norm(left - right)
        head = (skin[:-4] - 0.5 * (left + right)) * scale
        ear = (head[:, 2] < _EARS_M) & (np.abs(head[:, 0]) > _BESIDE_M)
        face = (head[:, 2] < _BROW_M) & (head[:, 1] < 0.0)
        points.append(head[(head[:, 2] > _BELOW_M) & ~ear & ~face] - CENTRE_M)
    hull = ConvexHull(np.concatenate(points))
    return hull.equations[:, :3], -hull.equations[:, 3]


def reach(start: np.ndarray, way: np.ndarray) -> np.ndarray:
    """How far it is from points in the solid (..., 3) along unit vectors to its surface."""
    normals, away = planes()
    start, way = np.broadcast_arrays(np.asarray(start, float), np.asarray(way, float))
    towards = way @ normals.T
    left = away - (start - CENTRE_M) @ normals.T
    return np.where(towards > 1e-9, left / np.maximum(towards, 1e-9), np.inf).min(-1)


def level(turn: np.ndarray, high_m: np.ndarray) -> np.ndarray:
    """The solid's outline (..., 3) at heights over the ears; a turn of 0 is in front, and the left
    comes after it."""
    turn, high = np.broadcast_arrays(turn, high_m)
    middle = np.stack([0 * high, 0 * high + CENTRE_M[1], high], axis=-1)
    way = np.stack([np.sin(turn), -np.cos(turn), 0 * turn], axis=-1)
    return middle + reach(middle, way)[..., None] * way


def shell(
    turn: np.ndarray, edge_m: np.ndarray, rows: int, end: float = 0.985
) -> tuple[np.ndarray, np.ndarray]:
    """The solid's surface (rows, turns, 3) from a lower edge at these heights to the crown, and
    the way out there from the middle."""
    low = level(turn, edge_m) - CENTRE_M
    first = np.arctan2(low[:, 2], np.hypot(low[:, 0], low[:, 1]))
    share = np.linspace(0, end, rows)[:, None]
    rise = first + share * (0.5 * np.pi - first)
    way = np.stack(
        [np.cos(rise) * np.sin(turn), -np.cos(rise) * np.cos(turn), np.sin(rise)], axis=-1
    )
    return CENTRE_M + reach(CENTRE_M, way)[..., None] * way, way
