"""VRM's preset expressions, mixed from ARKit's 52 shapes, and the other way round."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
from jaxtyping import Float
from scipy.optimize import nnls

from studio.human.rig import ACTIONS


def _both(**weights: float) -> dict[str, float]:
    return {f"{name}{side}": w for name, w in weights.items() for side in ("Left", "Right")}


PRESETS: dict[str, dict[str, float]] = {
    "aa": {"jawOpen": 0.7, **_both(mouthLowerDown=0.2)},
    "ih": {"jawOpen": 0.15, **_both(mouthStretch=0.5, mouthUpperUp=0.3, mouthLowerDown=0.3)},
    "ou": {"jawOpen": 0.1, "mouthPucker": 0.9, "mouthFunnel": 0.3},
    "ee": {"jawOpen": 0.25, **_both(mouthSmile=0.3, mouthStretch=0.4)},
    "oh": {"jawOpen": 0.45, "mouthFunnel": 0.7},
    "blink": _both(eyeBlink=1.0),
    "blinkLeft": {"eyeBlinkLeft": 1.0},
    "blinkRight": {"eyeBlinkRight": 1.0},
    "happy": _both(mouthSmile=1.0, cheekSquint=0.6, eyeSquint=0.4),
    "angry": _both(browDown=1.0, noseSneer=0.5, mouthFrown=0.4, mouthPress=0.5, eyeSquint=0.4),
    "sad": {"browInnerUp": 1.0, "mouthShrugLower": 0.4, **_both(mouthFrown=0.9)},
    "relaxed": _both(mouthSmile=0.4, eyeBlink=0.25, eyeSquint=0.2),
    "surprised": {"browInnerUp": 1.0, "jawOpen": 0.35, **_both(browOuterUp=1.0, eyeWide=1.0)},
    "neutral": {},
    "lookUp": _both(eyeLookUp=1.0),
    "lookDown": _both(eyeLookDown=1.0),
    "lookLeft": {"eyeLookOutLeft": 1.0, "eyeLookInRight": 1.0},
    "lookRight": {"eyeLookInLeft": 1.0, "eyeLookOutRight": 1.0},
}

VRM_0 = {
    "aa": "A", "ih": "I", "ou": "U", "ee": "E", "oh": "O", "blink": "Blink",
    "blinkLeft": "Blink_L", "blinkRight": "Blink_R", "happy": "Joy", "angry": "Angry",
    "sad": "Sorrow", "relaxed": "Fun", "neutral": "Neutral", "lookUp": "LookUp",
    "lookDown": "LookDown", "lookLeft": "LookLeft", "lookRight": "LookRight",
}  # fmt: skip
"""What VRM 0 calls the presets; it has no surprise."""

_EYES = ("blinkLeft", "blinkRight", "lookUp", "lookDown", "lookLeft", "lookRight")
_MOODS = ("aa", "ih", "ou", "ee", "oh", "happy", "angry", "sad", "surprised")


def presets_of(weights: Float[np.ndarray, "52"]) -> dict[str, float]:
    """The presets that make a face of ARKit's weights (in the order of ``ACTIONS``), 0 to 1 each.

    Eyes follow their own shapes; mouth shapes and moods are the mixture that comes nearest to the
    rest of the face (non-negative least squares). ``blink``, ``relaxed`` and ``neutral`` say
    nothing that the others do not, and stay at 0.
    """
    rest, mixtures = _mixtures()
    found = dict.fromkeys(PRESETS, 0.0)
    for name in _EYES:
        found[name] = float(np.mean([weights[ACTIONS.index(part)] for part in PRESETS[name]]))
    mixed, _ = nnls(mixtures, np.clip(weights[rest], 0, 1))
    found.update(zip(_MOODS, np.clip(mixed, 0, 1).tolist(), strict=True))
    return found


@cache
def _mixtures() -> tuple[np.ndarray, np.ndarray]:
    """The actions that are none of the eyes', and what each mood has of them (actions, moods)."""
    eyes = {part for name in _EYES for part in PRESETS[name]}
    rest = [k for k, name in enumerate(ACTIONS) if name not in eyes]
    rows = [[PRESETS[mood].get(ACTIONS[k], 0.0) for mood in _MOODS] for k in rest]
    return np.array(rest), np.array(rows)


def expressions(targets: Mapping[int, tuple[str, ...]]) -> dict[str, Any]:
    """The ``expressions`` object: presets, and each morph target as a custom expression.

    ``targets`` maps mesh nodes to the names of their morph targets. A preset none of whose
    shapes is there is left out; ``neutral`` always stays.
    """

    def binds(weights: Mapping[str, float]) -> list[dict[str, Any]]:
        return [
            {"node": node, "index": names.index(name), "weight": weight}
            for node, names in targets.items()
            for name, weight in weights.items()
            if name in names
        ]

    preset: dict[str, Any] = {}
    for name, weights in PRESETS.items():
        found = binds(weights)
        if found:
            preset[name] = {"morphTargetBinds": found}
        elif not weights:
            preset[name] = {}
    shapes = dict.fromkeys(name for names in targets.values() for name in names)
    custom = {name: {"morphTargetBinds": binds({name: 1.0})} for name in shapes
              if name not in PRESETS}  # fmt: skip
    return {"preset": preset} | ({"custom": custom} if custom else {})
