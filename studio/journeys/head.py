"""Figures of heads from photographs: against a scan, against made-up people, and on portraits."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from studio.core.errors import StudioError
from studio.core.pictures import read_picture
from studio.core.types import Camera, CameraRig
from studio.features.head.engine import NETWORKS, NO_FACE
from studio.human.design import Design
from studio.human.heads import model
from studio.human.heads.fit import FittedHead, View
from studio.human.heads.proportions import womanly
from studio.human.heads.shown import Portrait, jaw_of
from studio.journeys import head_hidden, head_turned
from studio.journeys.figures import Figure, Part, footage_set
from studio.perception.correspondence import fit_together
from studio.perception.portraits import Looked, Looker
from studio.render.raster import Renderer
from studio.synth import designed, portrait
from studio.synth.figure import make_figure
from studio.synth.heads.pixels.stage import to_pixels
from studio.synth.heads.scanned import FACE_M, Surface
from studio.synth.heads.seen import PUPILS, SeenHead, seen_head
from studio.synth.people import stranger
from studio.vision.o3d import open3d
from studio.vision.sightings import sight
from studio.vision.triangulate import dlt
from studio.weights.store import find

SCAN = "head_leeperrysmith"
PORTRAITS = "face_public_domain"
MEN = ("biden", "obama", "obama3", "painting_louis14")
"""Of those portraits; the others are of women."""
SETS = {"one view": (0,), "three views": (0, 1, 2)}
SEEN_FROM = {"from ahead (F)": (0,), "from the left (L)": (1,), "from the right (R)": (2,),
             "from all three": (0, 1, 2)}  # fmt: skip
AVERAGE = "nothing but the average"
STRANGERS, FIRST_SEED, TURNED = 8, 9000, 3
_TURNS_DEG = (0.0, -28.0, 28.0)
_SIDE_PX = 640


def parts(footage: Path | None) -> list[tuple[str, Part]]:
    """The parts of the evaluation."""
    return [
        ("a real head, scanned", partial(_scanned, footage)),
        ("the scanned head from another side", partial(_scanned_turned, footage)),
        ("made-up people", _made_up),
        ("made-up people from another side", _turned),
        ("portraits", partial(_portraits, footage)),
    ]


@dataclass(frozen=True)
class _Off:
    """How far a head is off (metres, means): face and head, the worst tenth of the face, and the
    whole head both ways (Chamfer, halved)."""

    face: float
    head: float
    worst: float
    both: float


def _off(
    head: SeenHead, surface: Surface, landmarks: np.ndarray, actions: np.ndarray | None = None
) -> _Off:
    """A head, with the expression of ``actions``, against a surface whose MediaPipe points are
    known, laid on it by its face."""
    acted = np.zeros(52) if actions is None else actions
    skin = head.skin(View(np.eye(3), np.zeros(3), 1.0, (0.0, 0.0), acted))
    ids, means = model.marks()
    marks = means @ skin[ids]
    turn, shift = surface.laid(marks, landmarks)
    skin, marks = skin @ turn.T + shift, marks @ turn.T + shift
    used = np.unique(make_figure().surface.faces["skin"])
    whole, skin = skin, skin[used]
    apart = np.sqrt(((skin[:, None] - marks[None, ::3]) ** 2).sum(-1).min(1))
    up = marks[10] - marks[152]
    above = (skin - marks[152]) @ (up / np.linalg.norm(up)) > 0.0
    far = np.linalg.norm(skin - surface.nearest(skin), axis=1)
    face = far[apart < FACE_M]
    near = np.linalg.norm(skin - marks.mean(0), axis=1) < 0.22
    head_m = float(far[above & near].mean())
    there = surface.vertices_m
    there = there[
        ((there - marks[152]) @ (up / np.linalg.norm(up)) > 0)
        & (np.linalg.norm(there - marks.mean(0), axis=1) < 0.22)
    ]
    own = Surface(whole, make_figure().surface.faces["skin"])
    back = float(np.linalg.norm(there - own.nearest(there), axis=1).mean())
    return _Off(float(face.mean()), head_m, float(np.percentile(face, 90)), (head_m + back) / 2)


def _fit(
    portraits: Sequence[Portrait], looked: Sequence[Looked]
) -> tuple[tuple[tuple[Portrait, ...], FittedHead], ...]:
    """As the engine does: by points, then by pixels too."""
    told, head = _by_points(portraits, looked)
    return (told, head), to_pixels(looked, told, head)


def _by_points(
    portraits: Sequence[Portrait], looked: Sequence[Looked]
) -> tuple[tuple[Portrait, ...], FittedHead]:
    pictures = [one.rgb for one in looked]
    return fit_together(pictures, portraits, womanly([one.xyz_px for one in portraits]))


def _looker() -> Looker:
    return Looker({name: find(name) for name in NETWORKS})


# -- a scan


@dataclass(frozen=True, eq=False)
class ScanViews:
    """A scanned head as photographs see it: from ahead, left and right, each with its camera; where
    MediaPipe's points are on it (metres). ``cameras`` are of all pictures, by their names."""

    vertices_m: np.ndarray
    faces: np.ndarray
    looked: tuple[Looked, ...]
    portraits: tuple[Portrait, ...]
    landmarks: np.ndarray
    cameras: dict[str, Camera]

    @property
    def pupils_m(self) -> float:
        """How far its pupils are apart."""
        return float(np.linalg.norm(self.landmarks[PUPILS[0]] - self.landmarks[PUPILS[1]]))


