"""Which keypoint layout do detections fit: by their count, and by whether limbs make sense.

Read in the wrong order, a skeleton's bones criss-cross: they get longer, and a limb no longer
resembles its twin. The layout with the shortest bones, relative to the person, is the right one.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from studio.core.errors import StudioError
from studio.human.layouts import LAYOUTS, known
from studio.human.layouts import layout as find_layout

PREFERRED = ("body_25", "body_25b", "halpe_26", "coco_17", "h36m_17", "coco_133", "mediapipe_33",
             "openpose_137", "hand_21", "face_68", "face_70", "dope_13", "dope_84",
             "dope_139", "mediapipe_478", "whole_body")  # fmt: skip
DECISIVE = 1.25
"""How much longer bones must be before a layout of the right count is refused."""


@dataclass(frozen=True)
class Fit:
    """A layout, and how many times longer the bones of the next best one would be."""

    layout: str
    margin: float = float("inf")

    @property
    def sure(self) -> bool:
        return self.margin >= DECISIVE


def guess(source: str, samples: list[np.ndarray]) -> Fit:
    """The best layout for people's points (points, 3: x, y, confidence). Raises StudioError."""
    count = Counter(len(points) for points in samples).most_common(1)[0][0]
    people = [points for points in samples if len(points) == count]
    added = [name for name in known()[len(LAYOUTS) :] if find_layout(name).bones]
    ranked = sorted(
        (bone_length(name, people), rank, name)
        for rank, name in enumerate([*PREFERRED, *added])
        if len(find_layout(name)) == count
    )
    if not ranked:
        raise StudioError(
            f"“{source}” holds {count} points a person, which no known layout has.",
            f"Known are: {', '.join(f'{n} ({len(find_layout(n))})' for n in known())}.",
        )
    if len(ranked) == 1:
        return Fit(ranked[0][2])
    return Fit(ranked[0][2], ranked[1][0] / max(ranked[0][0], 1e-9))


def check_layout(source: str, name: str, samples: list[np.ndarray]) -> None:
    """Raise StudioError, naming the likely layout, unless ``name`` fits the (non-empty) points."""
    wanted = find_layout(name)
    counts = Counter(len(points) for points in samples)
    count = counts.most_common(1)[0][0]
    if len(counts) > 1:
        raise StudioError(
            f"“{source}” mixes files with {' and '.join(map(str, sorted(counts)))} points.",
            "Keep the results of one detector in a folder.",
        )
    _check_pixels(source, samples)
    likely = guess(source, samples)
    if count != len(wanted):
        raise StudioError(
            f"“{source}” holds {count} points a person; {name} has {len(wanted)}.",
            f"They look like {likely.layout}: choose that (--layout {likely.layout}).",
        )
    if likely.layout == name or len(find_layout(likely.layout)) != len(wanted):
        return
    excess = bone_length(name, samples) / max(bone_length(likely.layout, samples), 1e-9)
    if excess >= DECISIVE:
        raise StudioError(
            f"The points of “{source}” are not in the order of {name}: read so, bones are "
            f"{excess:.1f} times as long as they would be in {likely.layout}.",
            f"Choose that (--layout {likely.layout}).",
        )


def bone_length(name: str, people: list[np.ndarray]) -> float:
    """The mean length of a layout's bones, relative to the person's size; NaN-free, 1 unknown."""
    bones = np.array(find_layout(name).bones)
    lengths: list[float] = []
    for points in people:
        seen = points[:, 2] > 0.05
        both = seen[bones].all(axis=1)
        if both.sum() < 4:
            continue
        xy = points[:, :2]
        size = float(np.linalg.norm(np.ptp(xy[seen], axis=0)))
        ends = xy[bones[both]]
        if size > 0:
            lengths.append(float(np.linalg.norm(ends[:, 0] - ends[:, 1], axis=1).mean() / size))
    return float(np.median(lengths)) if lengths else 1.0


def _check_pixels(source: str, samples: list[np.ndarray]) -> None:
    seen = np.concatenate([points[points[:, 2] > 0, :2] for points in samples])
    if len(seen) and np.abs(seen).max() <= 1.0:
        raise StudioError(
            f"The coordinates of “{source}” are normalised (0 to 1), not pixels.",
            "Export them in pixels (OpenPose: --keypoint_scale 0).",
        )
