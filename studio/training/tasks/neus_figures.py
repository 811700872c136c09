"""What head networks are worth on heads that they did not learn: fitted to one photograph from
ahead, from the left and from the right, and to all three."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from scipy.spatial import KDTree
from torch import nn

from studio.core.types import Mesh
from studio.human.bodies.canonical import skin_faces
from studio.human.heads import model
from studio.human.heads.carving import skin_offsets
from studio.perception.neural_heads.fitting import (
    FIRST,
    REAL,
    SECOND,
    Effort,
    NeuralHead,
    begun,
    fitted,
)
from studio.perception.neural_heads.lens import outlined
from studio.perception.neural_heads.meshing import meshed
from studio.perception.neural_heads.network import Fields, HeadNetwork
from studio.perception.neural_heads.photographs import HEAD, Photograph
from studio.perception.neural_heads.space import Space
from studio.training.heads import STEP_M, TEST_SETS
from studio.training.task import Row, Source
from studio.training.tasks.neus import Part, part_of
from studio.vision.similarity import similarity
from studio.vision.triangles import Triangles, spread_over

OURS, FIT, BLIND = "ours", "parametric fit", "without the prior"
WRAPPED, HELD = "template wrapped to it", "held to the fit's normals"
PEOPLE, ONE = 8, ("F", "L", "R")
"""So many people are measured; which fits are of one photograph."""
_VALIDATED = Effort((60, 0))
SCORE = "surface off"
UNLEARNED = Effort((0, FIRST + SECOND), rate=2e-3, stay=0.0, colour=1.0)
"""How networks are fitted that have learned nothing: all layers from the start."""
_FACE_M, _CHIN, _TOP = 0.012, 152, 10
_NEAR_M = 0.015
MOST_M = 0.008
"""What is further off, as a tail of hair that no photograph shows, counts so much."""
_POINTS, _ICP = 3000, 12
_SIDE_PX, _TURNED = 64, 3


@dataclass(frozen=True)
class Off:
    """How far a head is off (mm, both ways, means): ``face``, whole ``head`` with its hair above
    the chin; ``psnr`` of pictures that were not fitted to (dB)."""

    face: float
    head: float
    psnr: float


def photographs_of(part: Part) -> tuple[Photograph, ...]:
    """The photographs that a head was fitted to."""
    return tuple(
        Photograph(
            np.asarray(part["shot"][k]), np.asarray(part["shot_labels"][k]),
            np.asarray(part["shot_lens"][k], float), np.asarray(part["shot_poses"][k], float),
        )
        for k in range(int(part["shots"]))
    )  # fmt: skip


def space_of(part: Part) -> Space:
    """The space about a head's fit."""
    return Space(np.asarray(part["outside"], np.float32), np.asarray(part["moved"], np.float32))


def fit_to(network: HeadNetwork, part: Part, effort: Effort) -> NeuralHead:
    """A head of a source, fitted to its photographs and to what its fit tells of them."""
    ids, means = model.marks()
    marks_m = means @ np.asarray(part["skin"], float)[ids]
    space, photographs = space_of(part), photographs_of(part)
    if effort.stay:
        photographs = outlined(network, space, photographs, marks_m)
    head = begun(network, space, photographs, marks_m=marks_m)
    for _ in fitted(head, effort):
        pass
    return head


def judged(network: nn.Module, source: Source) -> Mapping[str, float]:
    """How far distances are off near the true surface above the chin (mm), of the first
    photographs alone: after a few steps of what is heads' own, before them, and of the fits."""
    numbers = range(0, len(source), len(TEST_SETS))
    found = [distances(network, source, number, (_VALIDATED,)) for number in numbers]
    bare, usual, off = (1000 * np.mean(found, 0)).tolist()
    return {SCORE: off, "distance off, mean head": usual, "distance off, fit": bare}


def distances(
    network: nn.Module, source: Source, number: int, efforts: Sequence[Effort]
) -> tuple[float, ...]:
    """How far distances are off near the true surface above a head's chin (metres), at most
    ``MOST_M`` each: of the fit, of the mean of learned heads, and after each of some efforts."""
    assert isinstance(network, HeadNetwork)
    part = part_of(source, number)
    points = np.asarray(part["points"], np.float32) * STEP_M
    truth, bare = (-np.asarray(part[k], np.float32) for k in ("inside", "bare"))
    near = (np.abs(truth) < _NEAR_M) & _above(part, points)
    points, truth, bare = points[near], truth[near], bare[near]
    head = begun(network.eval(), space_of(part), photographs_of(part))
    said = [bare, head.outside_m(points, bare)]
    for effort in efforts:
        for _ in fitted(head, effort):
            pass
        said.append(head.outside_m(points, bare))
    return tuple(float(np.fmin(np.abs(one - truth), MOST_M).mean()) for one in said)


