"""What the lifting network is told of frames, in NumPy: the twin of :mod:`normalise` at work."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from studio.perception.lifting.bones import HAND, LONGEST, SPARE, Tree
from studio.perception.lifting.normalise import (
    BODY,
    FACE,
    LEAST,
    NOSE_TIP,
    TREE,
    TRUNK,
)

_MIRROR = np.array([[[1.0, 1.0]], [[-1.0, 1.0]]], np.float32)
_TRUNK = list(TRUNK)


class Looks(NamedTuple):
    """Frames as the network sees them. The first three are its inputs: (frames, 211),
    (frames, 2, 165) and (frames, 281); the others are those of :class:`normalise.Normal`."""

    body_numbers: np.ndarray
    hand_numbers: np.ndarray
    face_numbers: np.ndarray
    body: np.ndarray
    hands: np.ndarray
    face: np.ndarray
    sizes: np.ndarray
    bones: np.ndarray
    fingers: np.ndarray
    scale: np.ndarray
    turn: np.ndarray
    before: tuple[np.ndarray, np.ndarray]


class Arrays:
    """A tree of bones as arrays."""

    def __init__(self, tree: Tree) -> None:
        self.parents, self.children = np.array(tree.parents), np.array(tree.children)
        self.usual_m, self.leads = tree.usual_m.numpy(), tree.leads.numpy().T.copy()

    def seen(self, xy: np.ndarray, valid: np.ndarray) -> np.ndarray:
        """:meth:`Tree.seen`."""
        both = valid.take(self.parents, -1) & valid.take(self.children, -1)
        out = np.empty((*both.shape, 4), np.float32)
        way = out[..., :2]
        np.subtract(xy.take(self.children, -2), xy.take(self.parents, -2), out=way)
        way *= both[..., None]
        long = np.sqrt(way[..., 0] ** 2 + way[..., 1] ** 2 + np.float32(1e-12)) / self.usual_m
        cubed = long * long * long * self.usual_m
        scale = (cubed * long).sum(-1, keepdims=True) / (cubed.sum(-1, keepdims=True) + 1e-6)
        share = long / np.maximum(SPARE * scale, 0.1)
        out[..., 2] = np.minimum(long, LONGEST)
        out[..., 3] = np.sqrt(np.maximum(1 - share * share, 0) + 1e-4) * both
        return out

    def depths(self, bones: np.ndarray, turned: np.ndarray) -> np.ndarray:
        """:meth:`Tree.depths`; ``turned`` are both rows in one."""
        count = len(self.usual_m)
        deep = 0.3 * turned[..., :count]
        deep += turned[..., count:] * (bones[..., 3] * self.usual_m)
        return deep @ self.leads


BODY_TREE, HAND_TREE = Arrays(TREE), Arrays(HAND)


def _turns(towards: np.ndarray) -> np.ndarray:
    """:func:`normalise.virtual_turn`."""
    x, y = towards[:, 0], towards[:, 1]
    norm = np.sqrt(1 + x * x + y * y)
    a, b, c = x / norm, y / norm, 1 / norm
    k = 1 / (1 + c)
    rows = (1 - a * a * k, -a * b * k, -a, -a * b * k, 1 - b * b * k, -b, a, b, c)
    return np.stack(rows, -1).reshape(-1, 3, 3)


def _mean(points: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Of points that are 0 where they do not count."""
    return points.sum(-2) / np.maximum(weight.sum(-1), 1)[..., None]


def _own(points: np.ndarray, weight: np.ndarray, origin: int) -> tuple[np.ndarray, np.ndarray]:
    """Parts (..., points, 2) from their origin, or from their middle, by their size."""
    here = points[..., origin, :]
    lost = weight[..., origin] == 0
    if lost.any():
        here = np.where(lost[..., None], _mean(points, weight), here)
    moved = (points - here[..., None, :]) * weight[..., None]
    flat = moved.reshape(*moved.shape[:-2], -1)
    square = np.einsum("...i,...i->...", flat, flat) / np.maximum(weight.sum(-1), 1)
    size = np.maximum(np.sqrt(square), LEAST * 0.1)
    return moved / size[..., None, None], size


