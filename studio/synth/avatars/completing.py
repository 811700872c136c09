"""What no photograph shows: the back of clothes, the sides, hair behind, palms.

A body's back takes the colours that lie before it, as in a mirror, evened out along each height
(so that seams, belts and hems go round, and prints do not), or whole, as wanted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import cv2
import numpy as np
from jaxtyping import Float, UInt8

from studio.human.bodies.shell import Shell
from studio.vision.sampling import sampled
from studio.vision.triangles import Triangles

Back = Literal["paint", "plain", "mirror"]
BACKS: tuple[Back, ...] = ("paint", "plain", "mirror")
PIXEL_M = 0.002
_WIDE_M, _LOW_M = 0.11, 0.006
"""How far to the sides colours are evened, and how far up and down."""
_AROUND_M, _FEW = 0.1, 4
"""How far up and down most of the body is asked for its colour, and of how many pixels one is."""
_COARSE = 3
_EDGE_M = 0.008
"""Over so much what is seen fades: the edge of it follows pixels, step by step."""
_FOLDS, _FOLD_M, _WAVE_M = 0.16, 0.012, 0.035
"""Folds make an evened-out back brighter or darker by so much (what is more is a print, a neckline
or a limb's edge) within so much, against what is around."""


@dataclass(frozen=True, eq=False)
class Front:
    """The canonical body from ahead, orthographic: colours, how surely each is seen, and how surely
    it is only seen on the body's other side; pixel (row, column) shows x = left_m + column ·
    PIXEL_M, z = top_m - row · PIXEL_M."""

    rgb: Float[np.ndarray, "height width 3"]
    sure: Float[np.ndarray, "height width"]
    mirrored: Float[np.ndarray, "height width"]
    on: np.ndarray
    left_m: float
    top_m: float

    def pixels(self, points_m: np.ndarray) -> np.ndarray:
        """Where canonical points are seen."""
        x, z = points_m[:, 0] - self.left_m, self.top_m - points_m[:, 2]
        return np.stack([x, z], 1).astype(np.float32) / PIXEL_M


def front_of(
    shell: Shell, uv: np.ndarray, texture: np.ndarray, sure: np.ndarray, faces: np.ndarray
) -> Front:
    """The front of a shell's ``faces`` as its texture has them so far, unseen places filled from
    the other side of the body, then from around."""
    vertices = shell.vertices_m
    low, high = vertices.min(0) - 0.01, vertices.max(0) + 0.01
    half = max(-low[0], high[0])
    x = np.arange(-half, half + PIXEL_M, PIXEL_M, dtype=np.float32)
    z = np.arange(high[2], low[2], -PIXEL_M, dtype=np.float32)
    rays = np.zeros((len(z), len(x), 6), np.float32)
    rays[..., 0], rays[..., 1], rays[..., 2] = x[None], low[1] - 0.1, z[:, None]
    rays[..., 4] = 1
    hits = Triangles.of(vertices, shell.faces[faces]).hits(rays)
    on = np.isfinite(hits.far)
    two = hits.shares[on]
    face = np.flatnonzero(faces)[hits.faces[on]]
    share = np.column_stack([1 - two.sum(1), two])
    at = np.einsum("pc,pck->pk", share, uv[face])
    size = len(texture)
    xy = np.stack([at[:, 0] * size - 0.5, (1 - at[:, 1]) * size - 0.5], 1).astype(np.float32)
    rgb = np.zeros((*on.shape, 3), np.float32)
    said = np.zeros(on.shape, np.float32)
    rgb[on], said[on] = sampled(texture, xy), sampled(sure, xy)
    near = cv2.GaussianBlur(said, (0, 0), _EDGE_M / PIXEL_M)
    said *= np.clip(2 * near - 0.6, 0, 1)
    other, twin = rgb[:, ::-1], said[:, ::-1]
    more = np.clip(2.5 * twin - 0.75, 0, 1) * np.fmax(twin - said, 0)
    whole = np.fmax(said + more, 1e-6)[..., None]
    rgb = (said[..., None] * rgb + more[..., None] * other) / whole
    said = np.clip(said + more, 0, 1)
    beside, known = _evened(rgb, np.where(said > 0.3, said, 0).astype(np.float32))
    known = np.fmax(said, 0.5 * np.clip(known / 0.02, 0, 1))
    share = said[..., None]
    filled = _spread(share * rgb + (1 - share) * beside, known)
    whole = np.clip(said * 1.6, 0, 1)[..., None]
    return Front(whole * rgb + (1 - whole) * filled, said, more, on, float(x[0]), float(z[0]))


def _spread(rgb: np.ndarray, sure: np.ndarray) -> np.ndarray:
    """Colours everywhere: where they are not seen, those of ever wider surroundings."""
    strong = np.where(sure > 0.25, sure, 0.0).astype(np.float32)
    rgb = rgb.copy()
    levels: list[tuple[np.ndarray, np.ndarray]] = [(rgb * strong[..., None], strong)]
    while min(levels[-1][1].shape) > 4:
        colour, weight = levels[-1]
        half = (max(weight.shape[1] // 2, 1), max(weight.shape[0] // 2, 1))
        levels.append((cv2.resize(colour, half, interpolation=cv2.INTER_AREA),
                       cv2.resize(weight, half, interpolation=cv2.INTER_AREA)))  # fmt: skip
    colour, weight = levels[-1]
    found = colour / np.fmax(weight, 1e-4)[..., None]
    for colour, weight in reversed(levels[:-1]):
        up = cv2.resize(found, weight.shape[::-1], interpolation=cv2.INTER_LINEAR)
        own = np.clip(weight * 4, 0, 1)[..., None]
        found = own * colour / np.fmax(weight, 1e-4)[..., None] + (1 - own) * up
    return found


def back_of(front: Front, how: Back, seed: int = 0) -> Float[np.ndarray, "height width 3"]:
    """The back that goes with a front: its mirror image (``mirror``), evened out along each height
    (``plain``), or that with folds as the front has them (``paint``)."""
    if how == "mirror":
        return front.rgb
    weight = (front.on * (0.3 + front.sure)).astype(np.float32)
    even, _ = _evened(front.rgb, weight)
    if how == "plain":
        return even
    grey = front.rgb @ np.array([0.3, 0.59, 0.11], np.float32)
    on = front.on.astype(np.float32)
    near, wide = (
        cv2.GaussianBlur(grey * on, (0, 0), far / PIXEL_M)
        / np.fmax(cv2.GaussianBlur(on, (0, 0), far / PIXEL_M), 1e-3)
        for far in (_FOLD_M, _WAVE_M)
    )
    off = near / np.fmax(wide, 8.0) - 1
    fold = 1 + off / (1 + (off / _FOLDS) ** 4)
    grain = np.random.default_rng(seed).normal(1, 0.012, grey.shape).astype(np.float32)
    return even * (fold * grain)[..., None]


def shown_back(
    front: Front, how: Back, seed: int, tall_px: int
) -> UInt8[np.ndarray, "tall wide 4"]:
    """A back as somebody behind sees it, for a small picture."""
    rgb = back_of(front, how, seed).clip(0, 255)
    rgba = np.dstack([rgb, 255.0 * front.on]).astype(np.float32)[:, ::-1]
    rows, columns = np.flatnonzero(front.on.any(1)), np.flatnonzero(front.on.any(0))
    trunk = len(columns) // 3  # the arms of a T are of no interest
    cut = rgba[rows[0] : rows[-1] + 1, columns[0] + trunk : columns[-1] + 1 - trunk]
    wide = max(round(cut.shape[1] * tall_px / cut.shape[0]), 1)
    return cv2.resize(cut, (wide, tall_px), interpolation=cv2.INTER_AREA).astype(np.uint8)


def _evened(rgb: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each place as most of what is beside it, at the same height, is; and how much there is."""
    full = rgb.shape[1::-1]
    small = (max(full[0] // _COARSE, 1), max(full[1] // _COARSE, 1))
    weight = cv2.resize(weight, small, interpolation=cv2.INTER_AREA)
    rgb = cv2.resize(rgb, small, interpolation=cv2.INTER_AREA)
    sigma = (_WIDE_M / PIXEL_M / _COARSE, _LOW_M / PIXEL_M / _COARSE)
    found, total = _most(rgb, weight), weight
    for _ in range(3):  # the mean of what is like the mean so far
        off = np.abs(rgb - found).mean(-1)
        say = weight / (1 + (off / 18) ** 2) ** 2
        many = cv2.GaussianBlur(rgb * say[..., None], (0, 0), sigma[0], sigmaY=sigma[1])
        total = cv2.GaussianBlur(say, (0, 0), sigma[0], sigmaY=sigma[1])
        found = many / np.fmax(total, 1e-5)[..., None]
    found = np.where((total > 1e-4)[..., None], found, rgb)
    return cv2.resize(found, full), cv2.resize(total, full)


def _most(rgb: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """The weighted median colour of the rows about each row, so that a jacket outweighs a tie."""
    tall = round(_AROUND_M / PIXEL_M / _COARSE)
    rows = np.arange(len(rgb))[:, None] + np.arange(-tall, tall + 1, _FEW)
    rows = rows.clip(0, len(rgb) - 1)
    near = rgb[rows, ::_FEW].reshape(len(rgb), -1, rgb.shape[2])
    say = weight[rows, ::_FEW].reshape(len(rgb), -1, 1)
    order = near.argsort(1)
    share = np.take_along_axis(np.broadcast_to(say, near.shape), order, 1).cumsum(1)
    middle = (share < 0.5 * share[:, -1:]).sum(1, keepdims=True).clip(0, near.shape[1] - 1)
    ranked = np.take_along_axis(near, order, 1)
    return np.broadcast_to(np.take_along_axis(ranked, middle, 1), rgb.shape)


def harmonic(
    mean: Any, value: Float[np.ndarray, "vertices k"], say: Float[np.ndarray, " vertices"],
    rounds: int = 400,
) -> Float[np.ndarray, "vertices k"]:  # fmt: skip
    """What is known at some vertices, spread smoothly over the others (``mean`` makes the mean of
    each one's neighbours)."""
    hold = np.clip(say, 0, 1)[:, None]
    start = (value * hold).sum(0) / max(float(hold.sum()), 1e-6)
    found = hold * value + (1 - hold) * start
    for _ in range(rounds):
        found = hold * value + (1 - hold) * (mean @ found)
    return found
