"""The light that falls on each wearer, as their faces show it: things worn are lit by it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from studio.core.errors import StudioError
from studio.core.types import Frame
from studio.live.stage.light import FindLight, LightFinder, of_skin
from studio.live.wearing.wear_settings import Told, WearSettings
from studio.live.wearing.wearers import WearerNow
from studio.perception.face_light.predictor import FaceLightPredictor
from studio.render.quick import Shine, studio_light

_EVERY_S, _LEFT_S = 0.2, 2.0


def learned() -> FindLight:
    """The network's way of telling the light. Raises StudioError if it cannot be loaded."""
    return FaceLightPredictor().find


class Lights:
    """Looks at every wearer's light now and then, and follows it calmly. For one thread.

    ``trouble`` is why the network cannot be asked; an average skin tells the light then.
    """

    def __init__(self, make: Callable[[], FindLight] = learned) -> None:
        self.trouble: StudioError | None = None
        self._make = make
        self._network: FindLight | None = None
        self._told: Told | None = None
        self._finders: dict[int, LightFinder] = {}
        self._lit: dict[int, tuple[float, Shine]] = {}

    @property
    def followed(self) -> tuple[int, ...]:
        """The numbers of the wearers whose light is known."""
        return tuple(self._lit)

    def leave(self, time_s: float) -> None:
        """Forget the light of those who were not seen for a while."""
        self._lit = {k: v for k, v in self._lit.items() if 0 <= time_s - v[0] < _LEFT_S}
        self._finders = {k: v for k, v in self._finders.items() if k in self._lit}

    def shine(self, wearer: WearerNow, frame: Frame, settings: WearSettings) -> Shine:
        """The light on a wearer, as far as it is wanted."""
        plain = studio_light()
        if settings.colour <= 0:
            return plain
        if settings.light_by != self._told:
            self._told, self._finders, self._lit = settings.light_by, {}, {}
        seen_s, found = self._lit.get(wearer.number, (-np.inf, plain))
        if not 0 <= frame.time_s - seen_s < _EVERY_S:
            finder = self._finders.setdefault(wearer.number, LightFinder(self._way(settings)))
            face = None if wearer.head is None else wearer.head.face_px
            found = finder.find(frame.rgb, face, frame.time_s) or plain
            self._lit[wearer.number] = frame.time_s, found
        share = settings.colour
        ambient = plain.ambient + share * (found.ambient - plain.ambient)
        key = np.array(plain.key) + share * (np.array(found.key) - np.array(plain.key))
        return Shine(ambient, found.towards, (float(key[0]), float(key[1]), float(key[2])))

    def _way(self, settings: WearSettings) -> FindLight:
        if settings.light_by == "skin" or self.trouble is not None:
            return of_skin
        if self._network is None:
            try:
                self._network = self._make()
            except StudioError as error:
                self.trouble = error
                return of_skin
        return self._network
