"""What the compact person is made of: how phenotypes mix its shapes, how its bones hang together.

Torch and NumPy alone (see :mod:`studio.human.compact`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor


@dataclass(frozen=True, eq=False)
class Recipe:
    """From phenotypes to coefficients of the shapes, Anny's way: every phenotype is interpolated
    between its anchors, a target's share is the product of its variations' (``factors``, one column
    a group of variations), and ``mix`` (targets, shapes) carries the shares to the shapes."""

    anchors: tuple[tuple[int, float, float, int], ...]
    races: tuple[int, ...]
    factors: Tensor
    mix: Tensor

    def __call__(self, phenotypes: Tensor) -> Tensor:
        """Coefficients (B, shapes). Gradients on an anchor are those of the interval before it."""
        x = phenotypes.to(self.mix)
        races = x[:, list(self.races)]
        total = races.sum(1, keepdim=True)
        safe = torch.where(total > 0, total, torch.ones_like(total))
        groups = [torch.where(total > 0, races / safe, torch.full_like(races, 1 / 3))]
        groups += [_hats(x[:, column], a, b, count) for column, a, b, count in self.anchors]
        share = torch.ones(len(x), len(self.factors), dtype=x.dtype, device=x.device)
        for weights, factor in zip(groups, self.factors.T, strict=True):
            share = share * torch.cat([weights, torch.ones_like(weights[:, :1])], 1)[:, factor]
        return share @ self.mix


def _hats(value: Tensor, first: float, last: float, count: int) -> Tensor:
    """Linear interpolation between evenly spaced anchors: weights (B, count)."""
    value = torch.where(value < first, first, value)
    value = torch.where(value > last, last, value)
    place = (value - first) * ((count - 1) / (last - first))
    below = (place.detach().ceil() - 1).clamp(0, count - 2).long()
    way = (place - below)[:, None]
    at = torch.nn.functional.one_hot(below, count)
    return at * (1 - way) + torch.nn.functional.one_hot(below + 1, count) * way


@dataclass(frozen=True, eq=False)
class Tree:
    """How bones hang on each other: ``levels`` hold the bones of one depth and where their parents
    are in the level before, ``order`` puts them back, ``chain`` (bones, bones) sums from the root.

    ``segment`` is the column of a bone's scale (or of a scale that is always 1), ``along`` (bones,
    3) the fixed direction it acts in, ``child`` where the bone points to (itself if ``along`` says
    it), ``whole`` 1 where it acts in all directions.
    """

    levels: tuple[tuple[Tensor, Tensor], ...]
    order: Tensor
    parents: Tensor
    chain: Tensor
    segment: Tensor
    along: Tensor
    child: Tensor
    whole: Tensor

    def turns(self, D: Tensor) -> Tensor:
        """The bones' rotations in the world, G(parent) · D, (B, bones, 3, 3)."""
        found = [D[:, self.levels[0][0]]]
        for bones, parents in self.levels[1:]:
            found.append(found[-1][:, parents] @ D[:, bones])
        return torch.cat(found, 1)[:, self.order]

    def down(self, linear: Tensor, heads: Tensor) -> Tensor:
        """Heads (B, bones, 3) when ``linear`` moves each bone's children; the root: 0."""
        steps = heads - heads[:, self.parents]
        moved = (linear[:, self.parents] @ steps[..., None])[..., 0]
        return self.chain @ moved

    def stretch(self, heads: Tensor, scales: Tensor) -> Tensor:
        """Each bone's stretch (B, bones, 3, 3) for segment ``scales`` (B, segments)."""
        ways = heads[:, self.child] - heads + self.along
        ways = ways / ways.square().sum(-1, keepdim=True).clamp(min=1e-12).sqrt()
        eye = torch.eye(3, dtype=heads.dtype, device=heads.device)
        whole = self.whole[:, None, None]
        acts = whole * eye + (1 - whole) * ways[..., :, None] * ways[..., None, :]
        own = torch.cat([scales, torch.ones_like(scales[:, :1])], 1)[:, self.segment]
        return eye + (own - 1)[..., None, None] * acts


