"""Views of a target as arrays that solvers run over: one row a view, padded to the fullest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float, Int

from studio.core.calibration import Target, View


@dataclass(frozen=True, eq=False)
class Observations:
    """Views sorted by camera. ``camera`` and ``moment`` index ``cameras`` and ``moments``.

    ``points_m`` are target coordinates from ``pivot_m``, the mean of the target's points, about
    which its poses turn. Where ``seen`` is false the other entries are padding (zeros).
    """

    cameras: tuple[str, ...]
    moments: tuple[int, ...]
    camera: Int[np.ndarray, " views"]
    moment: Int[np.ndarray, " views"]
    points: Int[np.ndarray, "views points"]
    points_m: Float[np.ndarray, "views points 3"]
    xy_px: Float[np.ndarray, "views points 2"]
    seen: Bool[np.ndarray, "views points"]
    pivot_m: Float[np.ndarray, "3"]

    def __len__(self) -> int:
        return len(self.camera)

    def of_camera(self, camera: int) -> slice:
        """The rows of one camera."""
        start, stop = np.searchsorted(self.camera, [camera, camera + 1])
        return slice(int(start), int(stop))

    def take(self, rows: np.ndarray | slice) -> Observations:
        """Some of the views (in the same order); cameras and moments keep their numbers."""
        return replace(
            self,
            camera=self.camera[rows],
            moment=self.moment[rows],
            points=self.points[rows],
            points_m=self.points_m[rows],
            xy_px=self.xy_px[rows],
            seen=self.seen[rows],
        )

    def apart(self) -> Observations:
        """The same views, each as if it were a moment of its own."""
        return replace(self, moments=tuple(range(len(self))), moment=np.arange(len(self)))


def observe(target: Target, views: Sequence[View], cameras: Sequence[str]) -> Observations:
    """Lay views out as arrays. Views of cameras not named are left out."""
    number = {name: i for i, name in enumerate(cameras)}
    chosen = sorted(
        (v for v in views if v.camera in number), key=lambda v: (number[v.camera], v.moment)
    )
    moments = tuple(sorted({v.moment for v in chosen}))
    at = {moment: i for i, moment in enumerate(moments)}
    pivot = target.points_m.mean(0)
    shape = len(chosen), max((len(v) for v in chosen), default=0)
    points, seen = np.zeros(shape, np.intp), np.zeros(shape, bool)
    xy = np.zeros((*shape, 2))
    for row, view in enumerate(chosen):
        points[row, : len(view)] = view.points
        xy[row, : len(view)] = view.xy_px
        seen[row, : len(view)] = True
    local = np.where(seen[..., None], (target.points_m - pivot)[points], 0.0)
    return Observations(
        tuple(cameras),
        moments,
        np.array([number[v.camera] for v in chosen], np.intp),
        np.array([at[v.moment] for v in chosen], np.intp),
        points,
        local,
        xy,
        seen,
        pivot,
    )
