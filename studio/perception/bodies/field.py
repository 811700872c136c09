"""Fields of clothed bodies and heads as our networks see them in photographs of a fitted person."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import numpy as np
import torch
from jaxtyping import Float, Float32
from scipy.spatial import KDTree

from studio.core.card import find_card
from studio.core.errors import StudioError
from studio.human.bodies.canonical import SKIN, Canonical, canonical
from studio.human.bodies.fitted import BodyFit, BodyPhoto, BodyView
from studio.human.person import Rest
from studio.human.wardrobe.fitting import base_weights
from studio.perception.bodies.crops import LOOSE, SIDE_PX, cut, square, window
from studio.perception.bodies.network import BodyNetwork
from studio.perception.bodies.parts import MARKS, Kind
from studio.perception.bodies.template import Template
from studio.perception.bodies.volume import Square, Volume
from studio.perception.own import unpack

NAMES: dict[Kind, str] = {"body": "body", "head": "body_head"}
"""Under what name the networks are published."""
FIT, CLOTHED = "parametric fit", "fit with clothes as offsets"
MADE = "Chamfer, body, from made photographs end to end"
"""What cards call what a network must be better than, and the figure that says so."""


class VolumeField:
    """A person's volume in photographs as a field (:class:`studio.human.bodies.field.Field`) of a
    ``canonical`` space; of several photographs, the mean of what each shows."""

    def __init__(self, canonical: Canonical, volumes: tuple[Volume, ...]) -> None:
        self.canonical, self._volumes = canonical, volumes
        self._tree = KDTree(canonical.vertices_m[:SKIN])

    def inside(self, points_m: Float[np.ndarray, "points 3"]) -> Float32[np.ndarray, " points"]:
        """How far inside the clothed person points of the canonical space are, metres, clipped to
        0.05; negative outside."""
        near = np.asarray(self._tree.query(points_m)[1])
        reference = self.canonical.to_reference(points_m, base_weights()[near])
        return np.mean([one.inside(reference) for one in self._volumes], 0).astype(np.float32)


def volume_field(
    fit: BodyFit, rest: Rest, space: Canonical, kind: Kind = "body", weights: Path | None = None
) -> VolumeField | None:
    """The field that our network for bodies (or heads) sees in the photographs of a fit, whose
    person at rest is ``rest``; None where no photograph shows a face that a head could be told by.

    ``weights`` are published weights, those of Doppel or of the user without. What a lens distorts
    is not undone. Raises StudioError if there are no weights.
    """
    path = weights or find_card(NAMES[kind]).weights
    return seen_by(cast(BodyNetwork, unpack(BodyNetwork(kind), path)), fit, rest, space)


def seen_by(network: BodyNetwork, fit: BodyFit, rest: Rest, space: Canonical) -> VolumeField | None:
    """The field that a network sees (see :func:`volume_field`)."""
    volumes: list[Volume] = []
    for view in fit.views:
        looked = square_of(view.photo, view, network.kind)
        if looked is not None:
            volumes.append(Volume(network, looked, template_of(rest, view)))
    return VolumeField(space, tuple(volumes)) if volumes else None


def better_than_the_fit(kind: Kind) -> bool:
    """Whether the published network came nearer to held-out people than the fit did, with clothes
    as offsets and without, by the figures of its card: for bodies, from photographs end to end.
    False where none is published, or it was not measured."""
    try:
        rows = find_card(NAMES[kind]).figures
    except StudioError:
        return False
    told = [row for row in rows if row["what"] == MADE] if kind == "body" else list(rows[:1])
    if not told or told[0].get("value") is None or not told[0].get("baselines"):
        return False
    return told[0]["value"] < min(told[0]["baselines"].values())


@torch.no_grad()
def template_of(rest: Rest, view: BodyView) -> Template:
    """A fitted person before the camera of a photograph."""
    space, posed = canonical(rest, "A"), view.posed(rest)
    heads = space.armature.rest_world[:, :3, 3]
    carried = np.tile(np.eye(4), (len(heads), 1, 1))
    turns, joints = posed.turns[0].double().numpy(), posed.joints_m[0].double().numpy()
    camera = view.camera
    carried[:, :3, :3] = camera.rotation @ turns
    shift = joints - np.einsum("bij,bj->bi", turns, heads)
    carried[:, :3, 3] = shift @ camera.rotation.T + camera.translation_m
    return Template(space.vertices_m, heads, carried)


def square_of(photo: BodyPhoto, view: BodyView, kind: Kind) -> Square | None:
    """The square of a photograph that a network looks at; None for a head without a face."""
    marks = None
    if kind == "body":
        ys, xs = np.nonzero(photo.mask > 127)
        about = np.array([[xs.min(), ys.min()], [xs.max(), ys.max()]], float)
    elif photo.face_px is None:
        return None
    else:
        marks = about = photo.face_px[list(MARKS), :2].astype(float)
    side = SIDE_PX[kind]
    into = window(*square(about, LOOSE[kind]), side)
    if marks is not None:
        marks = marks @ into[:2, :2].T + into[:2, 2]
    lens = (into @ view.camera.matrix)[[0, 1, 0, 1], [0, 1, 2, 2]]
    rgb, mask = cut(photo.rgb, into, side), cut(photo.mask, into, side)
    return Square(rgb, mask, lens.astype(np.float32), marks)
