"""Boxes: left, top, right, bottom in pixels, whose centres lie at integers."""

from __future__ import annotations

import torch
from torch.nn import functional


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
    count, side = boxes_px.shape[1], size * samples
    share = (torch.arange(side, device=maps.device, dtype=boxes_px.dtype) + 0.5) / side
    low, extent = boxes_px[..., :2], boxes_px[..., 2:] - boxes_px[..., :2]
    at = low[..., None, :] + extent[..., None, :] * share[:, None]
    whole = torch.tensor([columns * stride_px, rows * stride_px], device=maps.device)
    at = (at + 0.5) * 2 / whole - 1
    x = at[..., None, :, 0].expand(batch, count, side, side)
    y = at[..., :, None, 1].expand(batch, count, side, side)
    grid = torch.stack([x, y], -1).view(batch, count * side, side, 2)
    exact = maps if maps.dtype == torch.float64 else maps.float()
    grid = grid.to(exact.dtype)
    found = functional.grid_sample(exact, grid, "bilinear", "border", align_corners=False)
    found = functional.avg_pool2d(found, samples)
    return found.view(batch, channels, count, size, size).transpose(1, 2)


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