def scan_views(footage: Path | None) -> ScanViews:
    """The scanned head. Raises FileNotFoundError if it is not here."""
    folder = footage_set(footage, SCAN)
    told = json.loads((folder / "rendered_views" / "cameras.json").read_text("utf-8"))["cameras"]
    scan = open3d().io.read_triangle_mesh(folder / "scan_metres.ply")
    cameras: dict[str, Camera] = {}
    for one in told:
        size = (int(one["width"]), int(one["height"]))
        lens, turn, shift = (np.array(one[key], float) for key in ("K", "R", "t"))
        cameras[one["image"]] = Camera("scan", size, lens, np.zeros(0), turn, shift)
    every: list[Portrait] = []
    seen: list[Looked] = []
    with _looker() as looker:
        for name, camera in list(cameras.items())[:3]:
            path = folder / "rendered_views" / name
            rgb = np.ascontiguousarray(read_picture(path)[..., :3])
            seen.append(looker.look(path.name, rgb))
            jaw = jaw_of(seen[-1].guesses)
            every.append(Portrait(seen[-1].xyz_px, camera.size_px, camera, jaw=jaw))
    vertices, faces = np.asarray(scan.vertices), np.asarray(scan.triangles)
    marks = _triangulated(every, list(cameras.values())[:3])
    return ScanViews(vertices, faces, tuple(seen), tuple(every), marks, cameras)


def _scanned(footage: Path | None) -> Iterator[Figure]:
    views_of = scan_views(footage)
    every, landmarks, pupils_m = views_of.portraits, views_of.landmarks, views_of.pupils_m
    surface = Surface(views_of.vertices_m, views_of.faces)
    for name, views in SETS.items():
        for known in (True, False):
            chosen = [every[k] if known else replace(every[k], camera=None) for k in views]
            rough, fine = (
                seen_head(fitted, told, pupils_m)
                for told, fitted in _fit(chosen, [views_of.looked[k] for k in views])
            )
            before, off = (
                _off(head, surface, landmarks, head.views[0].actions) for head in (rough, fine)
            )
            goal = 1.9 if len(views) == 1 else 1.5
            lens = "lens known" if known else "lens unknown"
            yield Figure(
                f"{SCAN}, {name}, {lens}: face; head; the face's worst tenth",
                f"{1e3 * off.face:.2f}; {1e3 * off.head:.2f}; {1e3 * off.worst:.2f} mm",
                f"{goal}; 6 mm" if known else "",
                (1e3 * off.face <= goal and 1e3 * off.head <= 6) if known else None,
                f"{1e3 * before.face:.2f}; {1e3 * before.head:.2f} by points alone; "
                f"{1e3 * fine.pupils_m:.1f} mm between the pupils, as the calibrated views have it",
            )


def _scanned_turned(footage: Path | None) -> Iterator[Figure]:
    views = scan_views(footage)
    folder = footage_set(footage, SCAN) / "rendered_views"
    yield head_turned.scanned(folder, views.cameras, views.landmarks, views.pupils_m)


def _triangulated(portraits: Sequence[Portrait], cameras: Sequence[Camera]) -> np.ndarray:
    """Where MediaPipe's points are on the scan, as the calibrated views have them."""
    rig = CameraRig(tuple(replace(camera, name=f"{k}") for k, camera in enumerate(cameras)))
    xy = np.stack([one.xyz_px[:, :2] for one in portraits])
    return dlt(sight(rig, xy, np.ones(xy.shape[:2]), min_confidence=0.0))


