"""Made-up heads, hair and all, as a phone sees them that is carried around: pictures, cameras, what
is true of the surface, and what a fit takes the head for.

Everything is told in the frame of the fit (see :mod:`studio.human.heads.fit`), in true size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Float32, UInt8

from studio.core.closing import Closing
from studio.core.types import Camera, Mesh, Posed
from studio.human.design import Design
from studio.human.heads import carving, model
from studio.human.heads.fit import fit
from studio.human.heads.proportions import womanly
from studio.human.heads.shown import Portrait, jaw_of
from studio.perception.neural_heads.photographs import FREE, HEAD, UNKNOWN, Photograph, cut
from studio.perception.neural_heads.space import HIGH_M, LOW_M
from studio.perception.portraits import Looked, Looker
from studio.render.raster import Renderer
from studio.render.scene import Drawable, Rendered
from studio.synth import closet, designed, portrait
from studio.synth.bodies.solid import outer_surface
from studio.synth.figure import make_figure
from studio.synth.heads.seen import PUPILS, seen_head
from studio.synth.people import stranger
from studio.vision.similarity import similarity
from studio.vision.triangles import Triangles, spread_over

VIEWS, SIDE_PX = 20, 256
"""Pictures of a sweep, and how large they are."""
PHOTO_PX = 512
SIDES_DEG = (0.0, -35.0, 35.0)
"""From where photographs are taken that heads are fitted to: from ahead, left and right."""
SETS = {"F": (0,), "L": (1,), "R": (2,), "F+L+R": (0, 1, 2)}
"""Which photographs make a fit."""
SURFACE, ANYWHERE = 12_000, 4_000
NEAR_M = (0.002, 0.008, 0.025)
"""How far points lie off the surface, as standard deviations, a third of them each."""
REACH_M = 0.1
_STEP_M = 0.004
_ROOM_M = 0.04
_LEFT_OUT = ("brows", "lashes")
_APART_M = 0.004
_CARVED = 0.8
_CLOTHES = ("top", "bottom", "dress", "shoes", "jacket", "suit")


@dataclass(frozen=True, eq=False)
class SweptFit:
    """What a fit takes the head for: its skin as photographed (all base vertices, metres), and how
    the truth is laid on it (a turn and a shift)."""

    skin_m: Float[np.ndarray, "vertices 3"]
    laid: Float[np.ndarray, "3 4"]
    photographs: tuple[Photograph, ...]


@dataclass(frozen=True, eq=False)
class Sweep:
    """A head filmed around, in its own frame (metres): ``lens`` and ``poses`` of every picture;
    ``surface_m`` with ``normals`` on the true surface; ``points_m`` about it, how far ``inside_m``
    they are (negative outside) and which way the nearest surface looks (``facing``)."""

    rgb: UInt8[np.ndarray, "views side side 3"]
    labels: UInt8[np.ndarray, "views side side"]
    lens: Float[np.ndarray, "views 4"]
    poses: Float[np.ndarray, "views 3 4"]
    surface_m: Float[np.ndarray, "surface 3"]
    normals: Float[np.ndarray, "surface 3"]
    marks_m: Float[np.ndarray, "478 3"]
    points_m: Float[np.ndarray, "points 3"]
    inside_m: Float32[np.ndarray, " points"]
    facing: Float[np.ndarray, "points 3"]
    fits: dict[str, SweptFit]


def somebody(seed: int) -> Design:
    """Somebody with a face of their own, which the fit's sliders do not wholly reach; calm."""
    rng = np.random.default_rng((811, seed))
    values = np.clip(0.65 * rng.normal(0, 1, len(model.unknowns())) * model.spread(), -0.8, 0.8)
    values[: len(model.BUILDS)] = model.usual()[: len(model.BUILDS)]
    fields = carving.fields()
    moved = _CARVED * fields @ rng.normal(0, 1, (fields.shape[1], 3))
    person = stranger(seed)
    kinds = {one.name: one.kind for one in closet.catalogue()}
    worn = tuple(one for one in person.worn if kinds.get(one.item) not in _CLOTHES)
    carved = {k: (float(x), float(y), float(z)) for k, (x, y, z) in enumerate(moved)}
    return person.but(local=model.sliders_of(values), carved=carved, worn=worn, expression={},
                      gaze_deg=(0.0, 0.0), pose={})  # fmt: skip