def _shifted(values: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Each frame's predecessor."""
    out = np.empty_like(values)
    out[0], out[1:] = first, values[:-1]
    return out


def _within(values: np.ndarray, most: float) -> np.ndarray:
    return np.minimum(np.maximum(values, -most), most)


def _told(xy: np.ndarray, weight: np.ndarray, sure: np.ndarray) -> np.ndarray:
    """Points as numbers: x, y, whether and how surely each was found."""
    out = np.empty((*weight.shape, 4), np.float32)
    out[..., :2], out[..., 2], out[..., 3] = xy, weight, sure
    return out.reshape(*weight.shape[:-1], -1)


def look(
    rays: np.ndarray,
    confidence: np.ndarray,
    step_s: float,
    mediapipe: bool,
    before: tuple[np.ndarray, np.ndarray] | None = None,
) -> Looks:
    """:func:`normalise.normalise` of frames (frames, 137, 2) and (frames, 137), and what the
    network makes its inputs of."""
    there = confidence > 0
    weight = there.astype(np.float32)
    sure = confidence.astype(np.float32) * weight
    frames = len(rays)
    xy = np.where(there[..., None], rays, 0).astype(np.float32)
    trunk = weight[:, _TRUNK]
    centre = _mean(xy[:, _TRUNK], trunk)
    lost = ~trunk.any(1)
    if lost.any():
        centre[lost] = _mean(xy[lost], weight[lost])
    turn = _turns(centre)
    full = xy[..., :1] * turn[:, None, :, 0] + xy[..., 1:] * turn[:, None, :, 1]
    full += turn[:, None, :, 2]
    flat = full[..., :2] / np.maximum(full[..., 2:], 0.1) * weight[..., None]
    square = np.einsum("fpc,fpc->fp", flat, flat)
    on_body = weight[:, :BODY]
    count = on_body.sum(1)
    spread = square[:, :BODY].sum(1) / np.maximum(count, 1)
    if not count.all():
        spread = np.where(count > 0, spread, 4 * square.sum(1) / np.maximum(weight.sum(1), 1))
    scale = np.maximum(np.sqrt(spread), LEAST)
    body = flat[:, :BODY] / scale[:, None, None]
    both = weight[:, BODY : FACE.start].reshape(frames, 2, 21)
    hands, hand_size = _own(flat[:, BODY : FACE.start].reshape(frames, 2, 21, 2), both, 0)
    hands *= _MIRROR
    face, face_size = _own(flat[:, FACE], weight[:, FACE], NOSE_TIP)
    by_body = np.concatenate([hand_size, face_size[:, None]], 1) / scale[:, None]
    sizes = np.where(by_body > 1e-2, np.log(np.maximum(by_body, 1e-2)) + 1.5, 0)
    sizes = sizes.astype(np.float32)
    log_scale = np.log(scale)
    was, was_scale = before or (centre[0], log_scale[0])
    moved = (centre - _shifted(centre, was)) / scale[:, None]
    grown = log_scale - _shifted(log_scale, was_scale)
    context = np.empty((frames, 12), np.float32)
    context[:, :2] = centre
    context[:, 2:4] = _within(moved, 3)
    context[:, 4:6] = _within(moved * (0.2 / max(step_s, 1e-3)), 3)
    context[:, 6] = log_scale + 1.5
    context[:, 7] = _within(4 * grown, 3)
    context[:, 8], context[:, 9] = math.log(step_s * 30), mediapipe
    context[:, 10], context[:, 11] = count > 0, count / BODY
    bones = BODY_TREE.seen(body, there[:, :BODY])
    fingers = HAND_TREE.seen(hands, both > 0)
    told = _told(hands, both, sure[:, BODY : FACE.start].reshape(frames, 2, 21))
    return Looks(
        np.concatenate([_told(body, on_body, sure[:, :BODY]), bones.reshape(frames, -1), context,
                        sizes], 1),
        np.concatenate([told, fingers.reshape(frames, 2, -1), sizes[:, :2, None]], -1),
        np.concatenate([_told(face, weight[:, FACE], sure[:, FACE]), sizes[:, 2:]], 1),
        body, hands, face, sizes, bones, fingers, scale, turn, (centre[-1], log_scale[-1]),
    )  # fmt: skip
