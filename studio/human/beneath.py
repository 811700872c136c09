"""The parts of the average adult that lie beneath things to try on, in their anchors' frames.

They are what a tracker knows of a wearer's body before it is measured: laid on an anchor point's
frame and scaled to the wearer, such a part tells roughly what of an item the body hides.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import torch

from studio.core.items import AnchorPoint
from studio.core.types import Mesh
from studio.human.anchors import SizeName, average
from studio.human.person import Shape, whole
from studio.human.rig import BONE_NAMES

_SKIN = 13_380
_CHEST_M = 0.26
_BONES: dict[AnchorPoint, tuple[str, ...]] = {
    "head": ("head", "neck", "eye"),
    "neck": ("neck", "spine01", "spine02", "clavicle", "shoulder", "head"),
    "wrist.L": ("lowerarm", "wrist"), "wrist.R": ("lowerarm", "wrist"),
    "foot.L": ("foot", "toe", "lowerleg"), "foot.R": ("foot", "toe", "lowerleg"),
}  # fmt: skip
BENEATH: dict[AnchorPoint, tuple[AnchorPoint, SizeName]] = {
    "eyes": ("head", "head"), "head": ("head", "head"), "ear.L": ("head", "head"),
    "ear.R": ("head", "head"), "neck": ("neck", "neck"), "torso": ("neck", "neck"),
    "wrist.L": ("wrist.L", "wrist"), "wrist.R": ("wrist.R", "wrist"),
    "foot.L": ("foot.L", "foot"), "foot.R": ("foot.R", "foot"),
}  # fmt: skip
"""Which part lies beneath what is worn at an anchor point (by the anchor point in whose frame it
is given), and the size that it goes with."""


@cache
def beneath(point: AnchorPoint) -> Mesh:
    """The part of the average adult at rest that belongs to an anchor point of ``BENEATH``'s first
    column: head, neck and upper chest, forearm, or foot and shank; metres, in its frame."""
    person = whole()
    with torch.no_grad():
        skin = person.rest(Shape.of(), actions=False).vertices_m.numpy()[:_SKIN]
    strongest = person.bones.numpy()[np.arange(_SKIN), person.weights.numpy()[:_SKIN].argmax(1)]
    side = point[-1] if "." in point else ""
    own = [
        k for k, name in enumerate(BONE_NAMES)
        if name.startswith(_BONES[point]) and (not side or name.endswith(f".{side}"))
    ]  # fmt: skip
    local = (skin - (frame := average().frames[point])[:3, 3]) @ frame[:3, :3]
    chosen = np.isin(strongest, own)
    if point == "neck":
        chosen &= np.linalg.norm(local, axis=1) < _CHEST_M
    faces = person.model.faces.numpy()
    faces = faces[(faces < _SKIN).all(1)]
    faces = faces[chosen[faces].all(1)]
    used, index = np.unique(faces, return_inverse=True)
    return Mesh(local[used].astype(float), index.reshape(-1, 3))
