"""The held-out tables of the networks for bodies and heads, beside the parametric fit alone."""

from __future__ import annotations

import time
from collections.abc import Callable

import cv2
import numpy as np
import pyvista as pv
import torch
from scipy.spatial import KDTree
from torch import nn

from studio.core.types import Mesh
from studio.human.bodies.canonical import SKIN, skin_faces
from studio.human.bodies.clothed import grown
from studio.human.bodies.surface import finer
from studio.perception.bodies.field import CLOTHED, FIT
from studio.perception.bodies.network import UNIT_M, BodyNetwork, carried
from studio.perception.bodies.parts import Kind, head_share
from studio.perception.bodies.template import Template
from studio.perception.bodies.volume import CLIP_M, Square, Volume
from studio.synth.bodies.pairs import ANYWHERE, MOMENTS, spread
from studio.training.bodies import STEP_M
from studio.training.feed import batches_once
from studio.training.task import Row, Sample, Source
from studio.training.tasks.body_pictures import key_of, plain

_CHUNK, _NEAR_M, _ON_M = 8, 0.015, 0.004
_STEP_M: dict[Kind, float] = {"body": 0.015, "head": 0.012}
_BAND_M, _SPREAD = 0.07, 8000
_COARSE = 3
Inside = Callable[[np.ndarray], np.ndarray]


@torch.inference_mode()
def judged(
    network: nn.Module, source: Source, count: int, device: str, kind: Kind
) -> dict[str, float]:
    """How far off distances are near the surface (mm) with the fit's pose and with the network's
    own, those of the fit alone and with clothes as offsets, the overlap of what is inside, how far
    off joints are, and how far apart the surfaces are, the network's where its own pose carries it
    and the true one where that is, root at root."""
    sums: dict[str, list[float]] = {}
    for batch in batches_once(source, count, _CHUNK):
        pairs = plain({key: value.to(device) for key, value in batch.items()}, kind)
        seen, by_fit, by_pose, own_m = network(
            pairs.given(), pairs.lens, pairs.edge, pairs.asked, pairs.placed_m, pairs.root_m
        )
        near = pairs.inside_m.abs() < _NEAR_M
        ways = {
            "": by_fit[..., 0] * UNIT_M, ", own pose": by_pose[..., 0] * UNIT_M,
            ", fit": pairs.asked.bare_m, ", clothes": pairs.asked.clothed_m,
        }  # fmt: skip
        for name, said in ways.items():
            off = (said.clamp(-CLIP_M, CLIP_M) - pairs.inside_m)[near].abs().mean()
            sums.setdefault(f"distance off{name}", []).append(1000 * float(off))
            here, there = said > 0, pairs.inside_m > 0
            both = (here & there).sum() / (here | there).sum()
            sums.setdefault(f"overlap{name}", []).append(float(both))
        joints = seen.joints_m(pairs.asked.heads_m, kind)
        away = (joints - joints[:, :1]) - (pairs.joints_m - pairs.joints_m[:, :1])
        sums.setdefault("joints off", []).append(1000 * float(away.norm(dim=-1).mean()))
        there = carried(pairs.turns, pairs.joints_m, pairs.asked) - pairs.joints_m[:, :1]
        own_m = own_m - joints[:, :1]
        said = by_pose[..., 0] * UNIT_M
        sums.setdefault("posed surface off", []).extend(
            _apart_mm(own_m[k][said[k].abs() < _ON_M], there[k][pairs.inside_m[k].abs() < _ON_M])
            for k in range(len(said))
        )
    return {name: float(np.nanmean(values)) for name, values in sums.items()}


def _apart_mm(a: torch.Tensor, b: torch.Tensor) -> float:
    """The mean distance of points of two surfaces to each other, both ways."""
    if not len(a) or not len(b):
        return float("nan")
    one, two = a.double().cpu().numpy(), b.double().cpu().numpy()
    return 500 * float(KDTree(one).query(two)[0].mean() + KDTree(two).query(one)[0].mean())


def template_of(sample: Sample) -> Template:
    """The fit of a sample."""
    carried = np.tile(np.eye(4), (len(sample["carried"]), 1, 1))
    carried[:, :3] = sample["carried"]
    return Template(sample["skin"] * STEP_M, sample["heads"].astype(float), carried,
                    sample["offsets"].astype(float))  # fmt: skip


