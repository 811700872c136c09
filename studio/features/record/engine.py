"""Recording a take from live cameras, the window's own or those named in the params."""

from __future__ import annotations

import math
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from studio.core.errors import StudioError
from studio.document.project import RigItem
from studio.features.record.params import Params
from studio.jobs import Context, Engine
from studio.live.opening import opened
from studio.media.live.hub import Cameras
from studio.media.recording.recorder import Recording, RecordingStats
from studio.media.recording.take import TakeRecord

TELL_S = 0.2


@dataclass(frozen=True)
class Inputs:
    """Cameras that are open already, if there are, and the rig that they were calibrated as."""

    cameras: Cameras | None = None
    rig: RigItem | None = None


@dataclass(frozen=True)
class Recorded:
    """A finished take, where it lies, why it ended by itself, cameras that took no part, and
    files that came to their end."""

    folder: Path
    take: TakeRecord
    error: StudioError | None = None
    absent: tuple[str, ...] = ()
    ended: tuple[str, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """What is to be said of files that came to their end."""
        records = {camera.name: camera for camera in self.take.cameras}
        return tuple(
            f"{name} played once, {records[name].frames} frames of it are in the take."
            for name in self.ended
            if name in records
        )


def record(params: Params, inputs: Inputs, context: Context) -> Engine[RecordingStats, Recorded]:
    """Record until asked to finish, for ``params.seconds``, or until all cameras are files that
    came to their end. Yields how it fares.

    What was recorded stays on disk whatever happens; a cancelled take is only not brought into
    the project. Raises StudioError if nothing can be recorded.
    """
    own = opened(params.sources, context, loop=params.loop)
    with own if inputs.cameras is None else nullcontext(inputs.cameras) as cameras:
        absent = tuple(
            f"{camera.name}: {camera.status.text}"
            for camera in cameras.live()
            if camera.status.state not in ("live", "stalled")
        )
        rig = inputs.rig.rig() if inputs.rig is not None else None
        recording = Recording(cameras, params.place, name=params.name, rig=rig)
        ended: tuple[str, ...] = ()
        try:
            going = True
            while going and recording.running:
                stats = recording.stats()
                left = TELL_S if params.seconds is None else params.seconds - stats.seconds
                share = stats.seconds / params.seconds if params.seconds else None
                context.report(share, words(stats))
                yield stats
                ended = tuple(c.name for c in cameras.live() if c.status.state == "ended")
                going = left > 0 and len(ended) < len(cameras.live())
                going = going and not context.wait(min(TELL_S, max(left, 0.001)))
        finally:
            take = recording.stop()
        return Recorded(recording.folder, take, recording.error, absent, ended)


def words(stats: RecordingStats) -> str:
    """How a recording fares, in a line: time, missing frames, room on the disk."""
    minutes, seconds = divmod(int(stats.seconds), 60)
    missing = sum(track.dropped + track.lost for track in stats.cameras.values())
    lost = f"{missing} frame{'s' * (missing != 1)} missing" if missing else "no frame missing"
    told = [f"{minutes}:{seconds:02}", lost]
    if math.isfinite(stats.minutes_left):
        left = stats.minutes_left
        told.append(f"room for {left / 60:.0f} h" if left > 600 else f"room for {left:.0f} min")
    return " · ".join(told)
