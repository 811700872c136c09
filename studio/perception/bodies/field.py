"""Fields of clothed bodies and heads as our networks see them in photographs of a fitted person."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from dataclasses import field as dataclass_field
from functools import cached_property
from pathlib import Path
from typing import Literal, cast

import numpy as np
import torch
from jaxtyping import Float, Float32
from scipy.ndimage import gaussian_filter, map_coordinates
from scipy.spatial import KDTree

from studio.core.card import find_card
from studio.core.errors import StudioError
from studio.human.bodies.bending import in_view
from studio.human.bodies.canonical import SKIN, Canonical, canonical
from studio.human.bodies.clothed import ClothedField
from studio.human.bodies.field import Field, MergedField, neck_cuts
from studio.human.bodies.fitted import BodyFit, BodyPhoto, BodyView
from studio.human.bodies.hanging import Sight
from studio.human.bodies.meeting import MetField
from studio.human.bodies.shell import beyond
from studio.human.person import Rest
from studio.human.rig import BONE_NAMES
from studio.human.wardrobe.fitting import base_weights
from studio.perception.bodies.crops import FINE, LOOSE, SIDE_PX, cut, square, window
from studio.perception.bodies.network import BodyNetwork
from studio.perception.bodies.parts import MARKS, Kind, head_share, marks_m
from studio.perception.bodies.template import Template
from studio.perception.bodies.volume import CLIP_M, Square, Volume
from studio.perception.own import unpack

Order = Literal["sequence", "parallel"]

NAMES: dict[Kind, str] = {"body": "body", "head": "body_head"}
"""Under what name the networks are published."""
FIT, CLOTHED = "parametric fit", "fit with clothes as offsets"
MADE: dict[Kind, str] = {
    "body": "Chamfer, body, from made photographs end to end",
    "head": "Chamfer, head and hair, from made photographs end to end",
}
"""What cards call what a network must be better than, and the figures that say so."""


NEAR_M, FAR_M = 0.025, 0.075
"""So far before the cuts of neck and wrists the field is that of the fit, and all the networks'."""
SPACING_M, BAND_M = 0.014, 0.13
"""How closely the networks are asked, and how far from the skin."""
_HEAD_FROM = 0.3
LOOKS: tuple[tuple[float, bool], ...] = ((1.0, False), (1.0, True), (0.94, False), (1.06, True))
"""The squares of a photograph that are looked at: how many times as large as is usual, and whether
in a mirror."""
CALM_M = 0.008
"""What they say is smoothed by so much: cloth is smoother than their doubts."""


class VolumeField:
    """A person's volume in photographs as a field (:class:`studio.human.bodies.field.Field`) of a
    ``canonical`` space: the fit with its clothes and what the networks know better, of several
    photographs as sure as each is. Of bodies, not of heads, it becomes the fit alone towards the
    cuts of neck and wrists."""

    def __init__(
        self, canonical: Canonical, volumes: tuple[Volume, ...], fitted: Field, kind: Kind
    ) -> None:
        self.canonical, self._volumes, self._fitted = canonical, volumes, fitted
        self._kind: Kind = kind
        self._tree = KDTree(canonical.vertices_m[:SKIN])

    def inside(self, points_m: Float[np.ndarray, "points 3"]) -> Float32[np.ndarray, " points"]:
        """How far inside the clothed person points of the canonical space are, metres, clipped to
        0.05; negative outside."""
        low, further = self._further
        at = (np.asarray(points_m) - low).T / SPACING_M
        more = map_coordinates(further, at, order=1, mode="constant", cval=0.0)
        return np.clip(self._fitted.inside(points_m) + more, -CLIP_M, CLIP_M).astype(np.float32)

    def ask(self) -> None:
        """Ask the networks now, not when something inside is first wanted."""
        _ = self._further

    def told(self, points_m: Float[np.ndarray, "points 3"]) -> tuple[np.ndarray, np.ndarray]:
        """How much further inside the person than inside the fit's clothes points are as the
        networks say, and how far off that may be (metres)."""
        near = np.asarray(self._tree.query(points_m)[1])
        reference = self.canonical.to_reference(points_m, base_weights()[near])
        further, off = np.swapaxes([one.told(reference) for one in self._volumes], 0, 1)
        say = 1 / off**2
        return (say * further).sum(0) / say.sum(0), 1 / np.sqrt(say.sum(0))

    @cached_property
    def _further(self) -> tuple[np.ndarray, Float32[np.ndarray, "x y z"]]:
        """The first of :meth:`told` on a grid about the person, where that begins."""
        skin = self.canonical.vertices_m[:SKIN]
        if self._kind == "head":
            skin = skin[head_share()[:SKIN] > _HEAD_FROM]
        low, high = skin.min(0) - BAND_M, skin.max(0) + BAND_M
        shape = np.ceil((high - low) / SPACING_M).astype(int) + 1
        points = np.stack(np.meshgrid(*(np.arange(n) for n in shape), indexing="ij"), -1)
        points = low + SPACING_M * points.reshape(-1, 3)
        found = np.zeros(len(points), np.float32)
        share = np.ones(len(points))
        if self._kind == "body":
            before = -beyond(self.canonical, points)
            share = np.clip((before - NEAR_M) / (FAR_M - NEAR_M), 0, 1)
        near = np.isfinite(self._tree.query(points, distance_upper_bound=BAND_M)[0]) & (share > 0)
        found[near] = self.told(points[near])[0]
        size, sigma = tuple(shape), CALM_M / SPACING_M
        weight = gaussian_filter(near.astype(np.float32).reshape(size), sigma)
        calm = gaussian_filter(found.reshape(size), sigma) / np.maximum(weight, 1e-3)
        return low, (calm * (share * near).reshape(size)).astype(np.float32)


