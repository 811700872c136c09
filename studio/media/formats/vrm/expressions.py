"""VRM's preset expressions, mixed from ARKit's 52 shapes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


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
