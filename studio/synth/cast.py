"""Strangers: random people with random clothes in random poses, the same for the same seed."""

from __future__ import annotations

import numpy as np

from studio.synth.hair import Hairstyle
from studio.synth.looks import Looks
from studio.synth.posing import Arm, Stance
from studio.synth.take import Key, Score, Step
from studio.synth.wardrobe import Outfit

_SKINS = (
    (0.93, 0.77, 0.68), (0.86, 0.67, 0.56), (0.78, 0.58, 0.45),
    (0.62, 0.43, 0.32), (0.47, 0.31, 0.23), (0.34, 0.22, 0.17),
)  # fmt: skip
_HAIRS = (
    (0.06, 0.05, 0.045), (0.16, 0.10, 0.07), (0.32, 0.21, 0.13), (0.52, 0.38, 0.22),
    (0.45, 0.44, 0.43),
)  # fmt: skip


def random_phenotype(rng: np.random.Generator) -> dict[str, float]:
    """An adult of any build (phenotypes 0 to 1)."""
    race = rng.dirichlet((1.0, 1.0, 1.0))
    return {
        "gender": float(rng.beta(0.6, 0.6)), "age": float(rng.uniform(0.5, 0.85)),
        "muscle": float(rng.uniform(0.3, 0.8)), "weight": float(rng.beta(2, 2.4)),
        "height": float(rng.uniform(0.25, 0.75)), "proportions": float(rng.uniform(0.3, 0.8)),
        "african": float(race[0]), "asian": float(race[1]), "caucasian": float(race[2]),
    }  # fmt: skip


def _three(rng: np.random.Generator, low: float, high: float) -> tuple[float, float, float]:
    grey = rng.uniform(low, high)
    tint = rng.normal(0, 0.14, 3)
    r, g, b = np.clip(grey + tint, 0.05, 0.95)
    return float(r), float(g), float(b)


def random_style(rng: np.random.Generator) -> tuple[Looks, Outfit, Hairstyle | None]:
    """Skin, clothes and hair; one in eight is bald."""
    tone = np.array(_SKINS[rng.integers(len(_SKINS))]) * rng.uniform(0.94, 1.05)
    hair = _HAIRS[rng.integers(len(_HAIRS))]
    r, g, b = np.clip(tone, 0, 1)
    lips = (float(r * 0.88), float(g * 0.68), float(b * 0.72))
    looks = Looks((float(r), float(g), float(b)), lips, hair, stubble=float(rng.beta(1, 4) * 0.5))
    loose = float(rng.uniform(0.007, 0.02))
    outfit = Outfit(
        sleeve=float(rng.choice([0.45, 0.72, 0.9, 1.55, 1.92])),
        shirt_end_m=float(rng.uniform(-0.07, 0.0)),
        trouser_end_m=float(rng.choice([-0.385, -0.37, -0.2, 0.08])),
        shirt_loose_m=loose,
        trouser_loose_m=float(rng.uniform(0.008, 0.02)),
        shirt=_three(rng, 0.15, 0.9),
        trousers=_three(rng, 0.12, 0.6),
        shoes=_three(rng, 0.1, 0.9),
        stripes=_three(rng, 0.2, 0.9) if rng.random() < 0.2 else None,
    )
    if rng.random() < 0.125:
        return looks, outfit, None
    style = Hairstyle(hair, float(rng.uniform(0.015, 0.05)), float(rng.uniform(0.006, 0.03)))
    return looks, outfit, style


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
