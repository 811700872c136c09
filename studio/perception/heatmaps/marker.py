"""The 133 points of a person in a picture of any size."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import nn

from studio.core.card import find_card
from studio.perception.crops import smoothed
from studio.perception.heatmaps.network import (
    HEIGHT_PX,
    STRIDE_PX,
    WIDTH_PX,
    HeatmapsNetwork,
    marks,
)
from studio.perception.own import placed, quick_type, unpack
from studio.perception.trunk import fused

_MARGIN = 1.2


def crop_of(
    box_px: tuple[float, float, float, float],
) -> tuple[float, Float[np.ndarray, "2"]]:
    """How a box lies in its crop: scale and shift from pixels of the picture to those of the crop.

    The box is left, top, right, bottom.
    """
    left, top, right, bottom = box_px
    height = max(bottom - top, (right - left) * HEIGHT_PX / WIDTH_PX, 8.0) * _MARGIN
    scale = HEIGHT_PX / height
    centre = np.array([(left + right) / 2, (top + bottom) / 2])
    return scale, np.array([(WIDTH_PX - 1) / 2, (HEIGHT_PX - 1) / 2]) - scale * centre


@dataclass(frozen=True, eq=False)
class Marked:
    """Points of coco_133 in pixels of the picture, how surely each is visible, and how far about it
    it may lie (one sigma, pixels)."""

    xy_px: Float[np.ndarray, "133 2"]
    sure: Float[np.ndarray, "133"]
    spread_px: Float[np.ndarray, "133"]


class Marker:
    """Marks the points of coco_133 on the person in a box."""

    def __init__(self, network: nn.Module, device: str = "cpu") -> None:
        self._device, self._type = device, quick_type(device)
        self._network = placed(network, device, self._type)

    @classmethod
    def load(cls, weights: Path | None = None, device: str = "cpu") -> Marker:
        """From published weights: those of Doppel or of the user, or a file.

        Raises StudioError if there are none.
        """
        path = weights or find_card("heatmaps").weights
        return cls(fused(unpack(HeatmapsNetwork(), path)), device)

    @torch.inference_mode()
    def mark(
        self,
        rgb: UInt8[np.ndarray, "height width 3"],
        box_px: tuple[float, float, float, float],
    ) -> Marked:
        """The points of the person in a box: left, top, right, bottom of what is seen of them."""
        scale, shift = crop_of(box_px)
        into = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])
        smoother, size = smoothed(rgb, 1 / scale), (WIDTH_PX, HEIGHT_PX)
        crop = cv2.warpAffine(smoother, into, size, borderMode=cv2.BORDER_REFLECT)
        given = torch.from_numpy(crop).to(self._device).permute(2, 0, 1)[None]
        told = marks(self._network, (given.float() / 255).to(self._type))
        xy, sure, spread = (value[0].double().cpu().numpy() for value in told)
        xy = (xy + 0.5) * STRIDE_PX - 0.5
        return Marked((xy - shift) / scale, sure, spread * STRIDE_PX / scale)
