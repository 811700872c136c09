"""Which frames of several live cameras belong together."""

from __future__ import annotations

import time
from collections.abc import Sequence

from studio.core.types import Frame
from studio.media.live.camera import LiveCamera

SILENT_S = 1.0


def newest_set(
    cameras: Sequence[LiveCamera], after_s: float, slack_s: float | None = None
) -> tuple[float, dict[str, Frame]] | None:
    """The newest moment that all speaking cameras have reached, and their frames of it.

    A camera whose newest frame is a second older than now holds nobody up, unless all are as late,
    as on a machine that is too busy to decode in time: late pictures are better than none. None if
    there is no such moment later than ``after_s`` by half a frame of the fastest camera.
    """
    recent = {camera: frames for camera in cameras if (frames := camera.recent())}
    if not recent:
        return None
    late_s = {
        camera: time.monotonic() - frames[-1].time_s - camera.latency_s
        if camera.source.paced
        else 0
        for camera, frames in recent.items()
    }
    most_s = max(min(late_s.values()), 0.0) + SILENT_S
    speaking = {camera: frames for camera, frames in recent.items() if late_s[camera] < most_s}
    moment = min(frames[-1].time_s for frames in speaking.values())
    if moment < after_s + 0.5 * min(camera.step_s for camera in speaking):
        return None
    chosen: dict[str, Frame] = {}
    for camera, frames in speaking.items():
        frame = min(frames, key=lambda frame: abs(frame.time_s - moment))
        slack = 0.5 * camera.step_s if slack_s is None else slack_s
        if abs(frame.time_s - moment) <= slack + 1e-6:
            chosen[camera.name] = frame
    return moment, chosen
