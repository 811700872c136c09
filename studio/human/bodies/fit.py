"""One person from photographs: head, build, poses and cameras, then clothes.

The face's points tell the head, the body's points the build and the poses (with what is usual, the
joints' limits, and what a network guesses of depth); the outline then refines both, and what it
leaves is how far clothes and hair lie outside the skin. Sources: Bogo et al. 2016 (SMPLify: a
parametric body by its joints in a picture); Gavrila and Davis 1996 (outlines by nearest edges).
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from scipy.spatial.transform import Rotation

from studio.core.errors import StudioError
from studio.core.types import Camera
from studio.human.bodies.alike import as_one
from studio.human.bodies.build import Builder
from studio.human.bodies.canonical import SKIN
from studio.human.bodies.clothed import Clothes, grown
from studio.human.bodies.fitted import BodyFit, BodyPhoto, BodyView
from studio.human.bodies.head import Head, head_of
from studio.human.bodies.outline import Window, edge_of
from studio.human.bodies.silhouette import REACH, covers, drawn, outline, pairs
from studio.human.bodies.solve import Found, Problem, Wanted
from studio.human.bodies.wanted import camera_of, in_space, off_px, size_px, used_points, wanted
from studio.human.descent import Target, upright
from studio.human.fit import from_nothing
from studio.human.person import Rest
from studio.human.photographs import check_photographs
from studio.human.solver import Kinematics, Poses
from studio.human.twist import spread_twist

HEIGHTS_M = 1.76, 1.63
"""How tall men and women usually are."""
ROUNDS, CLOTHES = 4, 6
NO_BODY = 0.06
"""Points that are further off, by the person's height, are of no human body."""

Report = Callable[[float, str], object]


@dataclass(frozen=True)
class Told:
    """What is known of the person: ``height_m``; ``gender`` from 0 (a man's build) to 1 (a
    woman's); ``age_years``. None: not known."""

    height_m: float | None = None
    gender: float | None = None
    age_years: float | None = None


def fit_body(
    photos: Sequence[BodyPhoto],
    told: Told = Told(),
    report: Report = lambda fraction, text: None,
) -> BodyFit:
    """The person whom the photographs show: :func:`fitting` to its end."""
    steps = fitting(photos, told, report)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def fitting(
    photos: Sequence[BodyPhoto],
    told: Told = Told(),
    report: Report = lambda fraction, text: None,
) -> Generator[BodyFit, None, BodyFit]:
    """Fit a person to photographs. Yields the person as fitted to the points, without clothes, then
    to the outline too; returns the whole fit.

    ``report`` is told a fraction and a text and may raise to stop the work. Raises StudioError if
    there is no photograph, there are too many, a height is nobody's, or what is found is no human
    body.
    """
    _check(photos, told)
    report(0.02, "Looking at the face")
    head = head_of(photos, told.gender, told.age_years)
    height = told.height_m or float(np.interp(head.gender, (0, 1), HEIGHTS_M))
    layout, hands = used_points(photos)
    builder = Builder(head.design, layout, hands)
    cameras = tuple(camera_of(one, height) for one in photos)
    asked = [
        wanted(one, camera, layout, height) for one, camera in zip(photos, cameras, strict=True)
    ]
    work = _Work(tuple(photos), cameras, head, told)
    report(0.15, "Finding the pose")
    near = builder.near(builder.start)
    poses = [
        first_pose(one, camera, ask, builder, near.kinematics)
        for one, camera, ask in zip(photos, cameras, asked, strict=True)
    ]
    problem = Problem(builder, near, builder.start, tuple(asked), height)
    found = problem.solve(poses)
    problem = replace(problem, near=builder.near(found.values))
    found = problem.solve(found.poses, found.down)
    problem, found = as_one(photos, problem, found)
    problem = replace(problem, near=builder.near(found.values, problem.near))
    _check_human(photos, [off_px(pose, problem.near.kinematics, ask)
                          for pose, ask in zip(found.poses, asked, strict=True)])  # fmt: skip
    yield work.finished(problem, found, 0)
    found, problem = _refined(photos, cameras, problem, found, report)
    yield work.finished(problem, found, 0)
    report(0.85, "Measuring clothes")
    done = work.finished(problem, found, CLOTHES)
    report(1.0, "Done")
    return done