def _above(part: Part, points: np.ndarray) -> np.ndarray:
    marks = np.asarray(part["marks"], float)
    up = marks[_TOP] - marks[_CHIN]
    return (points - marks[_CHIN]) @ (up / np.linalg.norm(up)) > 0


def measured(mesh: Mesh, part: Part, head: NeuralHead | None = None) -> Off:
    """A mesh in the frame of a head's fit against the truth, laid on it by the face."""
    surface = np.asarray(part["surface"], float) * STEP_M
    marks = np.asarray(part["marks"], float)
    triangles = Triangles([mesh])
    face = np.asarray(KDTree(marks).query(surface)[0]) < _FACE_M
    turn, shift = _laid(surface[face], triangles)
    surface, marks = surface @ turn.T + shift, marks @ turn.T + shift
    up = (marks[_TOP] - marks[_CHIN]) / np.linalg.norm(marks[_TOP] - marks[_CHIN])
    above = (surface - marks[_CHIN]) @ up > 0
    own = _spread(mesh, len(surface))
    own = own[(own - marks[_CHIN]) @ up > 0]
    own_face = np.asarray(KDTree(surface[face]).query(own)[0]) < _FACE_M
    there, back = triangles.distance_m(surface), np.asarray(KDTree(surface).query(own)[0])
    back = _plane(own, surface, np.asarray(part["normals"], float) / 127 @ turn.T, back)
    return Off(
        500 * float(there[face].mean() + back[own_face].mean()),
        500 * float(there[above].mean() + back.mean()),
        float("nan") if head is None else psnr(head, part),
    )


def _plane(
    points: np.ndarray, surface: np.ndarray, normals: np.ndarray, far: np.ndarray
) -> np.ndarray:
    """Distances to a surface that points stand for: along its normals where that is near."""
    which = np.asarray(KDTree(surface).query(points)[1])
    along = np.abs(np.einsum("ij,ij->i", points - surface[which], normals[which]))
    return np.where(far < 0.02, np.fmin(along, far), far)


def _laid(points: np.ndarray, triangles: Triangles) -> tuple[np.ndarray, np.ndarray]:
    """The turn and shift that lay points on a surface, from where they are (ICP)."""
    turn, shift = np.eye(3), np.zeros(3)
    for _ in range(_ICP):
        now = points @ turn.T + shift
        more, _, along = similarity(now, triangles.nearest_m(now).astype(float), sized=False)
        turn, shift = more @ turn, more @ shift + along
    return turn, shift


def _spread(mesh: Mesh, count: int) -> np.ndarray:
    return spread_over(mesh.vertices_m[mesh.faces], count, np.random.default_rng(0))[0]


