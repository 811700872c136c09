"""The sample take: who is in it, what they do, and how long."""

from __future__ import annotations

from studio.synth.actor import Choice
from studio.synth.posing import Arm, Stance
from studio.synth.take import Key, Score, Step

RATE_HZ = 30.0
FRAMES = 150
PERSON = {
    "gender": 0.12, "age": 0.62, "muscle": 0.58, "weight": 0.42, "height": 0.58,
    "proportions": 0.62, "african": 0.2, "asian": 0.25, "caucasian": 0.55,
}  # fmt: skip
_BROWN = (0.16, 0.11, 0.075)
WORN = (
    Choice("man_tanned"), Choice("eyes"), Choice("teeth"), Choice("lashes"),
    Choice("brows_thick", _BROWN), Choice("side_part", _BROWN),
    Choice("tshirt", (0.62, 0.30, 0.24)), Choice("shorts"), Choice("trainers"),
)  # fmt: skip
"""What the person wears, and what grows on their head."""

_CALM = {"mouthSmileLeft": 0.12, "mouthSmileRight": 0.12}
_SMILE = {"mouthSmileLeft": 0.7, "mouthSmileRight": 0.7, "cheekSquintLeft": 0.4,
          "cheekSquintRight": 0.4, "jawOpen": 0.12, "browInnerUp": 0.15}  # fmt: skip
_TALK = {"jawOpen": 0.3, "mouthSmileLeft": 0.3, "mouthSmileRight": 0.3, "browInnerUp": 0.3,
         "browOuterUpLeft": 0.3, "browOuterUpRight": 0.3}  # fmt: skip
_OPEN = (0.05, 0.0, 0.0, 0.02, 0.04)
_FIST = (0.7, 0.9, 0.95, 1.0, 1.0)


def _wave(beat: float) -> Arm:
    """The right arm raised, the forearm swung outwards (1) or inwards (-1)."""
    return Arm(
        upper=(0.86, -0.32, 0.18), fore=(0.12 + 0.42 * beat, -0.3, 1.0), turn=10,
        wrist=-8 + 6 * beat, curl=_OPEN, spread=0.8,
    )  # fmt: skip


def sample_score() -> Score:
    """Stand and look around, raise the arms, wave, reach, squat, step forward and back."""
    up = Arm(upper=(0.42, -0.12, 0.95), fore=(0.12, -0.22, 1.0), turn=30, curl=_OPEN, spread=0.6)
    side = Arm(upper=(0.98, -0.12, 0.02), fore=(0.95, -0.38, 0.1), curl=_OPEN, spread=0.4)
    reach = Arm(upper=(0.16, -0.95, -0.12), fore=(-0.02, -1.0, 0.12), turn=-20,
                curl=(0.1, 0.03, 0.06, 0.12, 0.18), spread=0.5)  # fmt: skip
    front = Arm(upper=(0.12, -0.85, 0.12), fore=(-0.12, -1.0, 0.42), curl=_FIST)
    hip = Arm(upper=(0.72, 0.28, -0.72), fore=(-0.55, -0.5, -0.68), turn=-30, wrist=-20,
              curl=(0.3, 0.25, 0.3, 0.35, 0.4))  # fmt: skip
    walk_a = Arm(upper=(0.2, -0.3, -1.0), fore=(0.1, -0.75, -1.0))
    walk_b = Arm(upper=(0.24, 0.32, -1.0), fore=(0.18, 0.02, -1.0))
    rest = Stance(face=_CALM)
    keys = (
        Key(0.0, rest),
        Key(0.45, Stance(pelvis=(0, 4, 2), spine=(0, 10, -3), head=(-2, 34, 0), gaze=(0, 12),
                         shift_m=(0.03, 0, -0.008), right=hip, face=_CALM)),
        Key(0.95, Stance(pelvis=(0, -4, -2), spine=(0, -12, 3), head=(4, -36, 4), gaze=(-4, -10),
                         shift_m=(-0.03, 0, -0.006), right=hip, face=_TALK)),
        Key(1.3, Stance(left=side, right=side, head=(-6, 0, 0), face=_CALM)),
        Key(1.65, Stance(left=up, right=up, spine=(-5, 0, 0), head=(-16, 0, 0),
                         shift_m=(0, 0.01, 0.004), face=_TALK)),
        Key(1.95, Stance(left=Arm(upper=(0.5, -0.1, -0.4), fore=(0.3, -0.4, -0.6)),
                         right=_wave(0.6), spine=(0, -4, -4), head=(0, -6, -5),
                         shift_m=(0.025, 0, 0), face=_SMILE)),
        Key(2.15, Stance(right=_wave(-0.8), spine=(0, -5, -4), head=(0, -8, -6),
                         shift_m=(0.03, 0, 0), face=_SMILE)),
        Key(2.4, Stance(right=_wave(1.0), spine=(0, -5, -4), head=(0, -8, -6),
                        shift_m=(0.03, 0, 0), face=_SMILE)),
        Key(2.65, Stance(right=_wave(-0.6), spine=(0, -4, -3), head=(0, -5, -4),
                         shift_m=(0.02, 0, 0), face=_SMILE)),
        Key(3.0, Stance(left=reach, spine=(10, -16, 0), head=(2, 6, 0),
                        shift_m=(0.02, -0.05, -0.03), face=_CALM)),
        Key(3.45, Stance(left=front, right=front, pelvis=(18, 0, 0), spine=(14, 0, 0),
                         head=(-18, 0, 0), shift_m=(0, 0.1, -0.27), face={"mouthPucker": 0.4})),
        Key(3.9, Stance(left=walk_b, right=walk_a, pelvis=(3, -3, -2), spine=(2, 5, 2),
                        shift_m=(-0.05, -0.05, -0.012), face=_CALM)),
        Key(4.25, Stance(left=walk_a, right=walk_b, pelvis=(2, 10, 0), spine=(2, 12, 0),
                         head=(2, 14, 0), shift_m=(0.03, -0.19, -0.035), face=_TALK)),
        Key(4.65, Stance(left=walk_b, right=walk_a, pelvis=(2, 2, -1), spine=(0, 2, 1),
                         head=(0, 4, 0), shift_m=(-0.05, -0.03, -0.014), face=_SMILE)),
        Key(5.0, Stance(face=_SMILE, shift_m=(-0.005, 0, 0))),
    )  # fmt: skip
    steps = (
        Step("L", 3.78, 4.18, (0.12, -0.36), 14.0),
        Step("L", 4.4, 4.85, (0.115, 0.01), 9.0),
    )
    return Score(keys, steps, blinks_s=(0.7, 1.85, 3.2, 4.35))
