"""Training of the network that says what light falls on a face."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from studio.perception.face_light.network import SIDE_PX, FaceLightNetwork
from studio.perception.faces.lit import GAMMA, SkinLight
from studio.render.environment import MIRRORED, basis, spread
from studio.training import augment
from studio.training.feed import batches_once
from studio.training.lit import GROWN, lit
from studio.training.people import DATA
from studio.training.task import Batch, Bench, Row, Source, Split

GREY = 0.5
"""What the ball sends back on which lights are compared."""
_MIRRORED = torch.from_numpy(MIRRORED).float()
_VALIDATED, _TESTED, _FACING = 96, 192, 240
_LITTLE = 0.02


def facing(count: int = _FACING) -> np.ndarray:
    """Directions (count, 3) spread evenly over the half of a ball that a camera sees, in the axes
    of a level camera's world."""
    x, y, z = spread(round(2 * count / 0.95))[:count].T  # but for the rim
    return np.stack([x, -z, y], -1)


class FaceLightTask:
    """Scored by the colours of a grey ball in that light, on held-out people and places."""

    name = "face_light"
    does = "Say what light falls on a face, whatever its skin"
    score = "grey ball off"
    better: Literal["higher", "lower"] = "lower"

    def __init__(self, data: str | None = None) -> None:
        """``data`` is a folder of packs."""
        self._data = Path(data) if data else None
        self._basis = torch.from_numpy(basis(facing())).float()

    def network(self) -> FaceLightNetwork:
        return FaceLightNetwork()

    def data(self, split: Split, seed: int) -> Source:
        return lit(self._data, split, seed)

    def prepare(self, batch: Batch, dice: torch.Generator) -> Batch:
        return varied(batch, dice)

    def loss(self, network: nn.Module, batch: Batch) -> Mapping[str, Tensor]:
        found = network(batch["rgb"], batch["shape"], batch["mean"])
        off = (self._shown(found) - self._shown(batch["light"])).abs().mean((1, 2))
        hue = self._hues(found) - self._hues(batch["light"])
        return {"ball": off.mean() * 10, "hue": hue.abs().mean()}

    def validate(self, network: nn.Module, device: str) -> Mapping[str, float]:
        return {self.score: float(self._errors(network, "validation", _VALIDATED).mean())}

    def evaluate(self, network: nn.Module, device: str, bench: Bench) -> list[Row]:
        source = lit(self._data, "test", 0, bench.find)
        found, true, skins, means = [], [], [], []
        for batch in batches_once(source, _TESTED, 32):
            given = plain(batch)
            with torch.inference_mode():
                found.append(network(given["rgb"], given["shape"], given["mean"]))
            true.append(given["light"])
            skins += [
                SkinLight(shape.numpy(), mean.numpy()).light
                for shape, mean in zip(given["shape"], given["mean"], strict=True)
            ]
            means.append(given["mean"])
        shown = {
            "network": self._levels(torch.cat(found)),
            "an average skin's": self._levels(torch.from_numpy(np.stack(skins)).float()),
        }
        truth = self._levels(torch.cat(true))
        usual = lit(self._data, "validation", 0, bench.find)
        others = [batch["light"] for batch in batches_once(usual, _VALIDATED, 32)]
        same = torch.cat(others).mean(0)
        shown["one light for all"] = self._levels(same[None])
        bright = torch.cat(means).mean(1)
        note = f"{len(truth)} pictures of held-out people in held-out places, light from anywhere"
        rows = [_row("a grey ball in that light: colours off", shown, truth, note)]
        order = torch.argsort(bright)
        third = len(order) // 3
        for name, which in (("darkest", order[:third]), ("palest", order[-third:])):
            some = {k: v[which] if len(v) > 1 else v for k, v in shown.items()}
            rows.append(_row(f"the same of the third that looks {name}", some, truth[which], ""))
        tints = {k: v - v.mean(2, keepdim=True) for k, v in shown.items()}
        rows.append(_row("tint of the ball off", tints, truth - truth.mean(2, keepdim=True), ""))
        return rows

    def sample_pictures(self, network: nn.Module, device: str) -> np.ndarray:
        batch = plain(next(batches_once(self.data("validation", 0), 8, 8)))
        with torch.inference_mode():
            found = network(batch["rgb"], batch["shape"], batch["mean"])
        faces = (batch["rgb"] * 255).byte().permute(0, 2, 3, 1).numpy()
        rows = [faces, balls(batch["light"]), balls(found)]
        return np.hstack([np.vstack(column) for column in zip(*rows, strict=True)])

    def facts(self) -> Mapping[str, Any]:
        return {
            "inputs": "64 × 64: RGB of a face and what is about it; what its skin shows as "
            "harmonics of its normal, and the mean",
            "outputs": "what a white matt surface would send back by its normal: nine harmonics of "
            "linear RGB",
            "data": f"{DATA}; each beside a grey ball in the same light before the same camera",
        }

    def _errors(self, network: nn.Module, split: Split, count: int) -> Tensor:
        off: list[Tensor] = []
        for batch in batches_once(self.data(split, 0), count, 32):
            given = plain(batch)
            with torch.inference_mode():
                found = network(given["rgb"], given["shape"], given["mean"])
            off.append((self._levels(found) - self._levels(given["light"])).abs().mean((1, 2)))
        return torch.cat(off)

    def _shown(self, light: Tensor) -> Tensor:
        """The ball's colours (batch, directions, 3), 0..1, which fall off softly where the light is
        none."""
        linear = GREY * torch.einsum("nk,bkc->bnc", self._basis, light)
        return linear.clamp_min(_LITTLE**2) ** (1 / GAMMA) + linear.clamp_max(0)

    def _hues(self, light: Tensor) -> Tensor:
        mean = self._shown(light).mean(1).clamp_min(_LITTLE).log()
        return mean - mean.mean(1, keepdim=True)

    def _levels(self, light: Tensor) -> Tensor:
        return 255 * self._shown(light).clamp(0, 1)


