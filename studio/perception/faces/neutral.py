"""Whose face it is: the calm face of a person, learned while they perform or taken by a key.

Until the key is pressed, the calmest fifth of what was seen so far counts as rest, less what nobody
shows at rest: somebody who begins with a laugh is understood at once, and better after a while.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from statistics import median

import numpy as np
from jaxtyping import Float

from studio.human.rig import ACTIONS
from studio.perception.faces.features import KEY, Look, Rest, angles
from studio.perception.faces.head import stored

EVERY_S = 0.1
KEPT = 240
"""Looks that are kept; when there are so many, every other one makes way."""
KEY_S = 0.5
_LOW, _CALM = 20.0, 0.2
_SETTLE_S, _AT_ONCE_S = 1.5, 1.0
_KNOWN_S, _USUAL = 20.0, 0.1
_TURNED = 0.3
"""How much of an expression a turn of a usual size counts for, in choosing calm looks."""
_BLINKS, _WHOLE = 12, 0.75
_OPEN, _SHUT = 0.2, 0.5
_TELLING = np.array([not name.startswith("eyeLook") for name in ACTIONS])


class Neutral:
    """Learns somebody's calm face. Used by one thread."""

    def __init__(self) -> None:
        self.rest: Rest | None = None
        self.fixed = False
        self._looks: list[Look] = []
        self._every_s, self._last_s, self._began_s = EVERY_S, -np.inf, 0.0
        self._goal: Rest | None = None
        self._until_s: float | None = None
        self._pressed_s = 0.0
        self._key: list[Look] = []

    def take(self) -> None:
        """What is seen in the next half second is rest from then on."""
        self._until_s, self._key = -1.0, []

    def learn(self, looks: list[Look], span_s: float) -> None:
        """Take rest from looks of the same person, from all over a film of so many seconds."""
        if looks:
            self.rest, self.fixed = relaxed(_calmest(looks), span_s), True

    def __call__(self, look: Look, time_s: float) -> Rest:
        """Rest as it is known when this was seen."""
        if self._until_s is not None:
            self._pressed(look, time_s)
        if self.fixed and self.rest is not None:
            return self.rest
        if time_s < self._last_s:  # a film that began again
            self._last_s = time_s
        if self._goal is None or time_s < self._began_s:
            self._began_s = time_s
        if self._goal is None or time_s - self._last_s >= self._every_s:
            self._looks.append(look)
            if len(self._looks) > KEPT:
                self._looks, self._every_s = self._looks[::2], 2 * self._every_s
            self._goal = relaxed(_calmest(self._looks), time_s - self._began_s)
            step_s = min(time_s - self._last_s, 1.0)
            self._last_s = time_s
            young = time_s - self._began_s < _AT_ONCE_S or self.rest is None
            share = 1.0 if young else 1 - float(np.exp(-step_s / _SETTLE_S))
            self.rest = self._goal if young or self.rest is None else mixed(
                self.rest, self._goal, share
            )  # fmt: skip
        assert self.rest is not None
        return self.rest

    def _pressed(self, look: Look, time_s: float) -> None:
        if not self._key or time_s < self._pressed_s:  # the latter: a film that began again
            self._pressed_s, self._until_s = time_s, time_s + KEY_S
        self._key.append(look)
        if self._until_s is not None and time_s >= self._until_s:
            self.rest, self.fixed, self._until_s = mean(self._key), True, None


def mean(looks: list[Look]) -> Rest:
    """The mean of some looks."""
    return Rest(
        np.mean([one.points for one in looks], axis=0),
        np.mean([one.open for one in looks], axis=0),
        np.mean([one.guesses for one in looks], axis=0),
        np.mean([angles(one.turn) for one in looks], axis=0),
    )


def mixed(a: Rest, b: Rest, share: float) -> Rest:
    """Between two faces at rest."""
    return Rest(*(
        (1 - share) * p + share * q
        for p, q in zip(vars(a).values(), vars(b).values(), strict=True)
    ))  # fmt: skip


def relaxed(rest: Rest, span_s: float) -> Rest:
    """A face without what hardly anybody shows at rest. Who shows it all the time that they were
    seen, ``span_s``, looks like that: the longer it is, the less is taken away."""
    known = stored()
    strange = np.exp(-span_s / _KNOWN_S)
    beyond = strange * np.clip(rest.guesses - np.maximum(known["calm"], _USUAL), 0, None)
    undone = beyond @ known["undo"]
    points = rest.points.copy()
    points[list(KEY)] -= undone[:-2].reshape(-1, 3)
    opened = np.clip(rest.open - undone[-2:], 0.05, None)
    return replace(rest, points=points, open=opened, guesses=rest.guesses - beyond)


def _calmest(looks: list[Look]) -> Rest:
    """The mean of the looks that show least; eyes are as open as they usually are."""
    guesses = np.array([one.guesses for one in looks])
    beyond = np.clip(guesses - np.percentile(guesses, _LOW, axis=0), 0, None)
    turned = np.linalg.norm([angles(one.turn) for one in looks], axis=1)
    shown = beyond[:, _TELLING].sum(1) + _TURNED * turned
    calm = np.argsort(shown)[: max(int(_CALM * len(looks)), min(len(looks), 3))]
    return mean([looks[k] for k in calm])


class Blinks:
    """How far somebody's lids seem to shut in a whole blink: not everybody's go all the way."""

    def __init__(self) -> None:
        self._peaks: deque[float] = deque(maxlen=_BLINKS)
        self._peak = 0.0

    def __call__(self, lids: Float[np.ndarray, "2"]) -> Float[np.ndarray, "2"]:
        """The lids, 0 to 1, so that a usual blink of this person is a whole one."""
        now = float(lids.mean())
        self._peak = max(self._peak, now)
        if now < _OPEN:
            if self._peak > _SHUT:
                self._peaks.append(self._peak)
            self._peak = 0.0
        whole = median(self._peaks) if len(self._peaks) > 1 else _WHOLE
        return np.clip(lids / max(whole, _SHUT), 0, 1)
