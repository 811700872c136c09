"""Outlines that move with the mesh: analytic anti-aliasing, through which gradients flow.

Which surface a pixel sees changes in jumps, so a z-buffer alone tells nothing about where an
outline should go. As in S. Laine et al., "Modular primitives for high-performance differentiable
rendering", ACM TOG 39(6), 2020, two neighbouring pixels between which an outline passes are
blended by where it crosses the line between their centres, and that place has a gradient. Unlike
there, rows and columns share the work by the outline's direction; and the outlines themselves are
walked, not the triangles that pixels see, so the outline of a mesh whose triangles are smaller than
pixels is found too. (Another way are soft triangles that reach beyond their edges: S. Liu et al.,
"Soft Rasterizer", ICCV 2019. They blur what they fit; these edges stay sharp.)
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from studio.render.torch_raster import NEAR_M

_NONE = (1 << 63) - 1
_BEHIND = 1e-3  # the far side of an outline lies at least this share of its depth behind it


@dataclass(frozen=True, eq=False)
class Edges:
    """The edges of a mesh: ``ends`` (E, 2) and ``wings`` (E, 2), the vertices opposite to it in the
    two faces that share it; a border's second is its first."""

    ends: Tensor
    wings: Tensor

    @staticmethod
    def of(faces: Tensor) -> Edges:
        """Of faces (F, 3). Where more than two faces meet, each counts as a border."""
        pairs = torch.cat([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
        wings = torch.cat([faces[:, 2], faces[:, 0], faces[:, 1]])
        low, high = pairs.amin(dim=1), pairs.amax(dim=1)
        key = low * (int(faces.max()) + 1) + high
        order = torch.argsort(key, stable=True)
        count = torch.unique_consecutive(key[order], return_counts=True)[1]
        first = count.cumsum(0) - count
        shared = count == 2
        two = first[shared]
        inner = Edges._rows(low, high, wings, order[two], order[two + 1])
        crowded = (~shared).repeat_interleave(count)
        rest = order[crowded]
        border = Edges._rows(low, high, wings, rest, rest)
        return Edges(torch.cat([inner.ends, border.ends]), torch.cat([inner.wings, border.wings]))

    @staticmethod
    def _rows(low: Tensor, high: Tensor, wings: Tensor, one: Tensor, other: Tensor) -> Edges:
        ends = torch.stack([low[one], high[one]], dim=-1)
        return Edges(ends, torch.stack([wings[one], wings[other]], dim=-1))


def antialias(pictures: Tensor, depth_m: Tensor, screen: Tensor, edges: Edges) -> Tensor:
    """Pictures (B, height, width, C) whose outlines are smooth, one pixel wide.

    ``depth_m`` (B, height, width) is infinite where nothing is; ``screen`` (B, V, 3) are the
    projected vertices. Gradients reach the pictures, and through the outlines ``screen``.
    """
    batch, height, width = depth_m.shape
    flat = pictures.reshape(batch * height * width, -1)
    out = flat
    found_at = outlines(screen.detach(), edges)
    for along in (0, 1):  # rows of pixels, then columns
        found = _crossings(screen, depth_m.detach(), edges, found_at, along)
        near, far, image, edge, line, pixel, near_is_first = found
        at = _cross_line(screen, edges, image, edge, line, along)[0]
        away = at - pixel
        away = torch.where(near_is_first, away, 1 - away)
        step = _share(screen, edges, image, edge, along)[:, None] * (flat[far] - flat[near])
        out = out.index_add(0, near, (0.5 - away).clamp(min=0)[:, None] * step)
        out = out.index_add(0, far, -(away - 0.5).clamp(min=0)[:, None] * step)
    return out.reshape(pictures.shape)


def outlines(screen: Tensor, edges: Edges) -> tuple[Tensor, Tensor]:
    """Images and edges (N,) at which a surface ends or turns away: both faces lie on one side."""
    a, b = screen[:, edges.ends[:, 0]], screen[:, edges.ends[:, 1]]
    one, other = (_side(a, b, screen[:, edges.wings[:, k]]) for k in (0, 1))
    seen = (torch.minimum(a[..., 2], b[..., 2]) > NEAR_M) & (one * other > 0)
    image, edge = seen.nonzero(as_tuple=True)
    return image, edge


def _side(a: Tensor, b: Tensor, c: Tensor) -> Tensor:
    """On which side of the line from a to b a place c lies."""
    return (b[..., 0] - a[..., 0]) * (c[..., 1] - a[..., 1]) - (b[..., 1] - a[..., 1]) * (
        c[..., 0] - a[..., 0]
    )


def _cross_line(
    screen: Tensor, edges: Edges, image: Tensor, edge: Tensor, line: Tensor, along: int
) -> tuple[Tensor, Tensor]:
    """Where edges cross a row (``along`` 0) or column of pixel centres, and how deep."""
    ends = screen[image[:, None], edges.ends[edge]]
    a, b = ends.unbind(1)
    over = 1 - along
    share = (line - a[:, over]) / (b[:, over] - a[:, over])
    at = a[:, along] + share * (b[:, along] - a[:, along])
    return at, 1 / (1 / a[:, 2] + share * (1 / b[:, 2] - 1 / a[:, 2]))


def _share(screen: Tensor, edges: Edges, image: Tensor, edge: Tensor, along: int) -> Tensor:
    """How much of an outline's blending rows (or columns) do: all of it if it stands square to
    them. Either alone would cover the right area; together they do so in every direction."""
    a, b = screen[image[:, None], edges.ends[edge]].unbind(1)
    square = (b - a)[:, :2].square()
    return square[:, 1 - along] / square.sum(dim=-1)


def _crossings(
    screen: Tensor, depth_m: Tensor, edges: Edges, outlines: tuple[Tensor, Tensor], along: int
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]:
    """The nearest outline between each two neighbours along a row or column.

    Returns one row a pair: the places in the flat pictures of the pixel that sees the outline's
    own surface and of the other, image, edge, row (or column), the first pixel's column (or row),
    and whether that is the near one.
    """
    with torch.no_grad():
        batch, height, width = depth_m.shape
        lines, length = (height, width) if along == 0 else (width, height)
        image, edge = outlines
        ends = screen[image[:, None], edges.ends[edge]][..., :2]
        over = 1 - along
        low = ends[..., over].amin(dim=1).floor().clamp(min=-1).long() + 1
        high = ends[..., over].amax(dim=1).floor().clamp(max=lines - 1).long()
        counts = (high - low + 1).clamp(min=0)
        k = torch.repeat_interleave(torch.arange(len(edge), device=edge.device), counts)
        line = low[k] + torch.arange(len(k), device=k.device) - (counts.cumsum(0) - counts)[k]
        at, depth = _cross_line(screen, edges, image[k], edge[k], line.to(screen.dtype), along)
        first = at.floor()
        inside = ((first >= 0) & (first <= length - 2)).nonzero()[:, 0]
        k, line, depth = k[inside], line[inside], depth[inside]
        first = first[inside].long()
        row, column = (line, first) if along == 0 else (first, line)
        one = (image[k] * height + row) * width + column
        other = one + (1 if along == 0 else width)
        a, b = screen[image[k][:, None], edges.ends[edge[k]]].unbind(1)
        wing = screen[image[k], edges.wings[edge[k], 0]]
        centre = torch.stack([column, row], dim=-1).to(screen.dtype)
        near_is_first = _side(a, b, centre) * _side(a, b, wing) > 0
        far = torch.where(near_is_first, other, one)
        behind = (depth_m.reshape(-1)[far] > depth * (1 + _BEHIND)).nonzero()[:, 0]
        key = depth[behind].float().view(torch.int32).long() << 32 | behind
        nearest = torch.full((batch * height * width,), _NONE, device=k.device)
        nearest.scatter_reduce_(0, one[behind], key, "amin")
        won = nearest[nearest != _NONE] & 0xFFFFFFFF
        near = torch.where(near_is_first, one, other)
        k = k[won]
        return (
            near[won], far[won], image[k], edge[k], line[won].to(screen.dtype),
            first[won].to(screen.dtype), near_is_first[won],
        )  # fmt: skip
