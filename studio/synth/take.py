"""Motion from key poses: smooth splines above the hips, planted feet below them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.interpolate import CubicSpline, PchipInterpolator
from scipy.spatial.transform import Rotation, RotationSpline

from studio.human.rig import ACTIONS, BONE_NAMES
from studio.synth.figure import Figure
from studio.synth.posing import Stance, leg_turns, upper_turns

SIDES = {"L": 1.0, "R": -1.0}


@dataclass(frozen=True)
class Key:
    """A stance that is reached at ``time_s``."""

    time_s: float
    stance: Stance


@dataclass(frozen=True)
class Step:
    """A foot leaves the floor at ``start_s`` and lands at ``end_s``, at ``xy_m``, turned so."""

    side: str
    start_s: float
    end_s: float
    xy_m: tuple[float, float]
    yaw_deg: float
    lift_m: float = 0.07


@dataclass(frozen=True)
class Score:
    """A take as it is authored: key poses, steps, blinks (times), and where the feet begin.

    ``feet`` are x, y in metres and yaw in degrees, per side.
    """

    keys: Sequence[Key]
    steps: Sequence[Step] = ()
    blinks_s: Sequence[float] = ()
    feet: Mapping[str, tuple[float, float, float]] | None = None


@dataclass(frozen=True, eq=False)
class Poses:
    """A figure's poses over time (see :func:`studio.synth.figure.carry`), and its facial actions.

    ``face`` has one column an action, in ARKit's alphabetical order.
    """

    times_s: np.ndarray
    root_m: np.ndarray
    turns: np.ndarray
    face: np.ndarray

    def __len__(self) -> int:
        return len(self.times_s)

    def actions(self, frame: int) -> dict[str, float]:
        """The facial actions of one frame by name."""
        return {name: float(self.face[frame, k]) for k, name in enumerate(ACTIONS)}


def ease(s: float) -> float:
    """Quintic ease from 0 to 1: no jump in velocity or acceleration."""
    return s * s * s * (s * (6 * s - 15) + 10)


def _foot(score: Score, side: str, time_s: float) -> tuple[np.ndarray, float, float, float]:
    """Where a foot is: ground position, lift, yaw and pitch (degrees)."""
    feet = score.feet or {"L": (0.11, 0.0, 9.0), "R": (-0.11, 0.0, -9.0)}
    *place, yaw = feet[side]
    at = np.array(place)
    for step in score.steps:
        if step.side != side or time_s <= step.start_s:
            continue
        s = min((time_s - step.start_s) / (step.end_s - step.start_s), 1.0)
        share = ease(s)
        at = at + share * (np.array(step.xy_m) - at)
        yaw = yaw + share * (step.yaw_deg - yaw)
        if s < 1:
            lift = step.lift_m * np.sin(np.pi * share) ** 2
            return at, lift, yaw, 24 * np.sin(np.pi * s) * np.cos(np.pi * s) * 2 * (1 - s)
    return at, 0.0, yaw, 0.0


def ankle_height(figure: Figure, sole_m: float = 0.022) -> float:
    """How high the ankles are over the floor in shoes with a sole of this thickness."""
    feet = figure.vertices_m[np.unique(figure.surface.faces["skin"])]
    return float(figure.head("foot.L")[2] - feet[:, 2].min() + sole_m)


def perform(figure: Figure, score: Score, times_s: np.ndarray) -> Poses:
    """The score played by a figure: its poses at the given times."""
    keys = np.array([key.time_s for key in score.keys])
    posed = np.stack([upper_turns(figure, key.stance) for key in score.keys])
    turns = np.tile(np.eye(3), (len(times_s), len(BONE_NAMES), 1, 1))
    for bone in range(len(BONE_NAMES)):
        if np.abs(posed[:, bone] - np.eye(3)).max() > 1e-9:
            spline = RotationSpline(keys, Rotation.from_matrix(posed[:, bone]))
            turns[:, bone] = spline(times_s).as_matrix()
    shift = CubicSpline(keys, [key.stance.shift_m for key in score.keys], bc_type="clamped")(
        times_s
    )
    face = np.zeros((len(times_s), len(ACTIONS)))
    for column, name in enumerate(ACTIONS):
        values = [key.stance.face.get(name, 0.0) for key in score.keys]
        face[:, column] = PchipInterpolator(keys, values)(times_s)
    for blink in score.blinks_s:
        lid = np.exp(-(((times_s - blink) / 0.055) ** 2))
        for side in ("Left", "Right"):
            column = ACTIONS.index(f"eyeBlink{side}")
            face[:, column] = np.maximum(face[:, column], lid)
    root = shift + _breath(times_s)
    hip, knee, ankle = (figure.head(f"{bone}.L") for bone in ("upperleg01", "lowerleg01", "foot"))
    leg = np.linalg.norm(knee - hip) + np.linalg.norm(ankle - knee)
    ground = ankle_height(figure)
    root[:, 2] += ground + 0.982 * leg - (hip - figure.head("root"))[2]
    for frame, time in enumerate(times_s):
        for side in SIDES:
            at, lift, yaw, pitch = _foot(score, side, float(time))
            turn = Rotation.from_euler("ZX", [yaw, pitch], degrees=True).as_matrix()
            target = np.array([*at, ground + lift])
            leg_turns(figure, side, target, turn, root[frame], turns[frame, 0], turns[frame])
    return Poses(np.asarray(times_s, float), root, turns, face)


def _breath(times_s: np.ndarray) -> np.ndarray:
    """The slight sway of somebody who stands (metres)."""
    t = np.asarray(times_s, float)
    return 0.004 * np.stack(
        [np.sin(1.9 * t), np.sin(2.3 * t + 1.0), 0.4 * np.sin(1.6 * t + 2.0)], axis=-1
    )
