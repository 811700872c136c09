"""A person's 3D keypoints: balls for joints, tapered bones, trust drawn as opacity and size."""

from __future__ import annotations

from typing import Any

import numpy as np

from studio.core.types import Layout, Skeleton
from studio.human.sides import sides
from studio.scene.items.base import DrawnItem, Eye, Pick, Role
from studio.scene.palette import Palette
from studio.scene.picking import nearest_point
from studio.scene.strokes import Strokes, discs

RADIUS_M = {"body": 0.016, "feet": 0.012, "left_hand": 0.0055, "right_hand": 0.0055, "face": 0.0016}
LEAST_PX = {"body": 2.6, "feet": 2.2, "left_hand": 1.3, "right_hand": 1.3, "face": 0.7}
TRUSTED_M, DOUBTED_M = 0.010, 0.060


def trust(error_m: np.ndarray) -> np.ndarray:
    """Opacity 0.15..1 from the standard deviation of points; unknown counts as trusted."""
    doubt = (np.nan_to_num(error_m, nan=0.0) - TRUSTED_M) / (DOUBTED_M - TRUSTED_M)
    return 1 - 0.85 * np.clip(doubt, 0, 1)


class SkeletonItem(DrawnItem):
    """Joints and bones of a :class:`Skeleton` of any layout; optional error spheres."""

    accepts = (Skeleton,)

    def __init__(self, key: str, palette: Palette, role: Role = "result") -> None:
        super().__init__(key, palette, role)
        self._bones, self._error = Strokes(), Strokes(hollow=True)
        self.strokes = [self._error, self._bones]
        self._layout: Layout | None = None
        self._value: Skeleton | None = None
        self._selected: int | None = None
        self.show_errors = False
        self._opacity = 1.0

    def update(self, value: Any) -> None:
        self._draw(value)

    def _draw(self, skeleton: Skeleton) -> None:
        if self._layout is not skeleton.layout:
            self._measure(skeleton.layout)
        self._value = skeleton
        xyz = np.asarray(skeleton.xyz_m, np.float32)
        alpha = trust(np.asarray(skeleton.error_m)) * (0.55 if self.role == "ghost" else 1.0)
        # Dense points fade out first: a faint face before a surface would look like a mask.
        dense = min(max((4 * self._opacity - 1) / 3, 0.0), 1.0)
        alpha = alpha * np.where(self._dense, dense, self._opacity)
        colour = np.column_stack([self._colour, alpha])
        radius, least = self._radius, self._least
        if self._selected is not None:
            colour[self._selected] = [*self.palette.accent, 1.0]
            radius, least = radius.copy(), least.copy()
            radius[self._selected] *= 1.6
            least[self._selected] *= 1.8
        bone_colour = colour[self._pairs]
        bone_colour[..., 3] *= 0.85
        joint_colour = colour.copy()
        joint_colour[~np.isfinite(xyz).all(1), 3] = 0
        self._bones.update(
            np.concatenate([xyz[self._pairs], discs(xyz)]),
            np.concatenate([bone_colour, np.repeat(joint_colour[:, None], 2, axis=1)]),
            np.concatenate([0.42 * self._radius[self._pairs], np.column_stack([radius, radius])]),
            np.concatenate([0.5 * self._least[self._pairs].min(1, initial=9.0), least]),
        )
        error = np.asarray(skeleton.error_m, np.float32)
        wide = self.show_errors & np.isfinite(error) & np.isfinite(xyz).all(1)
        self._error.update(
            discs(np.where(wide[:, None], xyz, np.nan)),
            np.column_stack([self._colour, np.full(len(error), 0.9)]),
            np.nan_to_num(np.column_stack([error, error])),
            0.0,
        )

    def _measure(self, layout: Layout) -> None:
        self._layout = layout
        self._pairs = np.array(layout.bones, int).reshape(-1, 2)
        self._radius = np.full(len(layout), RADIUS_M["body"], np.float32)
        self._least = np.full(len(layout), LEAST_PX["body"], np.float32)
        for part in ("body", "feet", "left_hand", "right_hand", "face"):
            points = list(layout.parts.get(part, ()))
            self._radius[points] = RADIUS_M[part]
            self._least[points] = LEAST_PX[part]
        self._dense = self._radius < RADIUS_M["feet"]
        self._selected = None
        self._tint()

    def _tint(self) -> None:
        if self._layout is None:
            return
        palette = self.palette
        if self.role == "truth":
            self._colour = np.tile(np.array(palette.truth, np.float32), (len(self._layout), 1))
            return
        table = np.array([palette.middle, palette.left, palette.right], np.float32)
        self._colour = table[sides(self._layout)]

    def recolour(self, palette: Palette) -> None:
        super().recolour(palette)
        self._tint()
        self._again()

    def errors(self, shown: bool) -> None:
        """Draw a ball of one standard deviation around each joint."""
        self.show_errors = shown
        self._again()

    def fade(self, opacity: float) -> None:
        """Draw it fainter, down to not at all (0)."""
        if opacity != self._opacity:
            self._opacity = opacity
            self._again()

    def _again(self) -> None:
        if self._value is not None:
            self._draw(self._value)

    def points_m(self) -> np.ndarray:
        return np.empty((0, 3)) if self._value is None else np.asarray(self._value.xyz_m)

    def pick(self, eye: Eye, xy_px: tuple[float, float], within_px: float) -> Pick | None:
        if self._value is None or self._layout is None:
            return None
        index = nearest_point(self._value.xyz_m, eye, xy_px, within_px)
        if index is None:
            return None
        x, y, z = (float(c) for c in self._value.xyz_m[index])
        return Pick(self.key, "joint", self._layout.points[index], index, (x, y, z))

    def select(self, pick: Pick | None) -> None:
        self._selected = pick.index if pick is not None and pick.kind == "joint" else None
        self._again()
