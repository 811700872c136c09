"""Faces: expressions, speech and gaze, as weights of the 52 facial actions."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from studio.human.rig import ACTIONS


def _both(**weights: float) -> dict[str, float]:
    """Weights of actions by name; a name without a side stands for both."""
    out: dict[str, float] = {}
    for name, weight in weights.items():
        pair = (f"{name}Left", f"{name}Right")
        out.update(dict.fromkeys(pair if pair[0] in ACTIONS else (name,), weight))
    return out


EXPRESSIONS: dict[str, Mapping[str, float]] = {
    "calm": {},
    "content": _both(mouthSmile=0.3, cheekSquint=0.15),
    "smile": _both(mouthSmile=0.75, cheekSquint=0.45, eyeSquint=0.25, mouthUpperUp=0.15),
    "grin": _both(mouthSmile=0.85, jawOpen=0.12, mouthUpperUp=0.4, mouthLowerDown=0.2,
                  cheekSquint=0.6, eyeSquint=0.3),
    "laugh": _both(mouthSmile=0.85, jawOpen=0.5, mouthUpperUp=0.35, cheekSquint=0.8,
                   eyeSquint=0.6, browInnerUp=0.2),
    "surprise": _both(jawOpen=0.45, browInnerUp=0.8, browOuterUp=0.8, eyeWide=0.8,
                      mouthFunnel=0.2),
    "doubt": {"browDownLeft": 0.6, "browOuterUpRight": 0.8, "mouthLeft": 0.3,
              "mouthPressLeft": 0.4, "mouthPressRight": 0.4},
    "frown": _both(browDown=0.7, mouthFrown=0.5, mouthPress=0.3, eyeSquint=0.25),
    "anger": _both(browDown=1.0, noseSneer=0.5, mouthPress=0.4, eyeSquint=0.4, jawForward=0.2),
    "shout": _both(browDown=0.7, jawOpen=0.75, mouthUpperUp=0.4, mouthLowerDown=0.5,
                   noseSneer=0.4, mouthStretch=0.3),
    "sad": _both(browInnerUp=0.8, mouthFrown=0.6, mouthShrugLower=0.4, eyeLookDown=0.2),
    "disgust": _both(noseSneer=0.8, mouthUpperUp=0.4, browDown=0.4, cheekSquint=0.4),
    "pucker": _both(mouthPucker=0.8, mouthFunnel=0.15),
    "puffed": _both(cheekPuff=0.8, mouthPress=0.3),
    "wink": {"eyeBlinkLeft": 0.95, "cheekSquintLeft": 0.5, "mouthSmileLeft": 0.6,
             "mouthSmileRight": 0.3, "browDownLeft": 0.2},
    "closed": _both(eyeBlink=0.95),
    "pressed": _both(mouthPress=0.6, mouthRollLower=0.4, mouthRollUpper=0.3),
}  # fmt: skip
SPEECH: dict[str, Mapping[str, float]] = {
    "ah": _both(jawOpen=0.45, mouthLowerDown=0.2), "ee": _both(jawOpen=0.12, mouthStretch=0.4,
                                                             mouthSmile=0.3, mouthLowerDown=0.3),
    "oh": _both(jawOpen=0.3, mouthFunnel=0.5), "oo": _both(jawOpen=0.1, mouthPucker=0.7),
    "mm": _both(mouthClose=0.05, mouthPress=0.4, mouthRollLower=0.3),
    "ff": _both(jawOpen=0.08, mouthRollLower=0.5, mouthUpperUp=0.2),
    "th": _both(jawOpen=0.15, mouthUpperUp=0.1, mouthLowerDown=0.2),
}  # fmt: skip
_CALM_ONES = ("calm", "content", "smile", "grin")


def random_face(rng: np.random.Generator, lively: float = 1.0) -> tuple[str, dict[str, float]]:
    """A face that somebody makes, and its name: an expression, perhaps while speaking, never
    quite symmetric, with lids that droop or blink. ``lively`` scales all but the lids."""
    names = tuple(EXPRESSIONS)
    name = str(rng.choice(_CALM_ONES if rng.random() < 0.45 else names))
    weights = {k: v * rng.uniform(0.6, 1.15) for k, v in EXPRESSIONS[name].items()}
    if rng.random() < 0.35 and name not in ("puffed", "pressed", "pucker", "closed"):
        sound = str(rng.choice(tuple(SPEECH)))
        name = f"{name}, {sound}"
        for k, v in SPEECH[sound].items():
            weights[k] = max(weights.get(k, 0.0), v * rng.uniform(0.7, 1.1))
    for k in weights:
        if k.endswith(("Left", "Right")):
            weights[k] *= rng.uniform(0.85, 1.1)
    weights = {k: lively * v for k, v in weights.items()}
    lid = float(rng.beta(1.2, 9) * 0.5) if rng.random() > 0.04 else 1.0
    for side in ("Left", "Right"):
        weights[f"eyeBlink{side}"] = max(weights.get(f"eyeBlink{side}", 0.0), lid)
    for k in rng.choice(ACTIONS, 3, replace=False):  # what nobody would call an expression
        if not str(k).startswith(("eye", "tongue", "jaw")):
            weights[str(k)] = min(weights.get(str(k), 0.0) + rng.uniform(0, 0.25), 1.0)
    return name, {k: float(np.clip(v, 0, 1)) for k, v in weights.items()}
