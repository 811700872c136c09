"""From samples to upright RGB frames: decoding that keeps up by leaving out, and says so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import av
import av.error
import numpy as np

from studio.core.types import Frame
from studio.media.live.source import Source
from studio.media.live.stats import Meter
from studio.media.live.stream import Encoding, Sample
from studio.media.upright import upright

BEHIND = 3
BEHIND_INTER = 30


class Pictures:
    """Decodes one stream. Where many frames wait, only the newest are shown.

    Frames that stand alone (JPEG) are then not even decoded; those that others build upon must
    be, so they are shown up to a second late. What is left out is counted as skipped in the
    meter. A source that is not paced waits instead.
    """

    def __init__(self, source: Source, meter: Meter) -> None:
        self._source, self._meter = source, meter
        self._encoding: Encoding | None = None
        self._decoder: Any = None
        self._times: dict[int, float] = {}
        self.codec = ""

    def frames(self, samples: Sequence[Sample], *, last: bool = False) -> Iterator[Frame]:
        """The frames of samples, in the order of their times; ``last`` empties the decoder."""
        samples = list(samples)
        for left, sample in zip(range(len(samples), 0, -1), samples, strict=True):
            intra = sample.encoding is None or sample.encoding.intra
            wanted = left <= (BEHIND if intra else BEHIND_INTER) or not self._source.paced
            if not wanted and intra:
                self._meter.skipped += 1
                continue
            yield from self._frames(sample, wanted)
        if last and self._decoder is not None:
            yield from self._decoded(None, True)

    def _frames(self, sample: Sample, wanted: bool) -> Iterator[Frame]:
        if sample.picture is not None:
            self.codec = "raw"
            yield self._frame(sample.picture, sample.capture_s)
            return
        if sample.encoding is None:
            return
        if sample.encoding is not self._encoding:
            if self._decoder is not None:
                yield from self._decoded(None, wanted)
            self._encoding, self._decoder = sample.encoding, sample.encoding.decoder()
            self.codec = sample.encoding.codec
        packet = av.Packet(sample.data)
        packet.pts = packet.dts = sample.number
        self._times[sample.number] = sample.capture_s
        yield from self._decoded(packet, wanted)

    def _decoded(self, packet: av.Packet | None, wanted: bool) -> Iterator[Frame]:
        try:
            pictures = self._decoder.decode(packet)
        except av.error.EOFError:
            return
        except av.error.FFmpegError:
            self._meter.skipped += 1
            return
        for picture in pictures:
            time_s = self._times.pop(picture.pts, None)
            if time_s is None or not wanted:
                self._meter.skipped += 1
                continue
            yield self._frame(picture.to_ndarray(format="rgb24"), time_s)
        for number in [n for n in self._times if packet and n < (packet.pts or 0) - 64]:
            del self._times[number]

    def _frame(self, rgb: np.ndarray, time_s: float) -> Frame:
        source = self._source
        own = self._encoding.rotation if self._encoding else 0
        rgb = upright(rgb, (own + source.rotation) % 360, source.mirror)
        return Frame(source.name, time_s, rgb)
