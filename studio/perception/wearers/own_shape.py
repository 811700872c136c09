"""How a wearer's head differs from the average one, learned as it is seen, and how large it is.

Each picture tells of each mark where it lies across the ray on which it is seen, and nothing along
it; what many pictures tell is added up (information filter), and what none tells stays average.
How large a head is, its irises tell: they are 11.7 mm wide in nearly everybody.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from jaxtyping import Float

from studio.core.types import Camera
from studio.perception.faces.features import TWINS
from studio.perception.faces.head import RIGID
from studio.perception.wearers.average import PUPILS, TRAGI, AverageHead, average_head
from studio.perception.wearers.head_pose import HeadPose, projected, trust
from studio.vision.similarity import nearest_similar

IRIS_M = 0.0117
IRIS_BELIEVED = 0.6
"""How much of what the irises tell of a head's size is believed, the rest being average: both are
off by about a twentieth from one person to the next."""
USUAL_SIZE = 1.01
"""Of people whose pupils are 63 mm apart, as they are on average: the model's are 62.5."""
_PRIOR = 0.35
_KEPT = 0.97
_SPREAD_M = 0.022
_IRISES = ((469, 471), (470, 472)), ((474, 476), (475, 477))
_MOST_SHIFT_M = 0.02
_SLOWER, _SLOWEST = 0.7, 0.05
"""What was learned is taken up ever more slowly, so that nothing that is worn leaps."""


class OwnShape:
    """What was learned of one wearer. ``marks_m`` and ``vertices_m`` are the average head's, as
    this wearer's are, in units in which the head is of average size; ``size`` is how much larger
    it is. For one thread."""

    def __init__(self) -> None:
        head = average_head()
        self.marks_m = head.marks_m
        self.size = USUAL_SIZE
        self._known = np.tile(_PRIOR * np.eye(3), (len(head.marks_m), 1, 1))
        self._sum = np.zeros((len(head.marks_m), 3))
        self._weight = 0.0
        self._hurry = 1.0 / _SLOWER
        self._log_size = 0.0
        self._vertices: np.ndarray | None = None

    @property
    def vertices_m(self) -> Float[np.ndarray, "vertices 3"]:
        """The skin of the head."""
        if self._vertices is None:
            self._vertices = laid(average_head(), self.marks_m)
        return self._vertices

    @property
    def places_m(self) -> dict[str, np.ndarray]:
        """The anchor points on the head."""
        head = average_head()
        moved = self.marks_m - head.marks_m
        bridge = moved[[168, 6, 8, 122, 351, 193, 417]].mean(0)
        # Where the bridge lies ahead of the head's middle is known worse than where it is seen.
        found = {"eyes": head.places_m["eyes"] + bridge}
        for name, mark in (("ear.L", TRAGI[0]), ("ear.R", TRAGI[1])):
            found[name] = head.places_m[name] + moved[mark] * (1.0, 0.5, 0.5)
        return found

    @property
    def width_m(self) -> float:
        """Between the tragi, as large as the head is."""
        left, right = TRAGI
        return self.size * float(np.linalg.norm(self.marks_m[left] - self.marks_m[right]))

    def learn(
        self,
        seen_px: Float[np.ndarray, "478 3"],
        pose: HeadPose,
        camera: Camera,
        share: float = 1.0,
    ) -> None:
        """Take what one picture tells; ``share`` says how much it counts."""
        head = average_head()
        world = self.marks_m @ pose.turn.T + pose.place_m
        focal = float(camera.matrix[0, 0])
        off = (seen_px[:, :2] - projected(world, camera)) * world[:, 1:2] / focal
        shift = np.column_stack([off[:, 0], np.zeros(len(off)), -off[:, 1]]) @ pose.turn
        shift += self.marks_m - head.marks_m
        ray = (world / np.linalg.norm(world, axis=1, keepdims=True)) @ pose.turn
        facing = np.clip(-(_ahead() * ray).sum(1), 0.0, 1.0)
        told = (share * facing)[:, None, None] * (np.eye(3) - ray[:, :, None] * ray[:, None, :])
        prior = _PRIOR * np.eye(3)
        self._known = prior + _KEPT * (self._known - prior) + told
        self._sum = _KEPT * self._sum + np.einsum("nij,nj->ni", told, shift)
        moved = np.linalg.solve(self._known, self._sum[..., None])[..., 0]
        twins = moved[TWINS] * (-1.0, 1.0, 1.0)
        moved = np.clip(0.5 * (moved + twins), -_MOST_SHIFT_M, _MOST_SHIFT_M)
        marks = head.marks_m + moved
        rigid = np.isin(np.arange(len(marks)), RIGID)
        marks = nearest_similar(marks[None], head.marks_m[None], rigid[None])[0]
        self._hurry = max(self._hurry * _SLOWER, _SLOWEST)
        self.marks_m = self.marks_m + self._hurry * (marks - self.marks_m)
        self._vertices = None
        self._measure(seen_px, pose, camera, share)

    def _measure(
        self, seen_px: np.ndarray, pose: HeadPose, camera: Camera, share: float
    ) -> None:  # fmt: skip
        focal = float(camera.matrix[0, 0])
        told: list[float] = []
        for wide, pupil in zip(iris_px(seen_px), reversed(PUPILS), strict=True):
            away = float((pose.turn @ self.marks_m[pupil] + pose.place_m)[1])
            if wide > 1 and away > 0:
                told.append(float(np.log(IRIS_M * focal / (wide * away))))
        facing = float(np.clip(pose.turn[1, 1], 0.0, 1.0)) ** 4
        if not told or facing < 0.2:
            return
        weight = share * facing
        self._log_size = (self._weight * self._log_size + weight * float(np.mean(told))) / (
            self._weight + weight
        )
        self._weight = min(self._weight + weight, 200.0)
        usual = np.log(USUAL_SIZE)
        believed = usual + IRIS_BELIEVED * (self._log_size - usual)
        goal = float(np.exp(np.clip(believed, -0.3, 0.3)))
        self.size += self._hurry * (goal - self.size)

    def measured_by(self, pupils_m: float) -> None:
        """Take the size from the distance between the pupils, which somebody measured."""
        left, right = PUPILS
        self.size = pupils_m / float(np.linalg.norm(self.marks_m[left] - self.marks_m[right]))


