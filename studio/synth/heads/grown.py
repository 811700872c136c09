"""Hair whose surface a neural head tells: the photographed surface around a head, moved to it."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import torch
from jaxtyping import Float

from studio.perception.neural_heads.fitting import NeuralHead
from studio.perception.neural_heads.network import UNIT_M
from studio.perception.neural_heads.space import HIGH_M, LOW_M, asked
from studio.synth.heads.shell import Shell

_REACH_M, _STEPS = (-0.03, 0.035), 27
"""How far in and out of the photographed surface the neural one is looked for, and at how many
places."""
_MARGIN_M = 0.015
_LEAST_M = 0.0035
"""Hair is nowhere nearer to the skin, or that would come through."""
_SMOOTH = (1.5, 4.0)


def grown(made: Shell, head: NeuralHead) -> Shell:
    """The surface of what covers a head, moved along its normals to where the neural head has it;
    as it is where that tells nothing, and in the photograph's colours."""
    places = made.xyz_m
    ways = _ways(places)
    off = np.linspace(*_REACH_M, _STEPS)
    every = places[..., None, :] + off[:, None] * ways[..., None, :]
    flat = every.reshape(-1, 3)
    outside = head.outside_m(flat).reshape(every.shape[:-1])
    inside = (outside[..., :-1] <= 0) & (outside[..., 1:] > 0)
    last = _STEPS - 2 - np.argmax(inside[..., ::-1], axis=-1)
    a = np.take_along_axis(outside, last[..., None], -1)[..., 0]
    b = np.take_along_axis(outside, last[..., None] + 1, -1)[..., 0]
    step = off[1] - off[0]
    moved = off[last] + step * a / np.fmin(a - b, -1e-6)
    sure = inside.any(-1) & _within(places)
    moved = np.where(sure, moved, 0.0)
    weight = _blurred(sure.astype(np.float32), _SMOOTH[0])
    near = _blurred(moved.astype(np.float32), _SMOOTH[0]) / np.fmax(weight, 1e-3)
    share = np.clip(_blurred(sure.astype(np.float32), _SMOOTH[1]) * 2 - 1, 0, 1)
    found = places + (share * near)[..., None] * ways
    lift = np.fmax(_LEAST_M - _off_skin(head, found), 0) * (share > 0)
    return replace(made, xyz_m=found + lift[..., None] * ways)


def _off_skin(head: NeuralHead, places: np.ndarray) -> np.ndarray:
    """How far places are off the fitted skin (metres)."""
    points = torch.from_numpy(places.reshape(1, -1, 3).astype(np.float32))
    found = asked(head.fields.outside[:, :1], points)[0, :, 0] * UNIT_M
    return found.numpy().reshape(places.shape[:-1])


def _within(places: np.ndarray) -> np.ndarray:
    """Which places lie well in the box of the neural head."""
    return np.all((places > LOW_M + _MARGIN_M) & (places < HIGH_M - _MARGIN_M), axis=-1)


def _ways(places: Float[np.ndarray, "rows columns 3"]) -> Float[np.ndarray, "rows columns 3"]:
    """Which way the surface looks, smoothly: so that it does not fold when it is moved."""
    down = np.gradient(places, axis=0)
    ring = np.concatenate([places[:, -2:-1], places, places[:, 1:2]], axis=1)
    along = (ring[:, 2:] - ring[:, :-2]) / 2
    found = np.cross(down, along)
    found /= np.fmax(np.linalg.norm(found, axis=-1, keepdims=True), 1e-12)
    middle = places.reshape(-1, 3).mean(0)
    if ((places - middle) * found).sum() < 0:
        found = -found
    soft = np.stack([_blurred(found[..., k].astype(np.float32), 3.0) for k in range(3)], -1)
    return soft / np.fmax(np.linalg.norm(soft, axis=-1, keepdims=True), 1e-9)


def _blurred(grid: np.ndarray, sigma: float) -> np.ndarray:
    """A grid blurred, around the head without a seam; ``sigma`` in cells."""
    ring = grid[:, :-1]
    wide = int(3 * sigma) + 1
    padded = np.concatenate([ring[:, -wide:], ring, ring[:, :wide]], axis=1).astype(np.float32)
    out = cv2.GaussianBlur(padded, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
    out = out[:, wide : wide + ring.shape[1]]
    return np.concatenate([out, out[:, :1]], axis=1)
