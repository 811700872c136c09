"""A film as a webcam: its pictures, at its own pace, until it ends or is asked to."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from studio.core.errors import StudioError
from studio.core.types import Fact
from studio.document.folder import Assets
from studio.document.project import Project
from studio.document.step import Missing, Packed
from studio.jobs import Context
from studio.live.opening import FILES, opened, over
from studio.live.outlets.frames import FrameOutlet, Picture, Wish
from studio.media.live.source import source_of

from .sink import open_camera


class Params(BaseModel):
    """What is shown."""

    model_config = ConfigDict(frozen=True)

    film: str = Field(default="", description="A video or a folder of pictures")
    loop: bool = Field(default=True, description="Start again at its end")


@dataclass(frozen=True)
class Inputs:
    """Nothing of the project is needed."""


@dataclass(frozen=True)
class Sent:
    """How it went: pictures shown, those that made way for newer ones, and seconds."""

    shown: int
    skipped: int
    seconds: float


def send(params: Params, inputs: Inputs, context: Context) -> Generator[Sent, None, Sent]:
    """Yield how many pictures were shown so far, until asked to finish.

    Raises StudioError if there is no such film, no virtual camera, or if it is switched off.
    """
    if not params.film.strip():
        raise StudioError("No film was named.", "Give a video or a folder of pictures.")
    if source_of(params.film).kind not in FILES:
        raise StudioError(
            f"“{params.film}” is no film.",
            "A live camera is shown by the stage of “Puppet”, with an avatar or without.",
        )
    sent = Sent(0, 0, 0.0)
    with opened([params.film], context, loop=params.loop) as cameras:
        first, outlet = None, None
        try:
            for pictures in cameras.frame_sets(lambda: context.finishing or over(cameras)):
                context.check()
                (frame,) = pictures.frames.values()
                now = Picture(frame.rgb, frame.time_s)
                if outlet is None or first is None:
                    first, wish = frame.time_s, Wish(now.size_px)
                    outlet = FrameOutlet("virtual camera", lambda wish=wish: open_camera(wish))
                outlet.show(now)
                if outlet.error is not None:
                    raise outlet.error
                sent = Sent(outlet.written, outlet.skipped, frame.time_s - first)
                context.report(None, f"{sent.shown} pictures shown")
                yield sent
        finally:
            if outlet is not None:
                outlet.close()
    if outlet is not None and outlet.error is not None:
        raise outlet.error
    return sent if outlet is None else Sent(outlet.written, outlet.skipped, sent.seconds)


class Step:
    """Nothing of it is kept in the project."""

    def missing(self, project: Project, chosen: tuple[str, ...]) -> tuple[Missing, ...]:
        return ()

    def inputs(self, project: Project, chosen: tuple[str, ...], assets: Assets) -> Inputs:
        return Inputs()

    def pack(
        self, inputs: Any, params: BaseModel, result: Any, assets: Assets, seconds: float
    ) -> Packed:
        if not isinstance(result, Sent):
            raise TypeError("this step packs what was shown")
        fact = Fact("Shown", f"{result.shown} pictures in {result.seconds:.0f} s")
        return Packed("Virtual camera", (), (fact,))
