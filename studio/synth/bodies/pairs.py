"""Pairs: a picture of somebody in clothes, and points about their body in the reference pose of
what a fit takes them for, with what is true of each."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from studio.core.closing import Closing
from studio.core.types import Camera, Mesh
from studio.human.wardrobe.fitting import base_weights
from studio.perception.bodies.crops import LOOSE, SIDE_PX, square, window
from studio.perception.bodies.parts import Kind, head_share, mark_vertices, marks_m
from studio.perception.bodies.template import SKIN, Placed, Template
from studio.render.raster import Renderer
from studio.render.scene import Drawable, vertex_normals
from studio.render.scene_depths import SceneDepths
from studio.synth.actor import Posed
from studio.synth.bodies.colours import colours_at
from studio.synth.bodies.people import Guess, Subject, guessed, hung_over, make_subject
from studio.synth.bodies.solid import STEP_M
from studio.synth.factory.clearance import posed_clear
from studio.synth.factory.eye import random_eye
from studio.synth.factory.framing import film
from studio.synth.factory.motions import make_pose, motions_of
from studio.synth.factory.places.place import Place, make_place
from studio.synth.factory.poses import look_at, turned, turns_of
from studio.synth.factory.streams import Split, stream
from studio.synth.figure import carry, skin
from studio.vision.triangles import Triangles

MOMENTS: dict[Split, int] = {"train": 12, "validation": 4, "test": 4}
"""How many pictures there are of a person."""
PLACES = 3
"""In how many places these are taken."""
NEAR: dict[Kind, tuple[tuple[float, int], ...]] = {
    "body": ((0.05, 2048), (0.01, 2816)),
    "head": ((0.03, 1024), (0.007, 1792)),
}
"""How far off the surface points are (metres, a standard deviation), and how many."""
ANYWHERE: dict[Kind, int] = {"body": 1280, "head": 256}
"""How many points lie anywhere in the box around."""
SURFACE = 8192
"""How many points of the true surface are kept, to be measured against."""
GRID = (12, 24, 24)
GRID_M = (0.8, 1.15, 1.15)
"""Distances in the posed space: how many (away from the camera, down, to the right), and how far
from the root they reach."""
REACH_M = 0.1
_FINE = 1.5
_ROOM_M = (3.6, 3.6)


@dataclass(frozen=True, eq=False)
class Points:
    """Points of the fit's reference pose (metres): ``inside_m`` is how far inside the clothed
    person each is (clipped to ``REACH_M``, negative outside), ``normals`` and ``colours`` (uint8,
    albedo) those of the nearest place of the true surface; ``told`` is what the networks are told.
    """

    points_m: np.ndarray
    inside_m: np.ndarray
    normals: np.ndarray
    colours: np.ndarray
    told: Placed


@dataclass(frozen=True, eq=False)
class View:
    """A square of the picture: ``lens`` is its focal lengths and principal point (4; pixels)."""

    rgb: np.ndarray
    mask: np.ndarray
    lens: np.ndarray
    points: Points


@dataclass(frozen=True, eq=False)
class BodyPair:
    """See :class:`BodyFactory`. In the camera's axes (metres): ``turns`` (bones, 3, 3) are the true
    turns from the reference pose and ``joints_m`` where bones begin, ``marks`` (marks, 3) the
    face's points in the head's square (pixels) and whether they are seen, ``template`` is the fit,
    ``grid_m`` how far inside the posed person places about the root are. ``surface_m`` and
    ``surface_normals`` are of the true surface, in the fit's reference pose."""

    views: dict[Kind, View]
    template: Template
    turns: np.ndarray
    joints_m: np.ndarray
    build: np.ndarray
    marks: np.ndarray
    grid_m: np.ndarray
    surface_m: np.ndarray
    surface_normals: np.ndarray


@dataclass(frozen=True, eq=False)
class Photograph:
    """Somebody's picture, their mask, the camera (no distortion), and who they are."""

    rgb: np.ndarray
    mask: np.ndarray
    camera: Camera
    subject: Subject


