"""The light on wearers: told by skin or network, followed while they are there, then forgotten."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from wearers import SIZE, face_at

from studio.core.errors import StudioError
from studio.core.types import Frame
from studio.live.wearing.lights import Lights
from studio.live.wearing.wear_settings import WearSettings
from studio.live.wearing.wearers import WearerNow
from studio.render.quick import studio_light

RNG = np.random.default_rng(0)


def wearer(number: int) -> WearerNow:
    head = SimpleNamespace(face_px=face_at((0, 0.5, 0)))
    return WearerNow(number, {}, {}, head, 1.0, 0.0, {})


def frame(time_s: float, level: int = 120) -> Frame:
    return Frame("cam", time_s, np.full((SIZE[1], SIZE[0], 3), level, np.uint8))


def even(brightness: float):
    light = np.zeros((9, 3))
    light[0] = brightness / 0.28209
    return lambda rgb, face_px: light


def test_who_left_is_forgotten_and_who_stays_is_not() -> None:
    lights, settings = Lights(lambda: even(1.0)), WearSettings()
    for number in (1, 2):
        lights.shine(wearer(number), frame(0.0), settings)
    lights.leave(1.0)
    assert lights.followed == (1, 2)
    lights.shine(wearer(2), frame(1.5), settings)
    lights.leave(2.5)
    assert lights.followed == (2,)
    lights.leave(0.1)  # the film began again
    assert lights.followed == ()


def test_the_network_is_asked_only_where_it_is_wanted() -> None:
    asked = []

    def make():
        asked.append(1)
        return even(2.0)

    lights = Lights(make)
    skin = lights.shine(wearer(1), frame(0.0), WearSettings(light_by="skin"))
    assert not asked
    network = lights.shine(wearer(1), frame(0.02), WearSettings(light_by="network"))
    lights.shine(wearer(2), frame(0.02), WearSettings(light_by="network"))
    assert asked == [1]
    assert network.ambient[0].mean() > 1.2 * skin.ambient[0].mean()
    assert lights.trouble is None


def test_without_its_network_the_skin_tells_and_the_reason_is_kept() -> None:
    def fail():
        raise StudioError("The weights cannot be read.", "Reinstall Doppel.")

    lights = Lights(fail)
    told = lights.shine(wearer(1), frame(0.0), WearSettings())
    assert lights.trouble is not None
    again = Lights().shine(wearer(1), frame(0.0), WearSettings(light_by="skin"))
    np.testing.assert_allclose(told.ambient, again.ambient)


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_as_much_of_the_light_as_is_wanted(share: float) -> None:
    shine = Lights(lambda: even(2.0)).shine(wearer(1), frame(0.0), WearSettings(colour=share))
    plain = studio_light()
    full = Lights(lambda: even(2.0)).shine(wearer(1), frame(0.0), WearSettings())
    wanted = plain.ambient + share * (full.ambient - plain.ambient)
    np.testing.assert_allclose(shine.ambient, wanted)
