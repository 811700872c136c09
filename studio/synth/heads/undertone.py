"""Whether a face is in the shade: how light its skin is, is told by its colour.

Dark skin is redder, and the colour of the light is told by the whites of the eyes. How bright a
face is in a photograph says less: who stands before a window is dark, whoever it is.
"""

from __future__ import annotations

import numpy as np

from studio.perception.portraits import Looked
from studio.synth.facelight import EXPOSED, scene_linear
from studio.synth.heads.eyes import decoded, whites_px

_PLACES = (50, 280, 205, 425, 101, 330, 151, 9, 36, 266)
"""Points of cheeks and forehead."""
_REACH = 0.02
_FEW_PX = 100
_REDNESS, _BRIGHT = (0.35, 0.6, 0.9), (0.42, 0.33, 0.04)
"""How much redder than the whites of the eyes pale, tanned and dark skin is (logarithm of red by
blue), and how bright those are at least (linear): dark skin is never taken for shaded."""
_SHADED, _TAKEN = 0.35, 0.8
"""From so much darker on than its skin is (logarithm) a face is in the shade, and how much of what
is beyond that is taken out."""


def shade_of(looked: Looked) -> float:
    """How many times too dark a face is in its photograph: 1 where it is not, or where too little
    is seen of the eyes."""
    whites = decoded(whites_px(looked) / 255)
    if len(whites) < _FEW_PX:
        return 1.0
    grey = whites.mean(1)
    white = np.median(whites[grey >= np.percentile(grey, 75)], axis=0)
    reach = max(int(_REACH * np.ptp(looked.xyz_px[:, 1])), 1)
    found: list[np.ndarray] = []
    for x, y in np.rint(looked.xyz_px[list(_PLACES), :2]).astype(int):
        window = (
            slice(max(y - reach, 0), max(y + reach, 0) + 1),
            slice(max(x - reach, 0), max(x + reach, 0) + 1),
        )
        found.append(looked.rgb[window].reshape(-1, 3))
    middle = np.median(np.concatenate(found), axis=0)
    skin, white = (np.fmax(colour, 1e-4) for colour in (decoded(middle / 255), white))
    redder = np.log(skin[0] / skin[2]) - np.log(white[0] / white[2])
    seen = max(float(scene_linear(middle).mean()), 1e-4) / EXPOSED
    less = float(np.interp(redder, _REDNESS, np.log(_BRIGHT))) - np.log(seen)
    return float(np.exp(_TAKEN * max(less - _SHADED, 0.0)))
