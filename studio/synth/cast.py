"""Strangers: random builds in random poses, the same for the same seed."""

from __future__ import annotations

import numpy as np

from studio.synth.posing import Arm, Stance
from studio.synth.take import Key, Score, Step


def random_phenotype(rng: np.random.Generator) -> dict[str, float]:
    """An adult of any build (phenotypes 0 to 1)."""
    race = rng.dirichlet((1.0, 1.0, 1.0))
    return {
        "gender": float(rng.beta(0.6, 0.6)), "age": float(rng.uniform(0.5, 0.85)),
        "muscle": float(rng.uniform(0.3, 0.8)), "weight": float(rng.beta(2, 2.4)),
        "height": float(rng.uniform(0.25, 0.75)), "proportions": float(rng.uniform(0.3, 0.8)),
        "african": float(race[0]), "asian": float(race[1]), "caucasian": float(race[2]),
    }  # fmt: skip


def random_arm(rng: np.random.Generator) -> Arm:
    """An arm anywhere it comfortably goes, the elbow bent its own way."""
    kind = rng.random()
    if kind < 0.3:
        upper = np.array([rng.uniform(0.1, 0.4), rng.uniform(-0.4, 0.3), -1.0])
    else:
        upper = np.array([rng.uniform(0.1, 1.0), rng.uniform(-1.0, 0.15), rng.uniform(-0.9, 1.0)])
    upper /= np.linalg.norm(upper)
    bend = np.array([rng.uniform(-0.9, 0.3), rng.uniform(-1.0, -0.3), rng.uniform(-0.2, 1.0)])
    fore = upper + rng.uniform(0.15, 1.4) * bend
    curl = np.clip(rng.uniform(0, 0.9) + rng.normal(0, 0.1, 5), 0, 1)
    return Arm(
        (float(upper[0]), float(upper[1]), float(upper[2])),
        (float(fore[0]), float(fore[1]), float(fore[2])),
        float(rng.uniform(-50, 50)),
        float(rng.uniform(-25, 25)),
        (float(curl[0]), float(curl[1]), float(curl[2]), float(curl[3]), float(curl[4])),
        float(rng.uniform(0, 1)),
    )


def random_stance(rng: np.random.Generator, yaw_deg: float = 0.0) -> Stance:
    """A key pose above the legs, turned by ``yaw_deg``."""
    bow = rng.uniform(-6, 30) if rng.random() < 0.3 else rng.uniform(-5, 6)
    crouch = -rng.uniform(0.08, 0.32) if rng.random() < 0.35 else -rng.uniform(0.0, 0.03)
    back = -0.35 * crouch
    turned = np.radians(yaw_deg)
    return Stance(
        pelvis=(0.5 * bow - 40 * crouch, yaw_deg + rng.uniform(-8, 8), rng.uniform(-4, 4)),
        spine=(0.8 * bow, rng.uniform(-20, 20), rng.uniform(-9, 9)),
        head=(rng.uniform(-18, 15), rng.uniform(-40, 40), rng.uniform(-10, 10)),
        left=random_arm(rng),
        right=random_arm(rng),
        shift_m=(float(-np.sin(turned) * -back), float(np.cos(turned) * back), float(crouch)),
        face={"mouthSmileLeft": rng.uniform(0, 0.6), "jawOpen": rng.uniform(0, 0.3)},
    )


def random_score(rng: np.random.Generator, poses: int) -> Score:
    """A score whose whole seconds 0, 1, 2 ... are unrelated poses, the feet standing anew."""
    keys: list[Key] = []
    steps: list[Step] = []
    feet: dict[str, tuple[float, float, float]] = {}
    for second in range(poses):
        yaw = float(rng.uniform(-180, 180)) if second else 0.0
        turn = np.radians(yaw)
        wide, stride = rng.uniform(0.08, 0.26), rng.uniform(-0.2, 0.2)
        keys.append(Key(float(second), random_stance(rng, yaw)))
        for side, out in (("L", 1.0), ("R", -1.0)):
            x, y = out * wide, out * stride
            place = (
                float(np.cos(turn) * x - np.sin(turn) * y),
                float(np.sin(turn) * x + np.cos(turn) * y),
            )
            out_deg = yaw + out * rng.uniform(0, 20)
            if second == 0:
                feet[side] = (*place, out_deg)
            else:
                steps.append(Step(side, second - 0.9, second - 0.1, place, out_deg))
    return Score(tuple(keys), tuple(steps), (), feet)
