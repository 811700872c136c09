"""The composed stage as a film: MP4 without alpha; WebM, MOV and folders of PNG with it.

A sink of :class:`studio.live.outlets.frames.FrameOutlet`, and as good by itself for films that are
made frame by frame. There is no sound.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from studio.core.errors import StudioError
from studio.core.files import make_folder
from studio.core.pictures import write_picture
from studio.live.outlets.frames import FrameSink, Picture, Wish
from studio.media.writer import CLOCK, Encoded, VideoWriter

SUFFIXES = (".mp4", ".webm", ".mov")
WITH_ALPHA = (".webm", ".mov")
BEHIND = (255, 255, 255)
"""What is behind transparent places where a film has no alpha."""


def film_sink(path: Path, wish: Wish) -> FrameSink:
    """Opens a film by its suffix; a path without one is a folder of numbered PNG pictures.

    Raises StudioError for another suffix, or if it cannot be written.
    """
    suffix = path.suffix.lower()
    if not suffix:
        return PictureFolder(path)
    if suffix == ".mp4":
        return PlainFilm(path, wish)
    if suffix in WITH_ALPHA:
        return AlphaFilm(path, wish)
    raise StudioError(
        f"A film cannot be written as “{suffix}”.",
        "Use .mp4, .webm or .mov, or a folder's name for PNG pictures.",
    )


class PlainFilm:
    """H.264 in MP4."""

    def __init__(self, path: Path, wish: Wish) -> None:
        width, height = wish.size_px
        self._size = width // 2 * 2, height // 2 * 2
        self._writer = VideoWriter(path, self._size, wish.rate_hz, codec="h264")
        self._times = _Times()

    def write(self, picture: Picture) -> None:
        """Add a picture."""
        time_s = self._times(picture.time_s)
        if time_s is not None:
            width, height = self._size
            self._writer.write(before(picture.pixels, BEHIND)[:height, :width], time_s)

    def close(self) -> None:
        """Finish the file."""
        self._writer.close()


class AlphaFilm(Encoded):
    """VP9 with alpha in WebM, ProRes 4444 in MOV."""

    def __init__(self, path: Path, wish: Wish) -> None:
        """Raises StudioError if the file cannot be written."""
        webm = path.suffix.lower() == ".webm"
        width, height = wish.size_px
        super().__init__(path)
        self._size = width // 2 * 2, height // 2 * 2
        if webm:
            name, form = "libvpx-vp9", "yuva420p"
            options = {"crf": "24", "b": "0", "deadline": "realtime", "cpu-used": "6",
                       "lag-in-frames": "0", "auto-alt-ref": "0"}  # fmt: skip
        else:
            name, form = "prores_ks", "yuva444p10le"
            options = {"profile": "4444", "alpha_bits": "8", "vendor": "apl0"}
        self.begin(name, wish.rate_hz, self._size, form, options)
        self._times = _Times()

    def write(self, picture: Picture) -> None:
        """Add a picture."""
        time_s = self._times(picture.time_s)
        if time_s is None:
            return
        width, height = self._size
        pixels = with_alpha(picture.pixels)[:height, :width]
        self.add(pixels, "rgba", round(time_s * CLOCK))


class PictureFolder:
    """Numbered PNG pictures with alpha: 000001.png and on."""

    def __init__(self, folder: Path) -> None:
        """Raises StudioError if the folder cannot be made."""
        make_folder(folder)
        self._folder, self._count = folder, 0

    def write(self, picture: Picture) -> None:
        """Add a picture."""
        self._count += 1
        write_picture(self._folder / f"{self._count:06}.png", with_alpha(picture.pixels))

    def close(self) -> None:
        """Nothing is left to do."""


class _Times:
    """Times of a film, from 0; pictures that come no later than the last are left out."""

    def __init__(self) -> None:
        self._first_s: float | None = None
        self._last = -1

    def __call__(self, time_s: float) -> float | None:
        if self._first_s is None:
            self._first_s = time_s
        stamp = round((time_s - self._first_s) * CLOCK)
        if stamp <= self._last:
            return None
        self._last = stamp
        return stamp / CLOCK


def with_alpha(pixels: np.ndarray) -> np.ndarray:
    """A picture (…, 3 or 4) with alpha."""
    return pixels if pixels.shape[2] == 4 else cv2.cvtColor(pixels, cv2.COLOR_RGB2RGBA)


def before(pixels: np.ndarray, behind: tuple[int, int, int]) -> np.ndarray:
    """A picture with alpha as one before a colour."""
    if pixels.shape[2] == 3:
        return pixels
    alpha = pixels[..., 3:].astype(np.uint16)
    if bool((alpha == 255).all()):
        return np.ascontiguousarray(pixels[..., :3])
    mixed = pixels[..., :3] * alpha + np.array(behind, np.uint16) * (255 - alpha)
    return ((mixed + 127) // 255).astype(np.uint8)
