"""What a person does at a moment, said so that any avatar can do it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float

from studio.human.rig import ACTIONS

NO_TURN = (0.0, 0.0, 0.0, 1.0)


@dataclass(frozen=True, eq=False)
class Performance:
    """One person at one moment, mirrored already where that was asked for.

    ``weights`` (52,) are the facial actions in the order of :data:`studio.human.rig.ACTIONS`, 0 to
    1. ``head_deg`` is yaw, pitch and roll of the head before the camera: positive to the person's
    own left, up, and towards the person's own left shoulder; ``gaze_deg`` yaw and pitch of the
    eyes in the head, of the same signs. ``turns`` are quaternions (x, y, z, w) by VRM's humanoid
    bone names: how each bone turned from T-pose relative to its parent, in axes that are the
    world's in T-pose (Z up, facing -Y, x to the person's left); a bone that is not named rests.
    From one moment to the next no quaternion changes its sign, but for those that keys hold.
    ``hips_m`` is how far the hips moved from where they rest, None if no body was
    seen lately.

    ``face``, ``hands`` (left, right) and ``body`` say how surely each was seen, 0 to 1: 0 is lost,
    and what is said of it then is held, fading or invented (breath, blinks). ``taken_s`` is when
    the picture was taken, ``solved_s`` when this was known (``time.monotonic``). ``face_px`` are
    the 478 points of the face in the picture as the camera took it, never mirrored: pixels across
    and down, and depth of the same scale growing away from the camera; None where no face was seen.
    """

    time_s: float
    weights: Float[np.ndarray, "52"]
    head_deg: tuple[float, float, float] = (0.0, 0.0, 0.0)
    gaze_deg: tuple[float, float] = (0.0, 0.0)
    turns: Mapping[str, tuple[float, float, float, float]] = field(default_factory=dict)
    hips_m: tuple[float, float, float] | None = None
    face: float = 0.0
    hands: tuple[float, float] = (0.0, 0.0)
    body: float = 0.0
    taken_s: float = 0.0
    solved_s: float = 0.0
    stages_ms: Mapping[str, float] = field(default_factory=dict)
    face_px: Float[np.ndarray, "478 3"] | None = None

    def weight(self, action: str) -> float:
        """How much of an action, by ARKit's name."""
        return float(self.weights[ACTIONS.index(action)])

    @property
    def latency_ms(self) -> float:
        """From when the picture was taken until this was known."""
        return 1e3 * (self.solved_s - self.taken_s)
