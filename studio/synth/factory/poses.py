"""A pose in words of the body, with feet that stand, and its rotations on a figure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy.spatial.transform import Rotation

from studio.synth.figure import Figure
from studio.synth.posing import INDEX, Arm, Stance, Vector, leg_turns, upper_turns
from studio.synth.take import SIDES, ankle_height

_BALL_M = 0.13
_REACH = 0.988
_CHAIN = ("root", "spine05", "spine04", "spine03", "spine02", "spine01",
          "neck01", "neck02", "neck03", "head")  # fmt: skip
_SQUINT = 24.0


@dataclass(frozen=True)
class Foot:
    """Where a foot is, seen from between the feet: x out to the own side, y back (metres).

    ``yaw_deg`` turns the toes out, ``pitch_deg`` raises the heel (negative: the toes), ``lift_m``
    is how high the sole is.
    """

    out_m: float = 0.11
    back_m: float = 0.0
    yaw_deg: float = 9.0
    pitch_deg: float = 0.0
    lift_m: float = 0.0


@dataclass(frozen=True)
class Pose:
    """A stance with its feet. The pelvis is as high as the standing feet let it be, less
    ``lower_m``; ``sits`` says that something is under it. ``holds`` are things by hand side."""

    name: str
    stance: Stance = field(default_factory=Stance)
    left: Foot = field(default_factory=Foot)
    right: Foot = field(default_factory=Foot)
    lower_m: float = 0.0
    sits: bool = False
    holds: Mapping[str, str] = field(default_factory=dict)


def turns_of(figure: Figure, pose: Pose) -> tuple[np.ndarray, np.ndarray]:
    """Where the root is and the bones' turns (see :func:`studio.synth.figure.carry`); the person
    faces -Y, the middle between the feet is over the origin, the soles are on z = 0."""
    stance = pose.stance
    turns = upper_turns(figure, stance)
    hip, knee, ankle = (figure.head(f"{bone}.L") for bone in ("upperleg01", "lowerleg01", "foot"))
    leg = float(np.linalg.norm(knee - hip) + np.linalg.norm(ankle - knee))
    ground = ankle_height(figure)
    feet: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    root = np.array(stance.shift_m, float)
    heights: list[float] = []
    for side, out in SIDES.items():
        foot = pose.left if side == "L" else pose.right
        raised = _BALL_M * np.sin(np.radians(max(foot.pitch_deg, 0)))
        raised += 0.05 * np.sin(np.radians(max(-foot.pitch_deg, 0)))
        at = np.array([out * foot.out_m, foot.back_m, ground + foot.lift_m + raised])
        angles = [out * foot.yaw_deg, foot.pitch_deg]
        feet[side] = at, Rotation.from_euler("ZX", angles, degrees=True).as_matrix()
        start = turns[0] @ (figure.head(f"upperleg01.{side}") - figure.head("root")) + root
        across = float(np.hypot(*(at - start)[:2]))
        free = at[2] + np.sqrt(max((_REACH * leg) ** 2 - across**2, (0.3 * leg) ** 2))
        if foot.lift_m <= 0.02:
            heights.append(float(free - (start - root)[2]))
    root[2] += min(heights, default=ground + leg) - pose.lower_m
    for side, (at, turn) in feet.items():
        leg_turns(figure, side, at, turn, root, turns[0], turns)
    return root, turns


def turned(
    root_m: np.ndarray, turns: np.ndarray, yaw_deg: float, to_m: tuple[float, float]
) -> tuple[np.ndarray, np.ndarray]:
    """The same pose turned about the vertical and carried elsewhere."""
    turn = Rotation.from_euler("z", yaw_deg, degrees=True).as_matrix()
    moved = turns.copy()
    moved[0] = turn @ turns[0]
    return turn @ root_m + [*to_m, 0.0], moved


def look_at(figure: Figure, root_m: np.ndarray, turns: np.ndarray, target_m: np.ndarray) -> None:
    """Turn the eyes towards a place, as far as eyes turn."""
    turn, head = np.eye(3), root_m.astype(float)
    before = "root"
    for bone in _CHAIN:
        head = head + turn @ (figure.head(bone) - figure.head(before))
        turn = turn @ turns[INDEX[bone]]
        before = bone
    for side in "LR":
        eye = head + turn @ (figure.head(f"eye.{side}") - figure.head("head"))
        way = turn.T @ (target_m - eye)
        across = np.degrees(np.arctan2(way[0], -way[1]))
        down = np.degrees(np.arctan2(-way[2], np.hypot(way[0], way[1])))
        across, down = np.clip(across, -_SQUINT, _SQUINT), np.clip(down, -14, 16)
        turns[INDEX[f"eye.{side}"]] = Rotation.from_euler(
            "ZX", [across, down], degrees=True
        ).as_matrix()


def reach(
    figure: Figure, side: str, target_m: np.ndarray, elbow: Vector, hand_m: float = 0.10
) -> tuple[Vector, Vector]:
    """Directions of upper arm and forearm that bring a hand to a place, as seen from the chest.

    ``target_m`` is a place on the resting figure; the hand, which reaches ``hand_m`` beyond the
    wrist, points on along the forearm. ``elbow`` is where the elbow rather goes (+X is out).
    """
    mirror = np.array([SIDES[side], 1.0, 1.0])
    shoulder, joint, wrist = (
        figure.head(f"{bone}.{side}") for bone in ("upperarm01", "lowerarm01", "wrist")
    )
    upper, fore = np.linalg.norm(joint - shoulder), np.linalg.norm(wrist - joint) + hand_m
    way = target_m - shoulder
    length = float(np.clip(np.linalg.norm(way), 1.15 * abs(upper - fore), 0.99 * (upper + fore)))
    way = way / np.linalg.norm(way)
    aside = np.array(elbow) * mirror
    aside = aside - way * (aside @ way)
    aside /= np.linalg.norm(aside)
    cosine = np.clip((upper**2 + length**2 - fore**2) / (2 * upper * length), -1, 1)
    bent = upper * (cosine * way + np.sqrt(1 - cosine**2) * aside)
    a, b = bent / upper * mirror, (length * way - bent) / fore * mirror
    return (float(a[0]), float(a[1]), float(a[2])), (float(b[0]), float(b[1]), float(b[2]))


def mixed(a: Arm, b: Arm, share: float) -> Arm:
    """An arm between two arms."""

    def between(p: Vector, q: Vector) -> Vector:
        v = (1 - share) * np.array(p) / np.linalg.norm(p) + share * np.array(q) / np.linalg.norm(q)
        return float(v[0]), float(v[1]), float(v[2])

    curl = tuple((1 - share) * p + share * q for p, q in zip(a.curl, b.curl, strict=True))
    return Arm(
        between(a.upper, b.upper), between(a.fore, b.fore),
        (1 - share) * a.turn + share * b.turn, (1 - share) * a.wrist + share * b.wrist,
        (curl[0], curl[1], curl[2], curl[3], curl[4]),
        (1 - share) * a.spread + share * b.spread,
    )  # fmt: skip
