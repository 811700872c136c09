"""Figures of heads from photographs: against a scan, against made-up people, and on portraits."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import open3d as o3d

from studio.core.errors import StudioError
from studio.core.pictures import read_picture
from studio.core.types import Camera
from studio.features.head.engine import NETWORKS, NO_FACE
from studio.human.design import Design
from studio.human.heads import model
from studio.human.heads.fit import Portrait, View, fit
from studio.journeys.figures import Figure, Part, footage_set
from studio.perception.portraits import look
from studio.render.raster import Renderer
from studio.synth import designed, portrait
from studio.synth.figure import make_figure
from studio.synth.heads.seen import SeenHead, seen_head
from studio.synth.people import stranger
from studio.weights.store import find

SCAN = "head_leeperrysmith"
PORTRAITS = "face_public_domain"
SETS = {"one view": (0,), "three views": (0, 1, 2)}
AVERAGE = "nothing but the average"
STRANGERS, FIRST_SEED = 8, 9000
_TURNS_DEG = (0.0, -28.0, 28.0)
_SIDE_PX = 640
_FACE_M = 0.012
"""Skin no further from MediaPipe's points is the face."""
_ROUNDS = 60
_REACH_M = 0.3


def parts(footage: Path | None) -> list[tuple[str, Part]]:
    """The parts of the evaluation."""
    return [
        ("a real head, scanned", partial(_scanned, footage)),
        ("made-up people", _made_up),
        ("portraits", partial(_portraits, footage)),
    ]


@dataclass(frozen=True)
class _Off:
    """How far a head is off (metres, means): face and head, and the worst tenth of the face."""

    face: float
    head: float
    worst: float


