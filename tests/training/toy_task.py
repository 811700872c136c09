"""A tiny network and task: which of two colours fills a picture."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from studio.training.task import Row


class Colours:
    def __init__(self, seed: int, length: int = 96) -> None:
        self.seed, self.length, self.made = seed, length, 0

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, number: int) -> dict[str, np.ndarray]:
        dice = np.random.default_rng([self.seed, number])
        kind = int(dice.integers(2))
        rgb = dice.integers(0, 90, (8, 8, 3), dtype=np.uint8)
        rgb[..., kind] += 100
        return {"rgb": rgb, "kind": np.int64(kind)}


class Toy:
    name, does, score, better = "toy", "Tell two colours", "right", "higher"

    def __init__(self, burst_at: int = -1, good: bool = True) -> None:
        self.burst_at, self.good, self.seen = burst_at, good, 0

    def network(self) -> nn.Module:
        return nn.Sequential(
            nn.Conv2d(3, 8, 3, 2, 1), nn.BatchNorm2d(8), nn.ReLU(), nn.Dropout(0.2),
            nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 2),
        )  # fmt: skip

    def data(self, split: str, seed: int) -> Colours:
        return Colours({"train": seed, "validation": 1000, "test": 2000}[split])

    def prepare(self, batch, dice):
        rgb = batch["rgb"].permute(0, 3, 1, 2).float() / 255
        noise = torch.randn(rgb.shape, generator=dice, device=dice.device)
        return {"rgb": rgb + 0.05 * noise, "kind": batch["kind"]}

    def loss(self, network, batch):
        self.seen += 1
        found = network(batch["rgb"])
        entropy = nn.functional.cross_entropy(found.float(), batch["kind"])
        if self.seen == self.burst_at:
            entropy = entropy * float("nan")
        return {"entropy": entropy, "small": 1e-3 * found.float().square().mean()}

    def _right(self, network, split: str) -> float:
        samples = [self.data(split, 0)[n] for n in range(64)]
        rgb = torch.from_numpy(np.stack([s["rgb"] for s in samples]))
        with torch.no_grad():
            found = network(rgb.permute(0, 3, 1, 2).float() / 255).argmax(1).numpy()
        return float((found == np.array([s["kind"] for s in samples])).mean())

    def validate(self, network, device):
        return {"right": self._right(network, "validation")}

    def evaluate(self, network, device, bench):
        value = self._right(network, "test") if self.good else 0.0
        return [Row("right", value, "", "higher", {"a coin": 0.5})]

    def sample_pictures(self, network, device):
        return self.data("validation", 0)[0]["rgb"]

    def facts(self):
        return {"inputs": "RGB", "data": "dice"}
