"""Keypoints of the clips of a take, as many moments as a calibration can use, and its backdrops."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from studio.core.errors import StudioError
from studio.core.types import Detections, Keypoints
from studio.media.backdrop import backdrop
from studio.media.sync import FrameSets
from studio.media.video import open_clip
from studio.perception.cache import DetectionCache
from studio.perception.detector import Detector
from studio.perception.take import Watch, detect_take

MOMENTS = 300
FASTEST_HZ = 15.0


@dataclass(frozen=True)
class Source:
    """One camera's video or picture folder. ``rate_hz`` is for pictures, which have no times."""

    camera: str
    path: Path
    offset_s: float = 0.0
    rate_hz: float | None = None


@dataclass(frozen=True, eq=False)
class Watched:
    """What was seen: keypoints (None where nobody was found), sizes, and the still scene."""

    detections: Detections | None
    sizes_px: dict[str, tuple[int, int]]
    backdrops: dict[str, np.ndarray]


def watch_people(
    sources: Sequence[Source],
    make_detector: Callable[[], Detector] | None,
    watch: Watch,
    *,
    in_s: float | None = None,
    out_s: float | None = None,
    moments: int = MOMENTS,
    workers: int = 2,
) -> Generator[tuple[Keypoints, ...], None, Watched]:
    """Yields keypoints as they are found; at most ``moments`` moments are looked at, evenly.

    Without a detector only the still scene is taken. Raises StudioError for clips that cannot be
    read.
    """
    if len({source.camera for source in sources}) < len(sources):
        raise StudioError(
            "Two videos have the same name.", "Name each after its camera, such as cam01.mp4."
        )
    with ExitStack() as stack:
        clips = [
            stack.enter_context(open_clip(s.path, camera=s.camera, rate_hz=s.rate_hz))
            for s in sources
        ]
        sizes = {clip.camera: clip.size_px for clip in clips}
        backdrops: dict[str, np.ndarray] = {}
        for number, clip in enumerate(clips):
            watch.check()
            watch.report(0.05 * number / len(clips), f"Looking at the scene of {clip.camera}")
            backdrops[clip.camera] = backdrop(clip)
        if make_detector is None:
            return Watched(None, sizes, backdrops)
        offsets = {s.camera: s.offset_s for s in sources}
        whole = FrameSets(clips, offsets, in_s=in_s, out_s=out_s)
        length = max(float(np.ptp(whole.times_s)), 1e-3) if len(whole) else 1e-3
        rate = min(whole.rate_hz, FASTEST_HZ, max(moments / length, 0.2))
        sets = FrameSets(clips, offsets, rate, in_s=in_s, out_s=out_s)
        taken = yield from detect_take(
            clips, sets.times_s, sets.plan(), make_detector, watch,
            early_s=sets.early_s(), cache=DetectionCache(), workers=workers,
        )  # fmt: skip
    found = taken.detections if any(taken.found) else None
    return Watched(found, sizes, backdrops)