def volume_field(
    fit: BodyFit, rest: Rest, space: Canonical, kind: Kind = "body", weights: Path | None = None
) -> VolumeField:
    """The field that our network for bodies (or heads) sees in the photographs of a fit, whose
    person at rest is ``rest``.

    ``weights`` are published weights, those of Doppel or of the user without. What a lens distorts
    is not undone. Raises StudioError if there are no weights.
    """
    path = weights or find_card(NAMES[kind]).weights
    return seen_by(cast(BodyNetwork, unpack(BodyNetwork(kind), path)), fit, rest, space)


def seen_by(network: BodyNetwork, fit: BodyFit, rest: Rest, space: Canonical) -> VolumeField:
    """The field that a network sees (see :func:`volume_field`)."""
    volumes: list[Volume] = []
    for view in fit.views:
        template = template_of(rest, view, fit.offsets_m)
        looked = [
            square_of(view.photo, view, network.kind, larger)
            or square_behind(template, view, larger)
            for larger, _ in LOOKS
        ]
        squares = [
            one.in_mirror() if mirrored else one
            for one, (_, mirrored) in zip(looked, LOOKS, strict=True)
        ]
        volumes.append(Volume(network, squares, template))
    fitted = ClothedField(space, fit.offsets_m)
    return VolumeField(space, tuple(volumes), fitted, network.kind)


@dataclass(frozen=True, eq=False)
class Told:
    """What our networks tell of a person: a field, None where none knows better than the fit; the
    photographs' views with the bones as outlines turned them, none where they stay as fitted; how
    long each network took (seconds), and all together."""

    field: Field | None
    views: tuple[BodyView, ...] = ()
    took_s: Mapping[Kind, float] = dataclass_field(default_factory=dict)
    all_s: float = 0.0


NOTHING_TOLD = Told(None)


def person_field(
    fit: BodyFit, rest: Rest, space: Canonical, kinds: Sequence[Kind] = ("body", "head"),
    order: Order = "sequence",
) -> Told:  # fmt: skip
    """What our networks of those ``kinds`` that know better than the fit tell of a fitted person:
    the body's field, the head's, or both, blended along the neck. They are asked one after the
    other, or each in a thread of its own at the same time; the field is the same."""
    better: list[Kind] = [kind for kind in kinds if better_than_the_fit(kind)]
    took: dict[Kind, float] = {}

    def ask(kind: Kind) -> Field:
        began = time.perf_counter()
        found = volume_field(fit, rest, space, kind)
        found.ask()
        took[kind] = time.perf_counter() - began
        return found

    began = time.perf_counter()
    if order == "parallel":
        with ThreadPoolExecutor(max(len(better), 1), "network") as threads:
            found = list(threads.map(ask, better))
    else:
        found = [ask(kind) for kind in better]
    known: dict[Kind, Field] = dict(zip(better, found, strict=True))
    lasted = time.perf_counter() - began
    views: tuple[BodyView, ...] = ()
    if "body" in known:
        known["body"] = met = outlined(known["body"], fit, rest, space)
        views = turned(fit, met, space)
    field = known.get("body")
    if "head" in known:
        body = field or ClothedField(space, fit.offsets_m)
        field = MergedField(body, known["head"], neck_cuts(space))
    return Told(field, views, {kind: took[kind] for kind in better}, lasted)


