"""What both networks of learnable triangulation are given: several crops of a person at once, and
where they are in them and in space."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import nn

from studio.perception.heatmaps.network import HEIGHT_PX, WIDTH_PX
from studio.perception.views.crop import LOOSE
from studio.perception.views.geometry import middle_of, moved, projected
from studio.perception.views.network import AlgebraicNetwork
from studio.perception.views.seen import LAYOUT, MIRROR
from studio.perception.views.volumetric import VolumetricNetwork
from studio.training import augment
from studio.training.multiview import SIDE_PX, place_of, scenes
from studio.training.muon import Muon
from studio.training.people import DATA
from studio.training.staging import Staged
from studio.training.surroundings import Places
from studio.training.task import Batch, Bench, Row, Source, Split

MARGIN = 1.2
_VALIDATED = 32
_FEWER = (0.05, 0.2, 0.25, 0.5)
"""The chances of one, two, three and all views of a scene while training."""
_AWAY, _HIDDEN, _DYED = 0.3, 0.35, 0.5
_WRONG, _OFF_PX, _OFF_RAD = 0.12, 12.0, 0.08


class ViewsTask:
    """What both tasks share: scenes, how they are varied, and what is measured.

    Scored by the mean distance of the joints from the truth (mm) in rigs that no training scene
    had (every scene has a rig of its own).
    """

    score = "MPJPE"
    better: Literal["higher", "lower"] = "lower"

    def __init__(self, data: str | None, trunk: str | None) -> None:
        """``data`` is a folder of packs, else scenes come live from the factory; ``trunk`` a file
        of weights to start from."""
        self._data = Path(data) if data else None
        self._trunk = Path(trunk) if trunk else None
        self._places = Places(self._data)

    def data(self, split: Split, seed: int) -> Source:
        return scenes(self._data, split, seed)

    def optimiser(self, network: nn.Module, decay: float) -> torch.optim.Optimizer:
        assert isinstance(network, AlgebraicNetwork | VolumetricNetwork)
        return Muon(network, network.outputs(), decay)

    def prepare(self, batch: Batch, dice: torch.Generator) -> Batch:
        return varied(batch, dice, self._places)

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
            "fills each; their pinhole matrices",
            "data": self._places.told(DATA),
        }


def plain(batch: Batch, views: list[int] | None = None) -> Batch:
    """The crops as they are when nothing is varied; only some ``views``, if they are named."""
    chosen = slice(None) if views is None else views
    rgb, points, seen, projections = _told(batch, chosen)
    count, cameras = rgb.shape[:2]
    centre = rgb.new_full((count * cameras, 2), (SIDE_PX - 1) / 2)
    half = rgb.new_full((count * cameras,), SIDE_PX / LOOSE * MARGIN / 2)
    dice = torch.Generator(rgb.device)
    dice.manual_seed(0)
    matrices, _ = augment.placements(dice, centre, half, turn_deg=0, shift=0, flip=0)
    grid = augment.grid(matrices, HEIGHT_PX, WIDTH_PX, (SIDE_PX, SIDE_PX))
    cut = augment.look(rgb.flatten(0, 1), grid).unflatten(0, (count, cameras))
    there = torch.ones(count, cameras, dtype=torch.bool, device=rgb.device)
    return _finished(cut, points, seen, projections, matrices, there)


def varied(batch: Batch, dice: torch.Generator, places: Places | None) -> Batch:
    """The crops placed, mirrored, dyed, put before other surroundings, hidden and photographed by
    the dice; some views are left out, and a few cameras are not where they are said to be."""
    rgb, points, seen, projections = _told(batch, slice(None))
    count, cameras = rgb.shape[:2]
    every = count * cameras
    centre = rgb.new_full((every, 2), (SIDE_PX - 1) / 2)
    half = SIDE_PX / LOOSE * MARGIN / 2 * torch.exp(augment.uniform(dice, -0.15, 0.2, every))
    matrices, _ = augment.placements(dice, centre, half, turn_deg=8, shift=0.1, flip=0)
    mirrored = augment.chance(dice, 0.5, count)
    sign = torch.where(mirrored, -1.0, 1.0)
    matrices[..., 0] *= sign.repeat_interleave(cameras)[:, None]
    projections = torch.cat([projections[..., :1] * sign[:, None, None, None],
                             projections[..., 1:]], -1)  # fmt: skip
    order = torch.tensor(MIRROR, device=rgb.device)
    swap = mirrored[:, None, None]
    turned = points[:, order] * torch.tensor([-1.0, 1.0, 1.0], device=rgb.device)
    points = torch.where(swap, turned, points)
    seen = torch.where(swap, seen[:, :, order], seen)
    grid = augment.grid(matrices, HEIGHT_PX, WIDTH_PX, (SIDE_PX, SIDE_PX))
    people = Staged.on(grid, rgb.flatten(0, 1), batch["parts"].flatten(0, 1))
    if float(augment.uniform(dice, 0, 1, 1)) < _DYED:
        people.dye(dice)
    people.move(dice, augment.chance(dice, _AWAY, every), places)
    covers = people.hide(dice, _HIDDEN)[:, 0] > 0.5
    cut = augment.photographed(people.rgb, dice).unflatten(0, (count, cameras))
    few = torch.tensor(_FEWER, device=rgb.device)
    most = 1 + torch.multinomial(few, count, replacement=True, generator=dice)
    rank = torch.rand(count, cameras, generator=dice, device=rgb.device).argsort(1).argsort(1)
    there = rank < most[:, None] + (cameras - len(_FEWER))
    made = _finished(cut, points, seen, projections, matrices, there)
    spot = made["xy_px"].round().long().clamp_min(0)
    x, y = spot[..., 0].clamp_max(WIDTH_PX - 1), spot[..., 1].clamp_max(HEIGHT_PX - 1)
    covered = covers.view(count, cameras, -1).gather(2, y * WIDTH_PX + x)
    made["visible"] = made["visible"] & ~covered
    wrong = augment.chance(dice, _WRONG, count)[:, None] & (rank == 0)
    made["projections"] = _misplaced(made["projections"], wrong, dice)
    return made


def _told(
    batch: Batch, views: slice | list[int]
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Pictures (batch, views, 3, height, width; 0..1), points, who sees them, and matrices."""
    rgb = batch["rgb"][:, views].permute(0, 1, 4, 2, 3).contiguous().float() / 255
    joints = place_of(LAYOUT)
    seen = batch["visible"][:, views][:, :, joints]
    return rgb, batch["points"][:, joints], seen, batch["projections"][:, views].double()


