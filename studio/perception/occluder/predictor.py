"""The map of what is seen of an item, predicted from a picture and the item as it is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import cast

import cv2
import numpy as np
import torch
from jaxtyping import Bool, Float32, UInt8

from studio.core.card import find_card
from studio.perception.occluder.network import (
    CHANNELS,
    DIVIDED_PX,
    FAINT,
    MIDDLE,
    SIDE_PX,
    UNKNOWN,
    OccluderNetwork,
    assembled,
)
from studio.perception.occluder.swift import SwiftOccluder
from studio.perception.own import quick_type, unpack

NAME = "occluder"
LOOSE = 1.35
"""How much larger than the item's box its square is."""
LEAST_M = 0.14
"""How large at least, at the anchor's depth: small things need their surroundings to be judged."""

AROUND_PX = 32
"""How far around an item the square is looked at: the rest hardly tells of it (of 68 maps of films
one pixel of the item in 2,000 became another)."""


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
        self._take(cast(OccluderNetwork, unpack(OccluderNetwork(), path)), device)

    @classmethod
    def of(cls, network: OccluderNetwork, device: str = "cpu") -> OcclusionPredictor:
        """From a network that is being trained."""
        made = cls.__new__(cls)
        made._take(network, device)
        return made

    def _take(self, network: OccluderNetwork, device: str) -> None:
        self._device, self._type = device, quick_type(device)
        self._network = SwiftOccluder(network, device, self._type)
        pixels = SIDE_PX**2 * CHANNELS
        self._planes = torch.empty(pixels)
        self._joined = np.empty(pixels, np.float32)
        self._given = torch.empty(pixels, dtype=self._type, device=device)

    @torch.inference_mode()
    def predict(self, crop: OccluderInput) -> Float32[np.ndarray, "256 256"]:
        """1 where the item is seen, 0 where what is before it is seen; beside the item it means
        nothing."""
        found = np.full((SIDE_PX, SIDE_PX), UNKNOWN, np.float32)
        part = _around(crop.item[..., 3])
        if part is None:
            return found
        rgb, item = (
            torch.from_numpy(picture[part]).permute(2, 0, 1)[None].float() / 255
            for picture in (crop.rgb, crop.item)
        )
        item_m, proxy_m = (
            torch.from_numpy(depth[part] - np.float32(crop.anchor_depth_m))[None]
            for depth in (crop.item_depth_m, crop.proxy_depth_m)
        )
        if crop.previous is None:
            before = torch.full_like(item_m, UNKNOWN)
        else:
            before = torch.from_numpy(crop.previous[part])[None]
        height, width = rgb.shape[2:]
        pixels = height * width * CHANNELS
        planes = self._planes[:pixels].view(1, CHANNELS, height, width)
        assembled(rgb, item, item_m, proxy_m, before, planes)
        joined = self._joined[:pixels].reshape(height, width, CHANNELS)
        cv2.merge(list(planes[0].numpy()), joined)
        given = self._given[:pixels].view(height, width, CHANNELS)
        given.copy_(torch.from_numpy(joined).sub_(MIDDLE))
        told = self._network(given.permute(2, 0, 1)[None]).cpu().numpy()
        found[part] = calmed(told, covered(crop.item[..., 3][part]))
        return found


def covered(alpha: UInt8[np.ndarray, "height width"]) -> Bool[np.ndarray, "height width"]:
    """Where an item is."""
    return alpha > 255 * FAINT


def calmed(
    found: Float32[np.ndarray, "height width"], there: Bool[np.ndarray, "height width"]
) -> Float32[np.ndarray, "height width"]:
    """A map whose pixels agree with those of the item around them: their mean over 3 × 3, twice.
    What is beside the item does not count."""
    share = there.astype(np.float32)
    total = found * share
    for _ in range(2):
        share, total = (cv2.blur(each, (3, 3)) for each in (share, total))
    return np.where(there, total / np.maximum(share, 1e-3), found)


def _around(alpha: UInt8[np.ndarray, "256 256"]) -> tuple[slice, slice] | None:
    """The rows and columns that tell of an item: its own and some around, in steps that the network
    can divide. None where nothing covers a pixel."""
    told: list[slice] = []
    there = covered(alpha)
    for axis in (1, 0):
        lines = np.flatnonzero(there.any(axis))
        if not len(lines):
            return None
        first = max(int(lines[0]) - AROUND_PX, 0) // DIVIDED_PX * DIVIDED_PX
        last = -(-(int(lines[-1]) + 1 + AROUND_PX) // DIVIDED_PX) * DIVIDED_PX
        told.append(slice(first, min(last, SIDE_PX)))
    return told[0], told[1]
