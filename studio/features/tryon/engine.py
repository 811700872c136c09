"""Whoever the window's first camera sees wears things, until somebody ends it."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import Field

from studio.core.errors import StudioError
from studio.jobs import Context, Engine
from studio.live.lanes import Lasted
from studio.live.wearing.live import Dresser, WearControls, WearNow, wear
from studio.live.wearing.own_head import FindHead, design_file
from studio.live.wearing.tryon import TryOn
from studio.live.wearing.wear_settings import WearSettings
from studio.media.catalogue import catalogue
from studio.media.catalogue.catalogue import FindItem
from studio.media.live.hub import Cameras


class Params(WearSettings):
    """What is worn, and how it is laid into the picture."""

    mirror: bool = Field(default=True, description="Show the picture as a mirror does")


@dataclass(frozen=True)
class Inputs:
    """The open cameras, of which the first is dressed; what may change meanwhile (without, the
    params hold); and who finds items, and designs of heads, by their names."""

    cameras: Cameras | None = None
    controls: WearControls | None = None
    find: FindItem = catalogue.find
    find_head: FindHead = design_file


def dresser(find: FindItem, find_head: FindHead = design_file) -> Dresser:
    """Who dresses people. Raises StudioError where OpenGL or a network is missing."""
    return TryOn(find, apart=True, find_head=find_head)


def wear_live(params: Params, inputs: Inputs, context: Context) -> Engine[WearNow, Lasted]:
    """Yields the newest picture until asked to finish.

    Raises StudioError if no camera is open, or a network is not installed.
    """
    if inputs.cameras is None:
        raise StudioError("No camera is open.", "Open a webcam, or a video in its place.")
    controls = inputs.controls
    if controls is None:
        controls = WearControls(params)
        controls.mirrored = params.mirror
    result = yield from wear(
        inputs.cameras, lambda: dresser(inputs.find, inputs.find_head), controls, context
    )
    return result
