"""What a camera heard: how suddenly it becomes louder, on the clock of its pictures."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import av
import av.error
import numpy as np
from av.container import InputContainer
from jaxtyping import Float
from scipy.ndimage import gaussian_filter1d, uniform_filter1d

from studio.core.errors import StudioError
from studio.vision.synchrony.track import Track

RATE_HZ = 1000.0
SOUND_S = 0.003
"""What a metre of way adds to the time of a sound: cameras at different distances hear a clap that
much apart."""
_SAMPLES_HZ = 16_000
_HEAD_PACKETS = 40
_SMOOTH = 4
_ROOM = 5


def onsets(path: Path, camera: str) -> Track | None:
    """How much louder it becomes, 1000 times a second; None if the file has no sound.

    Time 0 is the first picture. Raises StudioError if the file or its sound cannot be read.
    """
    try:
        with closing(av.open(str(path))) as container:
            if not container.streams.audio:
                return None
            begin = _first_picture_s(path)
            heard, start_s = _decode(container)
    except (av.error.FFmpegError, OSError) as error:
        raise StudioError(
            f"The sound of “{path.name}” cannot be read: {error}.",
            "Choose another way to synchronise, or copy the file again.",
        ) from error
    if len(heard) < _SAMPLES_HZ // 4:
        return None
    rise = _rise(heard)
    times = start_s - begin + (np.arange(len(rise)) + 0.5) / RATE_HZ
    return Track(camera, times, rise[:, None], np.ones((len(rise), 1)))


def _first_picture_s(path: Path) -> float:
    with closing(av.open(str(path))) as container:
        if not container.streams.video:
            return 0.0
        stream = container.streams.video[0]
        base, stamps = float(stream.time_base or 1), list[int]()
        for packet in container.demux(stream):
            if packet.pts is not None and packet.size and not packet.is_discard:
                stamps.append(packet.pts)
            if len(stamps) >= _HEAD_PACKETS:
                break
    return min(stamps, default=0) * base


def _decode(container: InputContainer) -> tuple[np.ndarray, float]:
    """One channel of samples, gaps silent, and the container's time of the first (s)."""
    resampler = av.AudioResampler(format="flt", layout="mono", rate=_SAMPLES_HZ)
    pieces: list[tuple[float, np.ndarray]] = []
    for frame in container.decode(container.streams.audio[0]):
        pieces += [
            (float(part.pts * part.time_base), part.to_ndarray().ravel())
            for part in resampler.resample(frame)
            if part.pts is not None and part.time_base is not None
        ]
    if not pieces:
        return np.zeros(0, np.float32), 0.0
    start = pieces[0][0]
    at = [round((time - start) * _SAMPLES_HZ) for time, _ in pieces]
    heard = np.zeros(max(a + len(p) for a, (_, p) in zip(at, pieces, strict=True)), np.float32)
    for a, (_, part) in zip(at, pieces, strict=True):
        if a >= 0:
            heard[a : a + len(part)] = part
    return heard, start


def _rise(heard: Float[np.ndarray, " samples"]) -> np.ndarray:
    """The increase of the logarithm of energy over 4 ms, as blurred as a room makes it; hum is
    taken out."""
    sharp = np.diff(heard, prepend=heard[:1])
    size = int(_SAMPLES_HZ / RATE_HZ)
    energy = np.square(sharp[: len(sharp) // size * size].reshape(-1, size)).mean(1)
    energy = uniform_filter1d(energy, _SMOOTH)
    floor = max(float(np.median(energy)), 1e-10)
    loud = np.log1p(energy / floor)
    rise = np.fmax(loud - np.concatenate([loud[:1].repeat(_SMOOTH), loud[:-_SMOOTH]]), 0.0)
    return gaussian_filter1d(rise, _ROOM)
