"""Strands of hair, painted on where a photograph shows none."""

from __future__ import annotations

import cv2
import numpy as np
from jaxtyping import Float, UInt8


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
    smooth, fine = _spread(colour, say), _spread(colour, say, (6.0,))
    known = say > 0.6
    rough = (colour - fine)[known]
    amount = float(np.clip(rough.std(), 2.0, 30.0)) if known.any() else 6.0
    strands = _strands(say.shape)[..., None] * amount
    shade = np.clip(smooth / np.fmax(smooth.mean(), 1.0), 0.5, 1.6)
    laid = smooth + strands * shade
    keep = np.clip(say * 1.6 - 0.2, 0, 1)[..., None]
    painted = (keep * colour + (1 - keep) * laid).clip(0, 255)
    ragged = there + 0.14 * _strands(say.shape, 3, 1.2, 14.0) * (there < 0.97)
    alpha = np.clip((ragged - 0.3) / 0.45, 0, 1) * (there > 0.06)
    return np.dstack([painted, 255 * alpha]).astype(np.uint8)


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
