"""Training of volumetric triangulation: what all views show, judged in space."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import torch
from torch import nn

from studio.perception.views.geometry import turned_by
from studio.perception.views.network import solved
from studio.perception.views.seen import PELVIS
from studio.perception.views.volume import Aggregation
from studio.perception.views.volumetric import STEP_M, VOXELS, Volumes, VolumetricNetwork
from studio.training import augment
from studio.training.task import Batch
from studio.training.tasks.algebraic import start_from, term_3d, terms_2d
from studio.training.tasks.views import ViewsTask

_COARSE, _LIKELY = 0.5, 0.002
_ABOUT_M = 0.04


class VolumetricTask(ViewsTask):
    """Where 26 joints are in space, from what one to many calibrated cameras show there.

    The views' own network learns with it, end to end, unless it is ``frozen``.
    """

    name = "volumetric"
    does = "Find 26 joints in the space that several views show"

    def __init__(
        self, data: str | None = None, trunk: str | None = None,
        aggregation: Aggregation = "softmax", frozen: bool = False,
    ) -> None:  # fmt: skip
        """``trunk`` is a file of weights to start from: of an algebraic or heatmaps network, or
        its own."""
        super().__init__(data, trunk)
        self._how: Aggregation = aggregation
        self._frozen = frozen

    def network(self) -> VolumetricNetwork:
        network = VolumetricNetwork(self._how)
        if self._trunk is not None:
            begin(network, self._trunk)
        return network

    def prepare(self, batch: Batch, dice: torch.Generator) -> Batch:
        made = super().prepare(batch, dice)
        count = len(made["points"])
        about = augment.uniform(dice, -_ABOUT_M, _ABOUT_M, count, 3)
        return {**made, "turn": turned_by(dice, count), "about": about}

    def loss(self, network: nn.Module, batch: Batch) -> Mapping[str, torch.Tensor]:
        net = cast(VolumetricNetwork, network)
        projections, there = batch["projections"], batch["there"]
        if self._frozen:
            net.algebraic.eval()
            with torch.no_grad():
                seen = net.algebraic.look(batch["rgb"])
                xyz = solved(seen, projections, there)
            losses: dict[str, torch.Tensor] = {}
        else:
            seen = net.algebraic.look(batch["rgb"])
            xyz = solved(seen, projections, there)
            losses = {**terms_2d(seen, batch), "algebraic": term_3d(xyz, batch)}
        one = there.sum(1, keepdim=True) < 2
        pelvis = torch.where(one, batch["points"][:, PELVIS], xyz[:, PELVIS].detach())
        pelvis = pelvis + batch["about"]
        told = net.solve(seen, projections, there, batch["turn"], pelvis)
        return {**losses, **terms(told, batch["points"])}

    def facts(self) -> Mapping[str, Any]:
        shared = super().facts()
        return {
            **shared,
            "inputs": f"{shared['inputs']}, vertical along z",
            "outputs": f"26 joints (halpe_26) in metres, and volumes of {VOXELS}³ voxels",
            "aggregation": self._how,
        }


def begin(network: VolumetricNetwork, path: Path) -> None:
    """Take over the weights of another network of this kind, or of one that sees single views.

    Raises StudioError if the file is absent, damaged, or of another network.
    """
    from studio.perception.own import read, unpack

    if any(name.startswith("voxels.") for name in read(path)):
        unpack(network, path)
        network.requires_grad_(True)
    else:
        start_from(network.algebraic, path)


def terms(told: Volumes, points: torch.Tensor) -> dict[str, torch.Tensor]:
    """How far the joints are off, before and after the second look and judged together, and how
    unlikely the volumes hold the voxels that the truth lies in."""
    off = (told.first.fine_m - points).abs().sum(-1)
    whole = (told.xyz_m - points).abs().sum(-1)
    coarse = (told.first.coarse_m - points).abs().sum(-1)
    local = torch.einsum("bji,bpj->bpi", told.turns, points - told.centre_m[:, None])
    voxel = (local / STEP_M + (VOXELS - 1) / 2).round().long()
    inside = ((voxel >= 0) & (voxel < VOXELS)).all(-1)
    voxel = voxel.clamp(0, VOXELS - 1)
    near = (voxel[..., 0] * VOXELS + voxel[..., 1]) * VOXELS + voxel[..., 2]
    share = told.logits.gather(2, near[..., None])[..., 0] - told.logits.logsumexp(-1)
    return {
        "space": 5 * off.clamp_max(1.0).mean(),
        "whole": 5 * whole.clamp_max(1.0).mean(),
        "coarse": 5 * _COARSE * coarse.clamp_max(1.0).mean(),
        "likely": 5 * _LIKELY * -(share * inside).sum() / inside.sum().clamp_min(1),
    }
