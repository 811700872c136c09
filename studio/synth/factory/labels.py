"""Which part of a person each drawn face is, for the parts map."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from studio.core.parts import PartLabel
from studio.human.rig import BONE_NAMES
from studio.render.scene import Drawable
from studio.synth.figure import make_figure

_OF_MATERIAL = {
    "eyes": PartLabel.FACE, "teeth": PartLabel.FACE, "tongue": PartLabel.FACE,
    "lashes": PartLabel.FACE, "shirt": PartLabel.TOP, "trousers": PartLabel.BOTTOM,
    "shoes": PartLabel.SHOES, "soles": PartLabel.SHOES, "hair": PartLabel.HAIR,
}  # fmt: skip
_HAND, _HEAD = ("wrist", "metacarpal", "finger"), ("head", "neck")


def skin_parts(faces: np.ndarray) -> np.ndarray:
    """The label of each face of the skin: face (with neck and ears), hands, or other skin."""
    weights = make_figure().weights

    def of(starts: tuple[str, ...]) -> np.ndarray:
        bones = [k for k, bone in enumerate(BONE_NAMES) if bone.startswith(starts)]
        share = np.asarray(weights[:, bones].sum(axis=1)).ravel()
        return share[faces].mean(axis=1) > 0.5

    out = np.full(len(faces), PartLabel.SKIN, np.uint8)
    out[of(_HEAD)] = PartLabel.FACE
    out[of(_HAND)] = PartLabel.HANDS
    return out


class Labels:
    """Labels what one actor draws; the faces of their skin are looked at once."""

    def __init__(self) -> None:
        self._skin: tuple[np.ndarray, np.ndarray] | None = None

    def __call__(self, drawable: Drawable, instance: int) -> Drawable:
        """The same drawable, as part of the person of this number."""
        part: PartLabel | np.ndarray
        if drawable.material.name == "skin":
            faces = drawable.mesh.faces
            if self._skin is None or self._skin[0] is not faces:
                self._skin = faces, skin_parts(faces)
            part = self._skin[1]
        else:
            part = _OF_MATERIAL[drawable.material.name]
        return replace(drawable, part=part, instance=instance)
