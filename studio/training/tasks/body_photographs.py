"""Bodies and heads from made photographs, end to end: the fit alone, the fit with clothes as
offsets, and what a network makes of it, all beside the true surface."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from torch import nn

from studio.core.errors import StudioError
from studio.core.types import Mesh
from studio.human.bodies.canonical import SKIN, Canonical, canonical
from studio.human.bodies.clothed import ClothedField, grown
from studio.human.bodies.field import MergedField, neck_cuts
from studio.human.bodies.fit import Told, fit_body
from studio.human.bodies.fitted import BodyFit
from studio.human.bodies.settling import settled
from studio.human.person import Rest
from studio.perception.bodies.field import CLOTHED, FIT, MADE, seen_by, template_of
from studio.perception.bodies.network import BodyNetwork
from studio.perception.bodies.parts import head_share
from studio.perception.bodies.template import Template
from studio.perception.bodies_seen import NETWORKS, BodyLooker
from studio.synth.bodies.pairs import MOMENTS, BodyFactory, true_surface
from studio.synth.bodies.solid import enclosed
from studio.synth.designed import resting
from studio.synth.factory.streams import Split
from studio.training.task import Find, Row
from studio.training.tasks.body_figures import distances_mm, reconstructed
from studio.vision.triangles import Triangles

PEOPLE, SEED = 8, 0
OURS = "network"
_OUT_M = 0.003


@dataclass(frozen=True, eq=False)
class Truth:
    """A fit, and points and normals of the true surface in its reference pose."""

    fit: BodyFit
    surface_m: np.ndarray
    normals: np.ndarray


def rows(network: nn.Module, find: Find | None, people: int = PEOPLE) -> list[Row]:
    """P2S and Chamfer of surfaces from photographs of held-out people, one of each."""
    assert isinstance(network, BodyNetwork)
    made = MADE[network.kind]
    names = (made, made.replace("Chamfer", "P2S"))
    if find is None:
        return [Row(name, None, "mm", "lower", note="no detectors are installed") for name in names]
    found = [compared(network, one) for one in fitted(find, people)]
    if not found:
        return [Row(name, None, "mm", "lower", note="nobody could be fitted") for name in names]
    note = f"{len(found)} held-out people, a photograph each, their height told"
    means = {name: np.mean([row[name] for row in found], 0) for name in found[0]}
    return [
        Row(what, float(means[OURS][k]), "mm", "lower",
            {name: float(means[name][k]) for name in (FIT, CLOTHED)}, note)
        for k, what in enumerate(names)
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
            yield Truth(fit, *true_surface(taken.subject, heads, np.random.default_rng(who)))


def compared(network: BodyNetwork, truth: Truth) -> dict[str, tuple[float, float]]:
    """Chamfer and P2S (mm) of each way, of what is seen from outside: of the whole body, or, of
    networks for heads, of head and hair as avatars have them."""
    rest = resting(truth.fit.design)[0]
    space = canonical(rest, "A")
    template = template_of(rest, truth.fit.main, truth.fit.offsets_m)
    skin, surface, normals = space.vertices_m, truth.surface_m, truth.normals
    meshes = {
        FIT: Mesh(skin[:SKIN], space.faces),
        CLOTHED: Mesh(grown(skin, truth.fit.offsets_m)[:SKIN], space.faces),
        OURS: _ours(network, truth.fit, rest, space, template),
    }
    if network.kind == "head":
        own = head_share()[template.nearest(surface)] > 0.5
        surface, normals = surface[own], normals[own]
    found = dict[str, tuple[float, float]]()
    for name, mesh in meshes.items():
        seen = _outside(mesh)
        if network.kind == "head":
            own = head_share()[template.nearest(mesh.vertices_m)] > 0.5
            seen = Mesh(seen.vertices_m, seen.faces[own[seen.faces].all(1)])
        p2s, chamfer = distances_mm(seen, surface, normals, np.random.default_rng(0))
        found[name] = chamfer, p2s
    return found


def _ours(
    network: BodyNetwork, fit: BodyFit, rest: Rest, space: Canonical, template: Template
) -> Mesh:
    field = seen_by(network, fit, rest, space)
    if network.kind == "body":
        return reconstructed(field.inside, template)
    merged = MergedField(ClothedField(space, fit.offsets_m), field, neck_cuts(space))
    offsets = settled(merged, space, fit.offsets_m)
    return Mesh(grown(space.vertices_m, offsets)[:SKIN], space.faces)


def _outside(mesh: Mesh) -> Mesh:
    """A mesh without what nobody sees: mouth and sockets."""
    a, b, c = (mesh.vertices_m[mesh.faces[:, k]] for k in range(3))
    out = np.cross(b - a, c - a)
    out /= np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-12)
    hidden = enclosed(Triangles([mesh]), (a + b + c) / 3 + _OUT_M * out)
    return Mesh(mesh.vertices_m, mesh.faces[~hidden])
