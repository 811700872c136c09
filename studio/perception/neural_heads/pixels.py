"""Which pixels of a head's photographs it learns from, and what of its fit they show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from studio.perception.neural_heads.network import Fields
from studio.perception.neural_heads.photographs import BARE, FREE, HEAD, UNKNOWN, Photograph
from studio.perception.neural_heads.space import LOW_M, asked
from studio.perception.neural_heads.volume import Rays, boxed, first_met, rays_of

if TYPE_CHECKING:
    from studio.perception.neural_heads.fitting import NeuralHead

RAYS = 160
_SKIN_POINTS, _BARE = 128, 8000
"""Places of bare skin in each step, and in all photographs together."""
_GRAZING = 0.25
"""Skin that is seen at a flatter angle (its cosine) tells nothing of where it is."""


@dataclass(frozen=True, eq=False)
class Drawn:
    """Some rays with their colours and labels, of one head each (1, n, ...), and which way the fit
    looks where they meet its bare skin (0: not known)."""

    rays: Rays
    rgb: Tensor
    labels: Tensor
    facing: Tensor | None


class Pixels:
    """The pixels of a head's photographs that tell something, and what of the fit they show."""

    def __init__(self, head: NeuralHead) -> None:
        self._head = head
        labels = [labels_of(one, head.fields) for one in head.photographs]
        self._labels = torch.from_numpy(np.stack(labels).astype(np.int64))
        self._rgb = torch.from_numpy(np.stack([one.rgb for one in head.photographs]))
        known = self._labels != UNKNOWN
        there = (self._labels == HEAD) | (self._labels == BARE)
        edge = torch.nn.functional.max_pool2d(there.float()[:, None], 31, 1, 15)
        near = (edge[:, 0] > 0) & known
        self._on = there.nonzero()
        self._off = (near & (self._labels == FREE)).nonzero()
        self._lens = torch.from_numpy(np.stack([one.lens for one in head.photographs])).float()
        self._poses = torch.from_numpy(np.stack([one.pose for one in head.photographs])).float()
        self._met, self._facing = self._bare()
        self.marks = None
        if head.marks_m is not None:
            self.marks = torch.from_numpy(head.marks_m.astype(np.float32))[None]

    def _bare(self) -> tuple[Tensor, Tensor | None]:
        """Where bare pixels meet the fit's skin (n, 3; metres), and which way that looks there, as
        pictures (photographs, rows, columns, 3; 0 elsewhere)."""
        bare = (self._labels == BARE).nonzero()
        if not len(bare):
            return torch.zeros(0, 3), None
        view, row, column = bare[:: 1 + len(bare) // _BARE].T
        pixels = torch.stack([column, row], -1).float()
        rays = rays_of(pixels[None], self._lens[view][None], self._poses[view][None])
        met, there, facing = first_met(rays, self._head.fields)
        there = there[0] & (-(facing * rays.way).sum(-1)[0] > _GRAZING)
        pictures = torch.zeros(*self._labels.shape, 3)
        pictures[view[there], row[there], column[there]] = facing[0, there]
        return met[0, there], pictures

    def skin(self, dice: torch.Generator) -> Tensor | None:
        """Some places (1, n, 3) of the fit's skin that the photographs show bare."""
        if not len(self._met):
            return None
        return self._met[torch.randint(len(self._met), (_SKIN_POINTS,), generator=dice)][None]

    def some(self, dice: torch.Generator) -> Drawn:
        """Some rays."""
        many = int(0.6 * RAYS)
        picked = [
            every[torch.randint(len(every), (count,), generator=dice)]
            for every, count in ((self._on, many), (self._off, RAYS - many))
            if len(every)
        ]
        view, row, column = torch.cat(picked).T
        poses = turned(self._poses, self._head.cameras)[view]
        pixels = torch.stack([column, row], -1).float()
        rays = rays_of(pixels[None], self._lens[view][None], poses[None])
        rgb = self._rgb[view, row, column].float()[None] / 255
        labels = self._labels[view, row, column]
        labels = torch.where(labels == BARE, HEAD, labels)[None]
        facing = None if self._facing is None else self._facing[view, row, column][None]
        return Drawn(rays, rgb, labels, facing)


def turned(poses: Tensor, by: Tensor) -> Tensor:
    """Cameras' poses (n, 3, 4), turned and moved by (n, 6)."""
    x, y, z = by[:, :3].unbind(-1)
    o = torch.zeros_like(x)
    cross = torch.stack([o, -z, y, z, o, -x, -y, x, o], -1).unflatten(-1, (3, 3))
    turn = torch.linalg.matrix_exp(cross)
    return torch.cat([turn @ poses[..., :3], poses[..., 3:] + by[:, 3:, None]], -1)


@torch.no_grad()
def labels_of(one: Photograph, fields: Fields) -> np.ndarray:
    """A photograph's labels; what is seen of the neck below the box is not known."""
    rows, columns = np.nonzero(one.head)
    labels = one.labels.copy()
    if not len(rows):
        return labels
    pixels = torch.from_numpy(np.column_stack([columns, rows]).astype(np.float32))[None]
    lens = torch.from_numpy(one.lens).float().expand(1, len(rows), 4)
    rays = rays_of(pixels, lens, torch.from_numpy(one.pose).float().expand(1, len(rows), 3, 4))
    first, last, within = boxed(rays)
    far = first[..., None] + torch.linspace(0, 1, 64) * (last - first)[..., None]
    points = rays.at(far)
    near = asked(fields.outside[:, :1], points.flatten(1, 2))[..., 0].unflatten(1, far.shape[1:])
    below = (rays.at(last[..., None])[..., 0, 2] < LOW_M[2] + 1e-3) | ~within
    entered = rays.at(first[..., None])[..., 0, 2] < LOW_M[2] + 1e-3
    unknown = ((below | entered) & (near.amin(-1) > 0))[0].numpy()
    labels[rows[unknown], columns[unknown]] = UNKNOWN
    return labels
