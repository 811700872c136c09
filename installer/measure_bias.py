"""Measure where the body detector puts its points on people whose joints are known.

``python installer/measure_bias.py WORK_FOLDER [--people N] [--poses N]`` renders strangers before
exact cameras, detects, triangulates, and writes ``studio/human/joint_blends.json``. Pictures are
not kept, detections are (in WORK_FOLDER), so that a second run only fits again.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from robust_ridge import robust_ridge

from studio.core.types import Camera, CameraRig
from studio.human import joint_centres
from studio.human.joint_centres import JOINTS, features, points_of
from studio.human.layouts import layout as catalogue_layout
from studio.human.rig import BONE_NAMES
from studio.perception.whole_body import Options
from studio.render.raster import Renderer
from studio.synth.actor import Actor
from studio.synth.cast import random_phenotype, random_score
from studio.synth.factory.people import by_kind, random_clothes, random_head, random_jacket
from studio.synth.figure import make_figure
from studio.synth.rig import camera_at
from studio.synth.room import studio_light, studio_room
from studio.synth.take import perform
from studio.vision.refine import refine
from studio.vision.sightings import sight
from studio.vision.triangulate import dlt
from studio.weights.detectors import whole_body

SIZE_PX = (640, 720)
VIEWS = 6
BONES = {
    "shoulder": "upperarm01", "elbow": "lowerarm01", "wrist": "wrist",
    "hip": "upperleg01", "knee": "lowerleg01", "ankle": "foot",
}  # fmt: skip


GROSS_M = 0.15
RIDGES = (1e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2)
FOLDS = 7


@dataclass(frozen=True, eq=False)
class Measured:
    """Triangulated points (samples, 33, 3) of one stranger and their true bones."""

    person: int
    points_m: np.ndarray
    bones_world: np.ndarray


def ring(rng: np.random.Generator) -> CameraRig:
    """Six cameras around the person, each somewhere of its own."""
    cameras: list[Camera] = []
    first = rng.uniform(0, 360)
    for view in range(VIEWS):
        angle = np.radians(first + 360 / VIEWS * (view + rng.uniform(-0.3, 0.3)))
        away, height = rng.uniform(2.7, 3.6), rng.uniform(0.8, 2.2)
        eye = (float(away * np.cos(angle)), float(away * np.sin(angle)), float(height))
        cameras.append(camera_at(f"cam{view}", eye, (0, 0, 0.95), SIZE_PX, 250 * away))
    return CameraRig(tuple(cameras))


def record(folder: Path, person: int, poses: int) -> Path:
    """Film one stranger, detect, and keep points and truth; quick if it was done before."""
    file = folder / f"person{person:02d}.npz"
    if file.exists():
        return file
    rng = np.random.default_rng((20, person))
    phenotype, wardrobe = random_phenotype(rng), by_kind()
    figure = make_figure(**phenotype)
    clothes = random_clothes(wardrobe, phenotype, rng)
    clothes |= random_jacket(wardrobe, clothes, rng)
    worn = random_head(wardrobe, phenotype, rng) | clothes
    actor = Actor(figure, tuple(worn.values()))
    score = random_score(rng, poses)
    moves = perform(figure, score, np.arange(poses, dtype=float))
    room, light = studio_room(), studio_light(float(rng.uniform(0.75, 1.2)))
    xy = np.full((poses, VIEWS, 33, 2), np.nan)
    sure = np.zeros((poses, VIEWS, 33))
    bones: list[np.ndarray] = []
    rigs: list[CameraRig] = []
    options = Options(quality="balanced", hands=False, face=False)
    with Renderer(SIZE_PX, samples=4) as renderer, whole_body(options) as detector:
        for pose in range(poses):
            posed = actor.at(moves, pose)
            bones.append(posed.bones_world)
            rig = ring(rng)
            rigs.append(rig)
            scene = (*posed.drawables, *room)
            for view, camera in enumerate(rig.cameras):
                assert not camera.distortion.size
                rgb = renderer.render(scene, camera, light).rgb
                detector.follow(())
                found = detector.detect(rgb)
                if found:
                    xy[pose, view] = found[0].xy_px[:33]
                    sure[pose, view] = found[0].confidence[:33]
    np.savez_compressed(
        file,
        xy_px=xy, confidence=sure, bones_world=np.array(bones),
        matrix=np.array([[c.matrix for c in rig.cameras] for rig in rigs]),
        rotation=np.array([[c.rotation for c in rig.cameras] for rig in rigs]),
        translation_m=np.array([[c.translation_m for c in rig.cameras] for rig in rigs]),
        rest_heads_m=figure.heads_m,
    )  # fmt: skip
    return file


def triangulated(data: Mapping[str, np.ndarray], views: Sequence[int]) -> np.ndarray:
    """The detector's points in space (poses, 33, 3) from some views, as the studio finds them."""
    out: list[np.ndarray] = []
    for pose, (xy, sure) in enumerate(zip(data["xy_px"], data["confidence"], strict=True)):
        rig = CameraRig(
            tuple(
                Camera(f"cam{k}", SIZE_PX, data["matrix"][pose, k], np.zeros(0),
                       data["rotation"][pose, k], data["translation_m"][pose, k])
                for k in views
            )
        )  # fmt: skip
        seen = sight(rig, xy[list(views)], sure[list(views)], min_confidence=0.3)
        out.append(refine(seen, dlt(seen)))
    return np.array(out)


