"""Moving people before random cameras, as detectors would see them: noise, gaps, swaps and all."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from studio.human.convert import conversion
from studio.human.joint_centres import JOINTS, points_of, shift
from studio.synth.moving.bodies import SEEN_BY_MEDIAPIPE, TARGET
from studio.synth.moving.motions import Moves, chance, spread, uniform

BY_MEDIAPIPE = 0.6
"""The share of sequences whose points are those that MediaPipe marks; else COCO's annotators."""
_HANDS = (TARGET.parts["left_hand"], TARGET.parts["right_hand"])
_FACE = TARGET.parts["face"]
_BODY = tuple(range(25))
_TRUNK = tuple(TARGET.index(f"{s}_{p}") for p in ("shoulder", "hip") for s in ("left", "right"))


@dataclass(frozen=True, eq=False)
class Seen:
    """What a detector sees of people, and the truth, in cameras that stand still.

    ``rays`` are points as x / z and y / z by the focal length that is *believed* (the true one is
    ``focal`` times as long); ``valid`` says whether a point was found; ``step_s`` is the time
    between frames; ``mediapipe`` whose way of marking it is. ``xyz_m`` are the true points in
    camera axes (x right, y down, z ahead), ``up`` the world's up there.
    """

    rays: Float[Tensor, "batch frames points 2"]
    valid: Bool[Tensor, "batch frames points"]
    confidence: Float[Tensor, "batch frames points"]
    step_s: Float[Tensor, " batch"]
    mediapipe: Bool[Tensor, " batch"]
    focal: Float[Tensor, " batch"]
    xyz_m: Float[Tensor, "batch frames points 3"]
    up: Float[Tensor, "batch 3"]


@dataclass(frozen=True)
class Trouble:
    """How bad the detections are: ``noise`` scales all errors of place, ``gaps`` the chances of
    missing points, ``swaps`` those of sides confused, ``lens`` the error of the focal length."""

    noise: float = 1.0
    gaps: float = 1.0
    swaps: float = 1.0
    lens: float = 1.0


USUAL = Trouble()


def film(dice: torch.Generator, moves: Moves, trouble: Trouble = USUAL) -> Seen:
    """Random cameras before people who move, and what is seen there."""
    xyz, up = _before_cameras(dice, moves.xyz_m)
    batch, frames = xyz.shape[:2]
    count = len(TARGET)
    truth = xyz[:, :, :count]
    mediapipe = chance(dice, BY_MEDIAPIPE, batch)
    marked = truth.clone()
    marked[mediapipe] = _as_mediapipe(xyz[mediapipe])
    there = torch.isfinite(marked[..., 0]) & (marked[..., 2] > 0.05)
    marked = torch.where(there[..., None], marked, truth).clone()
    marked[..., 2].clamp_(min=0.05)
    rays = marked[..., :2] / marked[..., 2:]
    off_m, told = _errors(dice, truth, moves.step_s, trouble)
    rays = rays + off_m / truth[..., 2:].mean((1, 2), keepdim=True).clamp_min(0.3)
    rays = _swapped(dice, rays, trouble.swaps)
    valid = there & ~_missing(dice, rays, trouble.gaps)
    wrong = torch.exp(0.18 * trouble.lens * torch.randn(batch, generator=dice))
    focal = torch.where(chance(dice, 0.5, batch), 1.0, wrong)
    sure = torch.exp(-told / 0.05) * uniform(dice, 0.75, 1.0, batch, frames, 1)
    sure = torch.where(chance(dice, 0.2, batch, 1, 1), 1.0, sure)
    return Seen(rays * focal[:, None, None, None], valid, sure * valid, moves.step_s, mediapipe,
                focal, truth, up)  # fmt: skip


def _before_cameras(dice: torch.Generator, xyz: Tensor) -> tuple[Tensor, Tensor]:
    """Points in the axes of random cameras, and up there."""
    batch = len(xyz)
    body = xyz[:, :, list(_BODY)]
    centre = body.mean((1, 2))
    high = (body[..., 2].amax((1, 2)) - body[..., 2].amin((1, 2))).clamp_min(0.8)
    away = spread(dice, 1.3, 7.0, batch)
    height = uniform(dice, 0.25, 2.4, batch) * (high / 1.7)
    rise = (height - centre[:, 2]).clamp(-0.7 * away, 0.7 * away)
    flat = (away**2 - rise**2).clamp_min(0.2).sqrt()
    azimuth = uniform(dice, -math.pi, math.pi, batch)
    place = centre + torch.stack([flat * azimuth.cos(), flat * azimuth.sin(), rise], 1)
    ahead = torch.nn.functional.normalize(centre - place, dim=1)
    right = torch.nn.functional.normalize(
        torch.linalg.cross(ahead, torch.tensor([0.0, 0.0, 1.0]).expand_as(ahead)), dim=1
    )
    level = torch.stack([right, torch.linalg.cross(ahead, right), ahead], 1)
    turned = torch.stack([
        (0.16 * torch.randn(batch, generator=dice)).clamp(-0.45, 0.45),
        (0.2 * torch.randn(batch, generator=dice)).clamp(-0.55, 0.55),
        0.05 * torch.randn(batch, generator=dice),
    ], 1)  # fmt: skip
    R = torch.matrix_exp(_cross_matrix(turned)) @ level
    local = (xyz - place[:, None, None]) @ R.transpose(1, 2)[:, None]
    return local, R[:, :, 2]


