"""A pose put on the floor: soles flat where they nearly are, and the weight over them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
import torch
from scipy.sparse import csr_matrix
from scipy.spatial.transform import Rotation

from studio.human.prior.space import pose_space
from studio.human.rig import BONE_PARENTS
from studio.human.twist import spread_twist
from studio.synth.figure import Figure, carry, skin
from studio.synth.posing import INDEX, leg_turns
from studio.synth.take import SIDES, ankle_height

NEAR_M = 0.06
"""A sole no higher over the lowest one than this stands."""
_TIPTOE_DEG, _STEEP_DEG = 20.0, 40.0
_REACH = 0.99
_SHIFT_M = 0.08
# Shares of the body's mass, and where along a segment its centre lies (Winter, Biomechanics and
# Motor Control of Human Movement, 2009, table 4.1).
_SEGMENTS = (
    ("upperarm01", "lowerarm01", 0.028, 0.436), ("lowerarm01", "wrist", 0.016, 0.430),
    ("wrist", "finger3-1", 0.006, 0.506), ("upperleg01", "lowerleg01", 0.100, 0.433),
    ("lowerleg01", "foot", 0.0465, 0.433), ("foot", "toe1-1", 0.0145, 0.500),
)  # fmt: skip
_TRUNK, _HEAD = 0.497, 0.081


@dataclass(frozen=True, eq=False)
class Stood:
    """A pose on the floor (see :func:`studio.synth.figure.carry`): which feet stand (left, right),
    and how far the centre of mass is outside the soles (metres; negative: inside)."""

    root_m: np.ndarray
    turns: np.ndarray
    planted: tuple[bool, bool]
    off_balance_m: float


@dataclass(frozen=True, eq=False)
class Soles:
    """The undersides of a figure's feet, left and right."""

    points_m: tuple[np.ndarray, np.ndarray]
    weights: tuple[csr_matrix, csr_matrix]

    def carried(self, carried: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Where they are in a pose."""
        left, right = (
            skin(p, w, carried) for p, w in zip(self.points_m, self.weights, strict=True)
        )
        return left, right


@lru_cache(maxsize=8)
def soles(figure: Figure) -> Soles:
    """The undersides of a figure's feet."""
    used = np.unique(figure.surface.faces["skin"])
    at = figure.vertices_m[used]
    low = used[at[:, 2] < at[:, 2].min() + 0.02]
    sides = [low[figure.vertices_m[low, 0] * sign > 0][::2] for sign in SIDES.values()]
    left, right = ((figure.vertices_m[s], csr_matrix(figure.weights[s])) for s in sides)
    return Soles((left[0], right[0]), (left[1], right[1]))


def turns_of_angles(figure: Figure, angles: np.ndarray) -> np.ndarray:
    """The bones' turns (poses, bones, 3, 3) of angles (poses, angles), twists spread."""
    turns = pose_space().turns(torch.from_numpy(np.asarray(angles, float))).numpy()
    heads = figure.heads_m
    return spread_twist(turns, heads - heads[np.maximum(BONE_PARENTS, 0)])


def foot_angles(turn: np.ndarray) -> tuple[float, float]:
    """Where a turned foot points (degrees): to the left of -Y, and how steeply down."""
    ahead = turn @ [0.0, -1.0, 0.0]
    yaw = float(np.degrees(np.arctan2(ahead[0], -ahead[1])))
    return yaw, float(np.degrees(np.arcsin(np.clip(-ahead[2], -1, 1))))


def foot_turn(yaw_deg: float, pitch_deg: float) -> np.ndarray:
    """The turn of a foot that points so (see :func:`foot_angles`)."""
    return Rotation.from_euler("ZX", [yaw_deg, pitch_deg], degrees=True).as_matrix()


@lru_cache(maxsize=32)
def _ball_m(figure: Figure, side: str) -> np.ndarray:
    """From the ankle to where the toes begin, at rest."""
    toes = [figure.head(f"toe{k}-1.{side}") for k in range(1, 6)]
    return np.mean(toes, axis=0) - figure.head(f"foot.{side}")


def ankle_from_ball(figure: Figure, side: str, yaw_deg: float, pitch_deg: float) -> np.ndarray:
    """From the ball of a foot, about which the heel is raised, to its ankle (metres)."""
    return -foot_turn(yaw_deg, pitch_deg) @ _ball_m(figure, side)


def ball_height(figure: Figure, side: str) -> float:
    """How high (metres) the ball of a foot that stands is over the floor, in shoes."""
    return ankle_height(figure) + float(_ball_m(figure, side)[2])


def lay_toes(turns: np.ndarray, side: str, pitch_deg: float) -> None:
    """Turn the toes up as far as the foot is turned down, so that they lie on the floor."""
    flat = foot_turn(0.0, -max(pitch_deg, 0.0))
    for toe in range(1, 6):
        turns[INDEX[f"toe{toe}-1.{side}"]] = flat


def stand(figure: Figure, turns: np.ndarray) -> Stood:
    """A pose put on the floor, z = 0.

    The lowest sole and every sole near it stand: flat, or on the ball of the foot where the heel is
    clearly raised. If the weight is beside them, the hips move over as far as legs easily let them.
    """
    turns = turns.copy()
    carried = carry(figure, np.zeros(3), turns)
    under = soles(figure).carried(carried)
    low = [float(points[:, 2].min()) for points in under]
    planted = tuple(height < min(low) + NEAR_M for height in low)
    root = np.zeros(3)
    feet: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    heights: list[float] = []
    for k, side in enumerate(SIDES):
        if not planted[k]:
            continue
        foot = carried[INDEX[f"foot.{side}"]]
        yaw, pitch = foot_angles(foot[:3, :3])
        pitch = min(pitch, _STEEP_DEG) if pitch > _TIPTOE_DEG else 0.0
        at = foot[:3, :3] @ figure.head(f"foot.{side}") + foot[:3, 3]
        height = ball_height(figure, side) + ankle_from_ball(figure, side, yaw, pitch)[2]
        heights.append(float(height - at[2]))
        at[2] = height
        lay_toes(turns, side, pitch)
        feet[side] = at, foot_turn(yaw, pitch)
    root[2], off = float(np.mean(heights)), 0.0
    for _ in range(3):
        root[2] = min(root[2], highest(figure, turns[0], root, feet))
        for side, (at, turn) in feet.items():
            leg_turns(figure, side, at, turn, root, turns[0], turns)
        off, way = balance(figure, carry(figure, root, turns), (planted[0], planted[1]))
        if off < -0.01 or len(feet) < 2:
            break
        root[:2] += way * min(off + 0.02, _SHIFT_M)
    return Stood(root, turns, (planted[0], planted[1]), off)


def highest(
    figure: Figure,
    turn: np.ndarray,
    root: np.ndarray,
    feet: dict[str, tuple[np.ndarray, np.ndarray]],
) -> float:
    """How high the root may be so that the legs reach the feet."""
    hip, knee, ankle = (figure.head(f"{bone}.L") for bone in ("upperleg01", "lowerleg01", "foot"))
    leg = _REACH * float(np.linalg.norm(knee - hip) + np.linalg.norm(ankle - knee))
    found: list[float] = []
    for side, (at, _) in feet.items():
        start = turn @ (figure.head(f"upperleg01.{side}") - figure.head("root"))
        across = at[:2] - (start + root)[:2]
        found.append(at[2] - start[2] + float(np.sqrt(max(leg**2 - across @ across, 0.01))))
    return min(found, default=float("inf"))


def centre_of_mass(figure: Figure, carried: np.ndarray) -> np.ndarray:
    """The body's centre of mass (metres) in a pose."""

    def at(bone: str) -> np.ndarray:
        k = INDEX[bone]
        return carried[k, :3, :3] @ figure.heads_m[k] + carried[k, :3, 3]

    hips = (at("upperleg01.L") + at("upperleg01.R")) / 2
    shoulders = (at("upperarm01.L") + at("upperarm01.R")) / 2
    total = _TRUNK * (hips + shoulders) / 2 + _HEAD * (2 * at("head") - at("neck03"))
    mass = _TRUNK + _HEAD
    for upper, lower, share, along in _SEGMENTS:
        for side in SIDES:
            a, b = at(f"{upper}.{side}"), at(f"{lower}.{side}")
            total = total + share * (a + along * (b - a))
            mass += share
    return total / mass


def balance(
    figure: Figure, carried: np.ndarray, planted: tuple[bool, bool]
) -> tuple[float, np.ndarray]:
    """How far the centre of mass is outside the planted soles (metres), and which way to move it
    (a direction over the floor)."""
    under = [p for p, stands in zip(soles(figure).carried(carried), planted, strict=True) if stands]
    floor = np.concatenate(under)[:, :2].astype(np.float32)
    hull = cv2.convexHull(floor)
    centre = centre_of_mass(figure, carried)[:2]
    inside = cv2.pointPolygonTest(hull, (float(centre[0]), float(centre[1])), True)
    way = hull[:, 0].mean(0) - centre
    return -float(inside), way / max(float(np.linalg.norm(way)), 1e-9)