def iris_px(seen_px: Float[np.ndarray, "478 3"]) -> tuple[float, float]:
    """How wide the right and the left iris are in the picture, mean of across and down."""
    right, left = (
        float(np.mean([np.linalg.norm(seen_px[a, :2] - seen_px[b, :2]) for a, b in pairs]))
        for pairs in _IRISES
    )
    return right, left


@cache
def _ahead() -> np.ndarray:
    """Which way the skin faces at each mark, nearly."""
    marks = average_head().marks_m
    way = (marks - np.array([0.0, 0.01, 0.0])) * (1.0, 1.0, 0.4)
    return way / np.linalg.norm(way, axis=1, keepdims=True)


@cache
def _shares() -> tuple[np.ndarray, np.ndarray]:
    """How much each vertex goes with each mark (vertices, 468), and with none."""
    head = average_head()
    marks = head.marks_m[:468]
    away = ((head.vertices_m[:, None] - marks[None]) ** 2).sum(-1)
    near = np.exp(-away / (2 * _SPREAD_M**2))
    total = near.sum(1, keepdims=True)
    share = near / np.maximum(total, 1e-9)
    return share.astype(np.float32), np.clip(total[:, 0] / 4.0, 0.0, 1.0)


def laid(head: AverageHead, marks_m: Float[np.ndarray, "478 3"]) -> Float[np.ndarray, "vertices 3"]:
    """A head's skin laid on other marks: as wide, deep and tall as they tell (by each axis), and
    beside each mark moved as it is."""
    used = trust() > 0
    scale = np.ones(3)
    for axis in range(3):
        own, wanted = head.marks_m[used, axis], marks_m[used, axis]
        scale[axis] = float(own @ wanted) / float(own @ own) if axis == 0 else 1.0
    scale[1:] = np.sqrt(scale[0])
    left = marks_m[:468] - head.marks_m[:468] * scale
    share, sure = _shares()
    return head.vertices_m * scale + (share @ left.astype(np.float32)) * sure[:, None]