# -- made-up people


def _made_up() -> Iterator[Figure]:
    """Strangers with faces of their own, rendered; the same, fitted. Their skins, hair and rooms
    are the project's own, and so is the shape that they are made of."""
    looker = _looker()
    found: dict[str, list[_Off]] = {name: [] for name in (*SEEN_FROM, AVERAGE)}
    before: dict[str, list[_Off]] = {name: [] for name in SEEN_FROM}
    lost = 0
    for seed in range(FIRST_SEED, FIRST_SEED + STRANGERS):
        wanted = _face_of_their_own(stranger(seed), seed)
        rest, _ = designed.resting(wanted)
        truth = (rest.vertices_m - rest.heads_m[model.HEAD]).double().numpy()
        surface = Surface(truth, make_figure().surface.faces["skin"])
        ids, means = model.marks()
        landmarks = means @ truth[ids]
        pupils_m = float(np.linalg.norm(landmarks[PUPILS[0]] - landmarks[PUPILS[1]]))
        portraits: list[Portrait] = []
        every: list[Looked] = []
        try:
            for rgb in _photographs(wanted):
                every.append(looker.look(f"stranger {seed}", rgb))
                jaw = jaw_of(every[-1].guesses)
                portraits.append(Portrait(every[-1].xyz_px, (_SIDE_PX, _SIDE_PX), jaw=jaw))
        except StudioError:
            lost += 1
            continue
        for name, views in SEEN_FROM.items():
            chosen = [portraits[k] for k in views]
            rough, fine = (
                _off(seen_head(head, told, pupils_m), surface, landmarks)
                for told, head in _fit(chosen, [every[k] for k in views])
            )
            before[name].append(rough)
            found[name].append(fine)
        average = SeenHead(Design(phenotypes={}), (), pupils_m)
        found[AVERAGE].append(_off(average, surface, landmarks))
    for name, offs in found.items():
        face, head = _means(offs)
        held = name in SEEN_FROM
        told = "; ".join(f"{x:.2f}" for x in _means(before[name])) if held else ""
        yield Figure(
            f"{len(offs)} made-up people, {name}: face; head, both ways",
            f"{face:.2f}; {head:.2f} mm",
            "2; 6 mm" if held else "",
            (face <= 2 and head <= 6) if held else None,
            f"{told} by points alone{f'; {lost} not found' if lost else ''}" if held else "",
        )


def _means(offs: Sequence[_Off]) -> tuple[float, float]:
    """How far faces and heads are off, on the mean (mm)."""
    faces, heads = [one.face for one in offs], [one.both for one in offs]
    return 1e3 * float(np.mean(faces)), 1e3 * float(np.mean(heads))


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


# -- made-up people, turned


def _turned() -> Iterator[Figure]:
    seeds = range(FIRST_SEED, FIRST_SEED + TURNED)
    yield head_turned.made_up({seed: _face_of_their_own(stranger(seed), seed) for seed in seeds})


# -- portraits


def _portraits(footage: Path | None) -> Iterator[Figure]:
    folder = footage_set(footage, PORTRAITS)
    looker = _looker()
    found, right, reasons, off = 0, 0, list[str](), list[float]()
    paths = sorted(p for p in folder.iterdir() if p.suffix in (".jpg", ".png"))
    good: list[Looked] = []
    for path in paths:
        rgb = np.ascontiguousarray(read_picture(path)[..., :3])
        try:
            looked = looker.look(path.name, rgb)
        except StudioError as error:
            reasons.append(error.message)
            continue
        good.append(looked)
        size = rgb.shape[1], rgb.shape[0]
        one = Portrait(looked.xyz_px, size, jaw=jaw_of(looked.guesses))
        _, fitted = _by_points([one], [looked])
        share = fitted.off_px[0] / float(np.ptp(looked.xyz_px[:, :2], axis=0).max())
        off.append(share)
        found += share <= NO_FACE
        right += (womanly([looked.xyz_px]) > 0.5) != (path.stem in MEN)
    yield Figure(
        f"{PORTRAITS}: photographs and paintings that give a head", f"{found} of {len(paths)}",
        "all, or a named reason", found + len(reasons) == len(paths),
        f"points {np.mean(off):.1%} of the face's height off; {'; '.join(reasons)}".strip("; "),
    )  # fmt: skip
    yield Figure(f"{PORTRAITS}: women and men told rightly", f"{right} of {len(off)}")
    yield from head_hidden.figures(looker, good)
