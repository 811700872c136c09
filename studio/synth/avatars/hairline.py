"""Where hair grows on a head, and where its ears are: drawn once, on the reference adult, and
carried to anybody by the template's vertices."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
import torch
from jaxtyping import Float

from studio.human.bodies.shell import Shell
from studio.human.keypoints import HEAD_TOP
from studio.human.person import Shape, whole
from studio.synth.avatars.looking import Texels
from studio.vision.sampling import sampled

_LINE_M = (
    (-0.200, 0.797), (-0.125, 0.797), (-0.108, 0.792), (-0.093, 0.781), (-0.087, 0.765),
    (-0.077, 0.748), (-0.0735, 0.735), (-0.071, 0.714), (-0.066, 0.705), (-0.058, 0.707),
    (-0.056, 0.724), (-0.053, 0.737), (-0.044, 0.746), (-0.030, 0.746), (-0.017, 0.739),
    (-0.011, 0.722), (-0.012, 0.700), (-0.014, 0.684), (-0.006, 0.670), (0.010, 0.658),
    (0.025, 0.650), (0.200, 0.645), (0.200, 1.000), (-0.200, 1.000),
)  # fmt: skip
"""The edge of the hair in the reference adult's side view (y, z; metres): forehead, temple,
sideburn, about the ear, nape, and round the head above."""
_LOW_M, _PIXEL_M = (-0.25, 0.55), 0.0005
_SIZE_PX = (1000, 1000)
_EAR_M = ((0.0695, -0.0575, 0.678), (0.2, -0.015, 0.742))
"""The box about the left ear, |x| for both."""
_EDGE_M, _NAPE_M = 0.007, 0.022
"""How wide hair ends on forehead and temples, and on the nape, where it is cut short."""
_RAGGED_M = 0.0022


def grows(
    at_m: Float[np.ndarray, "places 3"], strands: Float[np.ndarray, " places"]
) -> Float[np.ndarray, " places"]:
    """How far places on the reference adult's head lie where hair grows, 0 to 1. ``strands``
    (noise of unit size along the way hair lies) frays the edge."""
    yz = ((at_m[:, 1:] - _LOW_M) / _PIXEL_M).astype(np.float32)
    inside_m = sampled(_inside_m()[..., None], yz)[:, 0] + _RAGGED_M * strands
    nape = np.clip((at_m[:, 1] + 0.02) / 0.02, 0, 1) * np.clip((0.71 - at_m[:, 2]) / 0.02, 0, 1)
    wide_m = _EDGE_M + (_NAPE_M - _EDGE_M) * nape
    share = np.clip(inside_m / wide_m + 0.5 * (1 - nape), 0, 1)
    return np.asarray(share * share * (3 - 2 * share), np.float32)


def on_ears(at_m: Float[np.ndarray, "places 3"]) -> Float[np.ndarray, " places"]:
    """1 for places on the reference adult's ears, 0 for others."""
    aside = np.column_stack([np.abs(at_m[:, 0]), at_m[:, 1:]])
    inside = (aside > _EAR_M[0]) & (aside < _EAR_M[1])
    return np.asarray(inside.all(1), np.float32)


@cache
def reference_m() -> Float[np.ndarray, "vertices 3"]:
    """The reference adult's vertices at rest, metres."""
    with torch.no_grad():
        return whole().rest(Shape.of()).vertices_m.numpy()


@cache
def _inside_m() -> Float[np.ndarray, "tall wide"]:
    """By how much places of the side view lie inside the hair's edge, metres; outside negative."""
    drawn = np.zeros(_SIZE_PX, np.uint8)
    corners = (np.array(_LINE_M) - _LOW_M) / _PIXEL_M
    cv2.fillPoly(drawn, [np.rint(corners).astype(np.int32)], 1)
    near = [cv2.distanceTransform(one, cv2.DIST_L2, 5) for one in (drawn, 1 - drawn)]
    return (_PIXEL_M * (near[0] - near[1])).astype(np.float32)


def scalp_of(
    shell: Shell, few: Texels, laid: Float[np.ndarray, " texels"]
) -> tuple[Float[np.ndarray, " texels"], Float[np.ndarray, " texels"]]:
    """How far texels of the head lie where hair grows, and how far on an ear, 0 to 1. ``laid`` is
    the noise along their :func:`strands`."""
    known = np.einsum("vc,vck->vk", shell.shares, reference_m()[shell.base]).astype(np.float32)
    ear = few.at(shell.faces, on_ears(known)[:, None])[:, 0]
    scalp = grows(few.at(shell.faces, known), laid)
    return scalp * (1 - ear), ear


def strands(shell: Shell, at: np.ndarray, seed: int = 5) -> np.ndarray:
    """Noise of unit size that hangs together along meridians from the crown."""
    head = shell.canonical.head_m("head")
    crown = shell.canonical.vertices_m[HEAD_TOP]
    middle = head + 0.62 * (crown - head)
    way = at - middle
    angle = np.arctan2(way[:, 0], way[:, 1]) / (2 * np.pi) + 0.5
    down = np.arccos(np.clip(way[:, 2] / np.fmax(np.linalg.norm(way, axis=1), 1e-6), -1, 1)) / np.pi
    rng = np.random.default_rng(seed)
    total = np.zeros(len(at), np.float32)
    for rows, columns, share in ((5, 60, 0.5), (9, 220, 0.6), (14, 640, 0.5)):
        noise = rng.normal(size=(rows, columns)).astype(np.float32)
        noise[:, -1] = noise[:, 0]
        wave = 0.015 * np.sin(9 * down + 20 * angle)
        xy = np.stack([np.mod(angle + wave, 1) * (columns - 1), down * (rows - 1)], 1)
        total += share * sampled(noise, xy.astype(np.float32))
    return total