def _check(photos: Sequence[BodyPhoto], told: Told) -> None:
    check_photographs(photos, "Choose one that shows the whole person.")
    if told.height_m is not None and not 0.5 <= told.height_m <= 2.5:
        raise StudioError(
            f"Nobody is {told.height_m:g} m tall.", "Give the height in metres: 0.5 to 2.5."
        )
    if len({one.keypoints.layout.name for one in photos}) > 1:
        raise StudioError(
            "The photographs' points are of different layouts.", "Look at them all anew."
        )


def first_pose(
    photo: BodyPhoto, camera: Camera, ask: Wanted, builder: Builder, kinematics: Kinematics
) -> Poses:
    """A pose to begin with: as a network guesses it in 3D, or upright, where the picture has it."""
    target = in_space(photo, camera, builder.layout, kinematics)
    if target is None:
        target = _flat(ask, kinematics)
        pose = upright(kinematics, target)
    else:
        pose = from_nothing(kinematics, target)[0]
    points = kinematics.points(pose)[0][: len(builder.layout)]
    return replace(pose, root_m=pose.root_m + _moved(points, ask)[None])


def _flat(ask: Wanted, kinematics: Kinematics) -> Target:
    """The points of a picture as if they all were three metres away."""
    camera, count = ask.camera, kinematics.landmarks.count
    xyz, weight = np.zeros((1, count, 3)), np.zeros((1, count))
    local = np.ones((len(ask.xy_px), 3))
    local[:, :2] = (ask.xy_px - camera.matrix[:2, 2]) / camera.matrix[[0, 1], [0, 1]]
    xyz[0, : len(local)] = (3 * local - camera.translation_m) @ camera.rotation
    weight[0, : len(local)] = (ask.say > 0) / 0.05
    return Target(xyz, weight)


def _moved(points_m: np.ndarray, ask: Wanted) -> np.ndarray:
    """How far to move a person in the world so that its points lie where they were seen."""
    camera = ask.camera
    local = points_m @ camera.rotation.T
    at = (ask.xy_px - camera.matrix[:2, 2]) / camera.matrix[[0, 1], [0, 1]]
    seen = ask.say > 0
    rows, sides = [], []
    for axis in (0, 1):
        row = np.zeros((len(at), 3))
        row[:, axis], row[:, 2] = 1.0, -at[:, axis]
        rows.append(row[seen] * ask.say[seen, None])
        sides.append((at[:, axis] * local[:, 2] - local[:, axis])[seen] * ask.say[seen])
    place = np.linalg.lstsq(np.concatenate(rows), np.concatenate(sides), rcond=None)[0]
    return (place - camera.translation_m) @ camera.rotation


def _check_human(photos: Sequence[BodyPhoto], off_px: Sequence[float]) -> None:
    for photo, off in zip(photos, off_px, strict=True):
        share = off / size_px(photo)
        if not share < NO_BODY:
            raise StudioError(
                f"What is found in “{photo.name}” is no human body, or not the same person's "
                f"(points {100 * share:.0f} % of its height off).",
                "Leave it out, or put its points right by hand.",
            )


def _refined(
    photos: Sequence[BodyPhoto], cameras: Sequence[Camera], problem: Problem, found: Found,
    report: Report,
) -> tuple[Found, Problem]:  # fmt: skip
    """Rounds in which outlines are matched anew."""
    shown = [k for k, one in enumerate(photos) if (one.mask > 127).any()]
    windows = {k: Window.of(photos[k].mask) for k in shown}
    edges = {k: edge_of(windows[k].cut(photos[k].mask), windows[k]) for k in shown}
    for turn in range(ROUNDS):
        report(0.45 + 0.35 * turn / ROUNDS, "Following the outline")
        near = problem.builder.near(found.values, problem.near)
        rest = problem.builder.rest(found.values, every=True)
        asked = list(problem.wanted)
        for k in shown:
            tall = size_px(photos[k])
            person = drawn(
                rest, near.kinematics, found.poses[k], cameras[k], windows[k], spread=False
            )
            match = pairs(person, edges[k], windows[k], REACH * tall * (1 - 0.15 * turn))
            line = outline(problem.builder, person, match, cameras[k], tall)
            asked[k] = replace(asked[k], outline=line)
        problem = replace(problem, near=near, wanted=tuple(asked))
        found = problem.solve(found.poses, found.down, steps=6)
    return found, replace(problem, near=problem.builder.near(found.values, problem.near))


