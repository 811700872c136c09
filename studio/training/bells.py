"""Heatmaps as distributions, learned from bells about points."""

from __future__ import annotations

import torch
from jaxtyping import Float


def surprise(
    maps: Float[torch.Tensor, "batch points rows columns"],
    cells: Float[torch.Tensor, "batch points 2"],
    sigma_cells: float,
) -> Float[torch.Tensor, "batch points"]:
    """The cross entropy of maps' softmax over their cells against normal distributions about
    points, ``cells`` (x and y; cell centres lie at integers), that are ``sigma_cells`` wide."""
    rows, columns = maps.shape[2:]
    ys = _bell(cells[..., 1], rows, sigma_cells)
    xs = _bell(cells[..., 0], columns, sigma_cells)
    told = torch.einsum("bpyx,bpy,bpx->bp", maps, ys, xs)
    return torch.logsumexp(maps.flatten(2), 2) - told


def _bell(centre: torch.Tensor, cells: int, sigma_cells: float) -> torch.Tensor:
    """A normal distribution over cells, for centres (batch, points)."""
    place = torch.arange(cells, device=centre.device)
    bell = torch.exp(-0.5 * ((place - centre[..., None]) / sigma_cells) ** 2)
    return bell / bell.sum(-1, keepdim=True).clamp_min(1e-6)
