"""The geometry of learnable triangulation, in torch and differentiable.

Pixels, heatmap cells and voxels have their centres at integers. Projections are pinhole matrices
(3, 4) whose last row is of length one, so that the third coordinate is the depth in metres.

Sources: Hartley and Zisserman 2004 (linear triangulation); Iskakov et al. 2019 (rows weighted by
learned confidences, unprojection into a grid); Geman and McClure 1987 (the robust weight).
"""

from __future__ import annotations

import math

import torch

_LEAST_DEPTH_M = 0.05
_TOWARDS_CENTRE = 1e-6
_AGREE_SIGMAS = 3.0


def metric(projections: torch.Tensor) -> torch.Tensor:
    """Projections (..., 3, 4) scaled so that their third coordinate is a depth."""
    return projections / projections[..., 2:, :3].norm(dim=-1, keepdim=True)


def moved(projections: torch.Tensor, origin: torch.Tensor) -> torch.Tensor:
    """Projections (batch, views, 3, 4) of points that are told from ``origin`` (batch, 3) on."""
    shift = torch.einsum("bvij,bj->bvi", projections[..., :3], origin) + projections[..., 3]
    return torch.cat([projections[..., :3], shift[..., None]], -1)


def projected(projections: torch.Tensor, points: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Points (batch, points, 3) in every view (batch, views, 3, 4): pixels (batch, views, points,
    2) and depths (batch, views, points). Depths below 5 cm are taken as 5 cm in the division."""
    local = torch.einsum("bvij,bpj->bvpi", projections[..., :3], points)
    local = local + projections[:, :, None, :, 3]
    depth = local[..., 2]
    return local[..., :2] / depth.clamp_min(_LEAST_DEPTH_M)[..., None], depth


def triangulated(
    projections: torch.Tensor, xy_px: torch.Tensor, weights: torch.Tensor, robust: int = 0
) -> torch.Tensor:
    """Weighted linear triangulation (batch, points, 3).

    ``weights`` (batch, views, points) are those of a pixel's error: one over its standard
    deviation makes the result the most likely point. Rows are divided by the depth of the point,
    found by a first solution with the depth of the origin, so that near and far cameras count by
    pixels. ``robust`` is how often sightings that lie far from the solution, in standard
    deviations, are then trusted less (Geman and McClure); their new weights carry no gradient.
    A point that nobody sees stays at the origin, near which people are expected.
    """
    with torch.no_grad():
        depth = projections[..., 2, 3].clamp_min(_LEAST_DEPTH_M)[..., None]
        points = linear(projections, xy_px, weights / depth)
        seen = depth
        for turn in range(1 + robust):
            at, depth = projected(projections, points)
            seen = (depth > _LEAST_DEPTH_M) / depth.clamp_min(_LEAST_DEPTH_M)
            if turn:
                off = ((at - xy_px).norm(dim=-1) * weights / _AGREE_SIGMAS).square()
                seen = seen / (1 + off)
            if turn < robust:
                points = linear(projections, xy_px, weights * seen)
    return linear(projections, xy_px, weights * seen)


def linear(projections: torch.Tensor, xy_px: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
    """The points (batch, points, 3) whose rows u p3 - p1 and v p3 - p2, so scaled (batch, views,
    points), are shortest."""
    rows = xy_px[..., None] * projections[:, :, None, 2:, :] - projections[:, :, None, :2, :]
    rows = rows * scale[..., None, None]
    rows = rows.permute(0, 2, 1, 3, 4).flatten(2, 3)
    left, right = rows[..., :3], rows[..., 3:]
    normal = left.transpose(-1, -2) @ left
    size = normal.diagonal(dim1=-2, dim2=-1).sum(-1)[..., None, None]
    eye = torch.eye(3, device=rows.device, dtype=rows.dtype)
    normal = normal + (_TOWARDS_CENTRE * size + 1e-12) * eye
    return torch.linalg.solve(normal, -left.transpose(-1, -2) @ right)[..., 0]


def information(
    projections: torch.Tensor, points: torch.Tensor, weights: torch.Tensor
) -> torch.Tensor:
    """How well views hold points in place (batch, points, 3, 3; one over square metres): the
    inverse of the covariance of a triangulation near ``points``, for ``weights`` (batch, views,
    points) of one over a pixel's standard deviation."""
    at, depth = projected(projections, points)
    rows = projections[:, :, None, :2, :3] - at[..., None] * projections[:, :, None, 2:, :3]
    rows = rows / depth.clamp_min(_LEAST_DEPTH_M)[..., None, None] * weights[..., None, None]
    return torch.einsum("bvpki,bvpkj->bpij", rows, rows)


def middle_of(
    projections: torch.Tensor, there: torch.Tensor, size_px: tuple[int, int], tall_m: float = 1.9
) -> torch.Tensor:
    """Where people are expected (batch, 3): where the rays through the crops' middles meet.

    ``there`` (batch, views) says which views count. Where they hardly cross (one camera, or
    several in one direction) the depth is that at which a crop's height is ``tall_m``.
    """
    width, height = size_px
    middle = projections.new_tensor([(width - 1) / 2, (height - 1) / 2])
    turn, shift = projections[..., :3], projections[..., 3]
    inverse = torch.linalg.inv(turn)
    centres = -(inverse @ shift[..., None])[..., 0]
    pixel = torch.cat([middle, middle.new_ones(1)])
    ways = inverse @ pixel
    scale = turn[..., :2, :3].norm(dim=-1).mean(-1)
    guesses = centres + ways * (tall_m * scale / height)[..., None]
    ways = ways / ways.norm(dim=-1, keepdim=True)
    eye = torch.eye(3, device=ways.device, dtype=ways.dtype)
    across = eye - ways[..., :, None] * ways[..., None, :]
    weak = 0.02 * eye
    share = there.to(ways.dtype)[..., None, None]
    left = ((across + weak) * share).sum(1)
    right = ((across @ centres[..., None] + weak @ guesses[..., None]) * share).sum(1)
    return torch.linalg.solve(left, right)[..., 0]


def cells(xy_px: torch.Tensor, stride_px: float) -> torch.Tensor:
    """Pixels as cells of a map that is ``stride_px`` times coarser: both have centres at integers,
    so the corners, not the centres, of the first pixel and the first cell coincide."""
    return (xy_px + 0.5) / stride_px - 0.5


def looked_up(maps: torch.Tensor, at: torch.Tensor) -> torch.Tensor:
    """Maps (n, channels, rows, columns) at places (n, points, 2), x and y in cells: (n, channels,
    points), bilinearly; beyond the outermost cells they fall to 0 within a cell."""
    rows, columns = maps.shape[2:]
    size = torch.tensor([columns, rows], device=maps.device, dtype=at.dtype)
    grid = (at + 0.5) * (2 / size) - 1
    return torch.nn.functional.grid_sample(
        maps, grid[:, None], "bilinear", "zeros", align_corners=False
    )[:, :, 0]


def grid_axes(
    cells_each: int, step_m: float, turn: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Voxel centres of a cube about the origin, turned about the vertical by ``turn`` (batch;
    radians): (batch, cells³, 3), in the order of x, y, z, and the turns (batch, 3, 3)."""
    place = (torch.arange(cells_each, device=turn.device) - (cells_each - 1) / 2) * step_m
    grid = torch.stack(torch.meshgrid(place, place, place, indexing="ij"), -1).view(-1, 3)
    cos, sin, none = torch.cos(turn), torch.sin(turn), torch.zeros_like(turn)
    rows = torch.stack([cos, -sin, none, sin, cos, none, none, none, none + 1], -1)
    turns = rows.view(-1, 3, 3)
    return torch.einsum("bij,nj->bni", turns, grid.to(turn.dtype)), turns


def in_maps(
    projections: torch.Tensor, points: torch.Tensor, stride_px: float, shape: tuple[int, int]
) -> tuple[torch.Tensor, torch.Tensor]:
    """Where points (batch, n, 3) of space lie in the maps (rows, columns) of every view, in cells
    (batch, views, n, 2), and which are in view (batch, views, n): before the camera, and no more
    than a cell beyond the outermost. Those that are not lie far outside of the map."""
    at, depth = projected(projections, points)
    where = cells(at, stride_px)
    size = where.new_tensor([shape[1], shape[0]])
    inside = ((where > -1) & (where < size)).all(-1) & (depth > _LEAST_DEPTH_M)
    return torch.where(inside[..., None], where, torch.full_like(where, -9.0)), inside


def unprojected(maps: torch.Tensor, where: torch.Tensor) -> torch.Tensor:
    """What every view's map holds where points of space are seen: maps (batch, views, channels,
    rows, columns) and places (batch, views, n, 2) as of :func:`in_maps` to (batch, views, channels,
    n); 0 out of view."""
    found = looked_up(maps.flatten(0, 1), where.flatten(0, 1))
    return found.unflatten(0, maps.shape[:2])


def unprojected_sum(maps: torch.Tensor, where: torch.Tensor) -> torch.Tensor:
    """The sum of :func:`unprojected` over the views (batch, channels, n), one at a time."""
    total = looked_up(maps[:, 0], where[:, 0])
    for view in range(1, maps.shape[1]):
        total = total + looked_up(maps[:, view], where[:, view])
    return total


def mean_place(logits: torch.Tensor, points: torch.Tensor) -> torch.Tensor:
    """The mean of places under the softmax of volumes: logits (batch, joints, n) and points
    (batch, n, 3) or (batch, joints, n, 3) to (batch, joints, 3)."""
    share = logits.softmax(-1)
    kind = "bjn,bnk->bjk" if points.ndim == 3 else "bjn,bjnk->bjk"
    return torch.einsum(kind, share, points)


def capped(error: torch.Tensor, cap: float = 0.2) -> torch.Tensor:
    """The soft squared error of distances (metres): squared up to ``cap``, beyond it growing as
    its tenth root, so that points lost beyond hope do not rule (Iskakov et al. 2019)."""
    squared, limit = error.square(), cap * cap
    safe = squared.clamp_min(limit)
    return torch.where(squared > limit, safe.pow(0.1) * limit**0.9, squared)


def turned_by(dice: torch.Generator, batch: int) -> torch.Tensor:
    """Any turn about the vertical (batch; radians)."""
    return torch.rand(batch, generator=dice, device=dice.device) * 2 * math.pi