def outlined(field: Field, fit: BodyFit, rest: Rest, space: Canonical) -> MetField:
    """A field of a fitted person, moved until it meets the outlines in the photographs."""
    sights: list[Sight] = []
    for view in fit.views:
        carried = template_of(rest, view, fit.offsets_m).carried
        sights.append(Sight.of(view.photo, view.camera, carried))
    return MetField(field, space, fit, sights)


def turned(fit: BodyFit, met: MetField, space: Canonical) -> tuple[BodyView, ...]:
    """The views of a fit with the bones as its photographs' outlines turned them."""
    heads = space.armature.rest_world[:, :3, 3]
    return tuple(in_view(*pair, heads) for pair in zip(fit.views, met.sights, strict=True))


def better_than_the_fit(kind: Kind) -> bool:
    """Whether the published network came nearer to held-out people than the fit did, with clothes
    as offsets and without, by the figures of its card, from photographs end to end. False where
    none is published, or it was not measured."""
    try:
        rows = find_card(NAMES[kind]).figures
    except StudioError:
        return False
    told = [row for row in rows if row["what"] == MADE[kind]]
    if not told or told[0].get("value") is None or not told[0].get("baselines"):
        return False
    return told[0]["value"] < min(told[0]["baselines"].values())


@torch.no_grad()
def template_of(rest: Rest, view: BodyView, offsets_m: np.ndarray) -> Template:
    """A fitted person with clothes before the camera of a photograph."""
    space, posed = canonical(rest, "A"), view.posed(rest)
    heads = space.armature.rest_world[:, :3, 3]
    carried = np.tile(np.eye(4), (len(heads), 1, 1))
    turns, joints = posed.turns[0].double().numpy(), posed.joints_m[0].double().numpy()
    camera = view.camera
    carried[:, :3, :3] = camera.rotation @ turns
    shift = joints - np.einsum("bij,bj->bi", turns, heads)
    carried[:, :3, 3] = shift @ camera.rotation.T + camera.translation_m
    return Template(space.vertices_m, heads, carried, offsets_m)


def square_of(photo: BodyPhoto, view: BodyView, kind: Kind, larger: float = 1.0) -> Square | None:
    """The square of a photograph that a network looks at, so many times as large as is usual; None
    for a head without a face."""
    marks = None
    if kind == "body":
        ys, xs = np.nonzero(photo.mask > 127)
        about = np.array([[xs.min(), ys.min()], [xs.max(), ys.max()]], float)
    elif photo.face_px is None:
        return None
    else:
        marks = about = photo.face_px[list(MARKS), :2].astype(float)
    found = square_about(about, photo, view, kind, larger)
    if marks is None:
        return found
    into = window(*square(about, larger * LOOSE[kind]), SIDE_PX[kind])
    return replace(found, marks_px=marks @ into[:2, :2].T + into[:2, 2])


def square_behind(template: Template, view: BodyView, larger: float = 1.0) -> Square:
    """The square of a head whose face is not seen, where the fit has it."""
    head = template.carried[BONE_NAMES.index("head")]
    flat = (marks_m(template.vertices_m) @ head[:3, :3].T + head[:3, 3]) @ view.camera.matrix.T
    found = square_about(flat[:, :2] / flat[:, 2:], view.photo, view, "head", larger)
    return replace(found, marks_px=np.full((len(MARKS), 2), np.nan))


def square_about(
    about_px: Float[np.ndarray, "points 2"], photo: BodyPhoto, view: BodyView, kind: Kind,
    larger: float = 1.0,
) -> Square:  # fmt: skip
    """The square of a photograph about points, so many times as large as is usual."""
    side = SIDE_PX[kind]
    into = window(*square(about_px, larger * LOOSE[kind]), side)
    middle = (FINE - 1) / 2
    finer = np.array([[FINE, 0, middle], [0, FINE, middle], [0, 0, 1]]) @ into
    lens = (into @ view.camera.matrix)[[0, 1, 0, 1], [0, 1, 2, 2]]
    mask = cut(photo.mask, finer, FINE * side)
    return Square(cut(photo.rgb, into, side), mask, lens.astype(np.float32))