def square_of(sample: Sample, kind: Kind) -> Square:
    """What the network looks at of a sample."""
    rgb, mask, lens = (sample[key_of(key, kind)] for key in ("rgb", "mask", "lens"))
    return Square(rgb, mask, lens, sample["marks"][:, :2] if kind == "head" else None)


def reconstructed(
    inside: Inside, template: Template, kind: Kind = "body", step_m: float | None = None
) -> Mesh:
    """The surface of what is inside, about the template's skin (its head's, for heads): reference
    pose, metres."""
    step_m = step_m or _STEP_M[kind]
    skin = template.vertices_m[:SKIN]
    if kind == "head":
        skin = skin[head_share()[:SKIN] > 0.5]
    low, high = skin.min(0) - _BAND_M - step_m, skin.max(0) + _BAND_M + step_m
    cells = np.ceil((high - low) / (_COARSE * step_m)).astype(int)
    size = cells * _COARSE + 1
    axes = [low[k] + step_m * np.arange(size[k]) for k in range(3)]
    coarse = np.stack(np.meshgrid(*(a[::_COARSE] for a in axes), indexing="ij"), -1)
    points = coarse.reshape(-1, 3)
    far = finer(KDTree(skin).query(points)[0].reshape(coarse.shape[:3]), _COARSE)
    deep = finer(template.inside_m(points).reshape(coarse.shape[:3]), _COARSE)
    value = np.where(deep > 0, CLIP_M, -CLIP_M).astype(np.float32)
    band = np.argwhere(far < 1.5 * _BAND_M)
    value[tuple(band.T)] = inside(np.stack([axes[k][band[:, k]] for k in range(3)], -1))
    grid = pv.ImageData(dimensions=tuple(int(n) for n in size), spacing=(step_m,) * 3,
                        origin=tuple(low))  # fmt: skip
    grid["value"] = value.ravel(order="F")
    surface = grid.contour([0.0], scalars="value", method="flying_edges")
    surface = surface.connectivity("largest")
    return Mesh(np.asarray(surface.points, float), surface.faces.reshape(-1, 4)[:, 1:].astype(int))


def distances_mm(
    mesh: Mesh, surface_m: np.ndarray, normals: np.ndarray, rng: np.random.Generator
) -> tuple[float, float]:
    """How far a mesh is from points of the true surface: from the mesh to the truth's planes
    (P2S), and the mean of that and of the way back (Chamfer), millimetres."""
    points, own = spread(mesh, _SPREAD, rng)
    away, back = _plane(points, surface_m, normals), _plane(surface_m, points, own)
    return 1000 * away, 500 * (away + back)


def _plane(points: np.ndarray, surface: np.ndarray, normals: np.ndarray) -> float:
    """The mean distance of points to a surface: along its normal where that is near, whole where it
    is not."""
    far, which = KDTree(surface).query(points)
    along = np.abs(np.einsum("ij,ij->i", points - surface[which], normals[which]))
    return float(np.where(far < 0.02, along, far).mean())


