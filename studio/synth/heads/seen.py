"""A fitted head as a design, and how each photograph sees that design's skin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Float

from studio.human.design import Design
from studio.human.heads import model
from studio.human.heads.carving import carve
from studio.human.heads.fit import FittedHead, View
from studio.human.heads.model import BUILDS, HEAD
from studio.human.heads.shown import Portrait
from studio.human.person import Rest
from studio.synth import designed

PUPILS_M = 0.063
"""How far apart pupils are, usually."""
_LEAST_M = 0.0001
PUPILS = (468, 473)
_ASIDE = 0.25
"""How far off the pupils' distance is in a head seen from the side, by the sine's square."""
_SIZES = 0.07
"""How much heads differ in size; both of the logarithm."""
_NOSE_AND_CHIN = (168, 152)
_HEAD_SCALES = (0.8, 1.3)


@dataclass(frozen=True, eq=False)
class SeenHead:
    """A design of a photographed person, and every photograph's view of it, in true size: the
    views are of the design's head frame (metres, its bone's head, axes of the world)."""

    design: Design
    views: tuple[View, ...]
    pupils_m: float

    @cached_property
    def _rest(self) -> Rest:
        return designed.resting(self.design)[0]

    @torch.no_grad()
    def skin(self, view: View) -> Float[np.ndarray, "vertices 3"]:
        """All base vertices with the expression of a photograph, in the head's frame."""
        rest = self._rest
        acted = torch.einsum("a,avk->vk", torch.from_numpy(view.actions).float(), rest.actions_m)
        return (rest.vertices_m + acted - rest.heads_m[HEAD]).double().numpy()


def scale_of(
    head: FittedHead, portraits: Sequence[Portrait], pupils_m: float | None = None
) -> float:
    """How many times as large as it was fitted a head is, by how far its pupils are apart (usually,
    if they were not measured). Of a face seen from the side alone pupils come out too near to each
    other: the further it is turned, the more the usual size of heads says instead."""
    wanted = PUPILS_M if pupils_m is None else pupils_m
    turned = np.radians(head.views[frontal_of(head.views)].turned_deg)
    told, usual = (_ASIDE * np.sin(turned) ** 2) ** 2, _SIZES**2
    return float((wanted / apart_m(head, portraits)) ** (usual / (usual + told)))


def seen_head(
    head: FittedHead, portraits: Sequence[Portrait], pupils_m: float | None = None,
    scale: float | None = None,
) -> SeenHead:  # fmt: skip
    """The design of a fitted head in true size: ``scale`` times as large as it was fitted, if that
    is known, else as its pupils tell (see :func:`scale_of`)."""
    if scale is None:
        scale = scale_of(head, portraits, pupils_m)
    scale = float(np.clip(scale, *_HEAD_SCALES))
    moved = carve(head, portraits) * scale
    numbers = dict(zip(BUILDS, head.values.tolist(), strict=False))
    design = Design(
        phenotypes={name: round(min(max(v, 0.0), 1.0), 4) for name, v in numbers.items()},
        scales={"head": round(scale, 4)},
        local=model.sliders_of(head.values, head.neck),
        carved={
            point: (round(float(x), 5), round(float(y), 5), round(float(z), 5))
            for point, (x, y, z) in enumerate(np.clip(moved, -0.03, 0.03))
            if max(abs(x), abs(y), abs(z)) > _LEAST_M
        },
    )
    views = tuple(
        View(v.rotation, scale * v.translation_m, v.focal_px, v.centre_px, v.actions)
        for v in head.views
    )
    return SeenHead(design, views, scale * apart_m(head, portraits))


def frontal_of(views: Sequence[View]) -> int:
    """Which photograph sees the face most frontally."""
    return min(range(len(views)), key=lambda k: views[k].turned_deg)


def tall_m(head: FittedHead, portraits: Sequence[Portrait]) -> float:
    """How far it is from the bridge of the nose to the chin of the calm face (metres of the fit's
    own size)."""
    ends = (head.points_m + carve(head, portraits))[list(_NOSE_AND_CHIN)]
    return float(np.linalg.norm(np.diff(ends, axis=0)))


def apart_m(head: FittedHead, portraits: Sequence[Portrait]) -> float:
    """How far the pupils are apart as the photograph that sees them most frontally shows them, at
    the depth of the fitted eyes (metres of the fit's own size)."""
    frontal = frontal_of(head.views)
    view, one = head.views[frontal], portraits[frontal]
    deep = view.camera_points(head.acted(view))[list(PUPILS), 2]
    at = (one.xyz_px[list(PUPILS), :2] - view.centre_px) * deep[:, None] / view.focal_px
    return float(np.linalg.norm(np.diff(np.column_stack([at, deep]), axis=0)))