def psnr(head: NeuralHead, part: Part) -> float:
    """How like the pictures of the sweep are that the head was not fitted to (dB; on the head)."""
    found: list[float] = []
    views, side = part["labels"].shape[:2]
    step = side // _SIDE_PX
    for k in range(0, views, max(views // _TURNED, 1)):
        lens = np.asarray(part["lens"][k], float) / step
        lens[2:] -= 0.5 * (1 - 1 / step)
        made = head.seen(lens, np.asarray(part["poses"][k], float), _SIDE_PX)
        rgb = np.asarray(part["rgb"][k], float)[::step, ::step] / 255
        there = np.asarray(part["labels"][k])[::step, ::step] == HEAD
        off = (made[..., :3] * made[..., 3:] + (1 - made[..., 3:]) * 0.5 - rgb)[there]
        found.append(float(-10 * np.log10(np.mean(off**2))))
    return float(np.mean(found))


def fit_mesh(part: Part) -> Mesh:
    """The skin of a head's fit."""
    return Mesh(np.asarray(part["skin"], float), skin_faces())


def boxed(mesh: Mesh) -> Mesh:
    """What of a mesh is in the box."""
    from studio.perception.neural_heads.space import HIGH_M, LOW_M

    near = np.all((mesh.vertices_m > LOW_M) & (mesh.vertices_m < HIGH_M), axis=1)
    return Mesh(mesh.vertices_m, mesh.faces[near[mesh.faces].all(1)])


def off_of(network: HeadNetwork, part: Part, effort: Effort) -> tuple[Off, Off]:
    """How far a head is off that a network is fitted to (see :func:`off_of_head`)."""
    return off_of_head(fit_to(network, part, effort), part)


def off_of_head(head: NeuralHead, part: Part, filmed: bool = True) -> tuple[Off, Off]:
    """How far a head that has learned is off, and the template that is wrapped to it. What was not
    ``filmed`` around has no pictures to compare with."""
    from studio.synth.heads.wrapped import wrapping

    assert head.marks_m is not None
    skin = fit_mesh(part)
    found = meshed(head, skin=Triangles([skin]))
    moved = skin_offsets(dict(enumerate(wrapping(head, head.marks_m).tolist())))
    around = boxed(Mesh(skin.vertices_m + moved, skin.faces))
    mesh = Mesh(found.vertices_m, found.faces)
    return measured(mesh, part, head if filmed else None), measured(around, part)


def table(
    network: nn.Module, source: Source, people: int = PEOPLE, told: Callable[[str], object] = id
) -> list[Row]:
    """The rows of the card: face and head off, from one photograph of each side, from three;
    ``told`` hears each head's."""
    assert isinstance(network, HeadNetwork)
    network = network.eval()
    people = min(people, len(source) // len(TEST_SETS))
    found: dict[str, dict[str, list[Off]]] = {
        name: {OURS: [], HELD: [], WRAPPED: [], FIT: [], BLIND: []} for name in TEST_SETS
    }
    for who in range(people):
        for k, name in enumerate(TEST_SETS):
            part = part_of(source, who * len(TEST_SETS) + k)
            one = _compared(network, part, name in ONE)
            for key, off in one.items():
                found[name][key].append(off)
            mm = ", ".join(f"{key} {off.head:.2f}; {off.face:.2f}" for key, off in one.items())
            told(f"person {who + 1} of {people}, {name}: head; face off (mm): {mm}")
    note = f"{people} held-out made-up people with hair; fits and outlines as found in pictures"
    rows: list[Row] = []
    for what in ("head", "face"):
        ours, fit = (
            np.mean([[getattr(off, what) for off in found[name][key]] for name in ONE], 0)
            for key in (OURS, FIT)
        )
        sure = f"; standard error over people {_error(ours):.2f} mm"
        rows.append(Row(f"{what} off, one photograph, mean of F, L, R", float(ours.mean()), "mm",
                        "lower", {FIT: float(fit.mean())}, note + sure))  # fmt: skip
    for name, every in found.items():
        for what in ("head", "face"):
            keys = (HELD, WRAPPED, FIT, BLIND) if what == "face" else (HELD, FIT, BLIND)
            beside = {key: _mean(every[key], what) for key in keys if every[key]}
            rows.append(Row(f"{what} off, {name}", _mean(every[OURS], what), "mm", "lower", beside))
    for name in ("F", "F+L+R"):
        without = found[name][BLIND]
        beside = {BLIND: _mean(without, "psnr")} if without else {}
        value = _mean(found[name][OURS], "psnr")
        rows.append(Row(f"PSNR of views not seen, {name}", value, "dB", "higher", beside))
    return rows


def _compared(network: HeadNetwork, part: Part, alone: bool) -> dict[str, Off]:
    """How far a head is off as it is learned, and beside it: wrapped, as fitted, and, of a
    photograph ``alone``, held to the fit's normals and learned without what other heads taught."""
    ours, around = off_of(network, part, Effort())
    found = {OURS: ours, WRAPPED: around, FIT: measured(boxed(fit_mesh(part)), part)}
    if alone:
        found[HELD] = off_of(network, part, REAL)[0]
        torch.manual_seed(0)
        found[BLIND] = off_of(HeadNetwork(2, "shared"), part, UNLEARNED)[0]
    return found


def _error(values: np.ndarray) -> float:
    """The standard error of a mean; 0 of one value."""
    return float(values.std(ddof=1) / len(values) ** 0.5) if len(values) > 1 else 0.0


def _mean(every: list[Off], what: str) -> float:
    return float(np.mean([getattr(one, what) for one in every]))


def drawn(network: nn.Module, source: Source, kept: dict[int, Fields]) -> np.ndarray:
    """Pictures of heads that are learned, as they are and not as in a mirror, and beside each what
    the network makes of it."""
    assert isinstance(network, HeadNetwork)
    rows: list[np.ndarray] = []
    for number in [one for one in kept if one < len(source)][:2]:
        part = part_of(source, number)
        own = [None if o is None else o.detach() for o in network.own(torch.tensor([number]))]
        head = NeuralHead(network, own, space_of(part), (), torch.zeros(0, 6))
        shown: list[np.ndarray] = []
        for k in (0, 7):
            step = part["rgb"].shape[1] // 96
            side = part["rgb"].shape[1] // step
            lens = np.asarray(part["lens"][k], float) / step
            made = head.seen(lens, np.asarray(part["poses"][k], float), side)
            flat = made[..., :3] * made[..., 3:] + 0.5 * (1 - made[..., 3:])
            true = np.asarray(part["rgb"][k])[::step, ::step][:side, :side]
            shown += [true, (255 * flat).astype(np.uint8)]
        rows.append(np.hstack(shown))
    return np.vstack(rows) if rows else np.zeros((8, 8, 3), np.uint8)
