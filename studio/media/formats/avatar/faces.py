"""What an avatar's face can do, in ARKit's words: its own shapes by many names, or VRM's presets.

An avatar with ARKit's shapes takes each weight as it is. One that only has mouth shapes and moods
(VRM, VRoid, MMD, Oculus visemes) is given the mixture of them that comes nearest to the weights, by
what VRM's presets stand for (:mod:`studio.media.formats.vrm.expressions`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from studio.human.rig import ACTIONS

Drives = dict[str, dict[str, float]]
"""For an ARKit name or a preset: the weights of the avatar's own shapes."""

_PLAIN = {name.casefold(): name for name in ACTIONS}
_SAME = {
    "cheekpuffleft": "cheekPuff", "cheekpuffright": "cheekPuff", "browinnerupleft": "browInnerUp",
    "browinnerupright": "browInnerUp", "mouthopen": "jawOpen", "jawdown": "jawOpen",
    "tongueoutup": "tongueOut", "mouthsmile": "mouthSmile*", "mouthfrown": "mouthFrown*",
    "eyeblink": "eyeBlink*", "eyesclosed": "eyeBlink*", "browdown": "browDown*",
    "browouterup": "browOuterUp*", "eyewide": "eyeWide*", "eyesquint": "eyeSquint*",
    "cheeksquint": "cheekSquint*", "nosesneer": "noseSneer*", "mouthstretch": "mouthStretch*",
    "mouthdimple": "mouthDimple*", "mouthpress": "mouthPress*", "mouthupperup": "mouthUpperUp*",
    "mouthlowerdown": "mouthLowerDown*", "eyeslookup": "eyeLookUp*",
    "eyeslookdown": "eyeLookDown*",
}  # fmt: skip

_PRESETS: dict[str, tuple[str, ...]] = {
    "aa": ("aa", "a", "visemeaa", "mtha", "vowela", "あ"),
    "ih": ("ih", "i", "visemei", "visemeih", "mthi", "い"),
    "ou": ("ou", "u", "visemeu", "visemeou", "mthu", "う"),
    "ee": ("ee", "e", "visemee", "mthe", "え"),
    "oh": ("oh", "o", "visemeo", "visemeoh", "mtho", "お"),
    "blink": ("blink", "eyeclose", "eyesclose", "まばたき"),
    "blinkLeft": ("blinkleft", "winkleft", "eyecloseleft", "ウィンク２", "ウィンク2"),
    "blinkRight": ("blinkright", "winkright", "eyecloseright", "ｳｨﾝｸ２右", "ウィンク２右"),
    "happy": ("happy", "joy", "allfun", "alljoy", "笑い", "にこり"),
    "angry": ("angry", "allangry", "怒り"),
    "sad": ("sad", "sorrow", "allsorrow", "困る"),
    "relaxed": ("relaxed", "fun"),
    "surprised": ("surprised", "allsurprised", "びっくり"),
    "lookUp": ("lookup",), "lookDown": ("lookdown",),
    "lookLeft": ("lookleft",), "lookRight": ("lookright",),
}  # fmt: skip
_SPELLED = {said: preset for preset, names in _PRESETS.items() for said in names}
_HEADS = ("blendshape", "faceshape", "morph", "face", "head", "fcl", "arkit", "shape", "bs", "exp")


def arkit_names(spelled: str) -> tuple[str, ...]:
    """The ARKit shapes that a name means: ``EyeBlink_L``, ``Face.eye_blink_left``, ``jawOpen``.

    Both sides where it speaks of both; none if it is no name of ARKit's.
    """
    return _actions_of(spelled)[0]


def preset_name(spelled: str) -> str:
    """The VRM preset that a name means (``A``, ``viseme_aa``, ``Fcl_MTH_A``, ``あ``), if any."""
    return next((_SPELLED[key] for key in _keys(spelled) if key in _SPELLED), "")


def drives_of(shapes: Iterable[str]) -> tuple[Drives, Drives]:
    """What moves which of these shapes: by ARKit's names, and by the presets'.

    Where two shapes have one meaning, as a mesh for the face and one for the teeth may, both move.
    """
    actions: Drives = {}
    presets: Drives = {}
    ranks: dict[str, int] = {}
    for shape in shapes:
        names, rank = _actions_of(shape)
        for name in names:
            if rank > ranks.get(name, -1):
                actions[name], ranks[name] = {}, rank
            if rank == ranks[name]:
                actions[name][shape] = 0.5 if len(names) > 1 else 1.0
        preset = "" if names else preset_name(shape)
        if preset:
            presets.setdefault(preset, {})[shape] = 1.0
    return actions, presets


def _actions_of(spelled: str) -> tuple[tuple[str, ...], int]:
    """What a name means, and how surely: 2 as ARKit spells it, 1 otherwise, 0 of both sides."""
    for key in _keys(spelled):
        if key in _PLAIN:
            return (_PLAIN[key],), 2
        told = _SAME.get(key)
        if told:
            ends = ("Left", "Right") if told.endswith("*") else ("",)
            return tuple(f"{told.rstrip('*')}{end}" for end in ends), 2 - len(ends)
    return (), -1


def merged(first: Drives, then: Mapping[str, Mapping[str, float]]) -> Drives:
    """The drives of the first, and of the other those that the first lacks."""
    return {**{key: dict(value) for key, value in then.items()}, **first}


def _keys(spelled: str) -> list[str]:
    """A name without its decoration, most of it kept first."""
    bare = re.split(r"[|:]", spelled)[-1].strip()
    tail = bare.rpartition(".")[2] if re.search(r"\.[^\d]", bare) else bare
    out: list[str] = []
    for text in dict.fromkeys((bare, tail)):
        words = re.sub(r"(?<=[a-z\d])(?=[A-Z])|[\s_\-.]+", " ", text).casefold().split()
        if len(words) > 1:
            words = [{"l": "left", "r": "right"}.get(word, word) for word in words]
        out.append("".join(words))
        while len(words) > 1 and (words[0] in _HEADS or re.fullmatch(r"[a-z]?\d+|m|f", words[0])):
            words = words[1:]
            out.append("".join(words))
        if len(words) > 1 and words[0] in ("left", "right"):
            out.append("".join([*words[1:], words[0]]))
    return out
