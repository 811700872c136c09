"""People and their parts in pictures of any size."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import torch
from jaxtyping import Float32, UInt8
from torch import nn

from studio.core.card import find_card
from studio.perception.crops import smoothed
from studio.perception.own import placed, quick_type, unpack
from studio.perception.parts.network import CLASSES, SIDE_PX, PartsNetwork, enlarged
from studio.perception.trunk import fused

_CLOSER, _MARGIN = 0.7, 0.15
_SPECK = 0.05


class Cutter:
    """Labels every pixel of a picture with a part of a person; see :mod:`studio.core.parts`.

    The whole picture is looked at first. Where the people fill less than 70 % of its side they are
    looked at again, closer. Made from weights, or from a network that is being trained.
    """

    def __init__(self, network: nn.Module, device: str = "cpu") -> None:
        self._device, self._type = device, quick_type(device)
        self._network = placed(network, device, self._type)

    @classmethod
    def load(cls, weights: Path | None = None, device: str = "cpu") -> Cutter:
        """From published weights: those of Doppel or of the user, or a file.

        Raises StudioError if there are none.
        """
        path = weights or find_card("parts").weights
        return cls(fused(unpack(PartsNetwork(), path)), device)

    def cut(self, rgb: UInt8[np.ndarray, "height width 3"]) -> UInt8[np.ndarray, "height width"]:
        """The label of each pixel."""
        return self.shares(rgb).argmax(0).astype(np.uint8)

    def shares(
        self, rgb: UInt8[np.ndarray, "height width 3"]
    ) -> Float32[np.ndarray, "labels height width"]:
        """How surely each pixel carries each label; they add up to one."""
        height, width = rgb.shape[:2]
        whole = self._look(rgb, (0.0, 0.0, float(max(height, width))))
        person = _largest(whole.argmax(0) > 0)
        if not person.any():
            return whole
        ys, xs = np.nonzero(person)
        side = max(np.ptp(ys), np.ptp(xs)) * (1 + 2 * _MARGIN)
        if side > _CLOSER * max(height, width):
            return whole
        left, top = (xs.min() + xs.max() - side) / 2, (ys.min() + ys.max() - side) / 2
        closer = self._look(rgb, (float(left), float(top), float(side)))
        inside = np.zeros((height, width), bool)
        inside[max(round(top), 0) : round(top + side), max(round(left), 0) : round(left + side)] = 1
        return np.where(inside, closer, whole)

    def _look(self, rgb: np.ndarray, square: tuple[float, float, float]) -> np.ndarray:
        """What the network sees in a square (left, top, side), laid back over the picture."""
        left, top, side = square
        height, width = rgb.shape[:2]
        scale = SIDE_PX / side
        into = np.array(
            [[scale, 0, scale * (0.5 - left) - 0.5], [0, scale, scale * (0.5 - top) - 0.5]]
        )
        smoother = smoothed(rgb, 1 / scale)  # the warp alone would skip pixels
        given = cv2.warpAffine(smoother, into, (SIDE_PX, SIDE_PX), borderMode=cv2.BORDER_REPLICATE)
        shares = self._run(given)
        back = cv2.invertAffineTransform(into)
        laid = [cv2.warpAffine(share, back, (width, height), borderMode=cv2.BORDER_REPLICATE)
                for share in shares]  # fmt: skip
        return np.stack(laid)

    @torch.inference_mode()
    def _run(self, square: np.ndarray) -> np.ndarray:
        given = torch.from_numpy(square).to(self._device).permute(2, 0, 1)[None]
        given = (given.float() / 255).to(self._type).contiguous(memory_format=torch.channels_last)
        logits = enlarged(self._network(given), (SIDE_PX, SIDE_PX))[0]
        shares = logits.softmax(0).cpu().numpy()
        assert shares.shape[0] == CLASSES
        return shares


def _largest(mask: np.ndarray) -> np.ndarray:
    """The mask without specks: pieces of less than a twentieth of the largest one."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    if count < 2:
        return mask
    areas = stats[1:, cv2.CC_STAT_AREA]
    keep = 1 + np.flatnonzero(areas >= _SPECK * areas.max())
    return np.isin(labels, keep)