def gather(file: Path, person: int) -> Measured:
    """What was measured on one stranger: from all views, from four and from three of them."""
    rng = np.random.default_rng((21, person))
    with np.load(file) as data:
        loaded = dict(data)
    choices = [tuple(range(VIEWS)), *(tuple(rng.permutation(VIEWS)[:n]) for n in (4, 4, 3))]
    points = np.concatenate([triangulated(loaded, views) for views in choices])
    bones = np.tile(loaded["bones_world"], (len(choices), 1, 1, 1))
    return Measured(person, points, bones)


def equations(joint: str, people: Sequence[Measured]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features (n, 3, terms), corrections (n, 3) and whose they are, of both sides."""
    layout = catalogue_layout("mediapipe_33")
    rows: list[np.ndarray] = []
    goals: list[np.ndarray] = []
    whose: list[int] = []
    for one in people:
        for side, sign in (("left", 1.0), ("right", -1.0)):
            p = points_of(layout, one.points_m, side)
            bone = BONE_NAMES.index(f"{BONES[joint]}.{side[0].upper()}")
            rows.append(np.stack(list(features(joint, p, sign).values()), axis=-1))
            goals.append(one.bones_world[:, bone, :3, 3] - p(f"own {joint}"))
            whose += [one.person] * len(one.points_m)
    a, b, who = np.concatenate(rows), np.concatenate(goals), np.array(whose)
    good = np.isfinite(a).all(axis=(1, 2)) & (np.linalg.norm(b, axis=1) < GROSS_M)
    return a[good], b[good], who[good]


def solve(a: np.ndarray, b: np.ndarray, ridge: float) -> np.ndarray:
    """The shares; joints that are off by more than 25 mm weigh less."""
    return robust_ridge(a, b, ridge, loose=0.025, rounds=8)


def fit_blends(people: Sequence[Measured]) -> dict[str, dict[str, float]]:
    """Each joint's numbers, held as small as costs less than one percent on people left out."""
    table: dict[str, dict[str, float]] = {}
    for joint in JOINTS:
        a, b, who = equations(joint, people)
        errors: dict[float, float] = {}
        for ridge in RIDGES:
            off: list[np.ndarray] = []
            for fold in range(FOLDS):
                test = who % FOLDS == fold
                solution = solve(a[~test], b[~test], ridge)
                off.append(np.linalg.norm(a[test] @ solution - b[test], axis=1))
            errors[ridge] = float(np.concatenate(off).mean())
        ridge = max(r for r in RIDGES if errors[r] < 1.01 * min(errors.values()))
        plain = float(np.linalg.norm(b, axis=1).mean())
        print(f"{joint}: {1e3 * plain:.1f} mm as detected, {1e3 * errors[ridge]:.1f} mm corrected "
              f"(people left out, ridge {ridge:g}, {len(a)} samples)")  # fmt: skip
        names = features(joint, points_of(catalogue_layout("mediapipe_33"), people[0].points_m,
                                          "left"), 1.0)  # fmt: skip
        table[joint] = {
            name: round(float(value), 4)
            for name, value in zip(names, solve(a, b, ridge), strict=True)
        }
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--people", type=int, default=36)
    parser.add_argument("--poses", type=int, default=8)
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    people: list[Measured] = []
    for person in range(given.people):
        people.append(gather(record(given.folder, person, given.poses), person))
        print(f"person {person + 1} of {given.people}", flush=True)
    file = Path(joint_centres.__file__).with_name("joint_blends.json")
    blends = fit_blends(people)
    file.write_text(json.dumps(blends, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
