"""The light on a face in a picture, as the network tells it."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import torch
from jaxtyping import Float, UInt8

from studio.core.card import find_card
from studio.perception.face_light.network import LOOSE, SIDE_PX, FaceLightNetwork
from studio.perception.faces.lit import skin_light
from studio.perception.own import unpack
from studio.perception.trunk import fused

NAME = "face_light"


def square_of(
    rgb: UInt8[np.ndarray, "height width 3"], face_px: Float[np.ndarray, "points 3"], side: int,
    grown: float = 1.0,
) -> UInt8[np.ndarray, "side side 3"]:  # fmt: skip
    """The square about a face at ``side`` pixels, ``grown`` larger than the network looks at."""
    low, high = face_px[:468, :2].min(0), face_px[:468, :2].max(0)
    reach = grown * LOOSE * float((high - low).max()) / 2
    step = 2 * reach / side
    corner = (low + high - 2 * reach + step) / 2
    if step >= 2:  # made smaller by whole pixels first: what is left out else is seen as noise
        height, width = rgb.shape[:2]
        by = int(step)
        left, top = np.clip(corner - 2 * step, 0, (width - by, height - by)).astype(int)
        right, below = np.clip(corner + 2 * reach + 2 * step, (left + by, top + by),
                               (width, height)).astype(int)  # fmt: skip
        wide, tall = (right - left) // by, (below - top) // by
        part = rgb[top : top + by * tall, left : left + by * wide]
        rgb = cv2.resize(part, (int(wide), int(tall)), interpolation=cv2.INTER_AREA)
        corner = (corner - (left, top) + 0.5) / by - 0.5
        step /= by
    matrix = np.array([[step, 0, corner[0]], [0, step, corner[1]]])
    return cv2.warpAffine(
        rgb, matrix, (side, side), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REFLECT_101,
    )  # fmt: skip


class FaceLightPredictor:
    """Says what light falls on faces. For one thread at a time."""

    def __init__(self, weights: Path | None = None) -> None:
        """``weights`` are those published with Doppel unless others are given. Raises StudioError
        if they cannot be loaded."""
        network = FaceLightNetwork()
        unpack(network, find_card(NAME).weights if weights is None else weights)
        self._network = fused(network)

    @torch.inference_mode()
    def find(
        self, rgb: UInt8[np.ndarray, "height width 3"], face_px: Float[np.ndarray, "478 3"]
    ) -> Float[np.ndarray, "9 3"] | None:
        """What a white matt surface would send back by its normal, as harmonics (9, 3), linear RGB,
        in the axes of a level camera's world. None where too little of the face can be seen."""
        told = skin_light(rgb, face_px)
        if told is None:
            return None
        square = torch.from_numpy(square_of(rgb, face_px, SIDE_PX)).permute(2, 0, 1)[None]
        shape, mean = (torch.from_numpy(each).float()[None] for each in (told.shape, told.mean))
        return self._network(square.float() / 255, shape, mean)[0].double().numpy()
