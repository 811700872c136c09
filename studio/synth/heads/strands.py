"""Strands of hair, painted on where a photograph shows none."""

from __future__ import annotations

import cv2
import numpy as np
from jaxtyping import Float, UInt8

_PIECES = ((160, 72), (96, 48), (56, 36))
"""Pieces of seen hair that are laid elsewhere, the largest that there are: texels down and
across."""
_DRAWN, _FAINT = 0.35, 2.0
"""How lively strands are drawn over those pieces, by what is seen, and at least (of 255)."""
_DARK, _MOST = 10.0, 0.7
"""What is fine is told in shares of brightness, darkness left out; at most so large (logarithm)."""
_EVENED, _LIT = 0.8, 1.0
"""How much of the light at large is taken off, and the most that it may differ (logarithms)."""
_LIVELY = 0.12
"""Hair whose brightness (logarithm) varies by less, from lock to lock, is smooth."""
_TIPS = (5.0, 3.0)
"""How unevenly strands end, along and across (texels)."""
_HAIRLINES, _FINE, _ROOTS = 0.4, 0.15, 0.06
"""Above so much of the texture strands begin rather than end: so much less unevenly, but each by
itself."""


def filled(
    colour: Float[np.ndarray, "rows columns 3"],
    say: Float[np.ndarray, "rows columns"],
    there: Float[np.ndarray, "rows columns"],
) -> UInt8[np.ndarray, "rows columns 4"]:
    """A texture whose rows run down the hair (RGBA). ``colour`` (0 to 255) is believed as far as
    ``say`` tells (0 to 1); what is not seen has the colours of the other side, and strands as
    lively as those that are seen. ``there`` says how much of it there is: its edges are ragged.
    """
    mirror = say[:, ::-1] * (1 - say) * 0.8
    colour = (colour * say[..., None] + colour[:, ::-1] * mirror[..., None]) / np.fmax(
        say + mirror, 1e-4
    )[..., None]
    say = np.clip(say + mirror, 0, 1)
    smooth = _spread(colour, say)
    known = say > 0.6
    rough = (colour - _spread(colour, say, (6.0,)))[known]
    amount = float(np.clip(rough.std(), _FAINT, 30.0)) if known.any() else 6.0
    shade = np.clip(smooth / np.fmax(smooth.mean(), 1.0), 0.5, 1.6)
    like = _quilted(colour, say, known)
    amount = amount if like is None else max(_DRAWN * amount, _FAINT)
    laid = smooth + amount * _strands(say.shape)[..., None] * shade
    if like is not None:
        laid = (laid + _DARK) * np.exp(like) - _DARK
    keep = np.clip(say * 1.6 - 0.2, 0, 1)[..., None]
    painted = (keep * colour + (1 - keep) * laid).clip(0, 255)
    alpha = np.clip((_tips(there) - 0.3) / 0.45, 0, 1) * (there > 0.03)
    return np.dstack([painted, 255 * alpha]).astype(np.uint8)


def evened(
    colour: Float[np.ndarray, "rows columns 3"], say: Float[np.ndarray, "rows columns"]
) -> Float[np.ndarray, "rows columns 3"]:
    """The same hair (0 to 255) where lights fall on sides of it, lit evenly: only of how bright it
    is at large, and of what tint, little is left."""
    near = np.log(_spread(colour, say, (20.0, 80.0)) + _DARK)
    known = say > 0.3
    if not known.any():
        return colour
    over = np.clip(near - np.median(near[known], axis=0), -_LIT, _LIT)
    return (colour + _DARK) * np.exp(-_EVENED * over) - _DARK


def _tips(there: np.ndarray) -> np.ndarray:
    """Where there is hair whose strands end here a little sooner, there a little later."""
    rows, columns = np.mgrid[: there.shape[0], : there.shape[1]].astype(np.float32)
    down = np.clip((rows / len(rows) - _HAIRLINES) / 0.1, _FINE, 1)
    along = _strands(there.shape, 3, 1.0, 24.0).clip(-2, 2)
    across = _strands(there.shape, 4, 4.0, 6.0).clip(-2, 2)
    moved = cv2.remap(there, columns + down * _TIPS[1] * across, rows + down * _TIPS[0] * along,
                      cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)  # fmt: skip
    thin = np.random.default_rng(6).normal(size=there.shape).astype(np.float32)
    thin = cv2.GaussianBlur(thin, (0, 0), sigmaX=0.8, sigmaY=6.0)
    roots = (1 - down) * _ROOTS * (thin / thin.std()).clip(-2, 2)
    return moved + roots * ((moved > 0.03) & (moved < 0.97))


