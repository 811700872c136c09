"""Weights of our own networks as they are published: safetensors in half precision."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol, runtime_checkable

import torch
from safetensors.torch import load_file, save
from torch import nn

from studio.core.errors import StudioError

_ORDERS = {4: torch.channels_last, 5: torch.channels_last_3d}


@runtime_checkable
class Sized(Protocol):
    """A network some of whose sizes its weights tell."""

    def sized(self, state: Mapping[str, torch.Tensor]) -> None:
        """Take the sizes of these weights."""
        ...


def pack(network: nn.Module, facts: Mapping[str, str]) -> bytes:
    """A network's weights as a safetensors file in float16, with facts in its header."""
    state = {
        name: (value.half() if value.is_floating_point() else value).detach().cpu().contiguous()
        for name, value in network.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }
    return save(state, dict(facts))


def read(path: Path) -> dict[str, torch.Tensor]:
    """The numbers of a file of weights by their names. Raises StudioError if it is absent or
    damaged."""
    try:
        return load_file(path)
    except Exception as error:
        raise StudioError(
            f"The weights “{path}” cannot be read ({type(error).__name__}).",
            "Train the network, or reinstall Doppel.",
        ) from error


def take_over(network: nn.Module, state: Mapping[str, torch.Tensor]) -> None:
    """What other weights have of the same name and shape, a network begins with.

    Raises StudioError if there is nothing.
    """
    own = network.state_dict()
    known = {
        name: value.to(own[name].dtype)
        for name, value in state.items()
        if name in own and own[name].shape == value.shape
    }
    if not known:
        raise StudioError("These weights are those of another network.")
    network.load_state_dict(known, strict=False)


def unpack(network: nn.Module, path: Path) -> nn.Module:
    """Load published weights into a network of the same shape (but for what they tell of it, see
    :class:`Sized`), in float32, ready for use.

    Raises StudioError if the file is absent, damaged or of another network.
    """
    state = read(path)
    if isinstance(network, Sized):
        network.sized(state)
    wanted = {n for n in network.state_dict() if not n.endswith("num_batches_tracked")}
    if wanted != state.keys():
        raise StudioError(f"The weights “{path}” are those of another network.")
    try:
        network.load_state_dict({n: v.float() for n, v in state.items()}, strict=False)
    except RuntimeError as error:
        raise StudioError(
            f"The weights “{path}” are those of a network of another size."
        ) from error
    return network.eval().requires_grad_(False)


def placed(network: nn.Module, device: str, dtype: torch.dtype | None = None) -> nn.Module:
    """The network on a device, in the order of memory that convolutions are quickest in."""
    moved = network.to(device, dtype)
    for weights in moved.parameters():
        if weights.ndim in _ORDERS:
            weights.data = weights.data.contiguous(memory_format=_ORDERS[weights.ndim])
    return moved


def quick_type(device: str) -> torch.dtype:
    """What a device computes quickest in: bfloat16 on cards, and on processors that multiply in it
    (matrix tiles, AVX512_BF16: a map of the occluder takes 6.6 ms for 15.0 there)."""
    quick = device == "cuda" or any(
        getattr(torch.cpu, asked, lambda: False)()
        for asked in ("_is_amx_tile_supported", "_is_avx512_bf16_supported")
    )
    return torch.bfloat16 if quick else torch.float32


def size_mb(network: nn.Module) -> float:
    """Megabytes of the published weights."""
    return sum(v.numel() * 2 for v in network.state_dict().values() if v.is_floating_point()) / 1e6


def count(network: nn.Module) -> int:
    """How many numbers the network has learned."""
    return sum(p.numel() for p in network.parameters())
