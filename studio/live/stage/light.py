"""How a face in a picture is lit, followed calmly, so that an avatar can be lit alike."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from jaxtyping import Float, UInt8

from studio.core.errors import StudioError
from studio.perception.face_light.predictor import FaceLightPredictor
from studio.perception.faces.lit import skin_light
from studio.render.environment import MATT
from studio.render.quick import Shine

CALM_S = 0.6
EVERY_S = 0.2
"""A look costs the network 3.5 ms, and nobody sees light change sooner."""
FindLight = Callable[[np.ndarray, np.ndarray], np.ndarray | None]
"""The light on the face (478 points, pixels) in a picture: what a white matt surface would send
back by its normal, as harmonics (9, 3) of linear RGB; None where too little of the face is seen."""
_KEY_SHARE = 0.6


def shine_of(light: Float[np.ndarray, "9 3"]) -> Shine:
    """The light as an avatar is drawn by it: a key light of the direction from which most comes,
    and what is left from around."""
    light = light.copy()
    way = light[[3, 1, 2]].mean(1)
    size = float(np.linalg.norm(way))
    towards = way / size if size > 1e-6 else np.array([0.3, -0.7, 0.6])
    colour = light[0] / max(float(light[0].mean()), 1e-6)
    strength = 0.4886 * size * _KEY_SHARE
    key = 2 * strength * colour
    light[[3, 1, 2]] -= (towards * strength / 0.4886)[:, None] * colour
    light[0] -= 0.25 * key / 0.2821
    light[0] = np.maximum(light[0], 0.05)
    x, y, z = (float(v) for v in towards)
    return Shine(light / MATT[:, None], (x, y, z), (float(key[0]), float(key[1]), float(key[2])))


def of_skin(
    rgb: UInt8[np.ndarray, "height width 3"], face_px: Float[np.ndarray, "478 3"]
) -> Float[np.ndarray, "9 3"] | None:
    """The light on a face (see :data:`FindLight`), as if its skin were average."""
    told = skin_light(rgb, face_px)
    return None if told is None else told.light


def learned() -> FindLight:
    """The network's way of telling the light. Raises StudioError if it cannot be loaded."""
    return FaceLightPredictor().find


class LearnedLight:
    """The network's way of telling the light (see :data:`FindLight`), loaded when it is first
    asked. Where it cannot be, an average skin tells it, and ``trouble`` says why."""

    def __init__(self, make: Callable[[], FindLight] = learned) -> None:
        self.trouble: StudioError | None = None
        self._make = make
        self._find: FindLight | None = None

    def __call__(self, rgb: np.ndarray, face_px: np.ndarray) -> np.ndarray | None:
        if self._find is None:
            try:
                self._find = self._make()
            except StudioError as error:
                self.trouble, self._find = error, of_skin
        return self._find(rgb, face_px)


class LightFinder:
    """Follows how a face is lit, calmly, with a look every ``every_s`` seconds at most. For one
    thread."""

    def __init__(self, find: FindLight = of_skin, every_s: float = EVERY_S) -> None:
        self._find, self._every_s = find, every_s
        self._light: np.ndarray | None = None
        self._time_s = self._looked_s = -np.inf

    def find(self, rgb: np.ndarray, face_px: np.ndarray | None, time_s: float) -> Shine | None:
        """The light at a moment; of a face that is lost, the last. None before one was seen."""
        if face_px is not None and not 0 <= time_s - self._looked_s < self._every_s:
            self._looked_s = time_s
            self._follow(self._find(rgb, face_px), time_s)
        return None if self._light is None else shine_of(self._light)

    def _follow(self, found: np.ndarray | None, time_s: float) -> None:
        if found is None:
            return
        step_s = max(time_s - self._time_s, 0.0)
        share = 1 - float(np.exp(-step_s / CALM_S))
        before = found if self._light is None else self._light
        self._light, self._time_s = before + share * (found - before), time_s
