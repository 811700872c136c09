"""A performance from its beginning to its end: every frame of a film, or a camera as it goes."""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from contextlib import closing
from pathlib import Path
from statistics import median

import numpy as np

from studio.core.errors import StudioError
from studio.core.types import Frame
from studio.jobs import Context, run
from studio.jobs.terminal import finish_on_interrupt
from studio.live.lanes import Lasted
from studio.live.opening import opened
from studio.live.performing.controls import Controls
from studio.live.performing.live import Told, perform
from studio.live.performing.opening import body_performer, face_performer
from studio.live.performing.performer import Performer
from studio.live.performing.settings import Settings
from studio.media.clip import ClipReader
from studio.media.live.source import source_of
from studio.media.video import open_clip

LOOKS = 150
"""How many frames of a film tell how somebody looks who does nothing."""


def is_film(place: str) -> bool:
    """Whether it is a file of which every frame can be had. Raises StudioError if it is nothing."""
    return source_of(place).kind in ("video", "images")


def take_film(path: Path, settings: Settings, context: Context, told: Sequence[Told]) -> Lasted:
    """Perform every frame of a film, none left out, at whatever pace that takes; each is handed to
    all of ``told``. Times are the film's. The film is looked through first for the person's calm
    face.

    Raises StudioError if it cannot be read or a network is not installed.
    """
    began_s, count, some = time.monotonic(), 0, 0
    spent: list[float] = []
    stages: dict[str, list[float]] = {}
    make_body = (lambda: body_performer(settings)) if settings.body else None
    with (
        open_clip(path) as clip,
        closing(Performer(face_performer, make_body, Controls(settings))) as performer,
        finish_on_interrupt(context),
    ):
        context.report(0.0, "Looking for the calm face")
        performer.learn(looked_through(clip, context))
        for frame in clip:
            context.check()
            if context.finishing:
                break
            made = performer.perform(frame)
            count, some = count + 1, some + (made.face > 0)
            spent.append(made.latency_ms)
            for stage, ms in made.stages_ms.items():
                stages.setdefault(stage, []).append(ms)
            for one in told:
                one(made, frame)
            context.report(count / clip.frames, f"{count} of {clip.frames} frames")
    if not count:
        raise StudioError(f"“{path.name}” has no frame.", "Choose another film.")
    usual = {stage: median(each) for stage, each in stages.items()}
    return Lasted(count, some, 0, time.monotonic() - began_s, median(spent), usual)


def looked_through(clip: ClipReader, context: Context) -> Generator[Frame]:
    """Frames from all over a film, at most :data:`LOOKS` of them."""
    wanted = set(np.linspace(0, clip.frames - 1, min(LOOKS, clip.frames)).astype(int).tolist())
    for number, frame in clip.run():
        if context.finishing:
            return
        context.check()
        if number in wanted:
            yield frame


def take_camera(
    place: str,
    settings: Settings,
    context: Context,
    told: Sequence[Told],
    *,
    seconds: float | None = None,
) -> Lasted:
    """Perform what a camera sees as it goes, for ``seconds`` or until Ctrl+C; the newest picture
    wins. Raises StudioError if it does not open or a network is not installed."""
    with opened([place], context) as cameras, finish_on_interrupt(context):
        return run(
            perform(
                cameras, face_performer, lambda: body_performer(settings), Controls(settings),
                context, each=lambda: told, seconds=seconds,
            )
        )  # fmt: skip
