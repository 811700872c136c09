"""Small videos whose every frame says its number by its brightness."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np

from studio.media.writer import Codec, VideoWriter

STEP = 5


def picture(number: int, size_px: tuple[int, int]) -> np.ndarray:
    """A grey of level 5 · number, with a white block in the top-left corner."""
    width, height = size_px
    rgb = np.full((height, width, 3), 5 + STEP * (number % 48), np.uint8)
    rgb[: height // 4, : width // 4] = 255
    return rgb


def number_of(rgb: np.ndarray) -> int:
    """The number that a picture was made with (modulo 48)."""
    height, width = rgb.shape[:2]
    return round((float(rgb[height // 3 :, width // 3 : 2 * width // 3].mean()) - 5) / STEP)


def film(
    path: Path,
    frames: int = 30,
    size_px: tuple[int, int] = (96, 64),
    rate_hz: float = 25,
    times_s: Sequence[float] | None = None,
    codec: Codec | None = None,
) -> Path:
    """A video of numbered pictures."""
    with VideoWriter(path, size_px, rate_hz, codec=codec) as writer:
        for number in range(frames):
            writer.write(picture(number, size_px), None if times_s is None else times_s[number])
    return path


def whole_index_film(path: Path, frames: int = 30) -> Path:
    """An MP4 whose index is written last, as cameras do: cut off, it cannot be read."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libvpx-vp9", rate=25)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        for number in range(frames):
            frame = av.VideoFrame.from_ndarray(picture(number, (96, 64)), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def turn(path: Path, degrees: int) -> None:
    """Write a rotation into an MP4's track header, as a phone held upright does."""
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") + 4
    at += 40 if data[at] == 0 else 52
    one = 1 << 16
    cos, sin = {0: (1, 0), 90: (0, 1), 180: (-1, 0), 270: (0, -1)}[degrees]
    data[at : at + 36] = struct.pack(
        ">9i", cos * one, sin * one, 0, -sin * one, cos * one, 0, 0, 0, 1 << 30
    )
    path.write_bytes(data)
