"""Training of volumetric triangulation: what all views show, judged in space."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
import torch
from torch import nn

from studio.perception.heatmaps.network import HEIGHT_PX, WIDTH_PX
from studio.perception.views.geometry import turned_by
from studio.perception.views.network import solved
from studio.perception.views.seen import PELVIS
from studio.perception.views.volume import Aggregation
from studio.perception.views.volumetric import STEP_M, VOXELS, Volumes, VolumetricNetwork
from studio.training import augment
from studio.training.multiview import scenes
from studio.training.people import DATA
from studio.training.surroundings import Places
from studio.training.task import Batch, Bench, Row, Source, Split
from studio.training.tasks.algebraic import start_from, term_3d, terms_2d
from studio.training.tasks.views import varied

_COARSE, _LIKELY = 0.5, 0.002
_ABOUT_M = 0.04
_VALIDATED = 32


class VolumetricTask:
    """Where 26 joints are in space, from what one to many calibrated cameras show there.

    Scored by the mean distance of the joints from the truth (mm) in rigs that no training scene
    had. The views' own network learns with it, end to end, unless it is ``frozen``.
    """

    name = "volumetric"
    does = "Find 26 joints in the space that several views show"
    score = "MPJPE"
    better: Literal["higher", "lower"] = "lower"

    def __init__(
        self, data: str | None = None, trunk: str | None = None,
        aggregation: Aggregation = "softmax", frozen: bool = False,
    ):  # fmt: skip
        """``data`` is a folder of packs, else scenes come live from the factory; ``trunk`` a file
        of weights to start from: of an algebraic or heatmaps network, or its own."""
        self._data = Path(data) if data else None
        self._trunk, self._frozen = trunk, frozen
        self._how: Aggregation = aggregation
        self._places = Places(self._data)

    def network(self) -> VolumetricNetwork:
        network = VolumetricNetwork(self._how)
        if self._trunk is not None:
            begin(network, Path(self._trunk))
        return network

    def data(self, split: Split, seed: int) -> Source:
        return scenes(self._data, split, seed)

    def prepare(self, batch: Batch, dice: torch.Generator) -> Batch:
        made = varied(batch, dice, self._places)
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

    def validate(self, network: nn.Module, device: str) -> Mapping[str, float]:
        from studio.training.tasks.views_figures import quick_figures

        return quick_figures(network, self.data("validation", 0), _VALIDATED, device, self.score)

    def evaluate(self, network: nn.Module, device: str, bench: Bench) -> list[Row]:
        from studio.training.tasks.views_figures import table

        return table(network, device, self.data("test", 0), bench)

    def sample_pictures(self, network: nn.Module, device: str) -> np.ndarray:
        from studio.training.tasks.views_figures import drawn

        return drawn(network, self.data("validation", 0), device)

    def facts(self) -> Mapping[str, Any]:
        return {
            "inputs": f"RGB crops, 0..1, {HEIGHT_PX} × {WIDTH_PX}, lenses taken out, the person "
            "fills each; their pinhole matrices, vertical along z",
            "outputs": f"26 joints (halpe_26) in metres, and volumes of {VOXELS}³ voxels",
            "aggregation": self._how,
            "data": DATA + (f"; some before: {before}" if (before := self._places.source) else ""),
        }


def begin(network: VolumetricNetwork, path: Path) -> None:
    """Take over the weights of another network of this kind, or of one that sees single views."""
    from safetensors.torch import load_file

    from studio.core.errors import StudioError
    from studio.perception.own import unpack

    if not path.is_file():
        raise StudioError(f"There are no weights at “{path}”.")
    if any(name.startswith("voxels.") for name in load_file(path)):
        unpack(network, path)
        network.requires_grad_(True)
    else:
        start_from(network.algebraic, path)


def terms(told: Volumes, points: torch.Tensor) -> dict[str, torch.Tensor]:
    """How far the joints are off, before and after the second look, and how unlikely the volumes
    hold the voxels that the truth lies in."""
    off = (told.xyz_m - points).abs().sum(-1)
    coarse = (told.coarse_m - points).abs().sum(-1)
    local = torch.einsum("bji,bpj->bpi", told.turns, points - told.centre_m[:, None])
    voxel = (local / STEP_M + (VOXELS - 1) / 2).round().long()
    inside = ((voxel >= 0) & (voxel < VOXELS)).all(-1)
    voxel = voxel.clamp(0, VOXELS - 1)
    near = (voxel[..., 0] * VOXELS + voxel[..., 1]) * VOXELS + voxel[..., 2]
    share = told.logits.gather(2, near[..., None])[..., 0] - told.logits.logsumexp(-1)
    return {
        "space": 5 * off.clamp_max(1.0).mean(),
        "coarse": 5 * _COARSE * coarse.clamp_max(1.0).mean(),
        "likely": 5 * _LIKELY * -(share * inside).sum() / inside.sum().clamp_min(1),
    }
