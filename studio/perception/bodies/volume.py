"""A person's volume as our networks see it in a picture: points in, how far inside out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Float32, UInt8
from torch import nn

from studio.human.bodies.canonical import SKIN
from studio.perception.bodies.crops import edge_px, heat
from studio.perception.bodies.network import (
    SURE_M,
    UNIT_M,
    Asked,
    BodyNetwork,
    Seen,
    given_of,
    within_m,
)
from studio.perception.bodies.parts import (
    FEATURES,
    MARKS,
    Kind,
    bones_of_parts,
    mark_vertices,
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
    pixels, NaN where unknown)."""

    rgb: UInt8[np.ndarray, "side side 3"]
    mask: UInt8[np.ndarray, "fine fine"]
    lens: Float[np.ndarray, " 4"]
    marks_px: Float[np.ndarray, "marks 2"] | None = None


class Volume:
    """How far inside somebody points of the reference pose are, as a network sees it.

    The template's pose carries the points before the camera; what the network itself takes for the
    pose is ``seen``.
    """

    def __init__(self, network: nn.Module, square: Square, template: Template) -> None:
        assert isinstance(network, BodyNetwork)
        self._network, self._template, self._kind = network, template, network.kind
        self._edge = torch.from_numpy(edge_px(square.mask))[None, None]
        self._lens = torch.from_numpy(np.asarray(square.lens, np.float32))[None]
        heats = None
        if self._kind == "head":
            marks = np.full((len(MARKS), 2), np.nan) if square.marks_px is None else square.marks_px
            heats = torch.from_numpy(heat(marks, square.rgb.shape[0]))[None]
        rgb = torch.from_numpy(square.rgb).permute(2, 0, 1)[None].float() / 255
        mask = torch.from_numpy(square.mask)[None, None].float() / 255
        with torch.inference_mode():
            given = given_of(rgb, mask, self._edge, heats)
            self.seen: Seen = network.see(given, self._lens)
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
        reference pose are (metres), and how far off that may be.

        What is seen beside the person is not inside, by ``CUT_M`` at most: fits are off, too.
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
        answer = self._network.ask(self.seen, asked, there, self._root, self._lens, self._edge)
        fitted = asked.clothed_m[0]
        most = within_m(self._edge, there, self._lens)[0] + SLACK_M
        most = torch.maximum(most, fitted - CUT_M)
        further = torch.minimum(answer[0, :, 0] * UNIT_M, most).clamp(-CLIP_M, CLIP_M) - fitted
        off = SURE_M * answer[0, :, 7].clamp(-4, 4).exp()
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
