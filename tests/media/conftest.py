"""Puts this folder's helpers in reach of the tests in its subfolders, and ends live cameras."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from studio.media.live.camera import Patience
from studio.media.live.hub import Cameras
from studio.media.live.open import open_stream
from studio.media.live.source import Source
from studio.media.live.stream import Opener

IMPATIENT = Patience(open_s=5.0, stall_s=0.3, silence_s=1.5, retry_s=0.05, retry_most_s=0.2)


@pytest.fixture
def cameras() -> Iterator[Callable[..., Cameras]]:
    """``cameras(*sources)``: a hub that retries soon; stopped when the test ends."""
    made: list[Cameras] = []

    def make(
        *sources: Source, opener: Opener = open_stream, patience: Patience = IMPATIENT
    ) -> Cameras:
        made.append(Cameras(sources, opener=opener, patience=patience))
        return made[-1]

    yield make
    for one in made:
        one.stop(20)