class Sweeper(Closing):
    """Films made-up heads; a context manager, used by one thread. ``looker`` finds faces and hair
    in the photographs that heads are fitted to."""

    def __init__(self, looker: Looker) -> None:
        self._looker = looker
        self._small = Renderer((SIDE_PX, SIDE_PX))
        self._large = Renderer((PHOTO_PX, PHOTO_PX))

    def close(self) -> None:
        """Free the renderers."""
        self._small.close()
        self._large.close()

    def sweep(
        self, seed: int, sets: Sequence[str] = tuple(SETS), views: int = VIEWS,
        both_sides: bool = False,
    ) -> Sweep:  # fmt: skip
        """The sweep of a number, fitted to these sets of photographs; these are lit from the left,
        those of some people from the right if they are to be lit from ``both_sides``. Raises
        StudioError if no face is found in a photograph."""
        design = somebody(seed)
        rest, bones = designed.resting(design)
        body_m = designed.body_of(rest, bones)
        posed = designed.posed(design, designed.person_of(design, f"head {seed}"), body_m)
        at = np.array(posed.bones_world[model.HEAD, :3, 3])
        bare_m = body_m - bones.rest_world[model.HEAD, :3, 3]
        ids, means = model.marks()
        marks_m = means @ bare_m[ids]
        drawn = portrait.drawables(posed)
        rng = np.random.default_rng((812, seed))
        right = both_sides and bool(np.random.default_rng((813, seed)).random() < 0.5)
        fits = self._fits(posed, drawn, marks_m, sets, right)
        truth = _Truth(
            Mesh(bare_m, make_figure().surface.faces["skin"]), _surface(posed, drawn, at)
        )
        told = self._filmed(posed, drawn, at, rng, views)
        rgb, labels, lens, poses = told
        on, normals, points, deep, facing = _sampled(truth, rng)
        return Sweep(rgb, labels, lens, poses, on, normals, marks_m, points, deep, facing, fits)

    def _filmed(
        self, posed: Posed, drawn: tuple[Drawable, ...], at: np.ndarray, rng: np.random.Generator,
        views: int,
    ) -> tuple[np.ndarray, ...]:  # fmt: skip
        framing = replace(portrait.face_of(posed), turn_deg=float(rng.uniform(-40, 40)))
        red, green, blue = rng.uniform(0.05, 0.7, 3).tolist()
        light = replace(portrait.light(framing, contact_m=0.0), background=(red, green, blue))
        first = float(rng.uniform(-180, 180))
        found: list[tuple[np.ndarray, ...]] = []
        for k in range(views):
            camera = _carried(first + 360 * k / views + rng.normal(0, 4), at, rng)
            shown = self._small.render(drawn, camera, light, geometry=True)
            lens = camera.matrix[[0, 1, 0, 1], [0, 1, 2, 2]]
            pose = np.column_stack([camera.rotation, camera.translation_m + camera.rotation @ at])
            found.append((shown.rgb, _labels(shown, at, lens, pose), lens, pose))
        return tuple(np.stack(one) for one in zip(*found, strict=True))

    def _fits(
        self, posed: Posed, drawn: tuple[Drawable, ...], marks_m: np.ndarray, sets: Sequence[str],
        from_right: bool,
    ) -> dict[str, SweptFit]:  # fmt: skip
        framing = portrait.face_of(posed)
        looked: dict[int, Looked] = {}
        for k in sorted({k for name in sets for k in SETS[name]}):
            turned = replace(
                framing, turn_deg=SIDES_DEG[k], down_deg=0.0, size_m=1.25 * framing.size_m
            )
            rgb = portrait.picture(self._large, drawn, turned, from_right, 0.0)
            looked[k] = self._looker.look(f"side {k}", rgb)
        return {name: _fitted([looked[k] for k in SETS[name]], marks_m) for name in sets}


def _carried(turn_deg: float, at: np.ndarray, rng: np.random.Generator) -> Camera:
    """The phone at a moment of its way around."""
    down = float(rng.normal(6, 14))
    middle = at + np.array([0, 0, 0.05]) + rng.normal(0, 0.012, 3)
    size, away = float(rng.uniform(0.36, 0.46)), float(rng.uniform(0.5, 0.8))
    framing = portrait.Framing((middle[0], middle[1], middle[2]), size, turn_deg, down)
    turn, tilt = np.radians(turn_deg), np.radians(down)
    back = np.array([np.sin(turn) * np.cos(tilt), -np.cos(turn) * np.cos(tilt), np.sin(tilt)])
    camera = portrait.camera(framing, (SIDE_PX, SIDE_PX))
    focal = away / size * SIDE_PX
    matrix = camera.matrix.copy()
    matrix[0, 0] = matrix[1, 1] = focal
    return replace(camera, matrix=matrix, translation_m=-camera.rotation @ (middle + away * back))


