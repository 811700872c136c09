"""Training of the network that marks feet where no body is seen."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from studio.perception.feet.network import POINTS, SIDE_PX, STRIDE_PX, FeetNetwork, marks, read
from studio.perception.own import read as read_weights
from studio.perception.own import take_over
from studio.training import augment, feet
from studio.training.bells import surprise
from studio.training.feed import batches_once
from studio.training.muon import Muon
from studio.training.people import DATA
from studio.training.staging import Staged
from studio.training.surroundings import Places
from studio.training.task import Batch, Bench, Row, Source, Split

_SIGMA_CELLS = 1.2
_EACH = POINTS // 2
_AWAY, _NOBODY, _ONE, _TURNED = 0.5, 0.06, 0.55, 0.35
_MARGIN, _WIDE, _WIDER = 1.15, 2.2, 4.5
_HIDDEN = 0.7
_VALIDATED, _TESTED = 128, 192


class FeetTask:
    """Where the marks of both feet are in a picture, how deep, and whether they are there.

    Scored by the share of marks within a tenth of the foot's length of the truth, half of it on
    held-out people where they were rendered, half before other surroundings.
    """

    name = "feet"
    does = "Mark feet from near, where no body is seen"
    score = "marks within a tenth"
    better: Literal["higher", "lower"] = "higher"

    def __init__(self, data: str | None = None, trunk: str | None = None) -> None:
        """``data`` is a folder of packs, else pictures come live from the factory; ``trunk`` a file
        of weights to start from: its own, or the trunk and decoder of a heatmaps network."""
        self._data, self._trunk = Path(data) if data else None, trunk
        self._places = Places(self._data)
        self._shown: Batch | None = None

    def network(self) -> FeetNetwork:
        network = FeetNetwork()
        if self._trunk is not None:
            take_over(network, read_weights(Path(self._trunk)))
        return network

    def optimiser(self, network: nn.Module, decay: float) -> torch.optim.Optimizer:
        assert isinstance(network, FeetNetwork)
        return Muon(network, network.outputs(), decay)

    def data(self, split: Split, seed: int) -> Source:
        return feet.feet(self._data, split, seed)

    def prepare(self, batch: Batch, dice: torch.Generator) -> Batch:
        return looks(batch, dice, varied=True, places=self._places)

    def loss(self, network: nn.Module, batch: Batch) -> Mapping[str, torch.Tensor]:
        maps, deep, there = network(batch["rgb"].contiguous(memory_format=torch.channels_last))
        maps = maps.float()
        told = read(maps, deep, there)
        cells = (batch["xy_px"] + 0.5) / STRIDE_PX - 0.5
        weight = batch["inside"].float()
        total = weight.sum().clamp_min(1)
        entropy = surprise(maps, cells, _SIGMA_CELLS)
        off = functional.smooth_l1_loss(told.xy, cells, reduction="none").sum(2)
        behind = functional.smooth_l1_loss(told.deep, batch["deep"], reduction="none", beta=0.05)
        seen = functional.binary_cross_entropy_with_logits(there.float(), batch["inside"].float())
        return {
            "entropy": (entropy * weight).sum() / total,
            "offset": 0.2 * (off * weight).sum() / total,
            "depth": 6.0 * (behind * weight).sum() / total,
            "there": 1.5 * seen,
        }

    def validate(self, network: nn.Module, device: str) -> Mapping[str, float]:
        from studio.training.tasks.feet_figures import errors

        source = self.data("validation", 0)
        home = errors(network, source, _VALIDATED, device)
        away = errors(network, source, _VALIDATED, device, away=True)
        return {
            self.score: (home.within + away.within) / 2, "at home": home.within,
            "away": away.within, "turned, degrees": home.turned_deg, "feet told": home.told,
        }  # fmt: skip

    def evaluate(self, network: nn.Module, device: str, bench: Bench) -> list[Row]:
        from studio.training.tasks.feet_figures import table

        return table(network, device, self.data, _TESTED, bench)

    def sample_pictures(self, network: nn.Module, device: str) -> np.ndarray:
        if self._shown is None:
            batch = next(batches_once(self.data("validation", 0), 8, 8))
            self._shown = looks(batch, torch.Generator().manual_seed(0), varied=False)
        xy, _, sure = predict(network, self._shown["rgb"], device)
        pictures = (self._shown["rgb"].permute(0, 2, 3, 1) * 255).byte().numpy().copy()
        for picture, points, there in zip(pictures, xy, sure > 0.5, strict=True):
            for number, (x, y) in enumerate(np.rint(points).astype(int)):
                if there[number]:
                    colour = (255, 70, 60) if number < _EACH else (60, 255, 90)
                    picture[max(y - 1, 0) : y + 1, max(x - 1, 0) : x + 1] = colour
        return np.hstack(list(pictures))

    def facts(self) -> Mapping[str, Any]:
        return {
            "inputs": f"RGB, 0..1, {SIDE_PX} × {SIDE_PX}, feet or legs from near, any way up",
            "outputs": "18 heatmaps and maps of depth at a quarter of the size (nine marks of the "
            "left foot, nine of the right one), and whether each mark is there",
            "data": self._places.told(DATA),
        }


def looks(
    batch: Batch, dice: torch.Generator, *, varied: bool, away: bool = False,
    places: Places | None = None,
) -> Batch:  # fmt: skip
    """What the network looks at: a square of each picture.

    ``rgb`` (batch, 3, 128, 128), ``xy_px`` (batch, 18, 2), ``deep`` (batch, 18), ``inside``
    (batch, 18): whether a mark is in the square, on a foot that is seen; ``foot_px`` (batch, 2):
    how many pixels a foot's length is there. Varied, the square lies about one foot or both by the
    dice, is turned, dyed, put before other surroundings, hidden and photographed; else it is the
    picture, plainly, ``away`` before other surroundings.
    """
    rgb = batch["rgb"].permute(0, 3, 1, 2).contiguous().float() / 255
    count, _, height, width = rgb.shape
    points, shows = batch["points"], batch["shows"].clone()
    xy, deep = torch.nan_to_num(points[..., :2], 0.0), points[..., 2]
    goes, turn = torch.full((count,), away), torch.zeros(count)
    middle = torch.full((count, 2), (width - 1) / 2)
    half = torch.full((count,), height / 2)
    if varied:
        goes = augment.chance(dice, _AWAY, count)
        middle, half = _about(xy, shows, goes, dice, middle, half)
        turn = torch.where(augment.chance(dice, _TURNED, count), 120.0, 15.0)
    matrices, mirrored = augment.placements(
        dice, middle, half, turn_deg=turn, shift=0.2 if varied else 0,
        flip=0.5 if varied else 0,
    )  # fmt: skip
    xy = augment.move_points(xy.flatten(1, 2), matrices, SIDE_PX, SIDE_PX).view(count, 2, -1, 2)
    swap = mirrored[:, None]
    shows = torch.where(swap, shows.flip(1), shows)
    xy = torch.where(swap[..., None, None], xy.flip(1), xy)
    deep = torch.where(swap[..., None], deep.flip(1), deep)
    people = Staged.on(augment.grid(matrices, SIDE_PX, SIDE_PX, (height, width)), rgb,
                       batch["parts"])  # fmt: skip
    if varied:
        people.dye(dice)
        nobody = goes & augment.chance(dice, _NOBODY / _AWAY, count)
        people.front[nobody] = 0.0
        people.move(dice, goes, places)
        shows = shows & ~nobody[:, None]
        covered = people.hide(dice, 0.3)[:, 0] > 0.5
        spot = xy.round().long().clamp(0, SIDE_PX - 1)
        under = covered[torch.arange(count)[:, None, None], spot[..., 1], spot[..., 0]]
        shows = shows & (under.float().mean(2) < _HIDDEN)
    elif away:
        people.move(dice, goes, None)
    inside = (xy > -0.5).all(-1) & (xy < SIDE_PX - 0.5).all(-1) & shows[..., None]
    cut = augment.photographed(people.rgb, dice) if varied else people.rgb
    lens, size = batch["lens"][:, :1], batch["foot_m"][:, None]
    long_px = lens * size / batch["frames"][..., 2, 3].abs().clamp_min(0.05)
    long_px = torch.where(swap, long_px.flip(1), long_px) * (SIDE_PX / 2 / half)[:, None]
    return {
        "rgb": cut, "xy_px": xy.flatten(1, 2), "deep": deep.flatten(1), "inside": inside.flatten(1),
        "foot_px": long_px, "matrices": matrices, "weight": batch["weight"],
    }  # fmt: skip


def _about(
    xy: torch.Tensor, shows: torch.Tensor, away: torch.Tensor, dice: torch.Generator,
    middle: torch.Tensor, half: torch.Tensor,
) -> tuple[torch.Tensor, torch.Tensor]:  # fmt: skip
    """Squares about one foot or all that are seen; where none is, anywhere."""
    count = len(xy)
    one = augment.chance(dice, _ONE, count) & shows.all(1)
    which = torch.randint(2, (count,), generator=dice)
    used = shows & ~(one[:, None] & (torch.arange(2) == which[:, None]))
    low = torch.where(used[..., None, None], xy, torch.inf).amin((1, 2))
    high = torch.where(used[..., None, None], xy, -torch.inf).amax((1, 2))
    some = used.any(1)
    most = torch.where(away, _WIDER, _WIDE)
    wide = _MARGIN * torch.exp(augment.uniform(dice, 0.0, 1.0, count) * torch.log(most / _MARGIN))
    found = (torch.where(some[:, None], high - low, 0.0).amax(1) / 2).clamp_min(12) * wide
    found = torch.where(away, found, found.clamp_max(1.1 * float(half[0])))
    free = half * torch.exp(augment.uniform(dice, -0.8, 0.05, count))
    there = torch.where(some[:, None], (low + high) / 2, middle)
    return there, torch.where(some, found, free)


@torch.inference_mode()
def predict(
    network: nn.Module, rgb: torch.Tensor, device: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Marks (batch, 18, 2) in pixels of the squares, their depths (batch, 18), and how sure it is
    of each."""
    told = marks(network, rgb.to(device))
    xy = (told.xy + 0.5) * STRIDE_PX - 0.5
    return xy.cpu().numpy(), told.deep.cpu().numpy(), told.sure.cpu().numpy()
