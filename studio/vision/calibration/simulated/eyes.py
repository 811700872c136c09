"""Why one view of a board is ten times as good as the next, simulated.

Corners are found worse at a grazing angle and in a smeared picture; an arm hides half of the board
for a second and pulls the corners beside it, the same way in picture after picture; and now and
then a whole view is bent a little. A check that takes all views for equally good finds faults in
sessions that have none.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float, Int

from studio.core.calibration import Target
from studio.core.types import Camera
from studio.vision.camera import project

_ARM_STARTS, _ARM_LASTS_S = 0.06, 1.2
_ARM_PX, _ARM_REACH_M = (0.2, 0.9), 0.16
_BENT, _BENT_PX = 0.1, (0.1, 0.4)
_GRAZING_DEG, _GRAZING = (45.0, 25.0), 2.0
_EXPOSURE_S, _SMEAR_PX = (0.002, 0.01), 4.0


class Eye:
    """How well one camera sees the board over a session: what is hidden, and what is off."""

    def __init__(
        self,
        camera: Camera,
        target: Target,
        times_s: Float[np.ndarray, " moments"],
        poses: Float[np.ndarray, "moments 4 4"],
        random: np.random.Generator,
    ) -> None:
        self._camera, self._points, self._random = camera, target.points_m, random
        self._arms = self._lay_arms(np.asarray(times_s))
        middle = poses[:, :3, :3] @ self._points.mean(0) + poses[:, :3, 3]
        way = np.gradient(project(camera, middle), np.asarray(times_s), axis=0)
        self._smear_px = np.nan_to_num(np.linalg.norm(way, axis=1)) * random.uniform(*_EXPOSURE_S)

    def _lay_arms(self, times_s: np.ndarray) -> list[tuple[np.ndarray, np.ndarray] | None]:
        """At each moment the arm's edge, as a line on the board, and its pull on every corner."""
        random, count = self._random, len(self._points)
        arms: list[tuple[np.ndarray, np.ndarray] | None] = [None] * len(times_s)
        for start in np.flatnonzero(random.random(len(times_s)) < _ARM_STARTS):
            turn, where = random.uniform(0, 2 * np.pi), random.choice(count)
            across = np.array([np.cos(turn), np.sin(turn)])
            edge = np.append(across, -across @ self._points[where, :2])
            pull = random.normal(size=(count, 2)) * random.uniform(*_ARM_PX)
            until = times_s[start] + random.exponential(_ARM_LASTS_S)
            for moment in np.flatnonzero((times_s >= times_s[start]) & (times_s <= until)):
                arms[moment] = (edge, pull)
        return arms

    def hidden(self, moment: int) -> Bool[np.ndarray, " points"]:
        """Corners behind an arm."""
        arm = self._arms[moment]
        if arm is None:
            return np.zeros(len(self._points), bool)
        return self._beyond(arm[0]) > 0

    def _beyond(self, edge: np.ndarray) -> Float[np.ndarray, " points"]:
        return self._points[:, :2] @ edge[:2] + edge[2]

    def error_px(
        self, moment: int, pose: np.ndarray, points: Int[np.ndarray, " seen"], noise_px: float
    ) -> Float[np.ndarray, "seen 2"]:
        """What comes on top of the usual noise at some corners."""
        random = self._random
        ray = pose[:3, :3] @ self._points.mean(0) + pose[:3, 3] - self._camera.centre_m
        slant = np.degrees(np.arccos(min(abs(pose[:3, 2] @ ray) / np.linalg.norm(ray), 1.0)))
        grazing = _GRAZING * max((slant - _GRAZING_DEG[0]) / _GRAZING_DEG[1], 0.0) ** 2
        more = np.hypot(grazing, self._smear_px[moment] / _SMEAR_PX)
        out = random.normal(0, noise_px * more, (len(points), 2))
        if random.random() < _BENT:
            out += self._bend(points) * random.uniform(*_BENT_PX)
        arm = self._arms[moment]
        if arm is not None:
            near = np.exp(-np.abs(self._beyond(arm[0])) / _ARM_REACH_M)[:, None]
            out += (near * arm[1])[points]
        return out

    def _bend(self, points: np.ndarray) -> Float[np.ndarray, "seen 2"]:
        """A smooth warp of the view, root mean square 1."""
        centred = self._points[points, :2] - self._points[:, :2].mean(0)
        x, y = (centred / np.abs(centred).max()).T
        warp = np.stack([np.ones_like(x), x, y, x * y, x**2, y**2], 1)
        bent = warp @ self._random.normal(size=(6, 2))
        return bent / np.sqrt(np.square(bent).mean())
