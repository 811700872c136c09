"""Every way to triangulate the same pictures, side by side: what the tables compare."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from torch import nn

from studio.perception.views.geometry import metric, triangulated
from studio.perception.views.network import AlgebraicNetwork
from studio.perception.views.seen import PELVIS, Seen
from studio.perception.views.volumetric import VolumetricNetwork
from studio.training.feed import batches_once
from studio.training.task import Batch, Source
from studio.training.tasks.views import plain
from studio.vision.sightings import Sightings
from studio.vision.triangulate import ransac

RANSAC_PX = 8.0
"""How far a point of a crop may lie from where it should, to agree: 8 of 128 pixels."""
_ORACLE_PX = 1.0
BATCH = 8
_OF_VIEWS = ("projections", "there", "visible", "xy_px")


@dataclass(frozen=True, eq=False)
class Found:
    """Joints (scenes, 26, 3) of several methods, the truth, and in how many of the ``cameras``
    each joint (scenes, 26) is seen; metres."""

    xyz_m: Mapping[str, np.ndarray]
    truth_m: np.ndarray
    seen_by: np.ndarray
    cameras: int

    @property
    def hidden(self) -> np.ndarray:
        """The joints (scenes, 26) that half of the cameras or more do not see."""
        return 2 * self.seen_by <= self.cameras

    def errors_mm(self, method: str, rooted: bool = False) -> np.ndarray:
        """The distance of each joint from the truth; ``rooted``, pelvis on pelvis."""
        xyz, truth = self.xyz_m[method], self.truth_m
        if rooted:
            xyz, truth = (x - x[:, PELVIS : PELVIS + 1] for x in (xyz, truth))
        return 1000 * np.linalg.norm(xyz - truth, axis=-1)

    def mpjpes_mm(self, rooted: bool = False) -> dict[str, float]:
        """The mean distance of the joints by every method."""
        return {name: float(self.errors_mm(name, rooted).mean()) for name in self.xyz_m}

    def hiddens_mm(self) -> dict[str, float]:
        """The mean distance of the hidden joints by every method; NaN where there are none."""
        if not self.hidden.any():
            return dict.fromkeys(self.xyz_m, float("nan"))
        return {name: float(self.errors_mm(name)[self.hidden].mean()) for name in self.xyz_m}


def prepared(source: Source, count: int, views: Sequence[int]) -> Iterator[Batch]:
    """The first scenes as the networks are given them, seen by some cameras."""
    for batch in batches_once(source, count, BATCH):
        yield plain(batch, list(views))


@torch.inference_mode()
def found(
    network: nn.Module, source: Source, count: int, choices: Sequence[Sequence[int]],
    device: str = "cpu", knocked: bool = False,
) -> list[Found]:  # fmt: skip
    """What every method makes of the first ``count`` scenes by each choice of cameras; ``knocked``
    turns one camera's matrix away by 12 pixels, as if somebody had touched it."""
    xyz: list[dict[str, list[np.ndarray]]] = [{} for _ in choices]
    truth: list[np.ndarray] = []
    seen_by: list[list[np.ndarray]] = [[] for _ in choices]
    every = sorted({view for chosen in choices for view in chosen})
    for batch in prepared(source, count, every):
        batch = {key: value.to(device) for key, value in batch.items()}
        seen = single(network).look(batch["rgb"])
        truth.append(batch["points"].cpu().numpy())
        for number, chosen in enumerate(choices):
            at = [every.index(view) for view in chosen]
            part = {key: batch[key][:, at] for key in _OF_VIEWS} | {"points": batch["points"]}
            if knocked:
                shift = torch.eye(3, device=device)
                shift[0, 2] = 12.0
                part["projections"][:, 0] = shift @ part["projections"][:, 0]
            fewer = Seen(*(value[:, at] for value in vars(seen).values()))
            for name, told in every_method(network, fewer, part).items():
                xyz[number].setdefault(name, []).append(told.float().cpu().numpy())
            seen_by[number].append(part["visible"].sum(1).cpu().numpy())
    return [
        Found({name: np.concatenate(values) for name, values in told.items()},
              np.concatenate(truth), np.concatenate(by), len(chosen))
        for told, by, chosen in zip(xyz, seen_by, choices, strict=True)
    ]  # fmt: skip


def every_method(network: nn.Module, seen: Seen, batch: Batch) -> dict[str, torch.Tensor]:
    """The joints (scenes, 26, 3) of a batch by every method that the network can serve, all from
    the same that was seen."""
    told = from_points(seen, batch)
    told["algebraic"] = single(network).solve(seen, batch["projections"], batch["there"])
    if isinstance(network, VolumetricNetwork):
        told["volumetric"] = network.solve(seen, batch["projections"], batch["there"]).xyz_m
    return told


def method_of(network: nn.Module) -> str:
    """The method that a network was trained for."""
    return "volumetric" if isinstance(network, VolumetricNetwork) else "algebraic"


def single(network: nn.Module) -> AlgebraicNetwork:
    """The part of a network that sees every view by itself."""
    part = network.algebraic if isinstance(network, VolumetricNetwork) else network
    return cast(AlgebraicNetwork, part)


def from_points(seen: Seen, batch: Batch) -> dict[str, torch.Tensor]:
    """The baselines, which start from the same points of the views."""
    projections, there = batch["projections"], batch["there"]
    even = there[..., None].expand_as(seen.sigma_px).float()
    plain_xyz = triangulated(metric(projections), seen.xy_px, even)
    off = (seen.xy_px - batch["xy_px"]).norm(dim=-1)
    oracle = even / off.clamp_min(_ORACLE_PX)
    agreed = _ransac(seen, projections, there)
    return {
        "RANSAC": torch.where(agreed.isnan(), plain_xyz, agreed),
        "without confidences": plain_xyz,
        "oracle weights": triangulated(metric(projections), seen.xy_px, oracle),
    }


def _ransac(seen: Seen, projections: torch.Tensor, there: torch.Tensor) -> torch.Tensor:
    """RANSAC over all pairs of cameras, as triangulation does it, in pixels of the crops.

    A crop's matrix stands for rotation and translation: none of the equations needs more.
    """
    out: list[np.ndarray] = []
    for one in range(len(projections)):
        p = projections[one].double().cpu().numpy()
        xy = seen.xy_px[one].double().cpu().numpy()
        weight = np.repeat(there[one].double().cpu().numpy()[:, None], xy.shape[1], 1)
        s = Sightings(p[:, :, :3], p[:, :, 3], xy[..., 0], xy[..., 1], weight,
                      np.ones((len(p), 1)))  # fmt: skip
        out.append(ransac(s, limit_px=RANSAC_PX).xyz_m)
    return torch.from_numpy(np.stack(out)).to(projections.device).float()