def upright_in(
    camera: Camera, turn: np.ndarray, root_m: np.ndarray, soles_m: np.ndarray, down: float
) -> tuple[Camera, np.ndarray, np.ndarray]:
    """The camera, the root's turn and its place in a world in which up is up, although the camera
    looks down so far, and the lowest sole is on the floor."""
    c, s = np.cos(down), np.sin(down)
    level = np.array([[1, 0, 0], [0, c, -s], [0, s, c]])
    lift = np.array([0.0, 0.0, -float((soles_m @ level.T)[:, 2].min())])
    rotation = camera.rotation @ level.T
    placed = replace(
        camera, rotation=rotation, translation_m=camera.translation_m - rotation @ lift
    )
    return placed, level @ turn, level @ root_m + lift


@dataclass(frozen=True, eq=False)
class _Work:
    """The photographs, their cameras, and what is known of the person."""

    photos: tuple[BodyPhoto, ...]
    cameras: tuple[Camera, ...]
    head: Head
    told: Told

    def finished(self, problem: Problem, found: Found, rounds: int) -> BodyFit:
        """The fit as it stands, clothes found in so many rounds."""
        builder, kinematics = problem.builder, problem.near.kinematics
        rest = builder.rest(found.values, every=True)
        offsets, covered = self._dressed(kinematics, found, rest, rounds)
        views: list[BodyView] = []
        for k, (photo, camera) in enumerate(zip(self.photos, self.cameras, strict=True)):
            pose = found.poses[k]
            turns = spread_twist(kinematics.rotations(pose), kinematics.offsets_m)[0]
            root = pose.root_m[0]
            if photo.camera is None:
                soles = kinematics.points(pose)[0][len(builder.layout) :]
                camera, turns[0], root = upright_in(camera, turns[0], root, soles, found.down[k])
            off = off_px(pose, kinematics, problem.wanted[k])
            views.append(
                BodyView(photo, camera, root,
                         Rotation.from_matrix(turns).as_rotvec(), self.head.actions[k],
                         *covered.get(k, (0.0, 0.0)), off)
            )  # fmt: skip
        notes = [f"{one.name}: {text}" for one in self.photos for text in one.warnings]
        return BodyFit(
            builder.designed(found.values), tuple(views), offsets, problem.near.height_m,
            self.told.height_m is not None, (*self.head.notes, *notes),
        )  # fmt: skip

    def _dressed(
        self, kinematics: Kinematics, found: Found, rest: Rest, rounds: int
    ) -> tuple[np.ndarray, dict[int, tuple[float, float]]]:
        """How far clothes lie outside the skin, and how well the person covers each mask: clothed,
        and bare."""
        shown = [k for k, one in enumerate(self.photos) if (one.mask > 127).any()]
        windows = {k: Window.of(self.photos[k].mask) for k in shown}
        masks = {k: windows[k].cut(self.photos[k].mask) for k in shown}
        edges = {k: edge_of(masks[k], windows[k]) for k in shown}
        skin, clothes = rest.vertices_m.double().numpy(), Clothes()
        reach = REACH * max((size_px(self.photos[k]) for k in shown), default=0.0)
        covered: list[dict[int, float]] = []
        tried: list[np.ndarray] = []
        for turn in range(rounds + 1):
            wide = np.zeros(len(skin))
            wide[:SKIN] = clothes.offsets_m
            larger = replace(rest, vertices_m=torch.from_numpy(grown(skin, wide)).float())
            seen = {k: drawn(larger, kinematics, found.poses[k], self.cameras[k], windows[k])
                    for k in shown}  # fmt: skip
            covered.append({k: covers(seen[k], masks[k]) for k in shown})
            tried.append(wide)
            if shown and turn < rounds:
                clothes.round(
                    [(seen[k], edges[k], masks[k], windows[k], self.cameras[k]) for k in shown],
                    reach,
                )
        best = int(np.argmax([sum(one.values()) for one in covered]))
        return tried[best], {k: (covered[best][k], covered[0][k]) for k in shown}