class BodyFactory(Closing):
    """Makes pairs; a context manager, to be used on one thread.

    Pair ``number`` depends on the split, the seed and the number alone; ``step_m`` is how finely
    the true surface is looked for.
    """

    def __init__(self, split: Split, seed: int, step_m: float = STEP_M) -> None:
        self.split: Split = split
        self.seed, self._step_m = seed, step_m
        self._subject: tuple[int, Subject] | None = None
        self._at: tuple[tuple[int, int], Place] | None = None
        self._tools: dict[str, tuple[Renderer, SceneDepths]] = {}

    def close(self) -> None:
        """Free the renderers."""
        for renderer, depths in self._tools.values():
            renderer.close()
            depths.close()
        self._tools = {}

    def pair(self, number: int) -> BodyPair:
        """The pair of that number."""
        rng = stream("body pair", self.seed, self.split, number)
        return self._seen(*self._acted(number, rng), rng)

    def photograph(self, number: int, side_px: int = 768) -> Photograph:
        """The picture of a pair's moment as a photograph of somebody would be: larger."""
        rng = stream("body pair", self.seed, self.split, number)
        subject, posed, place, camera, *_ = self._acted(number, rng)
        drawn = np.concatenate([d.mesh.vertices_m for d in posed.drawables])
        into = window(*square(_pixels(camera, drawn)[:, :2], 1.3), side_px)
        rgb, mask = self._shot("photograph", posed, place, camera, into, rng, side_px)
        seen = replace(camera, matrix=into @ camera.matrix, size_px=(side_px, side_px))
        return Photograph(rgb, mask, seen, subject)

    def _acted(
        self, number: int, rng: np.random.Generator
    ) -> tuple[Subject, Posed, Place, Camera, np.ndarray, np.ndarray]:
        """Who does what where, seen by which camera; where the root is and how bones are turned."""
        many = MOMENTS[self.split]
        who = number // many
        if self._subject is None or self._subject[0] != who:
            self._subject = who, make_subject(self.seed, self.split, who, self._step_m)
        subject = self._subject[1]
        place = self._place(who, number % many * PLACES // many)
        figure = subject.figure
        motion = str(rng.choice(motions_of(self.split)))
        root, turns = turns_of(figure, make_pose(motion, rng, figure))
        yaw = float(rng.normal(0, 60))
        root, turns = turned(root, turns, yaw, (0.0, 0.0))
        towards = np.array([np.sin(np.radians(yaw)), -np.cos(np.radians(yaw)), 0.4])
        look_at(figure, root, turns, root + 2 * towards + rng.normal(0, 0.4, 3))
        posed = posed_clear(subject.actor, root, turns, {})
        side = int(SIDE_PX["body"] * _FINE)
        camera = film("full_body", posed, yaw, (side, side), _ROOM_M, rng)
        return subject, posed, place, camera, root, turns

    def _place(self, who: int, which: int) -> Place:
        if self._at is None or self._at[0] != (who, which):
            self._at = (who, which), make_place(self.seed, self.split, who, which, 1)
        return self._at[1]

    def _seen(
        self, subject: Subject, posed: Posed, place: Place, camera: Camera, root: np.ndarray,
        turns: np.ndarray, rng: np.random.Generator,
    ) -> BodyPair:  # fmt: skip
        guess = guessed(subject, root, turns, camera.rotation[2], rng)
        template = _before(guess, camera)
        figure = subject.figure
        true = _before(Guess(figure.vertices_m, figure.heads_m, root, turns), camera)
        drawn = np.concatenate([d.mesh.vertices_m for d in posed.drawables])
        marks = _pixels(camera, marks_m(posed.vertices_m))
        seen = _pixels(camera, drawn)
        about: dict[Kind, np.ndarray] = {"body": seen[:, :2], "head": marks[:, :2]}
        views: dict[Kind, View] = {}
        for kind, points in about.items():
            left, top, side = square(points, LOOSE[kind] * float(rng.uniform(0.96, 1.08)))
            left, top = (np.array([left, top]) + rng.normal(0, 0.012, 2) * side).tolist()
            into = window(left, top, side, SIDE_PX[kind])
            if kind == "head":
                marks[:, :2] = marks[:, :2] @ into[:2, :2].T + into[:2, 2]
            rgb, mask = self._shot(kind, posed, place, camera, into, rng, SIDE_PX[kind])
            matrix = into @ camera.matrix
            lens = matrix[[0, 1, 0, 1], [0, 1, 2, 2]]
            views[kind] = View(rgb, mask, lens, _points(kind, subject, guess, template, rng))
        return BodyPair(
            views, template, true.carried[:, :3, :3],
            np.einsum("bij,bj->bi", true.carried[:, :3, :3], true.heads_m) + true.carried[:, :3, 3],
            subject.shape.phenotypes.numpy(), _seen_marks(marks, true, camera),
            _grid(subject, true), *true_surface(subject, guess.heads_m, rng),
        )  # fmt: skip

    def _shot(
        self, kind: str, posed: Posed, place: Place, camera: Camera, into: np.ndarray,
        rng: np.random.Generator, side_px: int,
    ) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
        """A square of the picture, as it is taken, and the person's mask."""
        side = int(side_px * _FINE)
        if kind not in self._tools:
            self._tools[kind] = Renderer((side, side), samples=1), SceneDepths((side, side))
        renderer, depths = self._tools[kind]
        finer = np.array([[_FINE, 0, (_FINE - 1) / 2], [0, _FINE, (_FINE - 1) / 2], [0, 0, 1]])
        near = replace(camera, matrix=finer @ into @ camera.matrix, size_px=(side, side))
        centre = posed.bones_world[0, :3, 3]
        lighting = replace(place.lighting, centre_m=tuple(centre), radius_m=1.6)
        behind = place.around.seen_by(near, (side, side))
        scene: tuple[Drawable, ...] = (*posed.drawables, *place.floors)
        seen = renderer.render(scene, near, lighting, far_m=60.0, backdrop=behind)
        there = np.isfinite(depths.draw(posed.drawables, near))
        small = (side_px,) * 2
        rgb = cv2.resize(seen.rgb, small, interpolation=cv2.INTER_AREA)
        mask = cv2.resize(255 * there.astype(np.uint8), small, interpolation=cv2.INTER_AREA)
        return random_eye(rng, side_px / 256).take(rgb, mask > 127, rng), mask


def _before(guess: Guess, camera: Camera) -> Template:
    """A body in its pose before a camera."""
    carried = carry(guess.heads_m, guess.root_m, guess.turns)
    to = np.eye(4)
    to[:3, :3], to[:3, 3] = camera.rotation, camera.translation_m
    return Template(guess.vertices_m, guess.heads_m, to @ carried)


def _pixels(camera: Camera, points_m: np.ndarray) -> np.ndarray:
    """Pixels and depth (n, 3) of points of the world."""
    local = points_m @ camera.rotation.T + camera.translation_m
    flat = local @ camera.matrix.T
    return np.column_stack([flat[:, :2] / flat[:, 2:], local[:, 2]])


def _points(
    kind: Kind, subject: Subject, guess: Guess, template: Template, rng: np.random.Generator
) -> Points:
    surface = subject.surface
    count = sum(many for _, many in NEAR[kind])
    faces = surface.faces
    if kind == "head":
        faces = faces[(head_share()[subject.surface_near] > 0.5)[faces].all(1)]
    own, _ = spread(Mesh(surface.vertices_m, faces), count, rng)
    far = np.repeat([sigma for sigma, _ in NEAR[kind]], [many for _, many in NEAR[kind]])
    own = own + rng.normal(0, 1, own.shape) * far[:, None] / np.sqrt(3) * 1.5
    box = surface.vertices_m[np.unique(faces)]
    low, high = box.min(0) - 0.05, box.max(0) + 0.05
    points = np.concatenate([own, rng.uniform(low, high, (ANYWHERE[kind], 3))])
    inside, normals, colours = _truth(subject, points)
    moved = hung_over(subject, points, guess.heads_m)
    return Points(moved, inside, normals, colours, template.place(moved))


def _truth(subject: Subject, points_m: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """How far inside points of the subject's reference pose are, and normal and colour of the
    surface nearest to them."""
    inside = np.clip(subject.inside.inside_m(points_m), -REACH_M, REACH_M)
    normals = subject.inside.closest(points_m).normals
    return inside, normals, colours_at(subject.at_rest.drawables, points_m)


def spread(mesh: Mesh, count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Points evenly over a mesh (count, 3), and the normals there."""
    a, b, c = (mesh.vertices_m[mesh.faces[:, k]] for k in range(3))
    across = np.cross(b - a, c - a)
    area = np.linalg.norm(across, axis=1)
    which = rng.choice(len(area), count, p=area / area.sum())
    u, v = rng.random((2, count, 1))
    flip = u + v > 1
    u, v = np.where(flip, 1 - u, u), np.where(flip, 1 - v, v)
    points = a[which] + u * (b - a)[which] + v * (c - a)[which]
    return points, across[which] / np.maximum(area[which], 1e-12)[:, None]


def true_surface(
    subject: Subject, heads_m: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Points of the true surface in the reference pose of a fit whose bones begin at ``heads_m``,
    and the normals there (``SURFACE``, 3)."""
    points, _ = spread(subject.surface, SURFACE, rng)
    found = subject.inside.closest(points).faces
    smooth = vertex_normals(subject.surface.vertices_m, subject.surface.faces)
    normals = smooth[subject.surface.faces[found]].sum(1)
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-9)
    return hung_over(subject, points, heads_m), normals


def _grid(subject: Subject, true: Template) -> np.ndarray:
    """How far inside the posed person the places of a grid about the root are (``GRID``)."""
    weights = base_weights()[subject.surface_near]
    posed = skin(subject.surface.vertices_m, weights, true.carried)
    triangles = Triangles([Mesh(posed, subject.surface.faces)])
    root = true.carried[0, :3, :3] @ true.heads_m[0] + true.carried[0, :3, 3]
    axes = [np.linspace(-far, far, n) for far, n in zip(GRID_M, GRID, strict=True)]
    z, y, x = np.meshgrid(*axes, indexing="ij")
    found = triangles.inside_m((np.stack([x, y, z], -1) + root).reshape(-1, 3))
    return np.clip(found, -REACH_M, REACH_M).reshape(GRID)


def _seen_marks(marks: np.ndarray, true: Template, camera: Camera) -> np.ndarray:
    """The face's points (x, y, seen): those on the side that looks to the camera."""
    normals = vertex_normals(true.posed_m, true.faces)
    seen: list[bool] = []
    for ids in mark_vertices():
        ids = ids[ids < SKIN]
        way = true.posed_m[ids].mean(0)
        seen.append(bool(normals[ids].mean(0) @ way < 0.1 * np.linalg.norm(way)))
    return np.column_stack([marks[:, :2], seen])
