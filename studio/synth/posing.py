"""From words of the body (where an arm points, where a foot stands) to rotations of bones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy.spatial.transform import Rotation

from studio.human.rig import BONE_NAMES
from studio.synth.figure import Figure

Vector = tuple[float, float, float]
INDEX = {name: k for k, name in enumerate(BONE_NAMES)}


@dataclass(frozen=True)
class Arm:
    """Where the upper arm and the forearm point, as seen from the chest; +X is the own side's out.

    ``out`` lifts away from the body, -Y is forward, Z up. ``turn`` twists the forearm (degrees,
    palm up positive), ``wrist`` bends the hand (degrees, towards the palm positive), ``curl``
    bends the fingers from thumb to little finger (0 straight, 1 fist), ``spread`` fans them.
    """

    upper: Vector = (0.17, 0.05, -1.0)
    fore: Vector = (0.12, -0.28, -1.0)
    turn: float = 0.0
    wrist: float = 0.0
    curl: tuple[float, float, float, float, float] = (0.25, 0.12, 0.16, 0.2, 0.24)
    spread: float = 0.0


@dataclass(frozen=True)
class Stance:
    """A key pose above the legs. Angles in degrees: (nod forward, turn left, tilt left)."""

    pelvis: Vector = (0.0, 0.0, 0.0)
    spine: Vector = (0.0, 0.0, 0.0)
    head: Vector = (0.0, 0.0, 0.0)
    gaze: tuple[float, float] = (0.0, 0.0)
    left: Arm = field(default_factory=Arm)
    right: Arm = field(default_factory=Arm)
    shift_m: Vector = (0.0, 0.0, 0.0)
    face: Mapping[str, float] = field(default_factory=dict)


def _turn(angles: Vector | np.ndarray, share: float = 1.0) -> np.ndarray:
    """Nod about +X, turn about +Z, tilt about -Y (degrees), as one rotation."""
    nod, turn, tilt = (share * float(angle) for angle in angles)
    return Rotation.from_euler("ZXY", [turn, nod, tilt], degrees=True).as_matrix()


def _frame(along: np.ndarray, hinge: np.ndarray) -> np.ndarray:
    """Right-handed axes: first along the limb, second the hinge made square to it."""
    along = along / np.linalg.norm(along)
    hinge = hinge - along * (hinge @ along)
    hinge = hinge / np.linalg.norm(hinge)
    return np.column_stack([along, hinge, np.cross(along, hinge)])


def hinge_pair(
    rest: tuple[np.ndarray, np.ndarray], wanted: tuple[np.ndarray, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """World turns of a limb's two segments that bring them where wanted, bending as a hinge.

    ``rest`` and ``wanted`` are the directions of both segments. The upper one is twisted so that
    the joint bends about the same axis of the limb as at rest, as elbows and knees do.
    """
    axis, new_axis = np.cross(*rest), np.cross(*wanted)
    upper = _frame(wanted[0], new_axis) @ _frame(rest[0], axis).T
    lower = _frame(wanted[1], new_axis) @ _frame(rest[1], axis).T
    return upper, lower


def upper_turns(figure: Figure, stance: Stance) -> np.ndarray:
    """Turns (bones, 3, 3) of everything but the legs (see :func:`studio.synth.figure.carry`)."""
    turns = np.tile(np.eye(3), (len(BONE_NAMES), 1, 1))
    turns[INDEX["root"]] = _turn(stance.pelvis)
    for bone, share in zip(("spine05", "spine04", "spine03", "spine02", "spine01"),
                           (0.1, 0.2, 0.25, 0.25, 0.2), strict=True):  # fmt: skip
        turns[INDEX[bone]] = _turn(stance.spine, share)
    for bone, share in zip(("neck01", "neck02", "neck03", "head"), (0.2, 0.2, 0.2, 0.4),
                           strict=True):  # fmt: skip
        turns[INDEX[bone]] = _turn(stance.head, share)
    for bone in ("eye.L", "eye.R"):
        turns[INDEX[bone]] = _turn((stance.gaze[0], stance.gaze[1], 0.0))
    for side, arm in (("L", stance.left), ("R", stance.right)):
        _arm(figure, side, arm, turns)
    return turns


def _arm(figure: Figure, side: str, arm: Arm, turns: np.ndarray) -> None:
    mirror = np.array([1.0 if side == "L" else -1.0, 1.0, 1.0])
    shoulder, elbow, wrist = (
        figure.head(f"{bone}.{side}") for bone in ("upperarm01", "lowerarm01", "wrist")
    )
    wanted = np.array(arm.upper) * mirror, np.array(arm.fore) * mirror
    lift = np.clip(wanted[0][2] / np.linalg.norm(wanted[0]) + 0.35, 0, 1.35)
    raised = Rotation.from_euler("y", -mirror[0] * 16 * lift, degrees=True).as_matrix()
    turns[INDEX[f"clavicle.{side}"]] = raised
    upper, lower = hinge_pair((elbow - shoulder, wrist - elbow), wanted)
    turns[INDEX[f"upperarm01.{side}"]] = raised.T @ upper
    turns[INDEX[f"lowerarm01.{side}"]] = upper.T @ lower
    along = (wrist - elbow) / np.linalg.norm(wrist - elbow)
    twist = Rotation.from_rotvec(-mirror[0] * np.radians(arm.turn) * along)
    half = Rotation.from_rotvec(twist.as_rotvec() / 2).as_matrix()
    turns[INDEX[f"lowerarm02.{side}"]] = half
    across = figure.head(f"finger2-1.{side}") - figure.head(f"finger5-1.{side}")
    reach = figure.head(f"finger3-1.{side}") - wrist
    palm = np.cross(reach, across) * mirror[0]
    palm /= np.linalg.norm(palm)
    bend = np.cross(reach, palm)
    bend /= np.linalg.norm(bend)
    flex = Rotation.from_rotvec(np.radians(arm.wrist) * bend).as_matrix()
    turns[INDEX[f"wrist.{side}"]] = half @ flex
    _fingers(figure, side, arm, palm, bend, turns)


def _fingers(
    figure: Figure,
    side: str,
    arm: Arm,
    palm: np.ndarray,
    bend: np.ndarray,
    turns: np.ndarray,
) -> None:
    mirror = 1.0 if side == "L" else -1.0
    for finger, curl in enumerate(arm.curl, start=1):
        thumb = finger == 1
        first, second = (figure.head(f"finger{finger}-{k}.{side}") for k in (1, 2))
        along = second - first
        axis = np.cross(along, palm)
        axis = axis / np.linalg.norm(axis)
        if thumb:
            axis = -(axis + 0.8 * bend)  # the thumb folds across the palm
            axis /= np.linalg.norm(axis)
        for joint, degrees in zip((1, 2, 3), (20, 35, 45) if thumb else (70, 85, 55), strict=True):
            turn = Rotation.from_rotvec(np.radians(degrees * curl) * axis)
            if joint == 1 and not thumb:
                fan = (finger - 3) * -6.0 * arm.spread * mirror
                turn = Rotation.from_rotvec(np.radians(fan) * palm * mirror) * turn
            turns[INDEX[f"finger{finger}-{joint}.{side}"]] = turn.as_matrix()


def leg_turns(
    figure: Figure,
    side: str,
    ankle_m: np.ndarray,
    foot_turn: np.ndarray,
    root_m: np.ndarray,
    root_turn: np.ndarray,
    turns: np.ndarray,
) -> None:
    """Set the turns of one leg so that its ankle is at ``ankle_m`` and its foot turned so.

    Two-bone inverse kinematics; the knee points where pelvis and foot point. A target out of
    reach stretches the leg to 99.5 % and no further.
    """
    hip, knee, ankle = (
        figure.head(f"{bone}.{side}") for bone in ("upperleg01", "lowerleg01", "foot")
    )
    start = root_turn @ (hip - figure.head("root")) + root_m
    thigh, shank = np.linalg.norm(knee - hip), np.linalg.norm(ankle - knee)
    reach = ankle_m - start
    length = min(np.linalg.norm(reach), 0.995 * (thigh + shank))
    reach = reach / np.linalg.norm(reach)
    forward = root_turn @ [0.0, -0.5, 0.0] + foot_turn @ [0.0, -0.5, 0.0]
    forward = forward - reach * (forward @ reach)
    forward /= np.linalg.norm(forward)
    cosine = (thigh**2 + length**2 - shank**2) / (2 * thigh * length)
    bent = start + thigh * (cosine * reach + np.sqrt(max(1 - cosine**2, 0)) * forward)
    end = start + length * reach
    upper, lower = hinge_pair((knee - hip, ankle - knee), (bent - start, end - bent))
    turns[INDEX[f"upperleg01.{side}"]] = root_turn.T @ upper
    turns[INDEX[f"lowerleg01.{side}"]] = upper.T @ lower
    turns[INDEX[f"foot.{side}"]] = lower.T @ foot_turn
