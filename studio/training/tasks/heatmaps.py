"""Training of the network that marks 133 points on a person's crop."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from studio.perception.heatmaps.network import (
    HEIGHT_PX,
    MIRROR,
    PARTS,
    POINTS,
    STRIDE_PX,
    WIDTH_PX,
    HeatmapsNetwork,
    marked,
    marks,
)
from studio.perception.own import read, take_over
from studio.training import augment
from studio.training.bells import surprise
from studio.training.feed import batches_once
from studio.training.labelled import made_up, told_of
from studio.training.muon import Muon
from studio.training.people import people
from studio.training.staging import Staged
from studio.training.surroundings import Places
from studio.training.task import Batch, Bench, Row, Source, Split

_SIGMA_CELLS = 1.2
_HIDDEN = 0.25
_SHARES = {"body": 3.0, "feet": 1.0, "face": 0.4, "left_hand": 0.7, "right_hand": 0.7}
_SEE_AT_LEAST = 12
_MARGIN, _AWAY = 1.2, 0.6
_VALIDATED, _TESTED = 64, 128


class HeatmapsTask:
    """Where each point of coco_133 is in a crop, and whether it is visible.

    Scored by the share of visible body points within half a head of the truth (PCKh), half of it
    on held-out people where they were rendered (at home), half before other surroundings (away).
    """

    name = "heatmaps"
    does = "Mark the 133 points of COCO-WholeBody on a person's crop"
    score = "PCKh of both"
    better: Literal["higher", "lower"] = "higher"

    def __init__(
        self, data: str | None = None, labels: str | None = None, share: float = 0.2,
        trunk: str | None = None,
    ):  # fmt: skip
        """``data`` is a folder of packs, else pictures come live from the factory; ``labels`` a
        folder of labelled pictures of the user's, which make ``share`` of what is learned from;
        ``trunk`` a file of weights to start from: its own, or the trunk (and decoder) of a parts or
        whole-body network."""
        self._data = Path(data) if data else None
        self._labels, self._share = Path(labels) if labels else None, share
        self._trunk = trunk
        self._places = Places(self._data)
        self._shown: Batch | None = None

    def network(self) -> HeatmapsNetwork:
        network = HeatmapsNetwork()
        if self._trunk is not None:
            take_over(network, read(Path(self._trunk)))
        return network

    def optimiser(self, network: nn.Module, decay: float) -> torch.optim.Optimizer:
        assert isinstance(network, HeatmapsNetwork)
        return Muon(network, network.outputs(), decay)

    def data(self, split: Split, seed: int) -> Source:
        source = people(self._data, split, seed)
        if split == "train" and self._labels is not None:
            from studio.training.labelled import with_labels

            return with_labels(source, self._labels, self._share, seed)
        return source

    def prepare(self, batch: Batch, dice: torch.Generator) -> Batch:
        return crops(batch, dice, varied=True, places=self._places)

    def loss(self, network: nn.Module, batch: Batch) -> Mapping[str, torch.Tensor]:
        maps, seen = network(batch["rgb"].contiguous(memory_format=torch.channels_last))
        maps, seen = maps.float(), seen.float()
        cells = (batch["xy_px"] + 0.5) / STRIDE_PX - 0.5
        inside, visible = batch["inside"], batch["visible"]
        shares = torch.tensor(_point_shares(), device=maps.device)
        weight = torch.where(visible, 1.0, _HIDDEN) * inside * shares
        weight *= batch["weight"][:, None]
        total = weight.sum().clamp_min(1)
        entropy = surprise(maps, cells, _SIGMA_CELLS)
        off = functional.smooth_l1_loss(marked(maps), cells, reduction="none").sum(2)
        seen_loss = functional.binary_cross_entropy_with_logits(
            seen, (visible & inside).float(), reduction="none"
        )
        return {
            "entropy": (entropy * weight).sum() / total,
            "offset": 0.2 * (off * weight).sum() / total,
            "seen": 0.5 * (seen_loss * batch["known"] * batch["weight"][:, None]).mean(),
        }

    def validate(self, network: nn.Module, device: str) -> Mapping[str, float]:
        from studio.training.tasks.heatmaps_figures import errors, pckh

        source = self.data("validation", 0)
        home = errors(network, source, _VALIDATED, device)
        away = errors(network, source, _VALIDATED, device, away=True)
        return {
            self.score: (pckh(home, "body") + pckh(away, "body")) / 2,
            "PCKh at home": pckh(home, "body"), "PCKh away": pckh(away, "body"),
            "PCKh hands": pckh(home, "left_hand", "right_hand"), "PCKh face": pckh(home, "face"),
        }  # fmt: skip

    def evaluate(self, network: nn.Module, device: str, bench: Bench) -> list[Row]:
        from studio.training.tasks.heatmaps_figures import table

        return table(network, device, self.data, _TESTED, bench)

    def sample_pictures(self, network: nn.Module, device: str) -> np.ndarray:
        if self._shown is None:
            batch = next(batches_once(self.data("validation", 0), 6, 6))
            self._shown = crops(batch, torch.Generator().manual_seed(0), varied=False)
        xy, sure = predict(network, self._shown["rgb"], device)
        pictures = (self._shown["rgb"].permute(0, 2, 3, 1) * 255).byte().numpy().copy()
        for picture, points, visible in zip(pictures, xy, sure > 0.5, strict=True):
            for x, y in np.rint(points[visible]).astype(int):
                picture[max(y - 1, 0) : y + 2, max(x - 1, 0) : x + 2] = (60, 255, 90)
        return np.hstack(list(pictures))

    def facts(self) -> Mapping[str, Any]:
        return {
            "inputs": f"RGB, 0..1, {HEIGHT_PX} × {WIDTH_PX}, upright, the person fills the crop",
            "outputs": "133 heatmaps at a quarter of the size, and whether each point is visible",
            "data": self._places.told(made_up(self._labels)) + told_of(self._labels),
        }


def _point_shares() -> list[float]:
    shares = [0.0] * POINTS
    for part, share in _SHARES.items():
        for point in PARTS[part]:
            shares[point] = share
    return shares


def crops(
    batch: Batch, dice: torch.Generator, *, varied: bool, away: bool = False,
    places: Places | None = None,
) -> Batch:  # fmt: skip
    """One person of each picture, cut out upright.

    ``rgb`` (batch, 3, 128, 96), ``xy_px`` (batch, 133, 2), and ``inside`` and ``visible`` (batch,
    133): whether a point lies in the crop, and whether it is seen there; ``known`` those of which
    that is told. ``half_px`` (batch) is half the crop's height in pixels of the picture, ``places``
    (batch, 2, 3) its matrix. Varied,
    it is placed, dyed, put before other surroundings, hidden and photographed by the dice; else it
    is the first person, plainly, ``away`` before other surroundings or where the picture was taken.
    """
    rgb = batch["rgb"].permute(0, 3, 1, 2).contiguous().float() / 255
    count, _, height, width = rgb.shape
    points = batch["points"]
    size = torch.tensor([width, height], device=rgb.device)
    there = (points[..., :2] > -0.5).all(-1) & (points[..., :2] < size - 0.5).all(-1)
    seen = (there & (points[..., 2] > 0)).sum(2)
    who = seen.argmax(1)
    if varied:
        some = (seen >= _SEE_AT_LEAST).float() + 1e-6
        who = torch.multinomial(some, 1, generator=dice)[:, 0]
    chosen = points[torch.arange(count, device=rgb.device), who]
    known = torch.isfinite(chosen[..., :2]).all(-1)
    there = there[torch.arange(count, device=rgb.device), who]
    xy, visible = chosen[..., :2], (chosen[..., 2] > 0) & there
    low = torch.where(there[..., None], xy, torch.inf).amin(1)
    high = torch.where(there[..., None], xy, -torch.inf).amax(1)
    nobody = ~there.any(1, keepdim=True)
    low, high = torch.where(nobody, 0.0, low), torch.where(nobody, size - 1.0, high)
    half = torch.maximum(high[:, 1] - low[:, 1], (high[:, 0] - low[:, 0]) * HEIGHT_PX / WIDTH_PX)
    half = (half / 2 * _MARGIN).clamp_min(12)
    centre = (low + high) / 2
    if varied:
        half = half * torch.exp(augment.uniform(dice, -0.25, 0.35, count))
    matrices, mirrored = augment.placements(
        dice, centre, half, turn_deg=18 if varied else 0, shift=0.15 if varied else 0,
        flip=0.5 if varied else 0,
    )  # fmt: skip
    xy = augment.move_points(torch.nan_to_num(xy, 0.0), matrices, HEIGHT_PX, WIDTH_PX)
    order = torch.tensor(MIRROR, device=rgb.device)
    swap = mirrored[:, None]
    xy = torch.where(swap[..., None], xy[:, order], xy)
    visible, there, known = (
        torch.where(swap, told[:, order], told) for told in (visible, there, known)
    )
    frame = torch.tensor([WIDTH_PX, HEIGHT_PX], device=rgb.device)
    inside = there & (xy > -0.5).all(-1) & (xy < frame - 0.5).all(-1)
    grid = augment.grid(matrices, HEIGHT_PX, WIDTH_PX, (height, width))
    people = Staged.on(grid, rgb, batch["parts"])
    if varied:
        people.dye(dice)
        people.move(dice, augment.chance(dice, _AWAY, count), places)
        covered = people.hide(dice, 0.4)[:, 0] > 0.5
        spot = xy.round().long().clamp_min(0)
        at = spot[..., 1].clamp_max(HEIGHT_PX - 1), spot[..., 0].clamp_max(WIDTH_PX - 1)
        visible &= ~covered[torch.arange(count, device=rgb.device)[:, None], at[0], at[1]]
    elif away:
        people.move(dice, torch.ones(count, dtype=torch.bool, device=rgb.device), None)
    cut = augment.photographed(people.rgb, dice) if varied else people.rgb
    return {
        "rgb": cut, "xy_px": xy, "inside": inside, "visible": visible & inside, "half_px": half,
        "places": matrices, "known": known, "weight": batch["weight"],
    }  # fmt: skip


@torch.inference_mode()
def predict(network: nn.Module, rgb: torch.Tensor, device: str) -> tuple[np.ndarray, np.ndarray]:
    """Points (batch, 133, 2) in pixels of the crops, and how sure it is that each is visible."""
    told = marks(network, rgb.to(device))
    return ((told.xy + 0.5) * STRIDE_PX - 0.5).cpu().numpy(), told.sure.cpu().numpy()