def _cross_matrix(v: Tensor) -> Tensor:
    x, y, z = v.unbind(-1)
    nil = torch.zeros_like(x)
    return torch.stack([nil, -z, y, z, nil, -x, -y, x, nil], -1).unflatten(-1, (3, 3))


@cache
def _from_mediapipe() -> tuple[Tensor, Tensor]:
    """Rows of the target that MediaPipe's points give, and which there are (hands are the same)."""
    matrix = conversion(SEEN_BY_MEDIAPIPE, TARGET)
    there = ~np.isnan(matrix).any(1)
    return torch.tensor(np.nan_to_num(matrix), dtype=torch.float32), torch.from_numpy(there)


def _as_mediapipe(xyz: Float[Tensor, "batch frames points 3"]) -> Tensor:
    """The target's points as MediaPipe marks them; NaN where it marks none.

    The measured way from its marks to the joints' centres (:mod:`studio.human.joint_centres`),
    gone backwards.
    """
    centres = xyz[:, :, len(TARGET) :].flatten(0, 1).numpy()
    matrix, there = _from_mediapipe()
    marked = matrix @ torch.from_numpy(marked_by_mediapipe(centres))
    marked = marked.unflatten(0, xyz.shape[:2])
    hands = torch.tensor([*_HANDS[0], *_HANDS[1]])
    marked[:, :, ~there] = math.nan
    marked[:, :, hands] = xyz[:, :, hands]
    return marked


def marked_by_mediapipe(centres_m: np.ndarray) -> np.ndarray:
    """Where MediaPipe marks the points (frames, points of SEEN_BY_MEDIAPIPE, 3) whose joints have
    these centres."""
    seen = centres_m
    for _ in range(2):
        before = seen
        seen = centres_m.copy()
        for side, sign in (("left", 1.0), ("right", -1.0)):
            p = points_of(SEEN_BY_MEDIAPIPE, before, side)
            for joint in JOINTS:
                at = SEEN_BY_MEDIAPIPE.index(f"{side}_{joint}")
                seen[:, at] = centres_m[:, at] - shift(joint, p, sign)
    return seen


def _wander(dice: torch.Generator, step_s: Tensor, tau_s: float, *shape: int) -> Tensor:
    """Errors of size 1 that go on over ``tau_s`` seconds (batch, frames, ...)."""
    keep = torch.exp(-step_s / tau_s).view(-1, *(1,) * (len(shape) - 2))
    fresh = (1 - keep**2).sqrt()
    noise = torch.randn(*shape, generator=dice)
    out = [noise[:, 0]]
    for frame in range(1, shape[1]):
        out.append(keep * out[-1] + fresh * noise[:, frame])
    return torch.stack(out, 1)


_SHARES = {"hip": 1.4, "ankle": 1.2, "wrist": 1.2, "heel": 1.3, "big_toe": 1.3, "small_toe": 1.3,
           "eye": 0.5, "ear": 0.8, "nose": 0.5}  # fmt: skip


