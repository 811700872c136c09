"""The light that falls on each wearer, as their faces show it: things worn are lit by it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from studio.core.errors import StudioError
from studio.core.types import Frame
from studio.live.stage.light import FindLight, LearnedLight, LightFinder, learned, of_skin
from studio.live.wearing.wear_settings import Told, WearSettings
from studio.live.wearing.wearers import WearerNow
from studio.render.quick import Shine, studio_light

_LEFT_S = 2.0


class Lights:
    """Looks at every wearer's light now and then, and follows it calmly. For one thread."""

    def __init__(self, make: Callable[[], FindLight] = learned) -> None:
        self._learned = LearnedLight(make)
        self._told: Told | None = None
        self._finders: dict[int, LightFinder] = {}
        self._seen_s: dict[int, float] = {}

    @property
    def trouble(self) -> StudioError | None:
        """Why the network cannot be asked; an average skin tells the light then."""
        return self._learned.trouble

    @property
    def followed(self) -> tuple[int, ...]:
        """The numbers of the wearers whose light is known."""
        return tuple(self._finders)

    def leave(self, time_s: float) -> None:
        """Forget the light of those who were not seen for a while."""
        self._seen_s = {k: s for k, s in self._seen_s.items() if 0 <= time_s - s < _LEFT_S}
        self._finders = {k: one for k, one in self._finders.items() if k in self._seen_s}

    def shine(self, wearer: WearerNow, frame: Frame, settings: WearSettings) -> Shine:
        """The light on a wearer, as far as it is wanted."""
        plain, share = studio_light(), settings.colour
        if share <= 0:
            return plain
        if settings.light_by != self._told:
            self._told, self._finders = settings.light_by, {}
        way = of_skin if settings.light_by == "skin" else self._learned
        finder = self._finders.setdefault(wearer.number, LightFinder(way))
        self._seen_s[wearer.number] = frame.time_s
        face = None if wearer.head is None else wearer.head.face_px
        found = finder.find(frame.rgb, face, frame.time_s) or plain
        ambient = plain.ambient + share * (found.ambient - plain.ambient)
        key = np.array(plain.key) + share * (np.array(found.key) - np.array(plain.key))
        return Shine(ambient, found.towards, (float(key[0]), float(key[1]), float(key[2])))
