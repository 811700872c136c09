"""What is drawn over a picture for the people found in it: strokes with confidence as alpha."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from studio.core.types import Keypoints, Layout
from studio.human.sides import sides
from studio.scene.palette import Palette

LEAST_CONFIDENCE = 0.05
_LANDED_PX = 2.0
_DENSE = 100
"""A face of more points hides the one below unless they are drawn very finely."""


@lru_cache(maxsize=32)
def _style(layout: Layout) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Bones (n, 2), side and radius in pixels of each point of a layout."""
    pairs = np.array(layout.bones, int).reshape(-1, 2)
    radius = np.full(len(layout), 3.6, np.float32)
    dense = len(layout.parts.get("face", ())) > _DENSE
    for part, px in (("left_hand", 2.2), ("right_hand", 2.2), ("face", 0.5 if dense else 0.9)):
        radius[list(layout.parts.get(part, ()))] = px
    return pairs, sides(layout), radius


@lru_cache(maxsize=32)
def landed_px(layout: Layout) -> tuple[float, ...]:
    """The radius of each point of a layout where it is reprojected: small parts finely, so that
    they are not hidden by their own points."""
    px = [_LANDED_PX] * len(layout)
    for part, fine in (("left_hand", 1.1), ("right_hand", 1.1), ("face", 0.6)):
        for point in layout.parts.get(part, ()):
            px[point] = fine
    return tuple(px)


def marks(
    people: tuple[Keypoints, ...],
    reprojected: np.ndarray | None,
    palette: Palette,
    ratio: float,
    whose: Sequence[int] = (),
    sizes_px: Sequence[float] = (),
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Segments (n, 4), colours (n, 4) and radii (n,) that draw people and reprojected points.

    ``whose`` numbers the people of the reprojected points, for their colours (0: the accent),
    and ``sizes_px`` are their radii.
    """
    ends, colours, radii = [np.empty((0, 4))], [np.empty((0, 4))], [np.empty(0)]
    table = np.array([[0.93, 0.94, 0.95], [0.34, 0.71, 0.91], [0.95, 0.64, 0.20]])
    for person in people:
        pairs, side, radius = _style(person.layout)
        confidence = np.nan_to_num(np.asarray(person.confidence))
        seen = confidence > LEAST_CONFIDENCE
        xy = np.where(seen[:, None], person.xy_px, np.nan)
        alpha = np.clip(0.15 + 0.85 * confidence, 0, 1)
        colour = np.column_stack([table[side], alpha])
        bone = colour[pairs].mean(1)
        bone[:, 3] = 0.85 * colour[pairs, 3].min(1, initial=1.0)
        ends += [xy[pairs].reshape(-1, 4), np.column_stack([xy, xy])]
        colours += [bone, colour]
        radii += [0.45 * radius[pairs].min(1, initial=9.0), radius]
    if reprojected is not None:
        count = len(reprojected)
        ends.append(np.column_stack([reprojected, reprojected]))
        ink = [palette.person(who) if who else palette.accent for who in whose or [0] * count]
        colours.append(np.column_stack([np.array(ink).reshape(-1, 3), np.full(count, 0.95)]))
        radii.append(np.array(sizes_px or [_LANDED_PX] * count))
    return (
        np.concatenate(ends).astype(np.float32),
        np.concatenate(colours).astype(np.float32),
        (np.concatenate(radii) * ratio).astype(np.float32),
    )
