"""A virtual camera as somebody who takes pictures; pyvirtualcam is imported when one is opened."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import cv2
import numpy as np

from studio.core.errors import StudioError
from studio.live.outlets.frames import Picture, Wish

PACKAGE = "pip install pyvirtualcam, into the Python that runs Doppel (GPL-2.0)."
DRIVERS = {
    "linux": "Install v4l2loopback (Debian, Ubuntu: sudo apt install v4l2loopback-dkms), then: "
    "sudo modprobe v4l2loopback devices=1 exclusive_caps=1 card_label=Doppel",
    "win32": "Install OBS Studio from obsproject.com: its virtual camera comes with it. "
    "Then start Doppel again.",
    "darwin": "Install OBS Studio from obsproject.com, start its virtual camera once "
    "(Start Virtual Camera), stop it and quit OBS. Then start Doppel again.",
}
OTHERS = "pyvirtualcam knows none for this system."


class VirtualCamera:
    """Shows pictures of one size to whoever opened the camera; other sizes are fitted into it.

    What is transparent shows black: a webcam has no alpha.
    """

    def __init__(self, camera: Any) -> None:
        self._camera = camera
        self.size_px = int(camera.width), int(camera.height)

    @property
    def name(self) -> str:
        """What other programs call it."""
        return str(self._camera.device)

    def write(self, picture: Picture) -> None:
        """Show a picture. Raises StudioError if the camera is gone."""
        try:
            self._camera.send(fitted(opaque(picture.pixels), self.size_px))
        except RuntimeError as error:
            raise StudioError(
                f"The virtual camera takes no pictures: {error}.", "Switch it off and on again."
            ) from error

    def close(self) -> None:
        """Let go of the camera."""
        self._camera.close()


def open_camera(wish: Wish) -> VirtualCamera:
    """Open the system's virtual camera.

    Raises StudioError, with what to install, if pyvirtualcam or a driver is missing.
    """
    try:
        pyvirtualcam = importlib.import_module("pyvirtualcam")
    except ImportError as error:
        raise StudioError("pyvirtualcam is not installed.", PACKAGE) from error
    width, height = (side - side % 2 for side in wish.size_px)
    try:
        camera = pyvirtualcam.Camera(width, height, wish.rate_hz)
    except RuntimeError as error:
        driver = DRIVERS.get(sys.platform, OTHERS)
        raise StudioError("There is no virtual camera on this computer.", driver) from error
    return VirtualCamera(camera)


def opaque(pixels: np.ndarray) -> np.ndarray:
    """RGB as it is, RGBA over black."""
    if pixels.shape[2] == 3:
        return pixels
    alpha = pixels[..., 3:].astype(np.uint16)
    return ((pixels[..., :3] * alpha + 127) // 255).astype(np.uint8)


def fitted(rgb: np.ndarray, size_px: tuple[int, int]) -> np.ndarray:
    """The picture as large as it fits into ``size_px``, in the middle, on black."""
    width, height = size_px
    if rgb.shape[:2] == (height, width):
        return np.ascontiguousarray(rgb)
    share = min(width / rgb.shape[1], height / rgb.shape[0])
    inner = max(round(rgb.shape[1] * share), 1), max(round(rgb.shape[0] * share), 1)
    small = cv2.resize(rgb, inner, interpolation=cv2.INTER_AREA if share < 1 else cv2.INTER_LINEAR)
    left, top = (width - inner[0]) // 2, (height - inner[1]) // 2
    out = np.zeros((height, width, 3), np.uint8)
    out[top : top + inner[1], left : left + inner[0]] = small
    return out
