"""Whoever the window's first camera sees performs, until somebody ends it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from studio.core.errors import StudioError
from studio.jobs import Context, Engine
from studio.live.lanes import Lasted
from studio.live.performance import Performance
from studio.live.performing.controls import Controls
from studio.live.performing.live import Told, perform
from studio.live.performing.opening import body_performer, face_performer
from studio.live.performing.settings import Settings
from studio.media.live.hub import Cameras


class Params(Settings):
    """What is looked for, and how what was seen is shaped."""


@dataclass(frozen=True)
class Inputs:
    """The open cameras, of which the first is followed; what may change meanwhile (its settings
    are those of the params at the start); and who hears of every performance with its picture."""

    cameras: Cameras | None = None
    controls: Controls = field(default_factory=Controls)
    each: Callable[[], Sequence[Told]] = tuple


def perform_live(params: Params, inputs: Inputs, context: Context) -> Engine[Performance, Lasted]:
    """Yields the newest performance until asked to finish.

    Raises StudioError if no camera is open, or a network is not installed.
    """
    if inputs.cameras is None:
        raise StudioError("No camera is open.", "Open a webcam, or a video in its place.")
    inputs.controls.settings = params
    result = yield from perform(
        inputs.cameras, face_performer, lambda: body_performer(params), inputs.controls, context,
        each=inputs.each,
    )  # fmt: skip
    return result
