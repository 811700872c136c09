"""Cameras opened by name for as long as they are needed."""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager

from studio.core.errors import StudioError
from studio.jobs import Context
from studio.media.live.hub import Cameras
from studio.media.live.source import source_of

OPEN_S = 8.0
GIVEN_UP = frozenset({"failed", "lost", "ended"})
FILES = frozenset({"video", "images"})


@contextmanager
def opened(places: Sequence[str], context: Context, *, loop: bool = False) -> Generator[Cameras]:
    """Videos, picture folders, addresses or devices as cameras, let go of afterwards. ``loop``:
    files start again at their end.

    Raises StudioError if none is named, or none opens.
    """
    if not places:
        raise StudioError(
            "No camera was named.", "Give videos, picture folders, addresses or devices."
        )
    cameras = Cameras()
    for place in places:
        source, count = source_of(place).model_copy(update={"loop": loop}), 2
        name, taken = source.name, {known.name for known in cameras.sources}
        while source.name in taken:
            source = source.model_copy(update={"name": f"{name} {count}"})
            count += 1
        cameras.add(source)
    cameras.start()
    try:
        await_live(cameras, context)
        yield cameras
    finally:
        cameras.stop(wait_s=2.0)


def over(cameras: Cameras) -> bool:
    """Whether no camera will show anything any more: films that are at their end or lost, and
    cameras that never opened. One that was unplugged may come back, and is waited for."""
    return all(
        camera.status.state in (GIVEN_UP if camera.source.kind in FILES else GIVEN_UP - {"lost"})
        for camera in cameras.live()
    )


def await_live(cameras: Cameras, context: Context) -> None:
    """Wait until every camera is live or has said why not. Raises StudioError if none is."""
    until = time.monotonic() + OPEN_S
    states: list[str] = []
    while time.monotonic() < until:
        states = [camera.status.state for camera in cameras.live()]
        if all(state == "live" or state in GIVEN_UP for state in states):
            break
        context.report(0.0, "Opening the cameras")
        context.wait(0.02)
    if not states:
        raise StudioError("There is no camera.", "Add a camera or a video first.")
    if "live" not in states:
        status = cameras.live()[0].status
        raise StudioError(status.text, status.hint)
