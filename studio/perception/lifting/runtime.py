"""The lifting network at work: NumPy alone, folded into few products, a frame in about a
millisecond.

It tells the same as :class:`LiftingNetwork`, which is what learns: norms' scales, stand-ins for
missing points and layers that see the same are folded into one matrix each, and the small steps
between cost less than torch's. Tests hold both to 1e-4.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from scipy.special import expit
from torch import nn

from studio.perception.lifting import network as learned
from studio.perception.lifting.looks import BODY_TREE, HAND_TREE, Looks
from studio.perception.lifting.network import LiftingNetwork, Method
from studio.perception.lifting.normalise import BODY, FACE, NOSE_TIP, PELVIS

_HAND_NUMBERS = 84
_UP = np.array([0.0, -1.0, 0.0], np.float32)
_MIRROR = np.array([[[1.0, 1.0, 1.0]], [[-1.0, 1.0, 1.0]]], np.float32)


class Layer(NamedTuple):
    """x @ weight + bias."""

    weight: np.ndarray
    bias: np.ndarray

    def __call__(self, x: np.ndarray) -> np.ndarray:
        out = x @ self.weight
        out += self.bias
        return out


class Kept(NamedTuple):
    """What is remembered: the recurrent state (320,), and what the window sees (8, 96)."""

    state: np.ndarray
    past: np.ndarray


class Told(NamedTuple):
    """Points of some frames from the pelvis, in the axes of the virtual cameras (frames, 137, 3),
    their errors (frames, 137), both in metres, and up (frames, 3)."""

    xyz_m: np.ndarray
    sigma_m: np.ndarray
    up: np.ndarray


def _numbers(tensor: object) -> np.ndarray:
    return tensor.detach().float().cpu().numpy()  # type: ignore[attr-defined]


def _layer(linear: nn.Module, norm: nn.Module | None = None) -> Layer:
    """A linear layer, with the scale and shift of the norm before it."""
    weight, bias = _numbers(linear.weight).T, _numbers(linear.bias)
    if norm is not None:
        bias = bias + _numbers(norm.bias) @ weight
        weight = _numbers(norm.weight)[:, None] * weight
    return Layer(np.ascontiguousarray(weight), bias)


def _centred(layer: Layer) -> Layer:
    """A layer with the mean of its outputs taken off, as a norm does that comes later."""
    return Layer(layer.weight - layer.weight.mean(1, keepdims=True),
                 layer.bias - layer.bias.mean())  # fmt: skip


def _beside(*layers: Layer) -> Layer:
    """Layers that see the same as one."""
    return Layer(np.hstack([layer.weight for layer in layers]),
                 np.hstack([layer.bias for layer in layers]))  # fmt: skip


def _without_tokens(layer: Layer, tokens: nn.Module, start: int = 0) -> Layer:
    """A layer whose inputs from ``start`` are those of tokens (x, y, there, sure for each point),
    as if missing points were at 0: the stand-ins are linear in what is missing."""
    token = _numbers(tokens.token)
    weight, rows = layer.weight.copy(), start + 4 * np.arange(len(token))
    moved = token[:, :1] * weight[rows] + token[:, 1:] * weight[rows + 1]
    weight[rows + 2] -= moved
    return Layer(weight, layer.bias + moved.sum(0))


def _norm(x: np.ndarray) -> np.ndarray:
    """Rows whose mean is 0, of size 1."""
    return x / np.sqrt(np.einsum("ij,ij->i", x, x)[:, None] / x.shape[1] + np.float32(1e-5))


def _silu(x: np.ndarray) -> np.ndarray:
    return x * expit(x)


def _sizes(x: np.ndarray, start: float) -> np.ndarray:
    return np.exp(np.minimum(np.maximum(x, -5), 5) + start)


class _Blocks:
    """Residual blocks, which see and make rows whose mean is 0."""

    def __init__(self, blocks: list[Any]) -> None:
        self._layers = [(_layer(b.one, b.norm), _centred(_layer(b.two))) for b in blocks]

    def __call__(self, x: np.ndarray) -> np.ndarray:
        for one, two in self._layers:
            x = x + two(_silu(one(_norm(x))))
        return x


class Runtime:
    """A lifting network, one way of looking back. Holds nothing but numbers: for any thread."""

    def __init__(self, network: LiftingNetwork, method: Method = "recurrent") -> None:
        self.method: Method = method
        layers: list[Any] = list(network.joined)
        stem, *blocks, norm = layers
        split, self._size = learned.FEATURES, learned.MEMORY
        self._hand_in = [
            _without_tokens(_layer(network.hand_in[0]), network.hand_tokens),
            _layer(network.hand_in[2]),
        ]
        self._face_in = [
            _without_tokens(_layer(network.face_in[0]), network.face_tokens),
            _layer(network.face_in[2]),
        ]
        self._stem = _centred(_without_tokens(_layer(stem), network.body_tokens))
        self._blocks = _Blocks(blocks)
        join = _centred(_layer(network.body_join))
        own = Layer(_numbers(norm.weight)[:, None] * join.weight[:split],
                    join.bias + _numbers(norm.bias) @ join.weight[:split])  # fmt: skip
        past = {"recurrent": network.recurrent.into, "window": network.short}.get(method)
        self._first = _beside(
            _layer(network.alone[0], norm), own, *([] if past is None else [_layer(past, norm)])
        )
        self._join = np.ascontiguousarray(join.weight[split:])
        self._over = _layer(network.recurrent.over)
        self._remembered = _layer(network.remembered, network.recurrent.norm)
        self._window = [_layer(network.window[0]), _layer(network.window[2])]
        self._body = _Blocks([network.body_out[0]])
        self._body_out = _layer(network.body_out[2], network.body_out[1])
        self._look = _layer(network.hand_look)
        self._hand_out = [_layer(network.hand_out[k]) for k in (0, 2, 4)]
        self._face_out = [_layer(network.face_out[k]) for k in (0, 2)]

    def start(self) -> Kept:
        """The memory of somebody who was not seen yet."""
        short = self._window[0].weight.shape[0] // learned.WINDOW
        return Kept(np.zeros(self._size, np.float32),
                    np.zeros((learned.WINDOW - 1, short), np.float32))  # fmt: skip

    def __call__(self, seen: Looks, kept: Kept) -> tuple[Told, Kept]:
        """Some frames in order."""
        hands, face = seen.hand_numbers, seen.face_numbers
        for layer in self._hand_in:
            hands = _silu(layer(hands))
        for layer in self._face_in:
            face = _silu(layer(face))
        frames = len(face)
        every = [seen.body_numbers, hands.reshape(frames, -1), face]
        joined = _norm(self._blocks(self._stem(np.concatenate(every, 1))))
        both = self._first(joined)
        size, join = self._size, self._join.shape[1]
        context = _silu(both[:, :size])
        into = both[:, size + join :]
        if self.method == "recurrent":
            context, kept = self._recalled(context, into, kept)
        elif self.method == "window":
            context, kept = self._windowed(context, into, kept)
        body = both[:, size : size + join] + context @ self._join
        out = self._body_out(_norm(self._body(body)))
        return self._points(seen, out, hands, face, context), kept

    def _recalled(
        self, context: np.ndarray, into: np.ndarray, kept: Kept
    ) -> tuple[np.ndarray, Kept]:
        size, state = self._size, kept.state
        states = np.empty((len(into), size), np.float32)
        for k, told in enumerate(into):
            over = self._over(state)
            gates = expit(told[: 2 * size] + over[: 2 * size])
            fresh = np.tanh(told[2 * size :] + gates[:size] * over[2 * size :])
            state = fresh + gates[size:] * (state - fresh)
            states[k] = state
        states -= states.mean(1, keepdims=True)
        return context + self._remembered(_norm(states)), kept._replace(state=state)

    def _windowed(
        self, context: np.ndarray, short: np.ndarray, kept: Kept
    ) -> tuple[np.ndarray, Kept]:
        every = np.concatenate([kept.past, short])
        windows = np.stack([every[k : k + learned.WINDOW].ravel() for k in range(len(short))])
        one, two = self._window
        return context + two(_silu(one(windows))), kept._replace(past=every[len(short) :])

    def _points(
        self, seen: Looks, out: np.ndarray, hands: np.ndarray, face: np.ndarray, context: np.ndarray
    ) -> Told:
        frames = len(out)
        part_m = learned.PART_M
        points = out[:, : BODY * 4].reshape(frames, BODY, 4)
        rest = out[:, BODY * 4 :]
        metre = np.exp(rest[:, :1] - 0.3)[..., None]
        depth = part_m * points[..., 2:3]
        depth += BODY_TREE.depths(seen.bones, rest[:, 5:])[..., None]
        across = seen.body * (metre + depth * seen.scale[:, None, None]) + points[..., :2]
        body = np.concatenate([across, depth], -1)
        xyz = np.empty((frames, 137, 3), np.float32)
        sigma = np.empty((frames, 137), np.float32)
        xyz[:, :BODY] = body - body[:, PELVIS : PELVIS + 1]
        sigma[:, :BODY] = _sizes(points[..., 3], learned.START)
        looks = self._look(context).reshape(frames, 2, -1)
        raw = np.concatenate([hands, looks], -1)
        for layer in self._hand_out[:2]:
            raw = _silu(layer(raw))
        raw = self._hand_out[2](raw)
        parts = raw[..., :_HAND_NUMBERS].reshape(frames, 2, 21, 4)
        hand = part_m * parts[..., :3]
        hand[..., 2] += HAND_TREE.depths(seen.fingers, raw[..., _HAND_NUMBERS:])
        grown = np.exp(seen.sizes - 1.5)[..., None, None] * metre[:, None]
        hand[..., :2] += seen.hands * grown[:, :2]
        hand = (hand - hand[..., :1, :]) * _MIRROR
        wide = part_m * _sizes(parts[..., 3], -1.0)
        for k, wrist in enumerate(learned.WRISTS):
            where = slice(BODY + 21 * k, BODY + 21 * (k + 1))
            xyz[:, where] = xyz[:, wrist : wrist + 1] + hand[:, k]
            sigma[:, where] = np.hypot(sigma[:, wrist : wrist + 1], wide[:, k])
        raw = _silu(self._face_out[0](np.concatenate([face, context], -1)))
        raw = self._face_out[1](raw).reshape(frames, 70, 4)
        flat = part_m * raw[..., :3]
        flat[..., :2] += seen.face * grown[:, 2]
        xyz[:, FACE] = xyz[:, :1] + flat - flat[:, NOSE_TIP : NOSE_TIP + 1]
        wide = part_m * _sizes(raw[..., 3], -1.0)
        sigma[:, FACE] = np.hypot(sigma[:, :1], wide)
        up = rest[:, 2:5] + _UP
        return Told(xyz, sigma, up / np.sqrt(np.einsum("ij,ij->i", up, up))[:, None])
