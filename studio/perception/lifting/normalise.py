"""Keypoints made alike wherever the person stands, and 3D points made metric again.

Each frame is looked at by a virtual camera that points at the person: the body's points are divided
by their size, the hands' are those from the wrist divided by the hand's size, the face's those from
the nose. Where the virtual camera points, how large the body appears and how both changed since the
last frame are told apart from it.

Source: the normalisation and un-normalisation are those of Burkov 2024, 4.1.1, with the virtual
camera as an addition.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from studio.human.layouts import layout
from studio.perception.lifting.bones import BODY_BONES, HAND, Tree

POINTS = layout("openpose_137")
"""The points of the lifting network."""
BODY = 25
LEFT, RIGHT, FACE = slice(25, 46), slice(46, 67), slice(67, 137)
PELVIS, NECK = POINTS.index("pelvis"), POINTS.index("neck")
NOSE_TIP = POINTS.index("face_30") - FACE.start
TREE = Tree.of(tuple((POINTS.index(a), POINTS.index(b), long) for a, b, long in BODY_BONES))
"""The bones of the body, from the pelvis outwards."""
CONTEXT = 12
"""Numbers that tell where the virtual camera points, how large the body appears and what moved."""
TRUNK = tuple(POINTS.index(f"{s}_{p}") for p in ("shoulder", "hip") for s in ("left", "right"))
LEAST = 1e-3


@dataclass(frozen=True, eq=False)
class Normal:
    """Frames as the network sees them; the first axes are batch and frames.

    ``body`` (25, 2), ``hands`` (2, 21, 2; the right one mirrored) and ``face`` (70, 2) are points
    of size about 1, 0 where not valid; ``sizes`` (3) are the logarithms of the hands' and the
    face's size by that of the body. ``bones`` (24, 4) and ``fingers`` (2, 20, 4) are what the
    bones look like (:meth:`Tree.seen`). ``turn`` leads from the camera to the virtual camera, which
    looks at ``centre`` (x / z, y / z); ``scale`` is the body's size there, ``valid`` and
    ``confidence`` are those of all points.
    """

    body: Float[Tensor, "batch frames 25 2"]
    hands: Float[Tensor, "batch frames 2 21 2"]
    face: Float[Tensor, "batch frames 70 2"]
    sizes: Float[Tensor, "batch frames 3"]
    bones: Float[Tensor, "batch frames 24 4"]
    fingers: Float[Tensor, "batch frames 2 20 4"]
    context: Float[Tensor, "batch frames 12"]
    valid: Bool[Tensor, "batch frames 137"]
    confidence: Float[Tensor, "batch frames 137"]
    turn: Float[Tensor, "batch frames 3 3"]
    scale: Float[Tensor, "batch frames"]
    centre: Float[Tensor, "batch frames 2"]

    def frames(self, which: Tensor) -> Normal:
        """Only some frames of each sequence; ``which`` (batch, some) are their numbers."""
        at = torch.arange(len(which))[:, None]
        return Normal(**{name: value[at, which] for name, value in vars(self).items()})


def _mean(points: Tensor, valid: Tensor) -> Tensor:
    weight = valid[..., None].to(points)
    return (points * weight).sum(-2) / weight.sum(-2).clamp_min(1)


def virtual_turn(towards: Float[Tensor, "*batch 2"]) -> Float[Tensor, "*batch 3 3"]:
    """The smallest turn that brings a ray (x / z, y / z) to the optical axis."""
    x, y = towards.unbind(-1)
    norm = (1 + x * x + y * y).sqrt()
    a, b, c = x / norm, y / norm, 1 / norm
    k = 1 / (1 + c)
    rows = (1 - a * a * k, -a * b * k, -a, -a * b * k, 1 - b * b * k, -b, a, b, c)
    return torch.stack(rows, -1).unflatten(-1, (3, 3))


def centres(
    rays: Float[Tensor, "batch frames 137 2"], valid: Bool[Tensor, "batch frames 137"]
) -> Float[Tensor, "batch frames 2"]:
    """Where each person is: the middle of the trunk, else of what is seen of them."""
    trunk = list(TRUNK)
    seen = valid[..., trunk].any(-1, keepdim=True)
    return torch.where(seen, _mean(rays[..., trunk, :], valid[..., trunk]), _mean(rays, valid))


def _own(points: Tensor, valid: Tensor, origin: Tensor, there: Tensor) -> tuple[Tensor, Tensor]:
    """Points from an origin (from their middle where it is not there) by their size."""
    origin = torch.where(there[..., None], origin, _mean(points, valid))
    moved = (points - origin[..., None, :]) * valid[..., None]
    count = valid.sum(-1).clamp_min(1)
    size = (moved.square().sum((-1, -2)) / count).sqrt().clamp_min(LEAST * 0.1)
    return moved / size[..., None, None], size


def normalise(
    rays: Float[Tensor, "batch frames 137 2"],
    valid: Bool[Tensor, "batch frames 137"],
    confidence: Float[Tensor, "batch frames 137"],
    step_s: Float[Tensor, " batch"],
    mediapipe: Bool[Tensor, " batch"],
    before: tuple[Tensor, Tensor] | None = None,
) -> Normal:
    """Frames in order as the network wants them. ``rays`` are x / z and y / z, anything where not
    valid; ``before`` are the centre (batch, 2) and log size (batch,) of the frame before the first,
    which is taken to be like the first if not given."""
    rays = torch.where(valid[..., None], rays, 0.0)
    centre = centres(rays, valid)
    turn = virtual_turn(centre)
    ahead = torch.cat([rays, torch.ones_like(rays[..., :1])], -1) @ turn.transpose(-1, -2)
    flat = ahead[..., :2] / ahead[..., 2:].clamp_min(0.1)
    flat = torch.where(valid[..., None], flat, 0.0)
    seen = valid[..., :BODY]
    some = seen.any(-1)
    spread = (flat[..., :BODY, :].square().sum(-1) * seen).sum(-1) / seen.sum(-1).clamp_min(1)
    everything = flat.square().sum(-1).sum(-1) / valid.sum(-1).clamp_min(1)
    scale = torch.where(some, spread, 4 * everything).sqrt().clamp_min(LEAST)
    body = flat[..., :BODY, :] / scale[..., None, None]
    hands: list[Tensor] = []
    sizes: list[Tensor] = []
    for part, sign in ((LEFT, 1.0), (RIGHT, -1.0)):
        points, there = flat[..., part, :], valid[..., part]
        own, size = _own(points, there, points[..., 0, :], there[..., 0])
        hands.append(own * own.new_tensor([sign, 1.0]))
        sizes.append(size)
    points, there = flat[..., FACE, :], valid[..., FACE]
    face, size = _own(points, there, points[..., NOSE_TIP, :], there[..., NOSE_TIP])
    sizes.append(size)
    told = torch.stack(sizes, -1) / scale[..., None]
    told = torch.where(told > 1e-2, told.clamp_min(1e-2).log() + 1.5, 0.0)
    log_scale = scale.log()
    first = (centre[:, 0], log_scale[:, 0]) if before is None else before
    was = torch.cat([first[0][:, None], centre[:, :-1]], 1)
    was_scale = torch.cat([first[1][:, None], log_scale[:, :-1]], 1)
    every = centre.shape[:2]
    moved = (centre - was) / scale[..., None]
    rate = (1 / step_s.clamp_min(1e-3))[:, None]
    slow = (moved * rate[..., None] * 0.2).clamp(-3, 3)
    context = torch.cat([
        centre, moved.clamp(-3, 3), slow, (log_scale + 1.5)[..., None],
        (4 * (log_scale - was_scale)).clamp(-3, 3)[..., None],
        ((step_s * 30).log()[:, None].expand(every))[..., None],
        mediapipe[:, None].expand(every).to(rays)[..., None],
        some.to(rays)[..., None], seen.to(rays).mean(-1, keepdim=True),
    ], -1)  # fmt: skip
    both = torch.stack(hands, 2)
    fingers = HAND.seen(both, valid[..., BODY : FACE.start].unflatten(-1, (2, 21)))
    return Normal(body, both, face, told, TREE.seen(body, seen), fingers, context, valid,
                  confidence * valid, turn, scale, centre)  # fmt: skip