class _Surface:
    """A triangle mesh that is asked for the nearest places on it."""

    def __init__(self, vertices: np.ndarray, faces: np.ndarray) -> None:
        self._tensor: Any = o3d.core.Tensor
        self._scene = o3d.t.geometry.RaycastingScene()
        self._scene.add_triangles(
            self._tensor(vertices.astype(np.float32)), self._tensor(faces.astype(np.uint32))
        )

    def nearest(self, points: np.ndarray) -> np.ndarray:
        found = self._scene.compute_closest_points(self._tensor(points.astype(np.float32)))
        return found["points"].numpy()

    def laid(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The turn and the shift that lay points on it best (ICP), from the best of some shifts
        along the line of sight."""
        shifts = np.linspace(-_REACH_M, _REACH_M, 41)[:, None] * [0.0, 0.0, 1.0]
        far = [np.linalg.norm(points + s - self.nearest(points + s), axis=1).mean() for s in shifts]
        turn, shift = np.eye(3), shifts[int(np.argmin(far))]
        for _ in range(_ROUNDS):
            now = points @ turn.T + shift
            more, along = _rigid(now, self.nearest(now))
            turn, shift = more @ turn, more @ shift + along
        return turn, shift


def _rigid(p: np.ndarray, q: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    middle, centre = p.mean(0), q.mean(0)
    u, _, vt = np.linalg.svd((q - centre).T @ (p - middle))
    turn = (u * [1.0, 1.0, np.sign(np.linalg.det(u @ vt))]) @ vt
    return turn, centre - turn @ middle


def _off(head: SeenHead, surface: _Surface, start: View | None) -> _Off:
    """A head against a surface, laid on it by its face. ``start`` is a camera at the origin."""
    calm = View(np.eye(3), np.zeros(3), 1.0, (0.0, 0.0), np.zeros(52))
    skin = head.skin(calm if start is None else replace(calm, actions=start.actions))
    ids, means = model.marks()
    marks = means @ skin[ids]
    if start is not None:
        skin, marks = start.camera_points(skin), start.camera_points(marks)
    turn, shift = surface.laid(marks)
    skin, marks = skin @ turn.T + shift, marks @ turn.T + shift
    used = np.unique(make_figure().surface.faces["skin"])
    skin = skin[used]
    apart = np.sqrt(((skin[:, None] - marks[None, ::3]) ** 2).sum(-1).min(1))
    up = marks[10] - marks[152]
    above = (skin - marks[152]) @ (up / np.linalg.norm(up)) > 0.0
    far = np.linalg.norm(skin - surface.nearest(skin), axis=1)
    face = far[apart < _FACE_M]
    near = np.linalg.norm(skin - marks.mean(0), axis=1) < 0.22
    return _Off(float(face.mean()), float(far[above & near].mean()), float(np.percentile(face, 90)))


# -- a scan


def _scanned(footage: Path | None) -> Iterator[Figure]:
    folder = footage_set(footage, SCAN)
    told = json.loads((folder / "rendered_views" / "cameras.json").read_text("utf-8"))["cameras"]
    scan = o3d.io.read_triangle_mesh(folder / "scan_metres.ply")
    files = {name: find(name) for name in NETWORKS}
    every: list[Portrait] = []
    cameras: list[Camera] = []
    for one in told[:3]:
        path = folder / "rendered_views" / one["image"]
        looked = look(path.name, np.ascontiguousarray(read_picture(path)[..., :3]), files)
        size = (int(one["width"]), int(one["height"]))
        cameras.append(Camera("scan", size, np.array(one["K"], float), np.zeros(0),
                              np.array(one["R"], float), np.array(one["t"], float)))  # fmt: skip
        every.append(Portrait(looked.xyz_px, size, cameras[-1]))
    pupils_m = _pupils_m(every, cameras)
    for name, views in SETS.items():
        for known in (True, False):
            chosen = [every[k] if known else replace(every[k], camera=None) for k in views]
            first = cameras[views[0]]
            vertices = np.asarray(scan.vertices) @ first.rotation.T + first.translation_m
            surface = _Surface(vertices, np.asarray(scan.triangles))
            fitted = fit(chosen)
            head = seen_head(fitted, chosen, pupils_m)
            off = _off(head, surface, head.views[0])
            goal = 1.9 if len(views) == 1 else 1.5
            lens = "lens known" if known else "lens unknown"
            yield Figure(
                f"{SCAN}, {name}, {lens}: face; head; the face's worst tenth",
                f"{1e3 * off.face:.2f}; {1e3 * off.head:.2f}; {1e3 * off.worst:.2f} mm",
                f"{goal}; 6 mm" if known else "",
                (1e3 * off.face <= goal and 1e3 * off.head <= 6) if known else None,
                f"{1e3 * head.pupils_m:.1f} mm between the pupils, as the calibrated views have it",
            )


def _pupils_m(portraits: Sequence[Portrait], cameras: Sequence[Camera]) -> float:
    """How far the pupils are apart, triangulated."""
    found: list[np.ndarray] = []
    for point in (468, 473):
        rows: list[np.ndarray] = []
        for one, camera in zip(portraits, cameras, strict=True):
            P = camera.matrix @ np.column_stack([camera.rotation, camera.translation_m])
            x, y = one.xyz_px[point, :2]
            rows += [x * P[2] - P[0], y * P[2] - P[1]]
        X = np.linalg.svd(np.stack(rows))[2][-1]
        found.append(X[:3] / X[3])
    return float(np.linalg.norm(found[0] - found[1]))


# -- made-up people


def _made_up() -> Iterator[Figure]:
    """Strangers with faces of their own, rendered; the same, fitted. Their skins, hair and rooms
    are the project's own, and so is the shape that they are made of."""
    files = {name: find(name) for name in NETWORKS}
    found: dict[str, list[_Off]] = {name: [] for name in (*SETS, AVERAGE)}
    lost = 0
    for seed in range(FIRST_SEED, FIRST_SEED + STRANGERS):
        wanted = _face_of_their_own(stranger(seed), seed)
        rest, _ = designed.resting(wanted)
        truth = (rest.vertices_m - rest.heads_m[model.HEAD]).double().numpy()
        surface = _Surface(truth, make_figure().surface.faces["skin"])
        ids, means = model.marks()
        pupils = means @ truth[ids]
        pupils_m = float(np.linalg.norm(pupils[468] - pupils[473]))
        portraits: list[Portrait] = []
        try:
            for rgb in _photographs(wanted):
                looked = look(f"stranger {seed}", rgb, files)
                portraits.append(Portrait(looked.xyz_px, (_SIDE_PX, _SIDE_PX)))
        except StudioError:
            lost += 1
            continue
        for name, views in SETS.items():
            chosen = [portraits[k] for k in views]
            found[name].append(_off(seen_head(fit(chosen), chosen, pupils_m), surface, None))
        average = SeenHead(Design(phenotypes={}), (), pupils_m)
        found[AVERAGE].append(_off(average, surface, None))
    for name, every in found.items():
        face = 1e3 * float(np.mean([one.face for one in every]))
        head = 1e3 * float(np.mean([one.head for one in every]))
        held = name in SETS
        yield Figure(
            f"{len(every)} made-up people, {name}: face; head",
            f"{face:.2f}; {head:.2f} mm",
            "2; 6 mm" if held else "",
            (face <= 2 and head <= 6) if held else None,
            f"{lost} not found" if lost and held else "",
        )


def _face_of_their_own(design: Design, seed: int) -> Design:
    rng = np.random.default_rng((77, seed))
    values = np.clip(rng.normal(0, 1, len(model.unknowns())) * model.spread(), -0.8, 0.8)
    values[: len(model.BUILDS)] = model.usual()[: len(model.BUILDS)]
    return design.but(local=model.sliders_of(values), expression={}, gaze_deg=(0.0, 0.0), pose={})


def _photographs(design: Design) -> Iterator[np.ndarray]:
    character = designed.person_of(design, "stranger")
    posed = designed.posed(design, character, designed.body_of(*designed.resting(design)))
    scene = portrait.drawables(posed)
    framing = portrait.face_of(posed)
    with Renderer((_SIDE_PX, _SIDE_PX)) as renderer:
        for turn in _TURNS_DEG:
            yield portrait.picture(renderer, scene, replace(framing, turn_deg=turn, down_deg=0.0))


# -- portraits


def _portraits(footage: Path | None) -> Iterator[Figure]:
    folder = footage_set(footage, PORTRAITS)
    files = {name: find(name) for name in NETWORKS}
    found, reasons, off = 0, list[str](), list[float]()
    paths = sorted(p for p in folder.iterdir() if p.suffix in (".jpg", ".png"))
    for path in paths:
        rgb = np.ascontiguousarray(read_picture(path)[..., :3])
        try:
            looked = look(path.name, rgb, files)
        except StudioError as error:
            reasons.append(error.message)
            continue
        fitted = fit([Portrait(looked.xyz_px, (rgb.shape[1], rgb.shape[0]))])
        share = fitted.off_px[0] / float(np.ptp(looked.xyz_px[:, :2], axis=0).max())
        off.append(share)
        found += share <= NO_FACE
    yield Figure(
        f"{PORTRAITS}: photographs and paintings that give a head", f"{found} of {len(paths)}",
        "all, or a named reason", found + len(reasons) == len(paths),
        f"points {np.mean(off):.1%} of the face's height off; {'; '.join(reasons)}".strip("; "),
    )  # fmt: skip