def _labels(shown: Rendered, at: np.ndarray, lens: np.ndarray, pose: np.ndarray) -> np.ndarray:
    """What the pixels are, by what is seen first there: the head in its box, or what hides it."""
    assert shown.xyz_m is not None
    assert shown.depth_m is not None
    where = shown.xyz_m - at
    seen = np.isfinite(shown.depth_m)
    within = seen & ((where > LOW_M) & (where < HIGH_M)).all(-1)
    side = shown.rgb.shape[0]
    x, y = np.meshgrid(np.arange(side), np.arange(side))
    ways = np.stack([(x - lens[2]) / lens[0], (y - lens[3]) / lens[1], np.ones_like(x)], -1)
    eye = -pose[:, :3].T @ pose[:, 3]
    ways = ways @ pose[:, :3]
    with np.errstate(divide="ignore", invalid="ignore"):
        a, b = (LOW_M - eye) / ways, (HIGH_M - eye) / ways
    enters = np.fmin(a, b).max(-1)
    labels = np.full(seen.shape, FREE, np.uint8)
    labels[within] = HEAD
    labels[seen & ~within & (shown.depth_m < enters)] = UNKNOWN
    partly = (shown.alpha > 24) & (shown.alpha < 230)
    labels[partly] = UNKNOWN
    return labels


def _surface(posed: Posed, drawn: tuple[Drawable, ...], at: np.ndarray) -> Mesh:
    """The closed surface of head and hair in its box, and a little around."""
    low, high = LOW_M - _ROOM_M, HIGH_M + _ROOM_M
    kept: list[Mesh] = []
    for part, one in zip(posed.character.parts, drawn, strict=True):
        if part.name.startswith(_LEFT_OUT):
            continue
        vertices = one.mesh.vertices_m - at
        near = np.all((vertices > low) & (vertices < high), axis=1)
        faces = one.mesh.faces[near[one.mesh.faces].all(1)]
        if len(faces):
            used, faces = np.unique(faces, return_inverse=True)
            kept.append(Mesh(vertices[used], faces.reshape(-1, 3)))
    return outer_surface(kept, _STEP_M)


class _Truth:
    """A head with its hair: what is inside the skin, or inside what surrounds skin and hair."""

    def __init__(self, skin: Mesh, outer: Mesh) -> None:
        self._parts = skin, outer
        self._triangles = tuple(Triangles([one]) for one in self._parts)

    def deep_m(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """How far inside points are, and which way the surface nearest to them looks."""
        deep = np.stack([one.inside_m(points) for one in self._triangles])
        which = deep.argmax(0)
        near = np.stack([one.nearest_m(points) for one in self._triangles])
        rows = np.arange(len(points))
        deep, near = deep[which, rows], near[which, rows]
        way = (points - near) * np.where(deep > 0, -1, 1)[:, None]
        return deep, way / np.fmax(np.linalg.norm(way, axis=1, keepdims=True), 1e-9)

    def spread(self, count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Points on the surface, and its normals there."""
        found = [_spread(one, count, rng) for one in self._parts]
        areas, points, normals = zip(*found, strict=True)
        shares = [
            area * (self._triangles[1 - k].inside_m(on) < (-_APART_M if k == 0 else 0.5 * _APART_M))
            for k, (area, on) in enumerate(zip(areas, points, strict=True))
        ]
        chance = np.concatenate(shares)
        pick = rng.choice(len(chance), count, p=chance / chance.sum())
        return np.concatenate(points)[pick], np.concatenate(normals)[pick]


def _spread(
    mesh: Mesh, count: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Points on a mesh in the box: how much of its surface each stands for, where, normals."""
    corners = mesh.vertices_m[mesh.faces]
    middle = corners.mean(1)
    corners = corners[((middle > LOW_M) & (middle < HIGH_M)).all(1)]
    on, normals, area = spread_over(corners, count, rng)
    return np.full(count, area / count), on, normals


def _sampled(truth: _Truth, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    on, normals = truth.spread(SURFACE, rng)
    off = np.repeat(NEAR_M, SURFACE // len(NEAR_M))[:, None] * rng.normal(0, 1, (SURFACE, 3))
    points = np.concatenate([rng.permutation(on) + off, rng.uniform(LOW_M, HIGH_M, (ANYWHERE, 3))])
    deep, facing = truth.deep_m(points)
    return on, normals, points, np.clip(deep, -REACH_M, REACH_M), facing


def _fitted(looked: Sequence[Looked], marks_m: np.ndarray) -> SweptFit:
    size = PHOTO_PX, PHOTO_PX
    portraits = [Portrait(one.xyz_px, size, jaw=jaw_of(one.guesses)) for one in looked]
    gender = womanly([one.xyz_px for one in looked])
    found = fit(portraits, gender=gender)
    pupils_m = float(np.linalg.norm(marks_m[PUPILS[0]] - marks_m[PUPILS[1]]))
    seen = seen_head(found, portraits, pupils_m)
    skin_m = seen.skin(seen.views[0])
    ids, means = model.marks()
    turn, _, shift = similarity(marks_m, means @ skin_m[ids], sized=False)
    photographs = tuple(cut(one, view) for one, view in zip(looked, seen.views, strict=True))
    return SweptFit(skin_m, np.column_stack([turn, shift]), photographs)
