"""What people do: moments of everyday movement by name, each a little different every time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from studio.synth.cast import random_arm, random_stance
from studio.synth.factory.hands import HANDS, hand
from studio.synth.factory.phrases import arm_to, easy, either, hanging, placed, spot, stood
from studio.synth.factory.poses import Foot, Pose, mixed
from studio.synth.factory.streams import Split
from studio.synth.figure import Figure
from studio.synth.posing import Arm, Stance, Vector

Maker = Callable[[np.random.Generator, Figure], Pose]


def _stand(rng: np.random.Generator, figure: Figure) -> Pose:
    left, right = stood(rng)
    return Pose("stand", easy(rng, hanging(rng), hanging(rng)), left, right)


def _hips(rng: np.random.Generator, figure: Figure) -> Pose:
    arm = Arm((0.78, 0.3, -0.75), (-0.62, -0.5, -0.6), -35, -25, (0.2, 0.3, 0.35, 0.4, 0.4))
    other = arm if rng.random() < 0.6 else hanging(rng)
    side, _ = either(rng)
    left, right = stood(rng, 0.15)
    return Pose("hips", easy(rng, *placed(side, arm, other)), left, right)


def _crossed(rng: np.random.Generator, figure: Figure) -> Pose:
    one = Arm((0.22, -0.42, -0.9), (-0.98, -0.42, 0.16), -20, 10, (0.3, 0.3, 0.3, 0.3, 0.3))
    two = Arm((0.24, -0.52, -0.9), (-0.96, -0.5, 0.02), 30, 10, (0.3, 0.4, 0.4, 0.4, 0.4))
    side, _ = either(rng)
    left, right = stood(rng, 0.13)
    return Pose("crossed", easy(rng, *placed(side, one, two)), left, right)


def _wave(rng: np.random.Generator, figure: Figure) -> Pose:
    beat = rng.uniform(-1, 1)
    arm = Arm((0.86, -0.32, rng.uniform(-0.3, 0.4)), (0.12 + 0.4 * beat, -0.3, 1.0), 10, 6 * beat)
    side, _ = either(rng)
    left, right = stood(rng)
    pair = placed(side, hand(arm, "open", rng), hanging(rng))
    return Pose("wave", easy(rng, *pair), left, right)


def _point(rng: np.random.Generator, figure: Figure) -> Pose:
    up = rng.uniform(-0.3, 0.7)
    way = (rng.uniform(0.0, 1.0), -1.0, up)
    arm = Arm(way, (way[0] - 0.15, -1.1, up + 0.15), rng.uniform(-40, 20))
    side, _ = either(rng)
    left, right = stood(rng, 0.14)
    pair = placed(side, hand(arm, str(rng.choice(["point", "flat", "open"])), rng), hanging(rng))
    return Pose("point", easy(rng, *pair), left, right)


def _arms_up(rng: np.random.Generator, figure: Figure) -> Pose:
    arms = [
        hand(Arm((rng.uniform(0.25, 0.8), rng.uniform(-0.3, 0.0), 1.0),
                 (rng.uniform(-0.2, 0.5), -0.3, 1.0), rng.uniform(-20, 40)),
             str(rng.choice(["open", "fist", "flat"])), rng)
        for _ in range(2)
    ]  # fmt: skip
    left, right = stood(rng, 0.18)
    return Pose("arms_up", easy(rng, arms[0], arms[1], head=(-12, 0, 0)), left, right)


def _wide(rng: np.random.Generator, figure: Figure) -> Pose:
    arms = [
        hand(Arm((1.0, rng.uniform(-0.35, 0.1), rng.uniform(-0.4, 0.25)),
                 (1.0, rng.uniform(-0.6, -0.1), rng.uniform(-0.3, 0.5)), rng.uniform(-20, 60)),
             "open", rng)
        for _ in range(2)
    ]  # fmt: skip
    left, right = stood(rng, 0.2)
    return Pose("wide", easy(rng, arms[0], arms[1]), left, right)


def _talk(rng: np.random.Generator, figure: Figure) -> Pose:
    arms = [
        hand(Arm((rng.uniform(0.15, 0.5), rng.uniform(-0.5, 0.0), -1.0),
                 (rng.uniform(-0.5, 0.6), -1.0, rng.uniform(-0.2, 0.9)), rng.uniform(-10, 70),
                 rng.uniform(-20, 15)),
             str(rng.choice(["open", "relaxed", "claw", "pinch", "ring", "flat", "two"])), rng)
        for _ in range(2)
    ]  # fmt: skip
    if rng.random() < 0.35:
        arms[int(rng.integers(2))] = hanging(rng)
    left, right = stood(rng)
    return Pose("talk", easy(rng, arms[0], arms[1]), left, right)


def _sign(rng: np.random.Generator, figure: Figure) -> Pose:
    """A hand held up beside the chest, its fingers making a sign."""
    arm = Arm((rng.uniform(0.3, 0.7), rng.uniform(-0.7, -0.2), -0.8),
              (rng.uniform(-0.2, 0.4), rng.uniform(-0.9, -0.3), 1.0), rng.uniform(-30, 30),
              rng.uniform(-25, 15))  # fmt: skip
    side, _ = either(rng)
    left, right = stood(rng)
    pair = placed(side, hand(arm, str(rng.choice(tuple(HANDS))), rng), hanging(rng))
    return Pose("sign", easy(rng, *pair), left, right)


def _chin(rng: np.random.Generator, figure: Figure) -> Pose:
    side, sign = either(rng)
    point = int(rng.choice([152, 361 if side == "L" else 132, 152]))
    target = spot(figure, point) + np.array([0.01 * sign, -0.02, -0.02])
    arm = arm_to(figure, side, target, (0.35, -0.3, -1.0), turn=rng.uniform(10, 50), hand_m=0.12)
    other = Arm((0.2, -0.4, -0.9), (-0.95, -0.5, 0.0), 10, 10)
    pair = placed(side, hand(arm, "pinch", rng), other if rng.random() < 0.6 else hanging(rng))
    left, right = stood(rng)
    stance = easy(rng, *pair, head=(rng.uniform(-3, 6), 0, 0), spine=(4, 0, 0))
    return Pose("chin", stance, left, right)


def _hair(rng: np.random.Generator, figure: Figure) -> Pose:
    side, sign = either(rng)
    top = spot(figure, 10) + np.array([sign * 0.10, 0.03, rng.uniform(-0.06, 0.05)])
    arm = arm_to(figure, side, top, (1.0, -0.25, 0.15), turn=-20, hand_m=0.14)
    left, right = stood(rng)
    pair = placed(side, hand(arm, "flat", rng), hanging(rng))
    return Pose("hair", easy(rng, *pair, head=(0, 0, 0)), left, right)


def _call(rng: np.random.Generator, figure: Figure) -> Pose:
    side, sign = either(rng)
    ear = spot(figure, 361 if side == "L" else 132) + np.array([0.045 * sign, 0.0, 0.0])
    arm = arm_to(figure, side, ear, (0.9, -0.5, -1.0), turn=-10, hand_m=0.11)
    left, right = stood(rng)
    pair = placed(side, hand(arm, "phone", rng), hanging(rng))
    return Pose("call", easy(rng, *pair, head=(0, 0, 0)), left, right, holds={side: "phone"})


def _drink(rng: np.random.Generator, figure: Figure) -> Pose:
    side, sign = either(rng)
    near = rng.uniform(0.06, 0.25)
    mouth = spot(figure, 13) + np.array([0.035 * sign, -near, -0.5 * near])
    arm = arm_to(figure, side, mouth, (0.6, -0.3, -1.0), turn=rng.uniform(20, 40), hand_m=0.09)
    left, right = stood(rng)
    pair = placed(side, hand(arm, "cup", rng), hanging(rng))
    return Pose("drink", easy(rng, *pair, head=(0, 0, 0)), left, right, holds={side: "cup"})


def _screen(rng: np.random.Generator, figure: Figure) -> Pose:
    side, sign = either(rng)
    chest = figure.head("spine01") + np.array(
        [0.05 * sign, -rng.uniform(0.25, 0.36), rng.uniform(-0.1, 0.1)]
    )
    arm = arm_to(figure, side, chest, (0.3, 0.1, -1.0), turn=75, hand_m=0.09)
    left, right = stood(rng)
    stance = easy(rng, *placed(side, hand(arm, "phone", rng), hanging(rng)),
                   head=(rng.uniform(8, 20), rng.normal(0, 5), 0))  # fmt: skip
    return Pose("screen", stance, left, right, holds={side: "phone"})


def _read(rng: np.random.Generator, figure: Figure) -> Pose:
    side, sign = either(rng)
    before = 0.06 * sign, -rng.uniform(0.25, 0.34), rng.uniform(-0.14, 0.0)
    chest = figure.head("spine01") + np.array(before)
    arm = arm_to(figure, side, chest, (0.35, 0.1, -1.0), turn=80, hand_m=0.09)
    left, right = stood(rng)
    stance = easy(rng, *placed(side, hand(arm, "book", rng), hanging(rng)),
                   head=(rng.uniform(10, 22), 0, 0))  # fmt: skip
    return Pose("read", stance, left, right, holds={side: "book"})


def _throw(rng: np.random.Generator, figure: Figure) -> Pose:
    side, sign = either(rng)
    arm = Arm((0.9, 0.25, rng.uniform(0.1, 0.5)), (0.35, 0.2, 1.0), 0, -15)
    other = hand(Arm((0.4, -0.9, -0.1), (0.2, -1.0, 0.3)), "open", rng)
    left, right = Foot(0.12, -0.2, 5), Foot(0.12, 0.22, 30, 12)
    if side == "L":
        left, right = right, left
    stance = easy(rng, *placed(side, hand(arm, "ball", rng), other), spine=(-4, -15 * sign, 0))
    return Pose("throw", stance, left, right, holds={side: "ball"})


def _walk(rng: np.random.Generator, figure: Figure) -> Pose:
    return make_stride(rng, rng.uniform(0, 2 * np.pi))


def make_stride(rng: np.random.Generator, phase: float) -> Pose:
    """A moment of a walk; one seed at phases from 0 to 2 pi is one stride, both feet stepping."""
    long = rng.uniform(0.22, 0.36)
    swing, s = np.cos(phase), np.sin(phase)

    def foot(ahead: float, lifts: float) -> Foot:
        pitch = 32 * max(-ahead, 0) - 16 * max(ahead, 0)
        return Foot(0.085, -long * ahead, 7, pitch if lifts <= 0 else 26 * max(-ahead, 0) + 8,
                    0.10 * max(lifts, 0))  # fmt: skip

    def arm(ahead: float) -> Arm:
        return hand(Arm((0.16, -0.5 * ahead, -1.0), (0.06, -0.45 - 0.5 * ahead, -1.0), -10),
                    "relaxed", rng)  # fmt: skip

    left, right = foot(swing, s if s > 0.3 else 0.0), foot(-swing, -s if s < -0.3 else 0.0)
    stance = Stance(
        pelvis=(3, -6 * swing, 2 * s), spine=(2, 9 * swing, -2 * s),
        head=(rng.normal(0, 4), rng.normal(0, 10), 0), left=arm(-swing), right=arm(swing),
        shift_m=(-0.02 * s, 0, 0),
    )  # fmt: skip
    return Pose("walk", stance, left, right)


def _run(rng: np.random.Generator, figure: Figure) -> Pose:
    side, _ = either(rng)

    def arm(ahead: float) -> Arm:
        return hand(Arm((0.2, -0.55 * ahead, -0.8), (-0.15, -1.0, 0.15 + 0.5 * ahead), 0),
                    "fist", rng)  # fmt: skip

    front = Foot(0.09, -rng.uniform(0.15, 0.4), 4, -5, rng.uniform(0.18, 0.34))
    back = Foot(0.09, rng.uniform(0.25, 0.4), 4, 38)
    left, right = (front, back) if side == "L" else (back, front)
    sign = 1.0 if side == "L" else -1.0
    stance = Stance(pelvis=(10, -8 * sign, 0), spine=(8, 12 * sign, 0), head=(-12, 0, 0),
                    left=arm(-sign), right=arm(sign))  # fmt: skip
    return Pose("run", stance, left, right)


def _lunge(rng: np.random.Generator, figure: Figure) -> Pose:
    long = rng.uniform(0.3, 0.42)
    left, right = Foot(0.12, -long, 3), Foot(0.12, long + 0.1, 10, 45)
    if rng.random() < 0.5:
        left, right = right, left
    stance = easy(rng, random_arm(rng), random_arm(rng), spine=(rng.uniform(-4, 14), 0, 0))
    return Pose("lunge", stance, left, right, rng.uniform(0.05, 0.22))


def _squat(rng: np.random.Generator, figure: Figure) -> Pose:
    deep = rng.uniform(0.12, 0.42)
    left, right = Foot(0.17, 0, 22), Foot(0.17, 0, 22)
    front = Arm((0.15, -0.95, 0.1), (-0.1, -1.0, 0.35))
    arms = [hand(mixed(front, random_arm(rng), rng.uniform(0, 0.5)), "fist", rng) for _ in range(2)]
    stance = Stance(pelvis=(10 + 45 * deep, 0, 0), spine=(10 + 30 * deep, 0, 0),
                    head=(-10 - 30 * deep, 0, 0), left=arms[0], right=arms[1],
                    shift_m=(0, 0.28 * deep, 0))  # fmt: skip
    return Pose("squat", stance, left, right, deep)


def _bend(rng: np.random.Generator, figure: Figure) -> Pose:
    far = rng.uniform(20, 50)
    low = [hand(Arm((0.15, -0.8, -0.6), (0.05, -0.9, -0.6), 0), "open", rng) for _ in range(2)]
    left, right = stood(rng, 0.15)
    stance = Stance(pelvis=(0.6 * far, 0, 0), spine=(0.7 * far, rng.normal(0, 8), 0),
                    head=(-0.4 * far, 0, 0), left=low[0], right=low[1],
                    shift_m=(0, 0.004 * far, 0))  # fmt: skip
    return Pose("bend", stance, left, right, rng.uniform(0.02, 0.12))


def _kick(rng: np.random.Generator, figure: Figure) -> Pose:
    up = rng.uniform(0.25, 0.6)
    left = Foot(0.12, -rng.uniform(0.35, 0.55), 0, 10, up)
    right = Foot(0.04, 0.02, 15)
    if rng.random() < 0.5:
        left, right = right, left
    stance = easy(rng, random_arm(rng), random_arm(rng), spine=(-2, 0, 0))
    return Pose("kick", stance, left, right, 0.01)


def _jump(rng: np.random.Generator, figure: Figure) -> Pose:
    lift = rng.uniform(0.1, 0.3)
    left = Foot(0.14, rng.uniform(-0.1, 0.25), 10, 30, lift)
    right = Foot(0.14, rng.uniform(-0.1, 0.25), 10, 30, lift)
    base = _arms_up(rng, figure).stance if rng.random() < 0.6 else _wide(rng, figure).stance
    return Pose("jump", base, left, right, rng.uniform(-lift - 0.02, -lift + 0.12))


def _balance(rng: np.random.Generator, figure: Figure) -> Pose:
    raised = Foot(0.12, rng.uniform(-0.25, 0.1), 20, 30, rng.uniform(0.2, 0.42))
    left, right = raised, Foot(0.02, 0.0, 8)
    if rng.random() < 0.5:
        left, right = right, left
    return Pose("balance", _wide(rng, figure).stance, left, right)


def _sit(rng: np.random.Generator, figure: Figure, name: str, left: Arm, right: Arm,
         head: Vector) -> Pose:  # fmt: skip
    lean = rng.uniform(-12, 22)
    forward = rng.uniform(0.34, 0.52)
    wide = rng.uniform(0.1, 0.2)
    feet = (Foot(wide, -forward + rng.normal(0, 0.05), rng.uniform(0, 15)),
            Foot(wide, -forward + rng.normal(0, 0.05), rng.uniform(0, 15)))  # fmt: skip
    stance = Stance(
        pelvis=(-4 + 0.3 * lean, 0, 0),
        spine=(0.7 * lean, rng.normal(0, 6), 0),
        head=(head[0] - 0.5 * lean, head[1], head[2]),
        left=left,
        right=right,
    )
    return Pose(name, stance, *feet, lower_m=rng.uniform(0.30, 0.40), sits=True)


def _sit_easy(rng: np.random.Generator, figure: Figure) -> Pose:
    arms = [
        hand(Arm((rng.uniform(0.12, 0.3), rng.uniform(-0.5, -0.25), -1.0),
                 (rng.uniform(-0.25, 0.05), -1.0, rng.uniform(-0.25, -0.1)), -20, 8), "flat", rng)
        for _ in range(2)
    ]  # fmt: skip
    return _sit(rng, figure, "sit_easy", arms[0], arms[1], (0, rng.normal(0, 15), 0))


def _sit_talk(rng: np.random.Generator, figure: Figure) -> Pose:
    stance = _talk(rng, figure).stance
    return _sit(rng, figure, "sit_talk", stance.left, stance.right, stance.head)


def _sit_screen(rng: np.random.Generator, figure: Figure) -> Pose:
    base = _screen(rng, figure)
    pose = _sit(rng, figure, "sit_screen", base.stance.left, base.stance.right, base.stance.head)
    return replace(pose, holds=base.holds)


def _sit_drink(rng: np.random.Generator, figure: Figure) -> Pose:
    base = _drink(rng, figure)
    pose = _sit(rng, figure, "sit_drink", base.stance.left, base.stance.right, (0, 0, 0))
    return replace(pose, holds=base.holds)


def _free(rng: np.random.Generator, figure: Figure) -> Pose:
    stance = random_stance(rng)
    left, right = stood(rng, 0.16)
    lower = max(-stance.shift_m[2], 0.0)
    flat = replace(stance, shift_m=(stance.shift_m[0], stance.shift_m[1], 0.0))
    return Pose("free", flat, left, right, lower)


def _box(rng: np.random.Generator, figure: Figure) -> Pose:
    guard = hand(Arm((0.35, -0.5, -0.85), (-0.25, -0.55, 1.0), 0), "fist", rng)
    jab = hand(Arm((0.25, -1.0, 0.05), (0.05, -1.0, 0.1), -50), "fist", rng)
    side, sign = either(rng)
    left, right = Foot(0.14, -0.18, 10), Foot(0.14, 0.2, 35, 8)
    if side == "R":
        left, right = right, left
    stance = easy(rng, *placed(side, jab, guard), spine=(8, -20 * sign, 0))
    return Pose("box", stance, left, right, 0.06)


MOTIONS: dict[str, Maker] = {
    "stand": _stand, "hips": _hips, "crossed": _crossed, "wave": _wave, "point": _point,
    "arms_up": _arms_up, "wide": _wide, "talk": _talk, "sign": _sign, "chin": _chin,
    "hair": _hair, "call": _call, "drink": _drink, "screen": _screen, "read": _read,
    "throw": _throw, "walk": _walk, "run": _run, "lunge": _lunge, "squat": _squat,
    "bend": _bend, "kick": _kick, "jump": _jump, "balance": _balance, "sit_easy": _sit_easy,
    "sit_talk": _sit_talk, "sit_screen": _sit_screen, "sit_drink": _sit_drink, "free": _free,
    "box": _box,
}  # fmt: skip

_KEPT_BACK: dict[Split, tuple[str, ...]] = {
    "train": (), "validation": ("crossed", "sit_talk", "lunge"),
    "test": ("arms_up", "sit_drink", "hair", "box"),
}  # fmt: skip
"""Motions that only one split has. The others are in all, with other moments of each."""


def motions_of(split: Split) -> tuple[str, ...]:
    """The names of the motions that may be seen in a split."""
    others = {name for kept in _KEPT_BACK.values() for name in kept}
    return tuple(n for n in MOTIONS if n not in others or n in _KEPT_BACK[split])


def kept_back(split: Split) -> tuple[str, ...]:
    """The names of the motions that only this split has."""
    return _KEPT_BACK[split]


def make_pose(name: str, rng: np.random.Generator, figure: Figure) -> Pose:
    """A moment of the motion of that name."""
    return MOTIONS[name](rng, figure)
