"""What was true of a rendered take: bones, surface points, shape, expressions."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from studio.human.catalogue import LEFT_HAND, RIGHT_HAND
from studio.human.keypoints import sources
from studio.human.layouts import layout
from studio.human.names import FACE_68
from studio.human.rig import ACTIONS, BONE_NAMES
from studio.synth.figure import Figure
from studio.synth.take import Poses


def points_m(names: Iterable[str], vertices_m: np.ndarray, bones_world: np.ndarray) -> np.ndarray:
    """Named points (n, 3) of a posed person: joints from bones, the others from the skin."""
    out: list[np.ndarray] = []
    for name in names:
        place = np.zeros(3)
        for weight, kind, which in sources(name):
            if kind == "bone":
                place = place + weight * bones_world[BONE_NAMES.index(str(which)), :3, 3]
            else:
                place = place + weight * vertices_m[int(which)]
        out.append(place)
    return np.array(out)


class Truth:
    """Collects the truth of a take, frame by frame."""

    def __init__(self, figure: Figure, poses: Poses) -> None:
        self._figure, self._poses = figure, poses
        self._bones: list[np.ndarray] = []
        self._groups = {
            "body_m": layout("halpe_26").points,
            "left_hand_m": LEFT_HAND,
            "right_hand_m": RIGHT_HAND,
            "face_m": FACE_68,
        }
        self._points: dict[str, list[np.ndarray]] = {name: [] for name in self._groups}

    def add(self, vertices_m: np.ndarray, bones_world: np.ndarray) -> None:
        """The next frame."""
        self._bones.append(bones_world)
        for name, points in self._groups.items():
            self._points[name].append(points_m(points, vertices_m, bones_world))

    def arrays(self) -> dict[str, np.ndarray]:
        """Everything, ready to be stored; metres, single precision."""
        shape = dict(self._figure.phenotype)
        return {
            "times_s": self._poses.times_s,
            "bone_names": np.array(BONE_NAMES),
            "bones_world": np.array(self._bones, np.float32),
            "body_names": np.array(self._groups["body_m"]),
            **{name: np.array(points, np.float32) for name, points in self._points.items()},
            "shape_names": np.array(list(shape)),
            "shape": np.array(list(shape.values())),
            "action_names": np.array(ACTIONS),
            "actions": self._poses.face.astype(np.float32),
        }