def _row(what: str, shown: Mapping[str, Tensor], truth: Tensor, note: str) -> Row:
    off = {name: float((colours - truth).abs().mean()) for name, colours in shown.items()}
    return Row(what, off.pop("network"), "levels", "lower", off, note)


def plain(batch: Batch) -> Batch:
    """Samples as the network is given them, as they are."""
    rgb = batch["rgb"].permute(0, 3, 1, 2).float() / 255
    side = rgb.shape[2]
    count = len(rgb)
    half = torch.full((count,), side / GROWN / 2)
    middle = torch.full((count, 2), (side - 1) / 2)
    rows = torch.stack([half, torch.zeros(count), middle[:, 0], torch.zeros(count), half,
                        middle[:, 1]], 1)  # fmt: skip
    places = augment.grid(rows.view(-1, 2, 3), SIDE_PX, SIDE_PX, (side, side))
    return {**batch, "rgb": augment.look(rgb, places)}


def varied(batch: Batch, dice: torch.Generator) -> Batch:
    """Samples as they are learned from: nearer and farther, mirrored, and in other light. Light of
    another colour makes another picture, and what there is to be told changes alike."""
    rgb = batch["rgb"].permute(0, 3, 1, 2).float() / 255
    count, side = len(rgb), rgb.shape[2]
    scales = side / GROWN / 2 * torch.exp(augment.uniform(dice, -0.15, 0.2, count))
    middle = torch.full((count, 2), (side - 1) / 2, device=rgb.device)
    matrices, mirrored = augment.placements(dice, middle, scales, turn_deg=0, shift=0.1)
    seen = augment.look(rgb, augment.grid(matrices, SIDE_PX, SIDE_PX, (side, side)))
    sign = torch.where(mirrored[:, None, None], _MIRRORED[:, None], torch.ones(9, 1))
    dimmed = torch.randn(count, 1, generator=dice) * 0.35
    warm, green = torch.randn(2, count, generator=dice) * torch.tensor([[0.2], [0.05]])
    gain = torch.exp(dimmed + torch.stack([warm, green, -warm], 1))
    linear = seen.clamp_min(0) ** GAMMA * gain[:, :, None, None]
    noisy = linear.clamp(0, 1) ** (1 / GAMMA)
    noisy = noisy + torch.randn(noisy.shape, generator=dice) * 0.01
    return {
        "rgb": noisy.clamp(0, 1), "shape": batch["shape"] * sign,
        "mean": (batch["mean"] * gain).clamp_max(1.0),
        "light": batch["light"] * sign * gain[:, None],
    }  # fmt: skip


def balls(light: Tensor, side: int = SIDE_PX) -> np.ndarray:
    """Pictures (batch, side, side, 3; uint8) of grey balls in some light (batch, 9, 3)."""
    y, x = np.mgrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j]
    away = np.hypot(x, y)
    way = np.stack([x, -np.sqrt(np.clip(1 - away**2, 0, None)), -y], -1)
    linear = GREY * np.einsum("hwk,bkc->bhwc", basis(way), light.numpy())
    shown = 255 * np.clip(linear, 0, 1) ** (1 / GAMMA) * (away < 1)[..., None]
    return shown.astype(np.uint8)
