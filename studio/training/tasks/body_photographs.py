"""Bodies from made photographs, end to end: the fit alone, the fit with clothes as offsets, and
what a network sees, all beside the true surface."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import numpy as np
from torch import nn

from studio.core.errors import StudioError
from studio.core.types import Mesh
from studio.human.bodies.canonical import SKIN, canonical
from studio.human.bodies.clothed import ClothedField
from studio.human.bodies.fit import Told, fit_body
from studio.perception.bodies.field import CLOTHED, FIT, MADE, seen_by, template_of
from studio.perception.bodies.network import BodyNetwork
from studio.perception.bodies_seen import NETWORKS, BodyLooker
from studio.synth.bodies.pairs import MOMENTS, BodyFactory, true_surface
from studio.synth.designed import resting
from studio.training.task import Find, Row
from studio.training.tasks.body_figures import distances_mm, reconstructed

PEOPLE, SEED = 6, 0
OURS = "network"


def rows(network: nn.Module, find: Find | None, people: int = PEOPLE) -> list[Row]:
    """P2S and Chamfer of surfaces from photographs of held-out people, one of each."""
    names = (MADE, "P2S, body, from made photographs end to end")
    if find is None:
        return [Row(name, None, "mm", "lower", note="no detectors are installed") for name in names]
    found = list(measured(network, find, people))
    if not found:
        return [Row(name, None, "mm", "lower", note="nobody could be fitted") for name in names]
    note = f"{len(found)} held-out people, a photograph each, their height told"
    means = {name: np.mean([row[name] for row in found], 0) for name in found[0]}
    return [
        Row(what, float(means[OURS][k]), "mm", "lower",
            {name: float(means[name][k]) for name in (FIT, CLOTHED)}, note)
        for k, what in enumerate(names)
    ]  # fmt: skip


def measured(
    network: nn.Module, find: Find, people: int
) -> Iterator[dict[str, tuple[float, float]]]:
    """Chamfer and P2S (mm) of each way, person by person; whoever cannot be fitted is left out."""
    looker = BodyLooker({name: find(name) for name in NETWORKS})
    with BodyFactory("test", SEED) as factory, looker:
        for who in range(people):
            taken = factory.photograph(MOMENTS["test"] * who)
            lens = float(taken.camera.matrix[0, 0])
            try:
                photo = looker.look(f"{who}", taken.rgb, focal_px=lens)
                fit = fit_body([photo], Told(height_m=taken.height_m))
            except StudioError:
                continue
            rest = resting(fit.design)[0]
            space = canonical(rest, "A")
            heads = space.armature.rest_world[:, :3, 3]
            surface, normals = true_surface(taken.subject, heads, np.random.default_rng(who))
            clothed = ClothedField(space, fit.offsets_m)
            field = seen_by(cast(BodyNetwork, network), fit, rest, space)
            assert field is not None
            template = template_of(rest, fit.main, fit.offsets_m)
            meshes = {
                FIT: Mesh(space.vertices_m[:SKIN], space.faces),
                CLOTHED: Mesh(clothed.vertices_m[:SKIN], space.faces),
                OURS: reconstructed(field.inside, template),
            }
            dice, row = np.random.default_rng(0), dict[str, tuple[float, float]]()
            for name, mesh in meshes.items():
                p2s, chamfer = distances_mm(mesh, surface, normals, dice)
                row[name] = chamfer, p2s
            yield row
