"""Boxes: left, top, right, bottom in pixels, whose centres lie at integers."""

from __future__ import annotations

import torch


def roi_align(
    maps: torch.Tensor, boxes_px: torch.Tensor, stride_px: float, size: int = 7, samples: int = 2
) -> torch.Tensor:
    """What maps (batch, channels, rows, columns) hold in boxes (batch, boxes, 4): (batch, boxes,
    channels, size, size).

    Each cell is the mean of ``samples`` × ``samples`` values between the maps' cells, nothing is
    rounded; beyond its edge a map is that of its edge. Differentiable in the maps and the boxes.
    Source: He et al. 2017 (RoIAlign).
    """
    batch, channels, rows, columns = maps.shape
    count = boxes_px.shape[1]
    boxes = (boxes_px + 0.5) / stride_px - 0.5
    down = _shares(boxes[..., 1], boxes[..., 3], rows, size, samples).to(maps.dtype)
    across = _shares(boxes[..., 0], boxes[..., 2], columns, size, samples).to(maps.dtype)
    lines = maps.permute(0, 2, 3, 1).reshape(batch, rows, columns * channels)
    strips = down.flatten(1, 2) @ lines
    strips = strips.view(batch, count, size, columns, channels)
    found = across[:, :, None] @ strips
    return found.permute(0, 1, 4, 2, 3)


def _shares(
    low: torch.Tensor, high: torch.Tensor, cells: int, size: int, samples: int
) -> torch.Tensor:
    """How much of each of a map's ``cells`` along a side is in each of a box's (..., size,
    cells): the means of bilinear samples, which one product of matrices then takes for all."""
    side = size * samples
    share = (torch.arange(side, device=low.device, dtype=low.dtype) + 0.5) / side
    at = (low[..., None] + (high - low)[..., None] * share).clamp(0, cells - 1)
    cell = torch.arange(cells, device=low.device, dtype=low.dtype)
    near = (1 - (at[..., None] - cell).abs()).clamp_min(0)
    return near.unflatten(-2, (size, samples)).mean(-2)


def area(boxes: torch.Tensor) -> torch.Tensor:
    """The area of each box."""
    return (boxes[..., 2:] - boxes[..., :2]).clamp_min(0).prod(-1)


def iou(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Intersection over union of boxes (..., n, 4) with boxes (..., m, 4): (..., n, m)."""
    low = torch.maximum(a[..., :, None, :2], b[..., None, :, :2])
    high = torch.minimum(a[..., :, None, 2:], b[..., None, :, 2:])
    both = (high - low).clamp_min(0).prod(-1)
    either = area(a)[..., :, None] + area(b)[..., None, :] - both
    return both / either.clamp_min(1e-6)


def giou(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Generalised intersection over union of boxes with those beside them (Rezatofighi 2019)."""
    low, high = torch.maximum(a[..., :2], b[..., :2]), torch.minimum(a[..., 2:], b[..., 2:])
    both = (high - low).clamp_min(0).prod(-1)
    either = area(a) + area(b) - both
    low, high = torch.minimum(a[..., :2], b[..., :2]), torch.maximum(a[..., 2:], b[..., 2:])
    around = (high - low).clamp_min(0).prod(-1)
    ratio = both / either.clamp_min(1e-6)
    return ratio - (around - either) / around.clamp_min(1e-6)
