"""Pairs: a photograph of somebody in clothes as it is cut out and fitted, and points about their
body in the reference pose of what the fit takes them for, with what is true of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from studio.core.closing import Closing
from studio.core.errors import StudioError
from studio.core.types import Camera, Mesh
from studio.human.bodies.fit import Told, fitting
from studio.human.bodies.fitted import BodyFit, BodyView
from studio.human.wardrobe.fitting import base_weights
from studio.perception.bodies.crops import SIDE_PX, square, window
from studio.perception.bodies.field import square_behind, square_of, template_of
from studio.perception.bodies.parts import Kind, head_share
from studio.perception.bodies.template import Placed, Template
from studio.perception.bodies.volume import Square
from studio.perception.bodies_seen import BodyLooker
from studio.render.raster import Renderer
from studio.render.scene import Drawable, vertex_normals
from studio.render.scene_depths import SceneDepths
from studio.synth.actor import Posed
from studio.synth.bodies.colours import colours_at
from studio.synth.bodies.errors import Errors
from studio.synth.bodies.people import Subject, hung_over, make_subject
from studio.synth.bodies.photograph import Photograph, begin_m, lens_of
from studio.synth.bodies.shaken import shaken
from studio.synth.bodies.solid import STEP_M
from studio.synth.designed import resting
from studio.synth.factory.clearance import posed_clear
from studio.synth.factory.eye import random_eye
from studio.synth.factory.framing import film
from studio.synth.factory.motions import make_pose, motions_of
from studio.synth.factory.places.place import Place, make_place
from studio.synth.factory.poses import look_at, turned, turns_of
from studio.synth.factory.streams import Split, stream
from studio.synth.figure import carry, skin
from studio.vision.triangles import Triangles

MOMENTS: dict[Split, int] = {"train": 3, "validation": 2, "test": 4}
"""How many pictures there are of a person."""
PLACES: dict[Split, int] = {"train": 1, "validation": 2, "test": 3}
"""In how many places these are taken."""
SIDE = 768
"""How large photographs are (pixels)."""
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
_TRIES, _DRAWS = 12, 8
"""How many photographs are tried, and how many errors of others over each."""
_NO_FIT_M = 0.12
"""A fit whose joints are further off has taken somebody for standing otherwise."""
_GIVE_UP_M = 0.14
"""As soon as joints are so far off, a fit is given up."""
_USUAL = 0.6
_USUALLY = ("stand", "hips", "wave", "point", "talk", "walk", "call", "read")
"""What people do in photographs of whole people, in so many of them."""
_HEIGHT_TOLD, _LENS_TOLD = 0.5, 0.5


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
    """A square of the photograph as the networks look at it, and points about what it shows."""

    square: Square
    points: Points


@dataclass(frozen=True, eq=False)
class BodyPair:
    """See :class:`BodyFactory`. In the camera's axes (metres): ``turns`` (bones, 3, 3) are the true
    turns from the reference pose and ``joints_m`` where bones begin, ``template`` is the fit,
    ``grid_m`` how far inside the posed person places about the root are. ``surface_m`` and
    ``surface_normals`` are of the true surface, in the fit's reference pose. What is true is as
    large, and as far away, as the fit takes it for."""

    views: dict[Kind, View]
    template: Template
    turns: np.ndarray
    joints_m: np.ndarray
    build: np.ndarray
    grid_m: np.ndarray
    surface_m: np.ndarray
    surface_normals: np.ndarray


Fitter = Callable[[Photograph, np.random.Generator], BodyFit]


class Fits(Closing):
    """Fits photographs as users' are: looked at, cut out, height and lens told or not. ``files``
    are the networks that look (:data:`studio.perception.bodies_seen.NETWORKS`)."""

    def __init__(self, files: Mapping[str, Path]) -> None:
        self._looker = BodyLooker(files)

    def close(self) -> None:
        """Free the networks."""
        self._looker.close()

    def __call__(self, taken: Photograph, rng: np.random.Generator) -> BodyFit:
        """The fit. Raises StudioError where nobody is found, or somebody who stands otherwise."""
        lens = float(taken.camera.matrix[0, 0]) if rng.random() < _LENS_TOLD else None
        tall = taken.height_m if rng.random() < _HEIGHT_TOLD else None
        photo = self._looker.look("photograph", taken.rgb, focal_px=lens)
        steps, first = fitting([photo], Told(tall)), True
        while True:
            try:
                fit = next(steps)
            except StopIteration as end:
                return end.value
            if first and _off_m(taken, fit, _template(fit)) > _GIVE_UP_M:
                raise StudioError("Somebody stands otherwise.", "Try another photograph.")
            first = False


class BodyFactory(Closing):
    """Makes pairs; a context manager, to be used on one thread.

    Pair ``number`` depends on the split, the seed and the number alone, those with the errors of
    others also on these; ``fits`` fits photographs and ``step_m`` is how finely the true surface is
    looked for. ``errors`` are those of the fits so far.
    """

    def __init__(
        self, split: Split, seed: int, fits: Fitter | None = None, step_m: float = STEP_M
    ) -> None:
        self.split: Split = split
        self.seed, self._fits, self._step_m = seed, fits, step_m
        self._subject: tuple[int, Subject] | None = None
        self._at: tuple[tuple[int, int], Place] | None = None
        self._tools: tuple[Renderer, SceneDepths] | None = None
        self.errors: list[Errors] = []

    def close(self) -> None:
        """Free the renderers and what fits."""
        for tool in self._tools or ():
            tool.close()
        if isinstance(self._fits, Closing):
            self._fits.close()
        self._tools = None

    def pair(self, number: int) -> BodyPair:
        """The pair of that number. Raises StudioError where no photograph can be fitted."""
        assert self._fits is not None
        for attempt in range(_TRIES):
            rng = stream("body pair", self.seed, self.split, number, attempt)
            taken = self._taken(number, SIDE, rng)
            try:
                fit = self._fits(taken, rng)
            except StudioError:
                continue
            template = _template(fit)
            if _off_m(taken, fit, template) > _NO_FIT_M:
                continue
            self.errors.append(Errors.of(taken, fit, template))
            return pair_of(taken, fit, rng)
        raise StudioError(f"No photograph of pair {number} can be fitted.")

    def shaken(self, number: int) -> BodyPair:
        """The pair of that number as a fit would have it that is as wrong as those of others were:
        in a tenth of the time. Raises StudioError where none comes near enough."""
        for attempt in range(_TRIES):
            rng = stream("body pair", self.seed, self.split, number, attempt)
            taken = self._taken(number, SIDE, rng)
            for _ in range(_DRAWS):
                found = shaken(taken, self.errors, rng)
                if found is not None and _away_m(taken, *found) <= _NO_FIT_M:
                    return _pair(taken, *found, rng)
        raise StudioError(f"No errors of others suit pair {number}.")

    def photograph(self, number: int) -> Photograph:
        """The picture of a pair's moment alone."""
        return self._taken(number, SIDE, stream("body pair", self.seed, self.split, number))

    def _taken(self, number: int, side_px: int, rng: np.random.Generator) -> Photograph:
        """Somebody of the split doing something somewhere."""
        many = MOMENTS[self.split]
        who = number // many
        if self._subject is None or self._subject[0] != who:
            self._subject = who, make_subject(self.seed, self.split, who, self._step_m)
        subject = self._subject[1]
        place = self._place(who, number % many * PLACES[self.split] // many)
        figure = subject.figure
        motion = str(rng.choice(motions_of(self.split)))
        if self.split == "train" and rng.random() < _USUAL:
            motion = str(rng.choice(_USUALLY))
        root, turns = turns_of(figure, make_pose(motion, rng, figure))
        yaw = float(rng.normal(0, 60))
        root, turns = turned(root, turns, yaw, (0.0, 0.0))
        towards = np.array([np.sin(np.radians(yaw)), -np.cos(np.radians(yaw)), 0.4])
        look_at(figure, root, turns, root + 2 * towards + rng.normal(0, 0.4, 3))
        posed = posed_clear(subject.actor, root, turns, {})
        camera = film("full_body", posed, yaw, (side_px, side_px), _ROOM_M, rng)
        drawn = np.concatenate([d.mesh.vertices_m for d in posed.drawables])
        into = window(*square(_pixels(camera, drawn)[:, :2], 1.3), side_px)
        seen = replace(camera, matrix=into @ camera.matrix)
        rgb, mask = self._shot(posed, place, seen, rng)
        to = np.eye(4)
        to[:3, :3], to[:3, 3] = camera.rotation, camera.translation_m
        return Photograph(rgb, mask, seen, subject, to @ carry(figure.heads_m, root, turns))

    def _place(self, who: int, which: int) -> Place:
        if self._at is None or self._at[0] != (who, which):
            self._at = (who, which), make_place(self.seed, self.split, who, which, 1)
        return self._at[1]

    def _shot(
        self, posed: Posed, place: Place, camera: Camera, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """The picture as it is taken, and the person's mask."""
        side_px = camera.size_px[0]
        side = int(side_px * _FINE)
        if self._tools is None:
            self._tools = Renderer((side, side), samples=1), SceneDepths((side, side))
        renderer, depths = self._tools
        finer = np.array([[_FINE, 0, (_FINE - 1) / 2], [0, _FINE, (_FINE - 1) / 2], [0, 0, 1]])
        near = replace(camera, matrix=finer @ camera.matrix, size_px=(side, side))
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


def pair_of(taken: Photograph, fit: BodyFit, rng: np.random.Generator) -> BodyPair:
    """What is true of points about a fit."""
    return _pair(taken, fit.main, _template(fit), fit.height_m / taken.height_m, rng)


def _template(fit: BodyFit) -> Template:
    return template_of(resting(fit.design)[0], fit.main, fit.offsets_m)


def _off_m(taken: Photograph, fit: BodyFit, template: Template) -> float:
    """How far a fit's joints are off, the root at the root."""
    return _away_m(taken, fit.main, template, fit.height_m / taken.height_m)


def _away_m(taken: Photograph, view: BodyView, template: Template, scale: float) -> float:
    joints = begin_m(*taken.scaled(scale, lens_of(taken, view)))
    own = begin_m(template.heads_m, template.carried)
    return float(np.linalg.norm((joints - joints[0]) - (own - own[0]), axis=1).mean())


def _pair(
    taken: Photograph, view: BodyView, template: Template, scale: float, rng: np.random.Generator
) -> BodyPair:
    """What is true of points about a fit that takes somebody for so many times as large."""
    subject = taken.subject
    heads, carried = taken.scaled(scale, lens_of(taken, view))
    views: dict[Kind, View] = {}
    for kind in SIDE_PX:
        points = _points(kind, subject, template, scale, rng)
        looked = square_of(view.photo, view, kind) or square_behind(template, view)
        views[kind] = View(looked, points)
    return BodyPair(
        views, template, carried[:, :3, :3], begin_m(heads, carried),
        subject.shape.phenotypes.numpy(), _grid(subject, heads, carried, scale),
        *true_surface(subject, template.heads_m, rng, scale),
    )  # fmt: skip


def _pixels(camera: Camera, points_m: np.ndarray) -> np.ndarray:
    """Pixels and depth (n, 3) of points of the world."""
    local = points_m @ camera.rotation.T + camera.translation_m
    flat = local @ camera.matrix.T
    return np.column_stack([flat[:, :2] / flat[:, 2:], local[:, 2]])


def _points(
    kind: Kind, subject: Subject, template: Template, scale: float, rng: np.random.Generator
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
    moved = hung_over(subject, points, template.heads_m, scale)
    return Points(moved, scale * inside, normals, colours, template.place(moved))


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
    subject: Subject, heads_m: np.ndarray, rng: np.random.Generator, scale: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    """Points of the true surface in the reference pose of a fit whose bones begin at ``heads_m``
    and which takes the person for so many times as large, and the normals there (``SURFACE``,
    3)."""
    points, _ = spread(subject.surface, SURFACE, rng)
    found = subject.inside.closest(points).faces
    smooth = vertex_normals(subject.surface.vertices_m, subject.surface.faces)
    normals = smooth[subject.surface.faces[found]].sum(1)
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-9)
    return hung_over(subject, points, heads_m, scale), normals


def true_inside(
    subject: Subject, heads_m: np.ndarray, rng: np.random.Generator, count: int, scale: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    """Points (count, 3) anywhere in the box around somebody, in the reference pose of a fit (see
    :func:`true_surface`), and which are truly inside."""
    low, high = subject.surface.vertices_m.min(0), subject.surface.vertices_m.max(0)
    points = rng.uniform(low - 0.05, high + 0.05, (count, 3))
    return hung_over(subject, points, heads_m, scale), subject.inside.inside_m(points) > 0


def _grid(subject: Subject, heads_m: np.ndarray, carried: np.ndarray, scale: float) -> np.ndarray:
    """How far inside the posed person the places of a grid about the root are (``GRID``)."""
    weights = base_weights()[subject.surface_near]
    posed = skin(scale * subject.surface.vertices_m, weights, carried)
    triangles = Triangles([Mesh(posed, subject.surface.faces)])
    root = begin_m(heads_m, carried)[0]
    axes = [np.linspace(-far, far, n) for far, n in zip(GRID_M, GRID, strict=True)]
    z, y, x = np.meshgrid(*axes, indexing="ij")
    found = triangles.inside_m((np.stack([x, y, z], -1) + root).reshape(-1, 3))
    return np.clip(found, -REACH_M, REACH_M).reshape(GRID)
