"""The Virtual Motion Capture protocol: a performance as a marionette's strings, over OSC.

Source: the protocol's specification for marionettes (protocol.vmc.info), version 2.1. Of every
performance, in bundles of at most 1400 bytes, in this order:

    /VMC/Ext/OK         i 1
    /VMC/Ext/T          f seconds since the first performance
    /VMC/Ext/Root/Pos   s "root", f x y z, f x y z w
    /VMC/Ext/Bone/Pos   s bone, f x y z (from the bone above), f x y z w (in the bone above)
    /VMC/Ext/Blend/Val  s name, f 0 to 1
    /VMC/Ext/Blend/Apply

Bones have Unity's names and places that a person of middling build has; one that the performance
does not name rests. Axes are Unity's: metres, left-handed, Y up, facing +Z, the own left at -x; a
bone's are the world's in T-pose. Faces are ARKit's 52 shapes by ARKit's names, and VRM's presets
mixed from them by the names of both of its versions. An avatar that has shapes for both would make
every face twice: ``vmc://HOST:PORT/arkit`` and ``vmc://HOST:PORT/vrm`` send one kind alone.
"""

from __future__ import annotations

import numpy as np

from studio.core.frames import points_from_world
from studio.core.types import Armature
from studio.human.rig import ACTIONS
from studio.live.acting.body import gaze_turn
from studio.live.outlets.osc import bundles, message
from studio.live.performance import NO_TURN, Performance
from studio.media.formats.vrm.expressions import VRM_0, presets_of
from studio.media.formats.vrm.stand_in import stand_in

Turn = tuple[float, float, float, float]
_THUMB = {"ThumbMetacarpal": "ThumbProximal", "ThumbProximal": "ThumbIntermediate"}


def unity_bone(bone: str) -> str:
    """Unity's name of one of VRM 1.0's bones: ``leftThumbMetacarpal`` is LeftThumbProximal."""
    side = bone[: 4 if bone.startswith("left") else 5 if bone.startswith("right") else 0]
    name = side + _THUMB.get(bone.removeprefix(side), bone.removeprefix(side))
    return name[0].upper() + name[1:]


def unity_place(xyz_m: np.ndarray) -> list[float]:
    """A point or a way (3,) of the world in Unity's axes."""
    return (points_from_world(xyz_m, "y") * (-1.0, 1.0, 1.0)).tolist()


def unity_turn(turn: Turn) -> Turn:
    """A rotation of the world in Unity's axes."""
    x, y, z, w = map(float, turn)
    return (x, -z, y, w)


class Vmc:
    """Says performances in the protocol's words."""

    def __init__(self, faces: str = "", body: Armature | None = None) -> None:
        """``faces``: ``arkit``, ``vrm``, or both. ``body`` has VRM's bones in T-pose."""
        self._faces = faces
        self._began_s: float | None = None
        body = stand_in() if body is None else body
        heads = body.rest_world[:, :3, 3]
        self._ways = {
            name: heads[k] - (heads[parent] if parent >= 0 else 0.0)
            for k, (name, parent) in enumerate(zip(body.names, body.parents, strict=True))
        }
        self._still = {
            name: (unity_bone(name), unity_place(way)) for name, way in self._ways.items()
        }

    def packets(self, told: Performance) -> list[bytes]:
        """A performance as packets, to be sent in order."""
        if self._began_s is None:
            self._began_s = told.taken_s
        said = [
            message("/VMC/Ext/OK", 1),
            message("/VMC/Ext/T", float(told.taken_s - self._began_s)),
            message("/VMC/Ext/Root/Pos", "root", 0.0, 0.0, 0.0, *NO_TURN),
            *self._bones(told),
        ]
        if self._faces != "vrm":
            weights = told.weights.astype(float).tolist()
            said += [_value(name, weight) for name, weight in zip(ACTIONS, weights, strict=True)]
        if self._faces != "arkit":
            mixed = presets_of(told.weights)
            said += [_value(name, weight) for name, weight in mixed.items()]
            said += [_value(VRM_0[name], weight) for name, weight in mixed.items() if name in VRM_0]
        return bundles([*said, message("/VMC/Ext/Blend/Apply")])

    def _bones(self, told: Performance) -> list[bytes]:
        eye = gaze_turn(*told.gaze_deg)
        turns = {"leftEye": eye, "rightEye": eye, **told.turns}
        said: list[bytes] = []
        for bone, (name, place) in self._still.items():
            if bone == "hips" and told.hips_m is not None:
                place = unity_place(self._ways[bone] + np.array(told.hips_m))
            turn = unity_turn(turns.get(bone, NO_TURN))
            said.append(message("/VMC/Ext/Bone/Pos", name, *place, *turn))
        return said


def _value(name: str, weight: float) -> bytes:
    return message("/VMC/Ext/Blend/Val", name, weight)
