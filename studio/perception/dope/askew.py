"""People and cameras that are not upright: pictures turned about their middle, what is seen in
them, and the way back.

The networks know people who lean by 20° or so; somebody who falls, or a camera that is held askew,
is found in the picture that is turned the other way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from jaxtyping import Float, UInt8

from studio.perception.dope.assemble import Whole
from studio.perception.dope.ppi import Part
from studio.perception.heatmaps.marker import Marked

TURNS_DEG = (0.0, -15.0, 15.0, -30.0, 30.0, -45.0, 45.0)
"""How pictures are turned, clockwise as seen."""
_GREY = (128, 128, 128)
_BODY, _LIMBS = slice(0, 17), slice(5, 17)
_DOUBT, _SEEN, _SAME, _NEW, _ALMOST = 5.0, 0.2, 0.7, 0.25, 0.67
"""How much less somebody is believed for each part of their size that points may be off; how surely
points of their box are seen; how much of the smaller of two boxes lies in the other where both are
of one person; how sure somebody must be whom only a turned picture shows; how large a part of the
belief in the look that is told is enough of an upright one for 3D (chosen on validation people and
photographs)."""


@dataclass(frozen=True, eq=False)
class Turned:
    """A picture that is turned, all of it in view: ``into`` (2, 3) takes pixels of the one it was
    to its own."""

    rgb: UInt8[np.ndarray, "height width 3"]
    into: Float[np.ndarray, "2 3"]

    @classmethod
    def by(cls, rgb: UInt8[np.ndarray, "height width 3"], deg: float) -> Turned:
        """The picture turned clockwise, as seen, about its middle."""
        height, width = rgb.shape[:2]
        into = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), -deg, 1.0)
        if deg == 0:
            return cls(rgb, into)
        cos, sin = np.abs(into[0, :2])
        size = int(height * sin + width * cos), int(height * cos + width * sin)
        into[:, 2] += (np.array(size) - (width, height)) / 2
        return cls(cv2.warpAffine(rgb, into, size, borderValue=_GREY), into)

    def back(self, xy_px: Float[np.ndarray, "points 2"]) -> Float[np.ndarray, "points 2"]:
        """Points of it in the picture it was."""
        return (xy_px - self.into[:, 2]) @ self.into[:, :2]

    def whole(self, found: Whole) -> Whole:
        """Somebody who was found in it, as they are in the picture it was."""
        parts = {name: self._part(part) for name, (part, _) in found.parts.items()}
        return replace(found, **parts)

    def _part(self, part: Part) -> Part:
        xyz = part.xyz_m.copy()
        xyz[:, :2] = xyz[:, :2] @ self.into[:, :2]
        return replace(part, xy_px=self.back(part.xy_px), xyz_m=xyz)

    def marked(self, found: Marked) -> Marked:
        """What was marked in it, in the picture it was."""
        return replace(found, xy_px=self.back(found.xy_px))


@dataclass(frozen=True, eq=False)
class Look:
    """Somebody in a picture that is ``turned`` by ``deg``: as found, in the points of coco_133
    (``found``, x, y and how sure) too, and, where somebody marks them closer, as ``marked``.
    ``upright`` is a look at the same person in the picture as it is, if it is believed almost as
    much: bodies in space are known best as they stand."""

    turned: Turned
    deg: float
    whole: Whole
    found: Float[np.ndarray, "133 3"]
    marked: Marked | None
    upright: Look | None = None

    @property
    def sure(self) -> float:
        """How surely the limbs are seen; 1 where nobody marks them."""
        return 1.0 if self.marked is None else float(self.marked.sure[_LIMBS].mean())

    @property
    def trust(self) -> float:
        """How sure it is that somebody is there, with their limbs in view, 0 to 1."""
        return self.sure * self.whole.score

    @property
    def belief(self) -> float:
        """The trust in their points: less, the wider their maps are, and the farther from what was
        found."""
        if self.marked is None or self.whole.body is None:
            return self.trust
        apart = np.linalg.norm(self.marked.xy_px - self.found[:, :2], axis=1)[_LIMBS]
        off = float(np.median(apart) + np.median(self.marked.spread_px[_LIMBS]))
        return self.trust / (1 + _DOUBT * off / max(self.whole.body.size_px, 1.0))

    def box_px(self) -> Float[np.ndarray, "4"]:
        """The box of the body's points, or of all where there is no body, in the picture that was
        not turned."""
        if self.marked is None:
            xy, _ = self.whole.points()
            xy = xy[np.isfinite(xy).all(1)]
        else:
            seen = self.marked.sure[_BODY] > _SEEN
            xy = self.marked.xy_px[_BODY][seen if seen.sum() > 3 else slice(None)]
        xy = self.turned.back(xy)
        return np.concatenate([xy.min(0), xy.max(0)])


def distinct(looks: Sequence[Look]) -> list[Look]:
    """One look at each person of a picture that was turned several ways, the most believed; what
    was found without a body comes after bodies."""
    boxes = {id(look): look.box_px() for look in looks}
    upright = [look for look in looks if look.deg == 0]
    kept, taken = list[Look](), list[np.ndarray]()
    for look in sorted(looks, key=lambda look: (look.whole.body is None, -look.belief)):
        box = boxes[id(look)]
        if any(_overlap(box, other) > _SAME for other in taken):
            continue
        same = [other for other in upright if _overlap(box, boxes[id(other)]) > _SAME]
        if same or look.belief > _NEW:
            bodies = [other for other in same if other.whole.body is not None]
            best = max(bodies, key=lambda other: other.belief, default=look)
            enough = best is not look and best.belief > _ALMOST * look.belief
            kept.append(replace(look, upright=best) if enough else look)
            taken.append(box)
    return kept


def _overlap(a: np.ndarray, b: np.ndarray) -> float:
    """The share of the smaller of two boxes that lies in the other."""
    both = np.clip(np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2]), 0.0, None).prod()
    smaller = min((a[2:] - a[:2]).prod(), (b[2:] - b[:2]).prod())
    return float(both / max(smaller, 1e-9))
