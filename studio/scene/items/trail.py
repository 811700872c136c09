"""Where a joint has been: a line that fades into the past. And loose points."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from studio.scene.items.base import DrawnItem, Eye, Pick, Role
from studio.scene.palette import Palette
from studio.scene.picking import nearest_point
from studio.scene.strokes import Strokes, discs


@dataclass(frozen=True, eq=False)
class Trail:
    """A path (points, 3) in metres, oldest first; gaps are NaN."""

    name: str
    xyz_m: np.ndarray


@dataclass(frozen=True, eq=False)
class Cloud:
    """Points (n, 3) in metres, their colours (n, 3) uint8, and one radius in metres."""

    xyz_m: np.ndarray
    colours: np.ndarray | None = None
    radius_m: float = 0.004


class TrailItem(DrawnItem):
    """A fading path."""

    accepts = (Trail,)
    framed = False

    def __init__(self, key: str, palette: Palette, role: Role = "result") -> None:
        super().__init__(key, palette, role)
        self.strokes = [Strokes()]
        self._trail: Trail | None = None

    def update(self, value: Any) -> None:
        self._trail = trail = value
        xyz = np.asarray(trail.xyz_m, np.float32)
        count = max(len(xyz) - 1, 0)
        age = np.linspace(0, 1, len(xyz)) if len(xyz) else np.empty(0)
        colour = np.empty((count, 2, 4), np.float32)
        colour[..., :3] = self.palette.truth if self.role == "truth" else self.palette.accent
        colour[:, 0, 3], colour[:, 1, 3] = 0.9 * age[:-1] ** 1.5, 0.9 * age[1:] ** 1.5
        self.strokes[0].update(np.stack([xyz[:-1], xyz[1:]], 1), colour, 0.0, 0.9)

    def recolour(self, palette: Palette) -> None:
        super().recolour(palette)
        if self._trail is not None:
            self.update(self._trail)


class CloudItem(DrawnItem):
    """A point cloud."""

    accepts = (Cloud,)

    def __init__(self, key: str, palette: Palette, role: Role = "result") -> None:
        super().__init__(key, palette, role)
        self.strokes = [Strokes()]
        self._cloud: Cloud | None = None

    def update(self, value: Any) -> None:
        self._cloud = cloud = value
        count = len(cloud.xyz_m)
        rgba = np.ones((count, 4), np.float32)
        rgba[:, :3] = self.palette.middle if cloud.colours is None else cloud.colours / 255
        self.strokes[0].update(discs(cloud.xyz_m), rgba, cloud.radius_m, 0.8)

    def recolour(self, palette: Palette) -> None:
        super().recolour(palette)
        if self._cloud is not None:
            self.update(self._cloud)

    def points_m(self) -> np.ndarray:
        return np.empty((0, 3)) if self._cloud is None else np.asarray(self._cloud.xyz_m)

    def pick(self, eye: Eye, xy_px: tuple[float, float], within_px: float) -> Pick | None:
        if self._cloud is None:
            return None
        index = nearest_point(self._cloud.xyz_m, eye, xy_px, within_px)
        if index is None:
            return None
        x, y, z = (float(c) for c in self._cloud.xyz_m[index])
        return Pick(self.key, "point", str(index), index, (x, y, z))
