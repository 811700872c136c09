"""The map of what is seen of an item, predicted from a picture and the item as it is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float32, UInt8
from torch import nn

from studio.core.card import find_card
from studio.perception.occluder.network import (
    SIDE_PX,
    UNKNOWN,
    OccluderNetwork,
    assembled,
    mapped,
)
from studio.perception.own import placed, quick_type, unpack
from studio.perception.trunk import fused

NAME = "occluder"
LOOSE = 1.35
"""How much larger than the item's box its square is."""
LEAST_M = 0.14
"""How large at least, at the anchor's depth: small things need their surroundings to be judged."""


@dataclass(frozen=True, eq=False)
class OccluderInput:
    """A square of a picture with one item at one anchor point (an ear, a foot), 256 × 256.

    ``item`` is the item drawn alone, as if nothing stood before it (sRGB, alpha not multiplied
    in), ``item_depth_m`` its depth and ``proxy_depth_m`` that of what is known of the wearer (a
    head, a forearm, a foot), both along the optical axis and infinite where there is nothing;
    ``anchor_depth_m`` is the anchor point's. ``previous`` is the map that was predicted last, moved
    along with the item; None at first.
    """

    rgb: UInt8[np.ndarray, "256 256 3"]
    item: UInt8[np.ndarray, "256 256 4"]
    item_depth_m: Float32[np.ndarray, "256 256"]
    proxy_depth_m: Float32[np.ndarray, "256 256"]
    anchor_depth_m: float
    previous: Float32[np.ndarray, "256 256"] | None = None


def square_around(
    box_px: tuple[float, float, float, float], px_per_m: float
) -> tuple[float, float, float]:
    """The square (left, top, side; pixels) to look at for an item that fills a box (left, top,
    right, bottom); ``px_per_m`` is how large a metre is at the anchor."""
    left, top, right, bottom = box_px
    side = max(LOOSE * max(right - left, bottom - top), LEAST_M * px_per_m)
    return (left + right - side) / 2, (top + bottom - side) / 2, side


class OcclusionPredictor:
    """Says for each pixel of an item whether it is seen. For one thread at a time."""

    def __init__(self, weights: Path | None = None, device: str = "cpu") -> None:
        """From published weights: those of Doppel or of the user, or a file. Raises StudioError if
        there are none."""
        path = weights or find_card(NAME).weights
        self._take(fused(unpack(OccluderNetwork(), path)), device)

    @classmethod
    def of(cls, network: nn.Module, device: str = "cpu") -> OcclusionPredictor:
        """From a network that is being trained."""
        made = cls.__new__(cls)
        made._take(network, device)
        return made

    def _take(self, network: nn.Module, device: str) -> None:
        self._device, self._type = device, quick_type(device)
        self._network = placed(network, device, self._type)

    @torch.inference_mode()
    def predict(self, crop: OccluderInput) -> Float32[np.ndarray, "256 256"]:
        """1 where the item is seen, 0 where what is before it is seen; beside the item it means
        nothing."""
        rgb, item = (
            torch.from_numpy(picture).to(self._device).permute(2, 0, 1)[None].float() / 255
            for picture in (crop.rgb, crop.item)
        )
        item_m, proxy_m = (
            torch.from_numpy(depth - np.float32(crop.anchor_depth_m)).to(self._device)[None]
            for depth in (crop.item_depth_m, crop.proxy_depth_m)
        )
        before = torch.full((1, SIDE_PX, SIDE_PX), UNKNOWN, device=self._device)
        if crop.previous is not None:
            before = torch.from_numpy(crop.previous).to(self._device)[None]
        given = assembled(rgb, item, item_m, proxy_m, before).to(self._type)
        logits = self._network(given.contiguous(memory_format=torch.channels_last))
        return mapped(logits)[0].cpu().numpy()