def _finished(
    cut: torch.Tensor, points: torch.Tensor, seen: torch.Tensor, projections: torch.Tensor,
    matrices: torch.Tensor, there: torch.Tensor,
) -> Batch:  # fmt: skip
    """The batch as it is learned from; all lengths are told from where people are expected."""
    count, cameras = there.shape
    into = torch.linalg.inv(_to_old(matrices.double())).view(count, cameras, 3, 3)
    projections = into @ projections
    origin = middle_of(projections, there, (WIDTH_PX, HEIGHT_PX))
    projections = moved(projections, origin)
    points = points.double() - origin[:, None]
    xy, _ = projected(projections, points)
    size = xy.new_tensor([WIDTH_PX, HEIGHT_PX])
    inside = (xy > -0.5).all(-1) & (xy < size - 0.5).all(-1)
    return {
        "rgb": cut, "projections": projections.float(), "points": points.float(),
        "xy_px": xy.float(), "inside": inside, "visible": seen & inside, "there": there,
        "origin": origin,
    }  # fmt: skip


def _to_old(matrices: torch.Tensor) -> torch.Tensor:
    """Placements (n, 2, 3) as matrices from pixels of the new picture to those of the old."""
    step = matrices[:, :, :2] * (2 / HEIGHT_PX)
    first = matrices.new_tensor([0.5 - WIDTH_PX / 2, 0.5 - HEIGHT_PX / 2])
    shift = step @ first + matrices[:, :, 2]
    last = matrices.new_tensor([0.0, 0.0, 1.0]).expand(len(matrices), 1, 3)
    return torch.cat([torch.cat([step, shift[:, :, None]], 2), last], 1)


def _misplaced(
    projections: torch.Tensor, wrong: torch.Tensor, dice: torch.Generator
) -> torch.Tensor:
    """Matrices of cameras that were knocked against after they had been calibrated."""
    shape = wrong.shape
    move = torch.randn(*shape, 2, generator=dice, device=dice.device) * _OFF_PX
    roll = torch.randn(shape, generator=dice, device=dice.device) * _OFF_RAD
    cos, sin, none = torch.cos(roll), torch.sin(roll), torch.zeros_like(roll)
    rows = torch.stack([cos, -sin, move[..., 0], sin, cos, move[..., 1], none, none, none + 1], -1)
    knocked = rows.view(*shape, 3, 3) @ projections
    return torch.where(wrong[..., None, None], knocked, projections)
