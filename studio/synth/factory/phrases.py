"""What many motions are put together from: arms that hang or reach, feet that stand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from studio.human.names import face_vertices
from studio.synth.factory.hands import hand
from studio.synth.factory.poses import Foot, reach
from studio.synth.figure import Figure
from studio.synth.posing import Arm, Stance, Vector


def spot(figure: Figure, point: int) -> np.ndarray:
    """Where a point of the face mesh is on the resting figure."""
    return figure.vertices_m[list(face_vertices(f"mesh_{point}"))].mean(axis=0)


def arm_to(
    figure: Figure,
    side: str,
    target: np.ndarray,
    elbow: Vector,
    turn: float = 0.0,
    hand_m: float = 0.10,
) -> Arm:
    """An arm whose hand is at a place on the resting figure (see :func:`reach`)."""
    upper, fore = reach(figure, side, target, elbow, hand_m)
    return Arm(upper, fore, turn)


def either(rng: np.random.Generator) -> tuple[str, float]:
    """One side or the other, and its sign along x."""
    return ("L", 1.0) if rng.random() < 0.5 else ("R", -1.0)


def placed(side: str, one: Arm, other: Arm) -> tuple[Arm, Arm]:
    """Two arms in the order left, right, the first of them at a side."""
    return (one, other) if side == "L" else (other, one)


def stood(rng: np.random.Generator, wide: float = 0.11) -> tuple[Foot, Foot]:
    """Two feet side by side, a little different every time."""
    w, s = wide * rng.uniform(0.75, 1.3), rng.normal(0, 0.04)
    return Foot(w, s, rng.uniform(0, 18)), Foot(w, -s, rng.uniform(0, 18))


def easy(
    rng: np.random.Generator,
    left: Arm,
    right: Arm,
    head: Vector | None = None,
    spine: Vector | None = None,
) -> Stance:
    """A relaxed trunk under these arms; head and spine nearly as told."""
    lean = rng.normal(0, 2.5)
    base = Stance(
        pelvis=(rng.normal(0, 2), rng.normal(0, 5), lean),
        spine=(rng.normal(1, 4), rng.normal(0, 7), -1.1 * lean + rng.normal(0, 2)),
        head=(rng.normal(0, 7), rng.normal(0, 16), rng.normal(0, 5)),
        left=left, right=right, shift_m=(-0.006 * lean, 0.0, 0.0),
    )  # fmt: skip
    return replace(base, head=head or base.head, spine=spine or base.spine)


def hanging(rng: np.random.Generator) -> Arm:
    """An arm that hangs at rest."""
    arm = Arm(
        (rng.uniform(0.12, 0.28), rng.uniform(-0.08, 0.12), -1.0),
        (rng.uniform(0.0, 0.2), rng.uniform(-0.5, -0.1), -1.0), rng.uniform(-30, 15),
        rng.uniform(-5, 15),
    )  # fmt: skip
    return hand(arm, str(rng.choice(["relaxed", "relaxed", "fist", "flat"])), rng)
