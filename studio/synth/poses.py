"""Named poses and expressions, in words of the body: where limbs point, what the face does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.spatial.transform import Rotation

from studio.human.design import Turn
from studio.human.rig import BONE_NAMES
from studio.synth.figure import make_figure
from studio.synth.posing import INDEX, Arm, Stance, Vector, hinge_pair, upper_turns


@dataclass(frozen=True)
class Leg:
    """Where thigh and shin point (+X is the own side's out, -Y forward, Z up), and the foot's turn
    (degrees: toes up, toes out)."""

    thigh: Vector = (0.05, -0.04, -1.0)
    shin: Vector = (0.03, 0.07, -1.0)
    foot: tuple[float, float] = (0.0, 8.0)


@dataclass(frozen=True)
class PoseWords:
    """A pose: above the legs, and both legs. Seen from the pelvis."""

    stance: Stance
    left: Leg = Leg()
    right: Leg = Leg()


_HANG = Arm(upper=(0.20, 0.06, -1.0), fore=(0.10, -0.22, -1.0))
_HIP = Arm(upper=(0.62, 0.30, -0.72), fore=(-0.62, -0.42, -0.50), turn=-30, wrist=20,
           curl=(0.3, 0.4, 0.4, 0.4, 0.4))  # fmt: skip
_UP = Arm(upper=(0.55, -0.12, 1.0), fore=(0.14, -0.15, 1.0), curl=(0.7, 1, 1, 1, 1))

WORDS: dict[str, PoseWords] = {
    "Relaxed": PoseWords(Stance(left=_HANG, right=_HANG)),
    "Contrapposto": PoseWords(
        Stance(pelvis=(0, 4, 5), spine=(0, -5, -9), head=(2, 10, 5), left=_HANG,
               right=Arm(upper=(0.24, 0.10, -1.0), fore=(0.02, -0.30, -1.0))),
        left=Leg(thigh=(0.16, -0.16, -1.0), shin=(0.02, 0.22, -1.0), foot=(0, 18)),
        right=Leg(thigh=(0.02, 0.0, -1.0), shin=(-0.02, 0.05, -1.0), foot=(0, 10)),
    ),
    "Hands on hips": PoseWords(
        Stance(head=(-2, 0, 0), left=_HIP, right=_HIP),
        left=Leg(thigh=(0.18, -0.04, -1.0), shin=(0.12, 0.06, -1.0), foot=(0, 15)),
        right=Leg(thigh=(0.18, -0.04, -1.0), shin=(0.12, 0.06, -1.0), foot=(0, 15)),
    ),
    "Wave": PoseWords(
        Stance(head=(0, -6, -3), left=_HANG,
               right=Arm(upper=(0.80, -0.15, 0.05), fore=(0.16, -0.22, 1.0), turn=25,
                         curl=(0.05, 0.05, 0.04, 0.06, 0.08), spread=0.7)),
    ),
    "Walk": PoseWords(
        Stance(spine=(3, 6, 0), pelvis=(2, -6, 0),
               left=Arm(upper=(0.14, 0.40, -1.0), fore=(0.10, 0.12, -1.0)),
               right=Arm(upper=(0.14, -0.38, -1.0), fore=(0.04, -0.85, -0.9))),
        left=Leg(thigh=(0.03, -0.45, -1.0), shin=(0.02, -0.10, -1.0), foot=(14, 4)),
        right=Leg(thigh=(0.03, 0.32, -1.0), shin=(0.02, 0.75, -1.0), foot=(-32, 4)),
    ),
    "Run": PoseWords(
        Stance(pelvis=(6, 8, 0), spine=(12, -14, 0), head=(-12, 4, 0),
               left=Arm(upper=(0.25, -0.65, -0.8), fore=(-0.1, -0.9, 0.55),
                        curl=(0.5, 0.7, 0.7, 0.7, 0.7)),
               right=Arm(upper=(0.25, 0.80, -0.7), fore=(0.10, -0.55, -0.75),
                         curl=(0.5, 0.7, 0.7, 0.7, 0.7))),
        left=Leg(thigh=(0.02, 0.50, -1.0), shin=(0.02, 0.70, -0.9), foot=(-35, 2)),
        right=Leg(thigh=(0.02, -1.0, -0.75), shin=(0.0, 0.55, -1.0), foot=(8, 2)),
    ),
    "Sit": PoseWords(
        Stance(pelvis=(-4, 0, 0), spine=(8, 0, 0),
               left=Arm(upper=(0.16, -0.42, -1.0), fore=(-0.10, -1.0, -0.18), turn=-45),
               right=Arm(upper=(0.16, -0.42, -1.0), fore=(-0.10, -1.0, -0.18), turn=-45)),
        left=Leg(thigh=(0.16, -1.0, -0.06), shin=(0.03, 0.04, -1.0), foot=(0, 8)),
        right=Leg(thigh=(0.16, -1.0, -0.06), shin=(0.03, 0.04, -1.0), foot=(0, 8)),
    ),
    "Thinking": PoseWords(
        Stance(spine=(5, 0, 2), head=(8, 8, -4),
               left=Arm(upper=(0.06, -0.34, -1.0), fore=(-1.0, -0.62, 0.10), turn=-20),
               right=Arm(upper=(0.10, -0.55, -1.0), fore=(-0.34, -0.46, 1.0), turn=-10,
                         curl=(0.2, 0.25, 0.75, 0.8, 0.8), wrist=10)),
        left=Leg(thigh=(0.10, -0.10, -1.0), shin=(0.02, 0.15, -1.0), foot=(0, 16)),
    ),
    "Cheer": PoseWords(
        Stance(spine=(-6, 0, 0), head=(-10, 0, 0),
               left=_UP, right=_UP),
        left=Leg(thigh=(0.16, 0, -1.0), shin=(0.12, 0.06, -1.0), foot=(0, 14)),
        right=Leg(thigh=(0.16, 0, -1.0), shin=(0.12, 0.06, -1.0), foot=(0, 14)),
    ),
    "T-pose": PoseWords(
        Stance(left=Arm(upper=(1, 0, 0.0), fore=(1, -0.02, 0), curl=(0, 0, 0, 0, 0)),
               right=Arm(upper=(1, 0, 0.0), fore=(1, -0.02, 0), curl=(0, 0, 0, 0, 0))),
    ),
}  # fmt: skip
NAMES = ("A-pose", *WORDS)
"""The poses, in the order in which they are offered; the first is the rest pose."""


def _pair(one: str, amount: float) -> dict[str, float]:
    return {f"{one}Left": amount, f"{one}Right": amount}


EXPRESSIONS: dict[str, dict[str, float]] = {
    "Neutral": {},
    "Smile": {**_pair("mouthSmile", 0.55), **_pair("cheekSquint", 0.3), **_pair("eyeSquint", 0.15)},
    "Laugh": {**_pair("mouthSmile", 0.85), "jawOpen": 0.32, **_pair("cheekSquint", 0.6),
              **_pair("eyeSquint", 0.4), **_pair("mouthUpperUp", 0.25)},
    "Sad": {**_pair("mouthFrown", 0.6), "browInnerUp": 0.75, "mouthShrugLower": 0.3,
            **_pair("eyeBlink", 0.18)},
    "Angry": {**_pair("browDown", 0.9), **_pair("eyeSquint", 0.35), **_pair("noseSneer", 0.4),
              **_pair("mouthPress", 0.5), **_pair("mouthFrown", 0.25)},
    "Surprised": {"browInnerUp": 0.7, **_pair("browOuterUp", 0.8), **_pair("eyeWide", 0.7),
                  "jawOpen": 0.4},
    "Afraid": {"browInnerUp": 0.9, **_pair("eyeWide", 0.8), **_pair("mouthStretch", 0.6),
               "jawOpen": 0.14},
    "Disgusted": {**_pair("noseSneer", 0.85), **_pair("browDown", 0.45),
                  **_pair("mouthUpperUp", 0.4), **_pair("mouthFrown", 0.35)},
    "Wink": {"eyeBlinkLeft": 1.0, "cheekSquintLeft": 0.6, "mouthSmileLeft": 0.55,
             "mouthSmileRight": 0.25},
    "Asleep": {**_pair("eyeBlink", 1.0), "jawOpen": 0.04},
}  # fmt: skip


@cache
def pose(name: str) -> Mapping[str, Turn]:
    """The bones' own turns of a named pose; of the rest pose there are none."""
    if name not in WORDS:
        return {}
    words, figure = WORDS[name], make_figure()
    turns = upper_turns(figure, words.stance)
    for side, leg in (("L", words.left), ("R", words.right)):
        mirror = np.array([1.0 if side == "L" else -1.0, 1.0, 1.0])
        hip, knee, ankle = (
            figure.head(f"{bone}.{side}") for bone in ("upperleg01", "lowerleg01", "foot")
        )
        thigh, shin = np.array(leg.thigh) * mirror, np.array(leg.shin) * mirror
        upper, lower = hinge_pair((knee - hip, ankle - knee), (thigh, shin))
        root = turns[INDEX["root"]]
        turns[INDEX[f"upperleg01.{side}"]] = root.T @ upper
        turns[INDEX[f"lowerleg01.{side}"]] = upper.T @ lower
        up, out = leg.foot
        foot = Rotation.from_euler("ZX", [mirror[0] * out, -up], degrees=True).as_matrix()
        turns[INDEX[f"foot.{side}"]] = lower.T @ foot
    found: dict[str, Turn] = {}
    for bone, turn in zip(BONE_NAMES, turns, strict=True):
        x, y, z = (round(float(v), 4) for v in Rotation.from_matrix(turn).as_rotvec())
        if max(abs(x), abs(y), abs(z)) > 1e-3:
            found[bone] = (x, y, z)
    return found


def pose_name(turns: Mapping[str, Turn]) -> str:
    """The named pose that these turns are; empty if it has no name."""
    return next((name for name in NAMES if dict(pose(name)) == dict(turns)), "")


def expression_name(actions: Mapping[str, float]) -> str:
    """The named expression that these actions are; empty if it has no name."""
    wanted = {name: value for name, value in actions.items() if value}
    return next((name for name, made in EXPRESSIONS.items() if made == wanted), "")
