"""Pose proposal integration: many boxes and anchors tell of a part; one pose is made of them.

Source: Rogez et al. 2019 (LCR-Net++), US 11494932.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float

from studio.perception.dope.kinds import LEGS, Kind
from studio.perception.dope.network import DopeNetwork, Found, Poses

Floats = np.ndarray


@dataclass(frozen=True, eq=False)
class Part:
    """A part that was found: its points in 2D (px) and 3D (m, camera axes, from the kind's origin),
    how sure it is that each is visible, how sure that the part is there (``score``, 0..1), and the
    ``family`` of its anchor poses (hands: 0 left, 1 right; bodies: 1 upper half only)."""

    kind: str
    xy_px: Float[Floats, "points 2"]
    xyz_m: Float[Floats, "points 3"]
    seen: Float[Floats, " points"]
    score: float
    family: int

    def moved(self, way: Callable[[np.ndarray], np.ndarray]) -> Part:
        """The same part in another picture, to whose pixels ``way`` takes points (n, 2)."""
        return replace(self, xy_px=way(self.xy_px))

    @property
    def box_px(self) -> Float[Floats, "4"]:
        """What its points span: left, top, right, bottom."""
        return np.concatenate([self.xy_px.min(0), self.xy_px.max(0)])

    @property
    def size_px(self) -> float:
        """The longer side of its box."""
        return float((self.box_px[2:] - self.box_px[:2]).max())


@dataclass(frozen=True)
class Rules:
    """How alike two proposals must be to tell of one part: their points' mean distance in 2D (in
    parts of the size) and in 3D (m). ``least`` is the score of a pair of box and anchor that is
    looked at, ``enough`` the score of a part that is told."""

    near: float
    near_m: float
    least: float = 0.02
    enough: float = 0.3


RULES: Mapping[str, Rules] = {
    "body": Rules(0.22, 0.3), "hand": Rules(0.35, 0.06), "face": Rules(0.3, 0.06),
}  # fmt: skip
_OTHER = Rules(0.3, 0.1)
_UPPER_LEGS = 0.1


def integrate(
    kind: Kind,
    scores: Float[Floats, "boxes classes"],
    xy_px: Float[Floats, "boxes classes points 2"],
    xyz_m: Float[Floats, "boxes classes points 3"],
    seen: Float[Floats, "boxes points"],
    rules: Rules | None = None,
) -> list[Part]:
    """One part for each group of proposals that agree in 2D and 3D, the surest first.

    A proposal is a box with one of the anchors it resembles. Each group gathers around the surest
    proposal that is left, its pose is the mean of all of it, weighted by their scores; what lies
    there in 2D but not in 3D is another opinion about the same part and is dropped.
    """
    rules = rules or RULES.get(kind.name, _OTHER)
    box, which = np.nonzero(scores >= rules.least)
    share = scores[box, which]
    order = np.argsort(-share, kind="stable")
    box, which, share = box[order], which[order], share[order]
    two, three, visible = xy_px[box, which], xyz_m[box, which], seen[box]
    weight = np.ones((len(box), kind.points))
    if kind.name == "body":
        upper = (which >= kind.clusters)[:, None]
        weight[:, list(LEGS)] = np.where(upper, _UPPER_LEGS, 1.0)
    left, found = np.ones(len(box), bool), list[Part]()
    while left.any():
        first = int(np.argmax(left))
        extent = float(np.ptp(two[first], axis=0).max()) or 1.0
        there = left & (_apart(two, two[first], weight) < rules.near * extent)
        alike = there & (_apart(three, three[first], weight) < rules.near_m)
        left &= ~there
        left[first] = False
        alike[first] = True
        score = max(float(share[alike & (box == k)].sum()) for k in np.unique(box[alike]))
        if score < rules.enough:
            continue
        by = share[alike, None] * weight[alike]
        total = by.sum(0)[:, None]
        families = np.bincount(which[alike] // kind.clusters, share[alike], kind.families)
        found.append(
            Part(
                kind.name,
                (two[alike] * by[..., None]).sum(0) / total,
                (three[alike] * by[..., None]).sum(0) / total,
                (visible[alike] * by).sum(0) / total[:, 0],
                min(score, 1.0),
                int(families.argmax()),
            )
        )
    return _distinct(sorted(found, key=lambda part: -part.score), rules)


def _apart(points: np.ndarray, one: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Mean distance of each pose from one."""
    return (np.linalg.norm(points - one, axis=-1) * weight).sum(-1) / weight.sum(-1)


def _distinct(parts: list[Part], rules: Rules) -> list[Part]:
    """Without parts that lie where a surer one of the kind lies."""
    kept: list[Part] = []
    for part in parts:
        apart = [np.linalg.norm(part.xy_px - other.xy_px, axis=1).mean() / max(other.size_px, 1.0)
                 for other in kept]  # fmt: skip
        if min(apart, default=np.inf) >= rules.near:
            kept.append(part)
    return kept


@torch.no_grad()
def parts_in(network: DopeNetwork, found: Found, number: int = 0) -> dict[str, list[Part]]:
    """The parts of each kind that the network found in a picture of the batch."""
    out: dict[str, list[Part]] = {}
    for name, poses in found.poses.items():
        kind, branch = network.kinds[name], network.branch(name)
        one = Poses(*(value[number : number + 1].float() for value in vars(poses).values()))
        xy, xyz = branch.decoded(one)
        scores = one.logits.softmax(-1)[0, :, :-1]
        out[name] = integrate(
            kind, _plain(scores), _plain(xy[0]), _plain(xyz[0]),
            _plain(torch.sigmoid(one.seen)[0]),
        )  # fmt: skip
    return out


def _plain(values: torch.Tensor) -> np.ndarray:
    return values.cpu().numpy().astype(np.float64)
