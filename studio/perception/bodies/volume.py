"""A person's volume as our networks see it in a picture: points in, how far inside out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Float32, UInt8
from torch import Tensor, nn

from studio.human.bodies.canonical import SKIN
from studio.perception.bodies.crops import edge_px, heat
from studio.perception.bodies.network import (
    SURE_M,
    UNIT_M,
    Asked,
    BodyNetwork,
    Seen,
    given_of,
    in_mirror,
    within_m,
)
from studio.perception.bodies.parts import (
    FEATURES,
    MARKS,
    Kind,
    bones_of_parts,
    mark_vertices,
    mirrored_marks,
    part_weights,
)
from studio.perception.bodies.template import Template

_AT_ONCE = 32_768
CLIP_M = 0.05
"""Values are clipped to this far inside and outside."""
SLACK_M, CUT_M = 0.001, 0.02
"""So far beside the outline points may still be inside; so much of the fit's clothes may be cut."""


@dataclass(frozen=True, eq=False)
class Square:
    """What the first model looks at: a square of a picture with somebody, their fine mask, the lens
    (focal lengths and principal point in its pixels), and for heads the face's points (marks, 2;
    pixels, NaN where unknown). ``mirrored``: it shows them as a mirror does."""

    rgb: UInt8[np.ndarray, "side side 3"]
    mask: UInt8[np.ndarray, "fine fine"]
    lens: Float[np.ndarray, " 4"]
    marks_px: Float[np.ndarray, "marks 2"] | None = None
    mirrored: bool = False

    def in_mirror(self) -> Square:
        """The same square in a mirror."""
        last, lens, marks = self.rgb.shape[1] - 1, self.lens.copy(), self.marks_px
        lens[2] = last - lens[2]
        if marks is not None:
            marks = marks[mirrored_marks()] * [-1, 1] + [last, 0]
        rgb, mask = (np.ascontiguousarray(plane[:, ::-1]) for plane in (self.rgb, self.mask))
        return Square(rgb, mask, lens, marks, not self.mirrored)


class _Look:
    """One square as the first model sees it."""

    def __init__(self, network: BodyNetwork, square: Square) -> None:
        self.mirrored, kind = square.mirrored, network.kind
        self.edge = torch.from_numpy(edge_px(square.mask))[None, None]
        self.lens = torch.from_numpy(np.asarray(square.lens, np.float32))[None]
        heats = None
        if kind == "head":
            marks = np.full((len(MARKS), 2), np.nan) if square.marks_px is None else square.marks_px
            heats = torch.from_numpy(heat(marks, square.rgb.shape[0]))[None]
        rgb = torch.from_numpy(square.rgb).permute(2, 0, 1)[None].float() / 255
        mask = torch.from_numpy(square.mask)[None, None].float() / 255
        given = given_of(rgb, mask, self.edge, heats)
        self._network, self.seen = network, network.see(given, self.lens)

    def told(self, asked: Asked, there_m: Tensor, root_m: Tensor) -> tuple[Tensor, Tensor]:
        """How far inside the person points are that a pose carries ``there_m``, its root at
        ``root_m``, and how far off that may be (metres). What is seen beside the person is not
        inside, by ``CUT_M`` at most: fits are off, too."""
        if self.mirrored:
            way = torch.tensor([-1.0, 1.0, 1.0])
            asked = in_mirror(asked, self._network.kind)
            there_m, root_m = there_m * way, root_m * way
        answer = self._network.ask(self.seen, asked, there_m, root_m, self.lens, self.edge)[0]
        most = within_m(self.edge, there_m, self.lens)[0] + SLACK_M
        most = torch.maximum(most, asked.clothed_m[0] - CUT_M)
        inside = torch.minimum(answer[:, 0] * UNIT_M, most).clamp(-CLIP_M, CLIP_M)
        return inside, SURE_M * answer[:, 7].clamp(-4, 4).exp()


class Volume:
    """How far inside somebody points of the reference pose are, as a network sees it in squares of
    one picture: it errs a little otherwise in each.

    The template's pose carries the points before the camera; what the network itself takes for the
    pose is ``seen``, in the first square.
    """

    def __init__(self, network: nn.Module, squares: Sequence[Square], template: Template) -> None:
        assert isinstance(network, BodyNetwork)
        self._template, self._kind = template, network.kind
        with torch.inference_mode():
            self._looks = [_Look(network, square) for square in squares]
        self.seen: Seen = self._looks[0].seen
        self._weights = part_weights(self._kind)[:SKIN]
        self._heads = torch.from_numpy(template.part_heads_m(self._kind).astype(np.float32))[None]
        self._features = torch.from_numpy(_features_m(template.vertices_m))[None]
        self._root = torch.from_numpy(_root(template, self._kind))[None]

    def inside(self, points_m: Float[np.ndarray, "points 3"]) -> Float32[np.ndarray, " points"]:
        """How far inside the clothed person points of the template's reference pose are, metres,
        clipped to ``CLIP_M``; negative outside."""
        return np.clip(self._template.clothed.inside(points_m) + self.told(points_m)[0],
                       -CLIP_M, CLIP_M)  # fmt: skip

    def told(
        self, points_m: Float[np.ndarray, "points 3"]
    ) -> tuple[Float32[np.ndarray, " points"], Float32[np.ndarray, " points"]]:
        """How much further inside the person than inside the fit's clothes points of the template's
        reference pose are (metres), and how far off that may be: all squares, as sure as each is.
        """
        if not len(points_m):
            return np.zeros(0, np.float32), np.zeros(0, np.float32)
        found = [self._told(points_m[k : k + _AT_ONCE]) for k in range(0, len(points_m), _AT_ONCE)]
        further, off = (np.concatenate(part) for part in zip(*found, strict=True))
        return further, off

    @torch.inference_mode()
    def _told(self, points_m: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        placed = self._template.place(points_m)

        def tensor(values: np.ndarray) -> torch.Tensor:
            return torch.from_numpy(np.ascontiguousarray(values, np.float32))[None]

        asked = Asked(
            tensor(points_m), self._heads, tensor(self._weights[placed.near]),
            tensor(placed.bare_m), tensor(placed.clothed_m), tensor(placed.facing),
            self._features,
        )  # fmt: skip
        there = tensor(placed.placed_m)
        inside, off = map(torch.stack, zip(
            *(look.told(asked, there, self._root) for look in self._looks), strict=True
        ))  # fmt: skip
        say = 1 / off**2
        further = (say * inside).sum(0) / say.sum(0) - asked.clothed_m[0]
        off = (say * off).sum(0) / say.sum(0)  # they err much alike
        return further.numpy().astype(np.float32), off.numpy().astype(np.float32)


def _features_m(vertices_m: np.ndarray) -> np.ndarray:
    marks, found = list(mark_vertices()), list[np.ndarray]()
    for points in FEATURES.values():
        ids = np.concatenate([marks.pop(0) for _ in points])
        found.append(vertices_m[ids[ids < SKIN]].mean(0))
    return np.stack(found).astype(np.float32)


def _root(template: Template, kind: Kind) -> np.ndarray:
    bone = bones_of_parts(kind)[0]
    carried = template.carried[bone]
    return (carried[:3, :3] @ template.heads_m[bone] + carried[:3, 3]).astype(np.float32)
