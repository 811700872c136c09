"""What a network tells of every view, and of which joints."""

from __future__ import annotations

from dataclasses import dataclass

import torch

LAYOUT = "halpe_26"
JOINTS = 26
PELVIS = 19
MIRROR = (0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15, 17, 18, 19, 21, 20, 23, 22, 25,
          24)  # fmt: skip
"""For each joint, the one that stands in its place in a mirrored picture."""


@dataclass
class Seen:
    """What the views show: ``features`` (batch, views, channels, rows, columns) and heatmap logits
    ``maps`` (batch, views, joints, rows, columns); the points ``xy_px`` (batch, views, joints, 2)
    in pixels of the crops and their standard deviations ``sigma_px`` (batch, views, joints)."""

    features: torch.Tensor
    maps: torch.Tensor
    xy_px: torch.Tensor
    sigma_px: torch.Tensor


def both_ways(one: Seen, mirrored: Seen) -> Seen:
    """The mean of what is seen in pictures and in their mirror images; points and how sure they are
    come from the one, to be found anew in the maps."""
    order = torch.tensor(MIRROR, device=one.maps.device)
    maps = (one.maps + mirrored.maps.flip(-1)[:, :, order]) / 2
    features = (one.features + mirrored.features.flip(-1)) / 2
    sigma = (one.sigma_px + mirrored.sigma_px[:, :, order]) / 2
    return Seen(features, maps, one.xy_px, sigma)
