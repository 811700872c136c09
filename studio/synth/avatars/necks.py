"""A painted shell's neck: skin and collar where photographs show neither, and no seam."""

from __future__ import annotations

import numpy as np
from scipy.spatial import KDTree

from studio.human.bodies.shell import Shell
from studio.human.bodies.surface import neighbours
from studio.synth.avatars.completing import harmonic
from studio.synth.avatars.looking import Texels

_COLLAR_M, _SHARP_M, _TOLD, _UNLIKE = 0.09, 0.006, 60, 0.035
"""How far aside a neckline is looked for, how sharp it is behind, by how many texels it is told,
and how unlike skin cloth is (tones)."""
_SEAM_M = 0.025
"""Over so much the head's colours become the neck's."""
_RISES_M = 0.03
"""So much higher than before do collars and necks of shirts lie behind."""


def necked(
    shell: Shell, texels: Texels, colour: np.ndarray, say: np.ndarray, at: np.ndarray,
    own: np.ndarray, scalp: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """The neck below the chin and behind: where it is not seen, as the skin and the collar around
    it are, not as hair. Behind, cloth reaches up to a line and has none of the skin's colour.
    ``scalp`` says of the template's texels (``own``) how far hair grows there."""
    low, high = shell.canonical.head_m("neck01")[2] - 0.05, shell.canonical.head_m("neck01")[2]
    near = np.clip((at[:, 2] - low) / (high - low), 0, 1)
    told = say.copy()
    told[own] = 1.0 - scalp
    told *= at[:, 2] > low - 0.1
    found = _spread(shell, texels, told, colour)
    cloth = cloth_of(shell, colour, say, at, own)
    if cloth is not None:
        behind = at[:, 1] > shell.canonical.head_m("neck01")[1]
        line = float(np.percentile(at[cloth & (say > 0.5), 2], 95)) + _RISES_M
        bare = np.clip((at[:, 2] - line) / _SHARP_M, 0, 1)[:, None]
        below = (at[:, 2] > low - 0.1) & (at[:, 2] < low)
        worn = _spread(shell, texels, np.where(cloth, say, 0.5 * (below & ~own)), colour)
        skin = _spread(shell, texels, np.where(cloth, 0.0, told), colour)
        found[behind] = (worn + bare * (skin - worn))[behind]
        near = np.where(behind, np.fmax(near, bare[:, 0]), near)
    slim = np.abs(at[:, 0]) < 0.16
    share = (near * slim * ~own * (1 - np.clip(say * 1.6, 0, 1)))[:, None]
    colour = (1 - share) * colour + share * found
    return _seamless(shell, texels, colour, own & slim & (at[:, 2] > low), own, cloth)


def _seamless(
    shell: Shell, texels: Texels, colour: np.ndarray, head: np.ndarray, own: np.ndarray,
    cloth: np.ndarray | None,
) -> np.ndarray:  # fmt: skip
    """The colours with those of the ``head`` meeting the body's, as far as it is bare, where the
    template's skin ends and the body's surface begins."""
    part = np.zeros((2, len(shell.vertices_m)), bool)
    for k in (0, 1):
        part[k, shell.faces[shell.part == 1 if k else shell.part != 1]] = True
    seam = part.all(0)
    if not seam.any() or not head.any():
        return colour
    off_m, _ = KDTree(shell.vertices_m[seam]).query(shell.vertices_m, distance_upper_bound=_SEAM_M)
    near = 1 - np.fmin(off_m, _SEAM_M)[:, None] / _SEAM_M
    share = texels.some(head).at(shell.faces, near)
    bare = ~own if cloth is None else ~own & ~cloth
    found = _spread(shell, texels, bare.astype(float), colour)[head]
    out = colour.copy()
    out[head] += share * (found - out[head])
    return out


def _spread(shell: Shell, texels: Texels, told: np.ndarray, colour: np.ndarray) -> np.ndarray:
    """Colours that are told at some texels, spread over all the shell."""
    value, weight = texels.gathered(
        shell.faces, len(shell.vertices_m), told > 0.3, told, np.log1p(np.fmax(colour, 0))
    )
    known = weight > 0.3
    value[~known] = np.median(value[known], axis=0)
    mean = neighbours(shell.faces, len(shell.vertices_m))
    return np.expm1(texels.at(shell.faces, harmonic(mean, value, np.where(known, 0.95, 0.0))))


def cloth_of(
    shell: Shell, colour: np.ndarray, say: np.ndarray, at: np.ndarray, own: np.ndarray
) -> np.ndarray | None:
    """Which texels about the neck are cloth, as far as it is seen; None if it is not told."""
    low = shell.canonical.head_m("neck01")[2] - 0.08
    sure, slim = say > 0.5, (np.abs(at[:, 0]) < _COLLAR_M) & (at[:, 2] > low)
    bare = own & sure & slim
    body = ~own & sure & slim
    if bare.sum() < _TOLD or body.sum() < _TOLD:
        return None
    skin = np.median(_tones(colour[bare]), axis=0)
    cloth = np.zeros(len(at), bool)
    cloth[body] = np.abs(_tones(colour[body]) - skin).max(1) > _UNLIKE
    return cloth if cloth.sum() >= _TOLD else None


def _tones(colour: np.ndarray) -> np.ndarray:
    """Colours as shares of red and of green, and how bright they are, a fifth as important."""
    total = np.fmax(colour.sum(1), 12.0)
    return np.column_stack([colour[:, 0] / total, colour[:, 1] / total, 0.2 * total / 765])