def table(network: nn.Module, device: str, source: Source, count: int, kind: Kind) -> list[Row]:
    """The rows of the card on ``count`` held-out pairs; the first decides what is published."""
    assert isinstance(network, BodyNetwork)
    network = network.to("cpu").float().eval()
    rng = np.random.default_rng(0)
    found: dict[str, list[tuple[float, float, float]]] = {"ours": [], FIT: [], CLOTHED: []}
    seconds: list[float] = []
    count = min(count, len(source))
    who = -(-count // MOMENTS["test"])
    for number in range(count):
        sample = source[number]
        template = template_of(sample)
        begun = time.perf_counter()
        volume = Volume(network, (square_of(sample, kind),), template)
        mesh = reconstructed(volume.inside, template, kind)
        seconds.append(time.perf_counter() - begun)
        found["ours"].append(_measured(mesh, volume.inside, sample, template, kind, rng))
        bare = Mesh(template.vertices_m[:SKIN], skin_faces())
        found[FIT].append(_measured(bare, template.inside_m, sample, template, kind, rng))
        fitted = Mesh(grown(bare.vertices_m, template.offsets_m[:SKIN]), skin_faces())
        found[CLOTHED].append(
            _measured(fitted, template.clothed.inside, sample, template, kind, rng)
        )
    told = judged(network, source, count, "cpu", kind)
    means = {name: np.mean(values, 0) for name, values in found.items()}
    where = "body" if kind == "body" else "head and hair"
    names = (f"Chamfer, {where}", f"P2S, {where}", f"overlap (IoU), {where}")
    note = f"{count} pictures of {who} held-out people in clothes, the fit's pose"
    rows = [
        Row(name, float(means["ours"][k]), "" if k == 2 else "mm", "higher" if k == 2 else "lower",
            {name: float(means[name][k]) for name in (FIT, CLOTHED)}, note)
        for k, name in enumerate(names)
    ]  # fmt: skip
    rows += [
        Row("distance off within 15 mm of the surface", told["distance off"], "mm", "lower",
            {FIT: told["distance off, fit"], CLOTHED: told["distance off, clothes"],
             "own pose": told["distance off, own pose"]}),
        Row("joints, own pose, root at root", told["joints off"], "mm", "lower"),
        Row("time of a picture, volume and surface", float(np.median(seconds)), "s", "lower"),
    ]  # fmt: skip
    return rows


def _measured(
    mesh: Mesh, inside: Inside, sample: Sample, template: Template, kind: Kind,
    rng: np.random.Generator,
) -> tuple[float, float, float]:  # fmt: skip
    """Chamfer and P2S (mm), and the overlap of what is inside on points anywhere."""
    surface, normals = sample["surface"] * STEP_M, sample["surface_normals"] / 127
    points = sample[key_of("points", kind)] * STEP_M
    truth = sample[key_of("inside", kind)].astype(float)
    if kind == "head":
        share = head_share()[:SKIN]
        own = share[template.nearest(surface)] > 0.5
        surface, normals = surface[own], normals[own]
        where = share[template.nearest(mesh.vertices_m)] > 0.5
        mesh = Mesh(mesh.vertices_m, mesh.faces[where[mesh.faces].all(1)])
    p2s, chamfer = distances_mm(mesh, surface, normals, rng)
    anywhere = slice(len(points) - ANYWHERE[kind], None)
    said, true = inside(points[anywhere]) > 0, truth[anywhere] > 0
    return chamfer, p2s, float((said & true).sum() / max((said | true).sum(), 1))


def drawn(network: nn.Module, device: str, source: Source, count: int, kind: Kind) -> np.ndarray:
    """Pictures, and beside them the surfaces: the truth's points, the network's, the fit's, from
    the front and from the left."""
    assert isinstance(network, BodyNetwork)
    rows: list[np.ndarray] = []
    for number in range(0, min(count * 5, len(source)), 5):
        sample = source[number]
        template = template_of(sample)
        volume = Volume(network.float().eval(), (square_of(sample, kind),), template)
        mesh = reconstructed(volume.inside, template, kind)
        surface = sample["surface"] * STEP_M
        bare = Mesh(template.vertices_m[:SKIN], skin_faces())
        tall = 256
        shot = cv2.resize(sample[key_of("rgb", kind)], (tall, tall))
        normals = sample["surface_normals"] / 127
        views = [_shaded(surface, normals, tall, turn, kind) for turn in (0, 1)]
        for one in (mesh, bare):
            points, way = spread(one, 60_000, np.random.default_rng(0))
            views += [_shaded(points, way, tall, turn, kind) for turn in (0, 1)]
        rows.append(np.hstack([shot, *views]))
    return np.vstack(rows)


def _shaded(
    points: np.ndarray, normals: np.ndarray, tall: int, turn: int, kind: Kind
) -> np.ndarray:
    """Points with normals as a grey picture, seen from the front (0) or the person's left (1)."""
    low = points.min(0)
    scale = tall / 2.0
    if kind == "head":
        top = points[:, 2].max()
        keep = points[:, 2] > top - 0.34
        points, normals, scale, low = points[keep], normals[keep], tall / 0.36, points[keep].min(0)
    across = points[:, 0] if turn == 0 else -points[:, 1]
    deep = points[:, 1] if turn == 0 else -points[:, 0]
    light = np.clip(-normals[:, 1] if turn == 0 else normals[:, 0], 0, 1) * 0.75 + 0.2
    x = ((across - across.mean()) * scale + tall / 2).astype(int).clip(0, tall - 1)
    y = (tall - 4 - (points[:, 2] - low[2]) * scale).astype(int).clip(0, tall - 1)
    order = np.argsort(-deep)
    out = np.full((tall, tall), 255, np.uint8)
    size = 1 if len(points) > 20_000 else 2
    for dy in range(size + 1):
        for dx in range(size + 1):
            out[(y[order] + dy).clip(0, tall - 1), (x[order] + dx).clip(0, tall - 1)] = (
                255 * light[order]
            ).astype(np.uint8)
    return np.repeat(out[..., None], 3, 2)