def _quilted(colour: np.ndarray, say: np.ndarray, known: np.ndarray) -> np.ndarray | None:
    """What is fine of the hair that is seen, laid all over in pieces; None if too little is."""
    for high, wide in _PIECES:
        whole = cv2.boxFilter(known.astype(np.float32), -1, (wide, high), anchor=(0, 0),
                              borderType=cv2.BORDER_CONSTANT)  # fmt: skip
        rows, columns = np.nonzero(whole[: -high + 1, : -wide + 1] > 0.97)
        if len(rows) >= high * wide // 8:
            near = _spread(colour, say, (high / 8,))
            fine = np.clip(np.log((colour + _DARK) / (near + _DARK)), -_MOST, _MOST)
            return _laid(fine, rows, columns, high, wide)
    return None


def _laid(
    fine: np.ndarray, rows: np.ndarray, columns: np.ndarray, high: int, wide: int
) -> np.ndarray:
    """Pieces that begin at some of these places, one beside the other all over."""
    rng = np.random.default_rng(11)
    down, along = (np.fmin(_ramp(n), _ramp(n)[::-1]) for n in (high, wide))
    window = np.outer(down, along).astype(np.float32)[..., None]
    total = np.zeros((fine.shape[0] + high, fine.shape[1], 1), np.float32)
    out = np.zeros((*total.shape[:2], 3), np.float32)
    for top in range(0, fine.shape[0], 3 * high // 4):
        shift = int(rng.integers(wide))
        for left in range(shift, shift + fine.shape[1], 3 * wide // 4):
            k = int(rng.integers(len(rows)))
            piece = fine[rows[k] : rows[k] + high, columns[k] : columns[k] + wide]
            if rng.random() < 0.5:
                piece = piece[:, ::-1]
            across = np.arange(left, left + wide) % fine.shape[1]
            out[top : top + high, across] += window * (piece - piece.mean((0, 1)))
            total[top : top + high, across] += window**2
    return (out / np.sqrt(np.fmax(total, 1e-3)))[: fine.shape[0]]


def _ramp(count: int) -> np.ndarray:
    """From 0 to 1 within the first quarter."""
    return np.clip((np.arange(count) + 0.5) / (count / 4), 0, 1)


def locks(
    rgba: UInt8[np.ndarray, "rows columns 4"], size: tuple[int, int]
) -> Float[np.ndarray, "down across"]:
    """How far locks stand out, by how bright they are beside what is around them: of deviation 1,
    on a grid whose last column is the first once more."""
    bright = np.log(rgba[..., :3].astype(np.float32).mean(-1) + _DARK)
    near = _blurred_ring(bright, 5.0) - _blurred_ring(bright, 28.0)
    grid = cv2.resize(near, size[::-1], interpolation=cv2.INTER_AREA)
    grid = np.concatenate([grid, grid[:, :1]], axis=1)
    return np.clip(grid / max(float(grid.std()), _LIVELY), -2, 2).astype(float)


def _spread(
    colour: np.ndarray, say: np.ndarray, widths: tuple[float, ...] = (8.0, 32.0, 128.0)
) -> np.ndarray:
    """Colours carried over to where none are known, by the nearest that are."""
    total = np.full(say.shape, 1e-6, np.float32)
    mean = np.zeros_like(colour)
    mean += 1e-6 * (colour * say[..., None]).sum((0, 1)) / max(float(say.sum()), 1e-6)
    small = 4
    for k, width in enumerate(widths):
        size = (say.shape[1] // small, say.shape[0] // small)
        w = cv2.resize(say, size, interpolation=cv2.INTER_AREA)
        m = cv2.resize(colour * say[..., None], size, interpolation=cv2.INTER_AREA)
        trust = 0.02**k
        total += trust * _wide(_blurred_ring(w, width / small), say)
        mean += trust * _wide(_blurred_ring(m, width / small), say)
    return mean / total[..., None]


def _wide(picture: np.ndarray, like: np.ndarray) -> np.ndarray:
    return cv2.resize(picture, like.shape[::-1], interpolation=cv2.INTER_LINEAR)


def _blurred_ring(picture: np.ndarray, sigma: float) -> np.ndarray:
    wide = min(int(3 * sigma) + 1, picture.shape[1])
    padded = np.concatenate([picture[:, -wide:], picture, picture[:, :wide]], axis=1)
    out = cv2.GaussianBlur(padded, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
    return out[:, wide : wide + picture.shape[1]]


def _strands(
    size: tuple[int, ...], seed: int = 5, across: float = 1.0, along: float = 40.0
) -> np.ndarray:
    """Noise drawn out along the hair, of mean 0 and deviation 1."""
    rng = np.random.default_rng(seed)
    fine = rng.normal(size=size).astype(np.float32)
    thin = cv2.GaussianBlur(fine, (0, 0), sigmaX=across, sigmaY=along)
    lock = cv2.GaussianBlur(fine[::-1], (0, 0), sigmaX=7 * across, sigmaY=along)
    out = thin / thin.std() + 0.7 * lock / lock.std()
    return out / out.std()