class _NearestTurn(torch.autograd.Function):
    """The rotation R that maximises tr(Rᵀ M): U diag(1, 1, det) Vᵀ of the SVD of M.

    The SVD's own gradient breaks where singular values meet; R's does not: with A = Uᵀ dM V and the
    signed singular values s, dR = U X Vᵀ where X_ij = (A_ij - A_ji) / (s_i + s_j).
    """

    @staticmethod
    def forward(ctx: Any, M: Tensor) -> Tensor:  # pyright: ignore
        U, s, Vt = torch.linalg.svd(M)
        sign = torch.ones_like(s)
        sign[..., 2] = torch.linalg.det(U @ Vt).sign()
        proper = U * sign[..., None, :]
        ctx.save_for_backward(proper, s * sign, Vt)
        return proper @ Vt

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> Tensor:  # pyright: ignore
        U, s, Vt = ctx.saved_tensors
        A = U.transpose(-1, -2) @ g @ Vt.transpose(-1, -2)  # the same form, transposed
        total = s[..., :, None] + s[..., None, :]
        total = torch.where(total.abs() < 1e-9, torch.full_like(total, 1e-9), total)
        return U @ ((A - A.transpose(-1, -2)) / total) @ Vt


def nearest_turn(M: Tensor) -> Tensor:
    """The rotations nearest to matrices (..., 3, 3) (special orthogonal Procrustes)."""
    return _NearestTurn.apply(M)  # pyright: ignore


def nearest_turns_near(M: Tensor) -> Tensor:
    """:func:`nearest_turn` of matrices (B, ..., 3, 3) that all lie close to the first: its own, and
    for the others to first order, with one decomposition for all."""
    U, s, Vt = torch.linalg.svd(M[:1])
    sign = torch.ones_like(s)
    sign[..., 2] = torch.linalg.det(U @ Vt).sign()
    proper = U * sign[..., None, :]
    A = proper.transpose(-1, -2) @ (M - M[:1]) @ Vt.transpose(-1, -2)
    total = (s * sign)[..., :, None] + (s * sign)[..., None, :]
    total = torch.where(total.abs() < 1e-9, torch.full_like(total, 1e-9), total)
    return proper @ (torch.eye(3).to(M) + (A - A.transpose(-1, -2)) / total) @ Vt


def _ancestors(parents: Sequence[int]) -> np.ndarray:
    chain = np.eye(len(parents))
    for bone, parent in enumerate(parents):
        if parent >= 0:
            chain[bone] += chain[parent]
    return chain


def tree(parents: tuple[int, ...], segments: list[dict[str, Any]], like: Tensor) -> Tree:
    """The tree of bones with these parents, on the device and of the type of ``like``."""
    depth = np.rint(_ancestors(parents).sum(1)).astype(int) - 1
    levels: list[tuple[Tensor, Tensor]] = []
    before: list[int] = []
    for level in range(depth.max() + 1):
        bones = [int(b) for b in np.flatnonzero(depth == level)]
        above = [before.index(parents[b]) for b in bones if parents[b] >= 0]
        levels.append(
            (torch.tensor(bones, device=like.device), torch.tensor(above, device=like.device))
        )
        before = bones
    order = np.argsort(np.argsort(depth, kind="stable"), kind="stable")
    count = len(parents)
    segment = np.full(count, len(segments))
    along, child, whole = np.zeros((count, 3)), np.arange(count), np.zeros(count)
    first = {parent: bone for bone, parent in reversed(list(enumerate(parents)))}
    for column, made in enumerate(segments):
        for bone in made["bones"]:
            segment[bone] = column
            if made["along"] == "bone":
                child[bone] = first[bone]
            elif made["along"] == "all":
                whole[bone] = 1
            else:
                along[bone, "xyz".index(made["along"])] = 1
    indices = (np.maximum(parents, 0), segment, child)
    above, column, pointed = (torch.as_tensor(i).to(like.device) for i in indices)
    floats = (torch.as_tensor(a).to(like) for a in (_ancestors(parents), along, whole))
    chain, direction, everywhere = floats
    return Tree(
        tuple(levels), torch.as_tensor(order).to(like.device), above, chain,
        column, direction, pointed, everywhere,
    )  # fmt: skip
