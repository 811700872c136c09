"""The lifting network: what is seen of a person in each frame, remembered, to points in 3D."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Literal, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from studio.perception.lifting.bones import HAND
from studio.perception.lifting.normalise import (
    BODY,
    CONTEXT,
    FACE,
    NOSE_TIP,
    PELVIS,
    POINTS,
    TREE,
    Normal,
)

Method = Literal["recurrent", "window", "frame"]
METHODS: tuple[Method, ...] = ("recurrent", "window", "frame")
WINDOW = 9
"""Frames that the window sees: the newest and those before it."""
FEATURES, MEMORY, _SHORT = 512, 320, 96
_BLOCKS, _BODY_SIZE, _HAND_SIZE, _FACE_SIZE = 3, 448, 160, 112
_BONES, _FINGERS = len(TREE.parents), len(HAND.parents)
PART_M = 0.1
START = -2.5
WRISTS = tuple(POINTS.index(f"{side}_wrist") for side in ("left", "right"))


class Memory(NamedTuple):
    """What the network keeps from frame to frame: the state of the recurrent layer (batch, 320),
    and the last frames as the window sees them (batch, 8, 96)."""

    state: Tensor
    past: Tensor


@dataclass(frozen=True, eq=False)
class Lifted:
    """Points in the axes of the virtual camera, metres.

    ``xyz_m`` are the points relative to the pelvis, ``sigma_m`` their errors as predicted
    (standard deviations along an axis), ``hand_m`` and ``face_m`` hands and face relative to wrist
    and nose, with their own ``hand_sigma_m`` and ``face_sigma_m``. ``up`` is the world's
    up.
    """

    xyz_m: Float[Tensor, "batch frames 137 3"]
    sigma_m: Float[Tensor, "batch frames 137"]
    hand_m: Float[Tensor, "batch frames 2 21 3"]
    hand_sigma_m: Float[Tensor, "batch frames 2 21"]
    face_m: Float[Tensor, "batch frames 70 3"]
    face_sigma_m: Float[Tensor, "batch frames 70"]
    up: Float[Tensor, "batch frames 3"]


def _mlp(*sizes: int, last: bool = True) -> nn.Sequential:
    layers: list[nn.Module] = []
    for a, b in itertools.pairwise(sizes):
        layers += [nn.Linear(a, b), nn.SiLU()]
    return nn.Sequential(*(layers if last else layers[:-1]))


class _Residual(nn.Module):
    def __init__(self, size: int) -> None:
        super().__init__()
        self.norm, self.one, self.two = nn.LayerNorm(size), nn.Linear(size, size), nn.Linear(
            size, size)  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        return x + self.two(functional.silu(self.one(self.norm(x))))


class Recurrent(nn.Module):
    """A gated recurrent layer (Cho et al. 2014) whose products over all frames are made at once."""

    def __init__(self, size: int, memory: int) -> None:
        super().__init__()
        self.into = nn.Linear(size, 3 * memory)
        self.norm = nn.LayerNorm(memory)
        self.over = nn.Linear(memory, 3 * memory)

    def forward(self, x: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """States after every frame (batch, frames, memory), and the last."""
        out: list[Tensor] = []
        for told in self.into(x).unbind(1):
            r, z, n = told.chunk(3, -1)
            kept, opened, held = self.over(state).chunk(3, -1)
            keep = torch.sigmoid(z + opened)
            fresh = torch.tanh(n + torch.sigmoid(r + kept) * held)
            state = (keep * state + (1 - keep) * fresh).to(x.dtype)
            out.append(state)
        return self.norm(torch.stack(out, 1)), state


class _Tokens(nn.Module):
    """Learned stand-ins for points that are not seen."""

    def __init__(self, points: int) -> None:
        super().__init__()
        self.token = nn.Parameter(torch.zeros(points, 2))

    def forward(self, xy: Tensor, valid: Tensor, confidence: Tensor) -> Tensor:
        there = valid[..., None]
        shown = torch.where(there, xy, self.token)
        return torch.cat([shown, there.to(xy), confidence[..., None]], -1).flatten(-2)


class LiftingNetwork(nn.Module):
    """Lifts 137 points. Encoders and heads are shared by three ways of looking back, which add to
    what a frame means by itself: ``recurrent`` (a gated layer), ``window`` (a perceptron over the
    last nine frames) and ``frame`` (nothing).

    How far each bone goes into depth is predicted, and where that leaves each point; what is seen
    then says where across they are, and a correction is predicted for it.
    """

    def __init__(self) -> None:
        super().__init__()
        self.body_tokens, self.hand_tokens = _Tokens(BODY), _Tokens(21)
        self.face_tokens = _Tokens(70)
        self.hand_in = _mlp(21 * 4 + 4 * _FINGERS + 1, _HAND_SIZE, _HAND_SIZE)
        self.face_in = _mlp(70 * 4 + 1, 144, _FACE_SIZE)
        self.joined = nn.Sequential(
            nn.Linear(BODY * 4 + 4 * _BONES + CONTEXT + 3 + 2 * _HAND_SIZE + _FACE_SIZE, FEATURES),
            *(_Residual(FEATURES) for _ in range(_BLOCKS)), nn.LayerNorm(FEATURES),
        )  # fmt: skip
        self.alone = _mlp(FEATURES, MEMORY)
        self.recurrent, self.remembered = Recurrent(FEATURES, MEMORY), nn.Linear(MEMORY, MEMORY)
        self.short = nn.Linear(FEATURES, _SHORT)
        self.window = _mlp(WINDOW * _SHORT, 320, MEMORY, last=False)
        self.body_join = nn.Linear(FEATURES + MEMORY, _BODY_SIZE)
        self.body_out = nn.Sequential(_Residual(_BODY_SIZE), nn.LayerNorm(_BODY_SIZE),
                                      nn.Linear(_BODY_SIZE, BODY * 4 + 5 + 2 * _BONES))  # fmt: skip
        self.hand_look = nn.Linear(MEMORY, 2 * 64)
        self.hand_out = nn.Sequential(*_mlp(_HAND_SIZE + 64, 256, 256),
                                      nn.Linear(256, 21 * 4 + 2 * _FINGERS))  # fmt: skip
        self.face_out = nn.Sequential(*_mlp(_FACE_SIZE + MEMORY, 160), nn.Linear(160, 70 * 4))
        with torch.no_grad():
            for out in self.outputs():
                out.weight.mul_(0.1)

    def outputs(self) -> tuple[nn.Linear, ...]:
        """The last layers."""
        found = (self.body_out[-1], self.hand_out[-1], self.face_out[-1])
        return tuple(layer for layer in found if isinstance(layer, nn.Linear))

    def start(self, batch: int) -> Memory:
        """The memory of somebody who was not seen yet."""
        like = self.short.weight
        return Memory(like.new_zeros(batch, MEMORY), like.new_zeros(batch, WINDOW - 1, _SHORT))

    def features(self, seen: Normal) -> tuple[Tensor, Tensor, Tensor]:
        """What is seen in each frame: all of it, the hands (batch, frames, 2, 160), the face."""
        valid, sure = seen.valid, seen.confidence
        body = self.body_tokens(seen.body, valid[..., :BODY], sure[..., :BODY])
        there, known = (t[..., BODY : FACE.start].unflatten(-1, (2, 21)) for t in (valid, sure))
        hands = self.hand_tokens(seen.hands, there, known)
        hands = [hands, seen.fingers.flatten(-2), seen.sizes[..., :2, None]]
        hands = self.hand_in(torch.cat(hands, -1))
        face = self.face_tokens(seen.face, valid[..., FACE], sure[..., FACE])
        face = self.face_in(torch.cat([face, seen.sizes[..., 2:]], -1))
        every = [body, seen.bones.flatten(-2), seen.context, seen.sizes, hands.flatten(-2), face]
        return self.joined(torch.cat(every, -1)), hands, face

    def context(
        self, joined: Tensor, memory: Memory, method: Method = "recurrent"
    ) -> tuple[Tensor, Memory]:
        """What the frames mean after those before them (batch, frames, 320), and what is kept."""
        alone = self.alone(joined)
        if method == "recurrent":
            told, state = self.recurrent(joined, memory.state)
            return alone + self.remembered(told), memory._replace(state=state)
        if method == "frame":
            return alone, memory
        windows, past = self.windows(joined, memory)
        return alone + self.window(windows), memory._replace(past=past)

    def windows(self, joined: Tensor, memory: Memory) -> tuple[Tensor, Tensor]:
        """Each frame with the eight before it (batch, frames, 9 · 96), and the last eight."""
        short = torch.cat([memory.past.to(joined.dtype), self.short(joined)], 1)
        each = short.unfold(1, WINDOW, 1).transpose(2, 3).flatten(2)
        return each, short[:, -(WINDOW - 1) :]

    def heads(
        self, seen: Normal, joined: Tensor, hands: Tensor, face: Tensor, context: Tensor
    ) -> Lifted:
        """Points from what is seen and what it means."""
        out = self.body_out(self.body_join(torch.cat([joined, context], -1))).float()
        points, rest, turned = out.split([BODY * 4, 5, 2 * _BONES], -1)
        points = points.unflatten(-1, (BODY, 4))
        metre = torch.exp(rest[..., :1] - 0.3)[..., None]
        scale = seen.scale[..., None, None]
        valid = seen.valid[..., :BODY, None]
        deep = TREE.depths(seen.bones, turned.unflatten(-1, (2, _BONES)))
        depth = PART_M * points[..., 2:3] + deep[..., None]
        across = torch.where(valid, seen.body, 0.0) * (metre + depth * scale) + points[..., :2]
        body = torch.cat([across, depth], -1)
        sigma = torch.exp(points[..., 3].clamp(-5, 5) + START)
        looks = self.hand_look(context).unflatten(-1, (2, 64))
        raw = self.hand_out(torch.cat([hands, looks], -1)).float()
        deep = HAND.depths(seen.fingers, raw[..., 84:].unflatten(-1, (2, _FINGERS)))
        raw = raw[..., :84].unflatten(-1, (21, 4))
        hand_m, hand_sigma = _part(raw, seen.hands, seen.sizes[..., :2], metre)
        hand_m = hand_m + functional.pad(deep[..., None], (2, 0))
        hand_m = hand_m * hand_m.new_tensor([[[1.0, 1.0, 1.0]], [[-1.0, 1.0, 1.0]]])
        hand_m = hand_m - hand_m[..., :1, :]
        raw = self.face_out(torch.cat([face, context], -1)).float().unflatten(-1, (70, 4))
        face_m, face_sigma = _part(raw, seen.face, seen.sizes[..., 2], metre[..., 0])
        face_m = face_m - face_m[..., NOSE_TIP : NOSE_TIP + 1, :]
        rooted = body - body[..., PELVIS : PELVIS + 1, :]
        every = [rooted]
        wide = [sigma]
        for k, wrist in enumerate(WRISTS):
            every.append(rooted[..., wrist : wrist + 1, :] + hand_m[..., k, :, :])
            wide.append(torch.hypot(sigma[..., wrist : wrist + 1], hand_sigma[..., k, :]))
        every.append(rooted[..., :1, :] + face_m)
        wide.append(torch.hypot(sigma[..., :1], face_sigma))
        return Lifted(
            torch.cat(every, -2), torch.cat(wide, -1), hand_m, hand_sigma, face_m, face_sigma,
            functional.normalize(rest[..., 2:5] + rest.new_tensor([0.0, -1.0, 0.0]), dim=-1),
        )  # fmt: skip

    def forward(
        self, seen: Normal, memory: Memory | None = None, method: Method = "recurrent"
    ) -> tuple[Lifted, Memory]:
        joined, hands, face = self.features(seen)
        memory = memory or self.start(len(joined))
        context, memory = self.context(joined, memory, method)
        return self.heads(seen, joined, hands, face, context), memory


def _part(raw: Tensor, seen: Tensor, size: Tensor, metre: Tensor) -> tuple[Tensor, Tensor]:
    """Points of a part (..., points, 3) and their errors: what is seen by its size, and what is
    predicted beyond."""
    share = torch.exp(size - 1.5)[..., None, None]
    grown = metre if metre.ndim == share.ndim else metre[..., None]
    across = seen * share * grown
    xyz = PART_M * raw[..., :3] + functional.pad(across, (0, 1))
    return xyz, PART_M * torch.exp(raw[..., 3].clamp(-5, 5) - 1.0)
