"""From how far away photographs were taken, as outlines of heads tell it.

A face is flat: its points alone lie as well with a lens half as long as with the true one. What is
behind the face, skull and hair, then stands centimetres off the photograph's outline. That is seen
of heads that are turned: from ahead an outline is as wide as the hair.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np
import torch
from jaxtyping import Float
from scipy.spatial.transform import Rotation

from studio.perception.neural_heads.fitting import NeuralHead, begun
from studio.perception.neural_heads.network import HeadNetwork
from studio.perception.neural_heads.photographs import UNKNOWN, Photograph, headed
from studio.perception.neural_heads.pixels import labels_of
from studio.perception.neural_heads.space import Space

TIMES = (0.75, 1.0, 1.35, 1.8, 2.4)
"""How many times as far away as they were fitted heads are tried."""
_SPREAD, _HELD = 0.4, 0.004
"""How much further or nearer heads are, usually, than fitted (of the logarithm), and how much that
counts beside the outline's cross-entropy: one spread as much as this halved."""
_TURNED_DEG = 25.0
_SIDE_PX, _SURE = 48, 0.02


def further(one: Photograph, times: float, middle_m: Float[np.ndarray, "3"]) -> Photograph:
    """A photograph as if it was taken from so many ``times`` as far, by a lens as much longer. What
    is at ``middle_m`` of the head's frame stays where it is, and looks as it did."""
    turn, shift = one.pose[:, :3], one.pose[:, 3]
    at = turn @ middle_m + shift
    away = at * (1.0, 1.0, times)
    axis = np.cross(at, away)
    sine = float(np.linalg.norm(axis) / (np.linalg.norm(at) * np.linalg.norm(away)))
    by = Rotation.from_rotvec(axis / max(float(np.linalg.norm(axis)), 1e-12) * np.arcsin(sine))
    turned = by.as_matrix() @ turn
    lens = one.lens * (times, times, 1.0, 1.0)
    return replace(one, lens=lens, pose=np.column_stack([turned, away - turned @ middle_m]))


def outlined(
    network: HeadNetwork, space: Space, photographs: Sequence[Photograph],
    marks_m: Float[np.ndarray, "marks 3"], known: Collection[int] = (),
) -> tuple[Photograph, ...]:  # fmt: skip
    """Photographs of one head with the lenses, and the places, by which the mean of learned heads
    covers their outlines best; those that look ahead stay as they are, and those whose lens is
    ``known``. ``marks_m`` are the fit's landmarks."""
    head = begun(network, space, photographs, marks_m=marks_m)
    middle_m = marks_m.mean(0)
    return tuple(
        one if k in known or _aside_deg(one) < _TURNED_DEG else _outlined(head, one, middle_m)
        for k, one in enumerate(photographs)
    )


def _aside_deg(one: Photograph) -> float:
    """How far the head is turned to a side."""
    ahead = one.pose[:, :3] @ (0.0, -1.0, 0.0)
    return abs(float(np.degrees(np.arctan2(ahead[0], -ahead[2]))))


def _outlined(head: NeuralHead, one: Photograph, middle_m: np.ndarray) -> Photograph:
    step = one.labels.shape[0] / _SIDE_PX
    at = ((np.arange(_SIDE_PX) + 0.5) * step).astype(int)
    labels = labels_of(one, head.fields)[np.ix_(at, at)]
    tried = [further(one, times, middle_m) for times in TIMES]
    lost = [_off(head, k, labels) + _unlikely(t) for k, t in zip(tried, TIMES, strict=True)]
    return tried[int(np.argmin(lost))]


def _unlikely(times: float) -> float:
    return _HELD / 2 * (np.log(times) / _SPREAD) ** 2


def _off(head: NeuralHead, one: Photograph, labels: np.ndarray) -> float:
    """The cross-entropy of a head's outline and a photograph's."""
    lens = one.lens * _SIDE_PX / one.labels.shape[0]
    lens[2:] -= 0.5 * (1 - _SIDE_PX / one.labels.shape[0])
    with torch.no_grad():
        cover = head.seen(lens, one.pose, _SIDE_PX)[..., 3].clip(_SURE, 1 - _SURE)
    missed = -np.log(np.where(headed(labels), cover, 1 - cover))
    return float(missed[labels != UNKNOWN].mean())
