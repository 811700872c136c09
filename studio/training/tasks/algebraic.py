"""Training of algebraic triangulation: points and their trust in every view, end to end."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from studio.perception.heatmaps.network import HEIGHT_PX, STRIDE_PX, WIDTH_PX, points_of
from studio.perception.views.geometry import capped, cells
from studio.perception.views.network import AlgebraicNetwork
from studio.perception.views.seen import JOINTS, Seen
from studio.training.bells import surprise
from studio.training.task import Batch
from studio.training.tasks.views import ViewsTask

_SIGMA_CELLS = 1.0
_HIDDEN = 0.25


class AlgebraicTask(ViewsTask):
    """Where 26 joints are in space, from several views of calibrated cameras."""

    name = "algebraic"
    does = "Triangulate 26 joints from several views by points and confidences that it learned"

    def __init__(self, data: str | None = None, trunk: str | None = None) -> None:
        """``trunk`` is a file of weights to start from: of a heatmaps network, or its own."""
        super().__init__(data, trunk)

    def network(self) -> AlgebraicNetwork:
        network = AlgebraicNetwork()
        if self._trunk is not None:
            start_from(network, self._trunk)
        return network

    def loss(self, network: nn.Module, batch: Batch) -> Mapping[str, torch.Tensor]:
        xyz, seen = network(batch["rgb"], batch["projections"], batch["there"])
        return {**terms_2d(seen, batch), "space": term_3d(xyz, batch)}

    def facts(self) -> Mapping[str, Any]:
        return {
            **super().facts(),
            "outputs": "26 joints (halpe_26) in metres; in every view their pixels and standard "
            "deviations",
        }


def start_from(network: AlgebraicNetwork, path: Path) -> None:
    """Take over the weights of another network of this kind, or what a heatmaps network knows.

    Joints that it does not mark begin as the mean of those beside them. Raises StudioError if the
    file is absent, damaged, or of another network.
    """
    from studio.perception.heatmaps.network import HeatmapsNetwork
    from studio.perception.own import read, unpack

    if any(name.startswith("trust.") for name in read(path)):
        unpack(network, path)
        network.requires_grad_(True)
        return
    other = HeatmapsNetwork()
    unpack(other, path)
    network.trunk.load_state_dict(other.trunk.state_dict())
    network.decoder.load_state_dict(other.decoder.state_dict())
    beside = [*([i] for i in range(17)), [0, 1, 2, 3, 4], [5, 6], [11, 12], [17], [20], [18], [21],
              [19], [22]]  # fmt: skip
    with torch.no_grad():
        for joint, rows in enumerate(beside):
            network.head.weight[joint] = other.head.weight[rows].mean(0)
            bias, own = other.head.bias, network.head.bias
            assert bias is not None
            assert own is not None
            own[joint] = bias[rows].mean(0)


def terms_2d(seen: Seen, batch: Batch) -> dict[str, torch.Tensor]:
    """How far every view's own points are off, by maps, by means, and by the trust in them."""
    inside, visible = batch["inside"], batch["visible"]
    there = batch["there"][..., None]
    weight = torch.where(visible, 1.0, _HIDDEN) * inside * there
    total = weight.sum().clamp_min(1)
    maps = seen.maps.flatten(0, 1)
    at = cells(batch["xy_px"], STRIDE_PX).flatten(0, 1)
    entropy = surprise(maps, at, _SIGMA_CELLS).view_as(weight)
    off = functional.smooth_l1_loss(points_of(maps), at, reduction="none").sum(2).view_as(weight)
    size = at.new_tensor([WIDTH_PX, HEIGHT_PX])
    clipped = torch.minimum(batch["xy_px"].clamp_min(0), size - 1)
    error = (seen.xy_px.detach() - clipped).norm(dim=-1)
    sigma = seen.sigma_px
    likely = (2 * sigma.log() + error / sigma * 2) * there
    return {
        "entropy": (entropy * weight).sum() / total,
        "offset": 0.2 * (off * weight).sum() / total,
        "trust": 0.2 * likely.sum() / (there.sum() * JOINTS).clamp_min(1),
    }


def term_3d(xyz: torch.Tensor, batch: Batch) -> torch.Tensor:
    """The soft squared error in space, of the scenes that two views or more show."""
    several = (batch["there"].sum(1) > 1).float()[:, None]
    error = (xyz - batch["points"]).square().sum(-1).clamp_min(1e-10).sqrt()
    return 10 * (capped(error) * several).sum() / (several.sum() * JOINTS).clamp_min(1)
