"""Bodies and heads from made photographs, end to end: the fit alone, the fit with clothes as
offsets, and what a network makes of it, all beside the true surface."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from torch import nn

from studio.core.errors import StudioError
from studio.core.types import Mesh
from studio.human.bodies.canonical import SKIN, Canonical, canonical
from studio.human.bodies.clothed import ClothedField, grown
from studio.human.bodies.field import Field, MergedField, neck_cuts, template_field
from studio.human.bodies.fit import Told, fit_body
from studio.human.bodies.fitted import BodyFit
from studio.human.bodies.settling import settled
from studio.human.person import Rest
from studio.perception.bodies.field import (
    CLOTHED,
    FIT,
    MADE,
    better_than_the_fit,
    outlined,
    seen_by,
    template_of,
    volume_field,
)
from studio.perception.bodies.network import BodyNetwork
from studio.perception.bodies.parts import head_share
from studio.perception.bodies.template import Template
from studio.perception.bodies_seen import NETWORKS, BodyLooker
from studio.synth.bodies.pairs import MOMENTS, BodyFactory, pair_of, true_inside, true_surface
from studio.synth.bodies.solid import enclosed
from studio.synth.designed import resting
from studio.synth.factory.streams import Split
from studio.training.bodies import sample_of
from studio.training.task import Find, Row, Sample
from studio.training.tasks.body_figures import distances_mm, judged, reconstructed
from studio.vision.triangles import Triangles

PEOPLE, SEED = 8, 0
OURS = "network"
_OUT_M, _POINTS = 0.003, 20_000


@dataclass(frozen=True, eq=False)
class Truth:
    """A fit, points and normals of the true surface in its reference pose, points anywhere about
    it and which of them are truly inside; and the pair that it makes to be judged by."""

    fit: BodyFit
    surface_m: np.ndarray
    normals: np.ndarray
    points_m: np.ndarray
    inside: np.ndarray
    sample: Sample


class Fitted:
    """The samples of people who were fitted."""

    def __init__(self, people: Sequence[Truth]) -> None:
        self._people = people

    def __len__(self) -> int:
        return len(self._people)

    def __getitem__(self, number: int) -> Sample:
        return self._people[number].sample


def rows(network: nn.Module, people: Sequence[Truth], told: Callable[[str], object]) -> list[Row]:
    """P2S, Chamfer and overlap of surfaces from photographs of held-out people, one of each: bodies
    with the published network for heads, as avatars are, where it is better than the fit; heads
    without the overlap. What cannot be measured says so where there is nobody. ``told`` hears of
    each of them."""
    assert isinstance(network, BodyNetwork)
    made = MADE[network.kind]
    names = [made, made.replace("Chamfer", "P2S"), made.replace("Chamfer", "overlap (IoU)")]
    names = names[: 2 if network.kind == "head" else 3]
    if not people:
        return [Row(name, None, note="nobody could be fitted") for name in names]
    found: list[dict[str, tuple[float, float, float]]] = []
    for one in people:
        found.append(compared(network, one))
        told(f"{len(found)} of {len(people)}: Chamfer {found[-1][OURS][0]:.1f} mm")
    note = f"{len(found)} held-out people, a photograph each, their height told"
    means = {name: np.mean([row[name] for row in found], 0) for name in found[0]}
    return [
        Row(what, float(means[OURS][k]), "" if k == 2 else "mm", "higher" if k == 2 else "lower",
            {name: float(means[name][k]) for name in (FIT, CLOTHED)}, note)
        for k, what in enumerate(names)
    ]  # fmt: skip


def judged_rows(network: nn.Module, people: Sequence[Truth]) -> list[Row]:
    """How far off distances, joints and the surface in the network's own pose are, of the same
    people."""
    assert isinstance(network, BodyNetwork)
    if not people:
        return []
    told = judged(network, Fitted(people), len(people), "cpu", network.kind)
    note = f"the same {len(people)} people"
    return [
        Row("distance off within 15 mm of the surface", told["distance off"], "mm", "lower",
            {FIT: told["distance off, fit"], CLOTHED: told["distance off, clothes"],
             "own pose": told["distance off, own pose"]}, note),
        Row("joints, own pose, root at root", told["joints off"], "mm", "lower", {}, note),
        Row("surface as its own pose carries it, root at root", told["posed surface off"], "mm",
            "lower", {}, note),
    ]  # fmt: skip


def fitted(find: Find, people: int, split: Split = "test") -> Iterator[Truth]:
    """Held-out people as they are fitted; whoever cannot be is left out."""
    looker = BodyLooker({name: find(name) for name in NETWORKS})
    with BodyFactory(split, SEED) as factory, looker:
        for who in range(people):
            taken = factory.photograph(MOMENTS[split] * who)
            lens = float(taken.camera.matrix[0, 0])
            try:
                photo = looker.look(f"{who}", taken.rgb, focal_px=lens)
                fit = fit_body([photo], Told(height_m=taken.height_m))
            except StudioError:
                continue
            heads = canonical(resting(fit.design)[0], "A").armature.rest_world[:, :3, 3]
            dice, subject = np.random.default_rng(who), taken.subject
            surface = true_surface(subject, heads, dice)
            points = true_inside(subject, heads, dice, _POINTS)
            yield Truth(fit, *surface, *points, sample_of(pair_of(taken, fit, dice)))


def compared(network: BodyNetwork, truth: Truth) -> dict[str, tuple[float, float, float]]:
    """Chamfer and P2S (mm) of each way, of what is seen from outside: of the whole body, or, of
    networks for heads, of head and hair as avatars have them; and the overlap of what is inside."""
    rest = resting(truth.fit.design)[0]
    space = canonical(rest, "A")
    template = template_of(rest, truth.fit.main, truth.fit.offsets_m)
    skin, surface, normals = space.vertices_m, truth.surface_m, truth.normals
    ours, field = _ours(network, truth.fit, rest, space, template)
    meshes = {
        FIT: Mesh(skin[:SKIN], space.faces),
        CLOTHED: Mesh(grown(skin, truth.fit.offsets_m)[:SKIN], space.faces),
        OURS: ours,
    }
    ways = {FIT: template_field(space), CLOTHED: ClothedField(space, truth.fit.offsets_m),
            OURS: field}  # fmt: skip
    if network.kind == "head":
        own = head_share()[template.nearest(surface)] > 0.5
        surface, normals = surface[own], normals[own]
    found = dict[str, tuple[float, float, float]]()
    for name, mesh in meshes.items():
        seen = _outside(mesh)
        if network.kind == "head":
            own = head_share()[template.nearest(mesh.vertices_m)] > 0.5
            seen = Mesh(seen.vertices_m, seen.faces[own[seen.faces].all(1)])
        p2s, chamfer = distances_mm(seen, surface, normals, np.random.default_rng(0))
        said = ways[name].inside(truth.points_m) > 0
        found[name] = chamfer, p2s, float((said & truth.inside).sum() / (said | truth.inside).sum())
    return found


def _ours(
    network: BodyNetwork, fit: BodyFit, rest: Rest, space: Canonical, template: Template
) -> tuple[Mesh, Field]:
    seen = seen_by(network, fit, rest, space)
    if network.kind == "body":
        field: Field = outlined(seen, fit, rest, space)
        if better_than_the_fit("head"):
            head = volume_field(fit, rest, space, "head")
            field = MergedField(field, head, neck_cuts(space))
        return reconstructed(field.inside, template), field
    merged = MergedField(ClothedField(space, fit.offsets_m), seen, neck_cuts(space))
    offsets = settled(merged, space, fit.offsets_m)
    return Mesh(grown(space.vertices_m, offsets)[:SKIN], space.faces), merged


def _outside(mesh: Mesh) -> Mesh:
    """A mesh without what nobody sees: mouth and sockets."""
    a, b, c = (mesh.vertices_m[mesh.faces[:, k]] for k in range(3))
    out = np.cross(b - a, c - a)
    out /= np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-12)
    hidden = enclosed(Triangles([mesh]), (a + b + c) / 3 + _OUT_M * out)
    return Mesh(mesh.vertices_m, mesh.faces[~hidden])
