"""The tongue while the jaw opens.

Anny's tongue turns with the jaw at its tip and hardly moves at its root, so that an open mouth is
filled by a slope from palate to chin, behind which the teeth are hidden. A tongue at rest in an
open mouth lies on its floor, its back no higher than the teeth beside it: there it is laid.
"""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

TONGUE = slice(13380, 13606)
"""The tongue's vertices of the hm08 mesh."""
_FLATTER, _BACK = 0.45, 0.08
"""How much of its height, and of its length towards the throat, an open jaw takes from it."""


def laid(
    template_m: Float[Tensor, "vertices 3"], opens_m: Float[Tensor, "vertices 3"]
) -> Float[Tensor, "vertices 3"]:
    """What opening the jaw adds to each vertex (metres; y back, z up), the tongue laid down."""
    at = template_m[TONGUE]
    low, high = at.amin(0), at.amax(0)
    out = opens_m.clone()
    out[TONGUE, 2] -= _FLATTER * (at[:, 2] - low[2])
    out[TONGUE, 1] += _BACK * (high[1] - at[:, 1])
    return out
