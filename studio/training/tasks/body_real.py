"""What a body's fit is worth on real photographs and on a rendered man whose mesh is known, beside
what a network makes of the same fit."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import numpy as np
import trimesh
from scipy.spatial import KDTree
from torch import nn

from studio.core.errors import StudioError
from studio.core.types import Mesh
from studio.human.bodies.canonical import SKIN, canonical
from studio.human.bodies.clothed import ClothedField
from studio.human.bodies.fit import Told, fit_body
from studio.human.bodies.fitted import BodyFit
from studio.human.bodies.hanging import Hung, Sight
from studio.human.bodies.outline import overlap
from studio.human.bodies.shell import neck_jump_deg, shell_of
from studio.human.bodies.surface import Surface, genus
from studio.human.rig import BONE_NAMES
from studio.human.wardrobe.fitting import base_weights
from studio.perception.bodies.field import CLOTHED, FIT, outlined, seen_by, template_of
from studio.perception.bodies.network import BodyNetwork
from studio.perception.bodies_seen import NETWORKS, BodyLooker
from studio.synth.avatars.hair import bared
from studio.synth.avatars.unwrapping import unwrapped
from studio.synth.bodies.pairs import spread
from studio.synth.bodies.photograph import begin_m
from studio.synth.designed import resting
from studio.synth.figure import skin
from studio.training.task import Bench, Row
from studio.training.tasks.body_figures import distances_mm, reconstructed
from studio.training.tasks.body_photographs import OURS
from studio.vision.similarity import similarity

PHOTOGRAPHS, DRESSED = "body_sith_subset", "body_makehuman_dressed"
SIDES = {"one view": ("00",), "three views": ("00", "01", "03")}
GOAL_IOU, GOAL_DEG = 0.95, 20.0
_JOINTS = {
    f"{side.lower()}-{theirs}": f"{ours}.{side}"
    for side in "LR"
    for theirs, ours in (
        ("shoulder", "upperarm01"), ("elbow", "lowerarm01"), ("hand", "wrist"),
        ("upper-leg", "upperleg01"), ("knee", "lowerleg01"), ("ankle", "foot"),
    )
}  # fmt: skip
SURFACE_POINTS, _STEP_M = 60_000, 0.01


def rows(network: nn.Module, bench: Bench) -> Iterator[Row]:
    """The fit's own rows, and the network's beside them; none without footage or detectors."""
    if bench.find is None or bench.footage is None:
        return
    with BodyLooker({name: bench.find(name) for name in NETWORKS}) as looker:
        yield from _photographs(network, bench.footage / PHOTOGRAPHS, looker)
        yield from _dressed(network, bench.footage / DRESSED / "male_a", looker)


def _photographs(network: nn.Module, folder: Path, looker: BodyLooker) -> Iterator[Row]:
    iou: list[tuple[float, float, float, float]] = []
    jumps: list[float] = []
    closed = 0
    for path in sorted((folder / "images").glob("*.png")):
        fit = fit_body([looker.file(path)], Told())
        iou.append((*_met(network, fit), fit.main.silhouette_iou, fit.main.bare_iou))
        space = canonical(resting(fit.design)[0], "T")
        clothed = ClothedField(space, bared(fit.offsets_m))
        try:
            shell = shell_of(clothed, space, clothed.vertices_m, unwrapped)
            closed += genus(shell.surface) == 0
        except (StudioError, ValueError):
            continue
        jumps.append(neck_jump_deg(shell))
    if not iou:
        return
    ours, before, clothes, bare = map(float, np.mean(iou, 0))
    beside = {FIT: bare, CLOTHED: clothes, "before": before}
    yield Row("silhouette IoU on photographs, the outline met", ours, "", "higher", beside,
              f"{len(iou)} photographs")  # fmt: skip
    note = f"{len(iou)} photographs, the fit with clothes, its hair worn"
    yield Row("avatars that are watertight, without holes through them", closed / len(iou), "",
              "higher", {}, note)  # fmt: skip
    if jumps:
        yield Row("largest jump of normals across the neck", max(jumps), "°", "lower", {}, note)


def _met(network: nn.Module, fit: BodyFit) -> tuple[float, float]:
    """How well the body that a network sees covers the person's mask when it is moved to the
    outline, and before."""
    rest = resting(fit.design)[0]
    space = canonical(rest, "A")
    seen = seen_by(cast(BodyNetwork, network), fit, rest, space)
    template = template_of(rest, fit.main, fit.offsets_m)
    clothed = ClothedField(space, fit.offsets_m).vertices_m[:SKIN]
    sight = Sight.of(fit.main.photo, fit.camera, template.carried)
    found: list[float] = []
    met = outlined(seen, fit, rest, space)
    for field, shown in ((met, met.sights[0]), (seen, sight)):
        mesh = reconstructed(field.inside, template, step_m=_STEP_M)
        hung = Hung(Surface(mesh.vertices_m, mesh.faces), space, clothed)
        found.append(overlap(hung.shown(shown), sight.mask))
    return found[0], found[1]


def _dressed(network: nn.Module, folder: Path, looker: BodyLooker) -> Iterator[Row]:
    """Surface and joints of the rendered man, from one view and from three."""
    if not folder.is_dir():
        return
    told = json.loads((folder / "joints_gt.json").read_text("utf-8"))
    joints = np.array([told[name] for name in _JOINTS], float)
    truth = cast(trimesh.Trimesh, trimesh.load(folder / "mesh_gt.ply", process=False))
    mesh = Mesh(np.asarray(truth.vertices, float), np.asarray(truth.faces))
    surface = spread(mesh, SURFACE_POINTS, np.random.default_rng(0))
    tall = float(json.loads((folder / "cameras.json").read_text("utf-8"))["height_m"])
    for name, numbers in SIDES.items():
        photos = [looker.file(next(folder.glob(f"view_{number}*.png"))) for number in numbers]
        fit = fit_body(photos, Told(height_m=tall, gender=0.0))
        found = _off_mm(network, fit, joints, surface)
        note = f"{name} of a rendered man in clothes, height told; turned and moved to fit"
        beside = {key: found[key] for key in (FIT, CLOTHED)}
        yield Row(f"Chamfer, dressed man, {name}", found[OURS], "mm", "lower", beside, note)
        yield Row(f"joints, dressed man, {name}", found["joints"], "mm", "lower", {}, note)


def _off_mm(
    network: nn.Module, fit: BodyFit, joints: np.ndarray, surface: tuple[np.ndarray, np.ndarray]
) -> dict[str, float]:
    """Means over the photographs of a fit, millimetres; ``surface`` are points and normals."""
    rest = resting(fit.design)[0]
    space = canonical(rest, "A")
    field = outlined(seen_by(cast(BodyNetwork, network), fit, rest, space), fit, rest, space)
    clothed = ClothedField(space, fit.offsets_m).vertices_m[:SKIN]
    template = template_of(rest, fit.main, fit.offsets_m)
    meshes = {
        FIT: Mesh(space.vertices_m[:SKIN], space.faces),
        CLOTHED: Mesh(clothed, space.faces),
        OURS: reconstructed(field.inside, template, step_m=_STEP_M),
    }
    nearest, bones = KDTree(clothed), [BONE_NAMES.index(bone) for bone in _JOINTS.values()]
    rows: list[dict[str, float]] = []
    for view, sight in zip(fit.views, field.sights, strict=True):
        template = template_of(rest, view, fit.offsets_m)
        poses = {FIT: template.carried, CLOTHED: template.carried, OURS: sight.carried}
        row: dict[str, float] = {}
        for name, mesh in meshes.items():
            own = begin_m(template.heads_m, poses[name])[bones]
            turn, _, shift = similarity(own, joints, sized=False)
            off = np.linalg.norm(own @ turn.T + shift - joints, axis=1)
            near = np.asarray(nearest.query(mesh.vertices_m)[1])
            posed = skin(mesh.vertices_m, base_weights()[near], poses[name]) @ turn.T + shift
            dice = np.random.default_rng(0)
            row[name] = distances_mm(Mesh(posed, mesh.faces), *surface, dice)[1]
            if name == OURS:
                row["joints"] = 1000 * float(off.mean())
        rows.append(row)
    return {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}
