"""Which frames belong together when pictures come late, or one camera says nothing."""

from __future__ import annotations

import time

import numpy as np
import pytest

from studio.core.types import Frame
from studio.media.live.camera import LiveCamera
from studio.media.live.open import open_stream
from studio.media.live.sets import newest_set
from studio.media.live.source import Source

STEP_S = 0.04


def camera(name: str, late_s: float, paced: bool = True) -> LiveCamera:
    """One whose newest frame was taken so long ago."""
    source = Source(id=name, name=name, kind="device", place="here", paced=paced)
    made = LiveCamera(source, open_stream)
    made._meter.begin(1 / STEP_S)
    now = time.monotonic()
    for back in range(5, -1, -1):
        taken_s = now - late_s - STEP_S * back
        made._show(Frame(name, taken_s, np.zeros((2, 2, 3), np.uint8)))
    return made


@pytest.mark.parametrize(
    ("late_s", "paced", "wanted"),
    [
        ((0.0, 0.0), True, {"a", "b"}),
        ((0.0, 5.0), True, {"a"}),  # the silent one holds nobody up
        ((3.0, 3.0), True, {"a", "b"}),  # late pictures are better than none
        ((3.0, 9.0), True, {"a"}),
        ((30.0, 0.0), False, {"a", "b"}),  # films that run as fast as they are read
    ],
)
def test_who_is_seen(late_s, paced, wanted):
    found = newest_set([camera(*pair, paced) for pair in zip("ab", late_s, strict=True)], -1.0, 60)
    assert found is not None
    assert set(found[1]) == wanted


def test_one_camera_is_seen_however_late_and_each_picture_once():
    alone = camera("a", 20.0)
    found = newest_set([alone], -1.0)
    assert found is not None
    moment, frames = found
    assert frames["a"].time_s == moment
    assert newest_set([alone], moment) is None
    assert newest_set([], -1.0) is None
