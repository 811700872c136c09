"""Bones as one camera sees them: how long they look, and how far into depth they may go.

What of a bone of about known length does not lie across the picture lies in depth, ahead or behind.

Source: Taylor 2000, "Reconstruction of articulated objects from point correspondences in a single
uncalibrated image".
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

LONGEST = 5.0
SPARE = 1.15
"""How much longer the scale's bone is taken to be than it looks: no bone lies quite across."""


@dataclass(frozen=True, eq=False)
class Tree:
    """Bones from a root outwards: the ``parents`` and ``children`` they join, their usual lengths
    (metres), and which of them lead to each point (points, bones)."""

    parents: tuple[int, ...]
    children: tuple[int, ...]
    usual_m: Float[Tensor, " bones"]
    leads: Float[Tensor, "points bones"]

    @classmethod
    def of(cls, bones: tuple[tuple[int, int, float], ...]) -> Tree:
        """Of (parent, child, usual length), each parent before its children."""
        parents, children, lengths = zip(*bones, strict=True)
        leads = torch.zeros(max(children) + 1, len(bones))
        for k, (parent, child, _) in enumerate(bones):
            leads[child] = leads[parent]
            leads[child, k] = 1.0
        return cls(parents, children, torch.tensor(lengths), leads)

    def seen(
        self, xy: Float[Tensor, "*batch points 2"], valid: Bool[Tensor, "*batch points"]
    ) -> Float[Tensor, "*batch bones 4"]:
        """Each bone's way across (2), its length by the usual one, and the share of it (0 to 1)
        that may lie in depth; 0 where an end is not valid. ``xy`` are in any unit: the bones that
        look longest, by their usual lengths, tell the scale."""
        parents, children = list(self.parents), list(self.children)
        both = (valid[..., parents] & valid[..., children]).to(xy)
        way = (xy[..., children, :] - xy[..., parents, :]) * both[..., None]
        usual = self.usual_m.to(xy)
        long = (way.square().sum(-1) + 1e-12).sqrt() / usual
        cubed = long**3 * usual
        scale = (cubed * long).sum(-1, keepdim=True) / (cubed.sum(-1, keepdim=True) + 1e-6)
        share = long / (SPARE * scale).clamp_min(0.1)
        deep = (1 - share.square()).clamp_min(0.0).add(1e-4).sqrt() * both
        return torch.cat([way, long.clamp(max=LONGEST)[..., None], deep[..., None]], -1)

    def depths(
        self, bones: Float[Tensor, "*batch bones 4"], turned: Float[Tensor, "*batch 2 bones"]
    ) -> Float[Tensor, "*batch points"]:
        """How far behind the root each point is (metres) where each bone goes as far into depth as
        ``turned`` says: in metres, and in shares of what it may."""
        usual = self.usual_m.to(turned)
        deep = 0.3 * turned[..., 0, :] + turned[..., 1, :] * bones[..., 3] * usual
        return deep @ self.leads.to(turned).T


def _both(name: str, other: str, long_m: float) -> tuple[tuple[str, str, float], ...]:
    return tuple((name.format(s), other.format(s), long_m) for s in ("left", "right"))


BODY_BONES = (
    *_both("pelvis", "{}_hip", 0.097), ("pelvis", "neck", 0.486),
    *_both("{}_hip", "{}_knee", 0.389), *_both("{}_knee", "{}_ankle", 0.397),
    *_both("{}_ankle", "{}_heel", 0.083), *_both("{}_ankle", "{}_big_toe", 0.218),
    *_both("{}_big_toe", "{}_small_toe", 0.079),
    *_both("neck", "{}_shoulder", 0.167), *_both("{}_shoulder", "{}_elbow", 0.275),
    *_both("{}_elbow", "{}_wrist", 0.240),
    ("neck", "nose", 0.226), *_both("nose", "{}_eye", 0.051), *_both("{}_eye", "{}_ear", 0.096),
)  # fmt: skip
"""Bones of the body by the names of their ends, with their usual lengths (metres): the means over
two thousand random people."""
HAND_BONES_M = (
    (0.046, 0.031, 0.037, 0.030), (0.110, 0.027, 0.024, 0.028), (0.105, 0.035, 0.028, 0.027),
    (0.101, 0.030, 0.025, 0.028), (0.098, 0.022, 0.016, 0.021),
)  # fmt: skip
"""The same of the fingers, from the thumb's first bone to the little finger's tip."""
HAND = Tree.of(
    tuple(
        (4 * finger + k if k else 0, 4 * finger + k + 1, long)
        for finger, lengths in enumerate(HAND_BONES_M)
        for k, long in enumerate(lengths)
    )
)
"""The bones of a hand, whose first point is the wrist."""
