"""The face of a performance: followed, solved, calmed; held, relaxed and alive while it is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, UInt8

from studio.core.types import Frame
from studio.human.rig import ACTIONS
from studio.live.performing.idling import Idling
from studio.live.performing.presence import Presence
from studio.live.performing.settings import Settings
from studio.live.solving import OneEuro
from studio.perception.faces.solver import FaceSolver, SolvedFace
from studio.perception.faces.tracker import FaceTracker, SeenFace

REST = SolvedFace(np.zeros(len(ACTIONS)), (0.0, 0.0, 0.0), (0.0, 0.0))
_LIDS = [ACTIONS.index("eyeBlinkLeft"), ACTIONS.index("eyeBlinkRight")]
WEIGHTS_BETA, LIDS_BETA, ANGLES_BETA = 3.0, 30.0, 0.05
"""How much a move of 1 a second, or of a degree a second, lifts the filter's cut-off (Hz)."""


@dataclass(frozen=True, eq=False)
class FaceNow:
    """What the face does at a moment; ``seen`` says how surely, 0 where it is lost. ``points_px``
    are its points in the picture; ``share`` of it is what was seen, the rest is rest."""

    solved: SolvedFace
    seen: float
    points_px: Float[np.ndarray, "478 3"] | None = None
    share: float = 1.0


def mixed(rest: SolvedFace, seen: SolvedFace, share: float) -> SolvedFace:
    """Between two faces."""

    def between(a: tuple[float, ...], b: tuple[float, ...]) -> list[float]:
        return [(1 - share) * p + share * q for p, q in zip(a, b, strict=True)]

    yaw, pitch, roll = between(rest.head_deg, seen.head_deg)
    across, up = between(rest.gaze_deg, seen.gaze_deg)
    weights = (1 - share) * rest.weights + share * seen.weights
    return SolvedFace(weights, (yaw, pitch, roll), (across, up))


class Calm:
    """One-Euro over weights and angles. ``lag_ms`` is how far a slow change lags behind; lids, of
    which a blink takes a few pictures only, are let go sooner."""

    def __init__(self) -> None:
        self._lag_ms = -1.0
        self._weights = self._lids = self._angles = OneEuro(1.0)

    def __call__(self, time_s: float, face: SolvedFace, lag_ms: float) -> SolvedFace:
        """The face at this time, calmer."""
        if lag_ms <= 0:
            return face
        if lag_ms != self._lag_ms:
            cutoff_hz = 1e3 / (2 * np.pi * lag_ms)  # of a first-order filter: its time constant
            self._lag_ms = lag_ms
            self._weights = OneEuro(cutoff_hz, WEIGHTS_BETA)
            self._lids = OneEuro(cutoff_hz, LIDS_BETA)
            self._angles = OneEuro(cutoff_hz, ANGLES_BETA)
        weights = self._weights(time_s, face.weights[:, None])[:, 0]
        weights[_LIDS] = self._lids(time_s, face.weights[_LIDS, None])[:, 0]
        angles = np.array([*face.head_deg, *face.gaze_deg])
        yaw, pitch, roll, across, up = self._angles(time_s, angles[:, None])[:, 0].tolist()
        return SolvedFace(weights, (yaw, pitch, roll), (across, up))


class FacePerformer:
    """Makes a face of each picture. Used by one thread at a time; close it when done."""

    def __init__(self, make_tracker: Callable[[], FaceTracker], solver: FaceSolver) -> None:
        """Raises what ``make_tracker`` raises."""
        self._make, self.solver = make_tracker, solver
        self._tracker = make_tracker()
        self._calm, self._presence = Calm(), Presence(mixed)
        self._idling = Idling()

    def close(self) -> None:
        """Free the network."""
        self._tracker.close()

    def learn(self, frames: Iterable[Frame]) -> None:
        """Take the person's calm face from other pictures of them."""
        times: list[float] = []
        found: list[SeenFace] = []
        with closing(self._make()) as tracker:
            for frame in frames:
                times.append(frame.time_s)
                if (seen := tracker.find(frame.rgb, frame.time_s)) is not None:
                    found.append(seen)
        self.solver.learn(found, times[-1] - times[0] if times else 0.0)

    def perform(
        self, rgb: UInt8[np.ndarray, "height width 3"], time_s: float, settings: Settings
    ) -> FaceNow:
        """The face at the time of the next picture."""
        seen = self._tracker.find(rgb, time_s)
        solved = None
        if seen is not None:
            solved = self._calm(time_s, self.solver.solve(seen, time_s), settings.smoothing_ms)
        shown = self._presence(time_s, solved, REST, settings.hold_s)
        lids = self._idling.lids(time_s)
        if settings.idle and solved is None and lids > 0:
            shown = blinked(shown, lids * (1 - self._presence.share))
        points = None if seen is None else seen.xyz_px
        return FaceNow(shown, float(solved is not None), points, self._presence.share)


def blinked(face: SolvedFace, lids: float) -> SolvedFace:
    """The face with its lids shut at least so far."""
    weights: Float[np.ndarray, "52"] = face.weights.copy()
    weights[_LIDS] = np.maximum(weights[_LIDS], lids)
    return SolvedFace(weights, face.head_deg, face.gaze_deg)