def _errors(
    dice: torch.Generator, truth: Tensor, step_s: Tensor, trouble: Trouble
) -> tuple[Tensor, Tensor]:
    """Errors (metres at the person's distance), and how large they usually are at each point."""
    batch, frames, count, _ = truth.shape
    body = torch.tensor([_SHARES.get(TARGET.points[i].partition("_")[2] or TARGET.points[i], 1.0)
                         for i in _BODY])  # fmt: skip
    size = torch.empty(batch, 1, count)
    size[..., :25] = spread(dice, 0.003, 0.022, batch, 1, 1) * body
    for hand in _HANDS:
        size[..., list(hand)] = spread(dice, 0.0015, 0.009, batch, 1, 1)
    size[..., list(_FACE)] = spread(dice, 0.0008, 0.005, batch, 1, 1)
    trunk = truth[:, :, list(_TRUNK)].mean(2, keepdim=True)
    aside = (truth[..., 0] - trunk[..., 0]).abs()
    behind = (truth[..., 2] - trunk[..., 2] > 0.1) & (aside < 0.22)
    behind[..., [0, 1, 8, *range(15, 19), *_FACE]] = False
    hidden = torch.where(behind, uniform(dice, 1.0, 4.0, batch, 1, 1), 1.0)
    size = trouble.noise * size * hidden
    quick = torch.randn(batch, frames, count, 2, generator=dice)
    slow = _wander(dice, step_s, 0.25, batch, frames, count, 2)
    always = torch.randn(batch, 1, count, 2, generator=dice)
    a, b, c = (uniform(dice, 0.1, 0.8, batch, 1, 1, 1) for _ in range(3))
    whole = torch.zeros(batch, frames, count, 2)
    for part, share in ((_HANDS[0], 0.006), (_HANDS[1], 0.006), (_FACE, 0.003)):
        moved = trouble.noise * share * _wander(dice, step_s, 0.3, batch, frames, 1, 2)
        whole[:, :, list(part)] = moved
    wild = chance(dice, 0.004 * min(trouble.noise, 1.0), batch, frames, count)[..., None]
    far = 0.15 * torch.randn(batch, frames, count, 2, generator=dice)
    errors = size[..., None] * (a * quick + b * slow + c * always) + whole + wild * far
    return errors, size.expand(batch, frames, count)


def _spans(dice: torch.Generator, often: Tensor, frames: int) -> Tensor:
    """With the chance ``often`` (batch, things), a span of frames: (batch, frames, things)."""
    batch, things = often.shape
    there = torch.rand(batch, things, generator=dice) < often
    start = uniform(dice, -0.6, 1.0, batch, things) * frames
    long = uniform(dice, 0.05, 1.6, batch, things) * frames
    at = torch.arange(frames)[None, :, None]
    inside = (at >= start[:, None]) & (at < (start + long)[:, None])
    return inside & there[:, None]


_LIMBS = tuple(
    tuple(TARGET.index(f"{s}_{p}") for p in points)
    for s in ("left", "right")
    for points in (("elbow", "wrist"), ("knee", "ankle", "big_toe", "small_toe", "heel"))
)
_FEET = tuple(TARGET.parts["feet"])


def _missing(dice: torch.Generator, rays: Tensor, share: float) -> Tensor:
    """Which points are not found (batch, frames, points)."""
    batch, frames, count, _ = rays.shape
    rate = torch.where(chance(dice, 0.4, batch, 1), 0.0, uniform(dice, 0, 0.18, batch, 1))
    gone = _spans(dice, share * rate.expand(batch, count), frames)
    gone |= chance(dice, share * 0.012, batch, frames, count)
    groups = [*_LIMBS, *_HANDS, _FACE, _FEET, tuple(range(15, 19))]
    often = torch.tensor([0.05] * 4 + [0.18] * 2 + [0.12, 0.06, 0.06]) * share
    whole = _spans(dice, often.expand(batch, -1), frames)
    for k, group in enumerate(groups):
        gone[..., list(group)] |= whole[..., k : k + 1]
    bare = chance(dice, 0.12 * share, batch)  # a detector of bodies alone
    gone |= bare[:, None, None] & (torch.arange(count) >= len(_BODY))
    for axis, low, high, often_cut in ((1, 0.45, 1.0, 0.22), (0, 0.8, 1.0, 0.05)):
        body = rays[..., list(_BODY), axis]
        first, last = body.amin((1, 2)), body.amax((1, 2))
        edge = first + (last - first) * uniform(dice, low, high, batch)
        cut = chance(dice, often_cut * share, batch)[:, None, None]
        gone |= cut & (rays[..., axis] > edge[:, None, None])
    return gone


def _swapped(dice: torch.Generator, rays: Tensor, share: float) -> Tensor:
    """Arms or legs of some frames with left and right confused."""
    batch, frames = rays.shape[:2]
    spans = _spans(dice, torch.full((batch, 2), 0.05 * share), frames)
    short = chance(dice, 0.3, batch, frames, 2)
    out = rays
    for k, names in enumerate((("elbow", "wrist"), ("hip", "knee", "ankle", "heel", "big_toe",
                                                    "small_toe"))):  # fmt: skip
        group = [TARGET.index(f"{s}_{n}") for s in ("left", "right") for n in names]
        order = list(range(rays.shape[2]))
        for i in group:
            order[i] = TARGET.mirror[i]
        swap = (spans & short)[..., k][..., None, None]
        out = torch.where(swap, out[:, :, order], out)
    return out
