"""Where a run runs: alone on one device with torch, or on many with Lightning Fabric."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any, Protocol, cast

import torch
from torch import nn

from studio.core.errors import StudioError
from studio.perception.own import quick_type
from studio.training.plan import Precision

_TYPES = {"bfloat16": torch.bfloat16, "float16": torch.float16, "float32": torch.float32}


class Launcher(Protocol):
    """One process of a run: its rank, its device, and the steps that need the others."""

    rank: int
    world: int
    device: str

    def set_up(
        self, network: nn.Module, optimiser: torch.optim.Optimizer
    ) -> tuple[nn.Module, torch.optim.Optimizer]: ...

    def autocast(self) -> AbstractContextManager[Any]: ...

    def descend(
        self, loss: torch.Tensor, network: nn.Module, optimiser: torch.optim.Optimizer, clip: float
    ) -> None:
        """One step down the gradient, whose norm is cut at ``clip``."""
        ...

    def agree(self, value: float) -> float:
        """The first process' value, in all of them."""
        ...

    def state(self) -> dict[str, Any]: ...

    def restore(self, state: dict[str, Any]) -> None: ...


def choose_device(wanted: str) -> str:
    """The torch device of “auto”, “cpu” or “cuda”. Raises StudioError if CUDA is not there."""
    if wanted not in ("auto", "cpu", "cuda"):
        raise StudioError(f"There is no device “{wanted}”.", "Give auto, cpu or cuda.")
    if torch.cuda.is_available() and wanted != "cpu":
        return "cuda"
    if wanted == "cuda":
        raise StudioError("CUDA was chosen, but no CUDA device can be used.", "Give --device cpu.")
    return "cpu"


def choose_precision(wanted: Precision, device: str) -> Precision:
    """What the device is quick in: bfloat16 on new cards and on processors that multiply in it."""
    if wanted != "auto":
        return wanted
    if device == "cuda":
        return "bfloat16" if torch.cuda.is_bf16_supported() else "float16"
    return "bfloat16" if quick_type(device) is torch.bfloat16 else "float32"


class Alone:
    """One process on one device, with torch alone."""

    rank, world = 0, 1

    def __init__(self, device: str = "cpu", precision: Precision = "auto") -> None:
        self.device = device
        self.precision = choose_precision(precision, device)
        self._scaler = torch.amp.GradScaler(
            device, enabled=self.precision == "float16" and device == "cuda"
        )

    def set_up(
        self, network: nn.Module, optimiser: torch.optim.Optimizer
    ) -> tuple[nn.Module, torch.optim.Optimizer]:
        return network, optimiser

    def autocast(self) -> AbstractContextManager[Any]:
        low = self.precision != "float32"
        return torch.autocast(self.device, _TYPES[self.precision], enabled=low)

    def descend(
        self, loss: torch.Tensor, network: nn.Module, optimiser: torch.optim.Optimizer, clip: float
    ) -> None:
        optimiser.zero_grad(set_to_none=True)
        self._scaler.scale(loss).backward()
        self._scaler.unscale_(optimiser)
        nn.utils.clip_grad_norm_(network.parameters(), clip)
        self._scaler.step(optimiser)
        self._scaler.update()

    def agree(self, value: float) -> float:
        return value

    def state(self) -> dict[str, Any]:
        return self._scaler.state_dict()

    def restore(self, state: dict[str, Any]) -> None:
        if state:
            self._scaler.load_state_dict(state)


class Together:
    """One of several processes, on devices of one or more machines, with Lightning Fabric.

    Source: Lightning Fabric, distributed data parallel (gloo on processors, NCCL on CUDA).
    """

    def __init__(self, device: str, precision: Precision, devices: int, nodes: int) -> None:
        from lightning_fabric import Fabric

        chosen = choose_precision(precision, device)
        names = {"bfloat16": "bf16-mixed", "float16": "16-mixed", "float32": "32-true"}
        self._fabric = Fabric(
            accelerator="gpu" if device == "cuda" else "cpu",
            devices=devices,
            num_nodes=nodes,
            strategy="ddp",
            precision=cast(Any, names[chosen]),
        )
        self._fabric.launch()
        self.rank, self.world = self._fabric.global_rank, self._fabric.world_size
        self.device = str(self._fabric.device)

    def set_up(
        self, network: nn.Module, optimiser: torch.optim.Optimizer
    ) -> tuple[nn.Module, torch.optim.Optimizer]:
        return self._fabric.setup(network, optimiser)

    def autocast(self) -> AbstractContextManager[Any]:
        return self._fabric.autocast()

    def descend(
        self, loss: torch.Tensor, network: nn.Module, optimiser: torch.optim.Optimizer, clip: float
    ) -> None:
        optimiser.zero_grad(set_to_none=True)
        self._fabric.backward(loss)
        self._fabric.clip_gradients(cast(Any, network), cast(Any, optimiser), max_norm=clip)
        optimiser.step()

    def agree(self, value: float) -> float:
        told = torch.tensor(float(value), device=self._fabric.device)
        return float(self._fabric.broadcast(told))

    def state(self) -> dict[str, Any]:
        return {}

    def restore(self, state: dict[str, Any]) -> None:
        del state
