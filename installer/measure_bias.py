"""Measure where the body detector puts its points on people whose joints are known.

``python installer/measure_bias.py WORK_FOLDER [--people N] [--poses N]`` renders strangers before
exact cameras, detects, triangulates, and writes ``studio/human/joint_blends.json``. Pictures are
not kept, detections are (in WORK_FOLDER), so that a second run only fits again.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from studio.core.types import Camera, CameraRig
from studio.human import joint_centres
from studio.human.joint_centres import JOINTS, features, points_of, shift
from studio.human.layouts import layout as catalogue_layout
from studio.human.rig import BONE_NAMES
from studio.perception.whole_body import Options
from studio.render.raster import Renderer
from studio.synth.actor import Actor
from studio.synth.cast import random_phenotype, random_score, random_style
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
    figure = make_figure(**random_phenotype(rng))
    actor = Actor(figure, *random_style(rng), texture_px=512)
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


def triangulated(data: Mapping[str, np.ndarray]) -> np.ndarray:
    """The detector's points in space (poses, 33, 3), as the studio triangulates them."""
    out: list[np.ndarray] = []
    for pose, (xy, sure) in enumerate(zip(data["xy_px"], data["confidence"], strict=True)):
        rig = CameraRig(
            tuple(
                Camera(f"cam{k}", SIZE_PX, data["matrix"][pose, k], np.zeros(0),
                       data["rotation"][pose, k], data["translation_m"][pose, k])
                for k in range(VIEWS)
            )
        )  # fmt: skip
        seen = sight(rig, xy, sure, min_confidence=0.3)
        out.append(refine(seen, dlt(seen)))
    return np.array(out)


def fit_blends(people: list[tuple[np.ndarray, np.ndarray]]) -> dict[str, dict[str, float]]:
    """Ridge regression of each joint's correction, both sides together, without gross errors."""
    layout = catalogue_layout("mediapipe_33")
    table: dict[str, dict[str, float]] = {}
    for joint in JOINTS:
        rows: list[np.ndarray] = []
        goals: list[np.ndarray] = []
        names: list[str] = []
        for points, bones in people:
            for side, sign in (("left", 1.0), ("right", -1.0)):
                p = points_of(layout, points, side)
                vectors = features(joint, p, sign)
                names = list(vectors)
                bone = BONE_NAMES.index(f"{BONES[joint]}.{side[0].upper()}")
                rows.append(np.stack([vectors[name] for name in names], axis=-1))
                goals.append(bones[:, bone, :3, 3] - p(f"own {joint}"))
        a, b = np.concatenate(rows), np.concatenate(goals)
        good = np.isfinite(a).all(axis=(1, 2)) & np.isfinite(b).all(axis=1)
        solution = np.zeros(len(names))
        for _ in range(6):
            x, y = a[good].reshape(-1, len(names)), b[good].ravel()
            ridge = 0.002 * good.sum() * 0.1 * np.eye(len(names))
            solution = np.linalg.solve(x.T @ x + ridge, x.T @ y)
            off = np.linalg.norm(a @ solution - b, axis=1)
            good = np.isfinite(off) & (off < 3 * np.nanmedian(off))
        before, after = np.linalg.norm(b[good], axis=1), off[good]
        print(f"{joint}: {1e3 * before.mean():.1f} mm before, {1e3 * after.mean():.1f} mm after")
        table[joint] = {name: round(float(v), 4) for name, v in zip(names, solution, strict=True)}
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--people", type=int, default=10)
    parser.add_argument("--poses", type=int, default=8)
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    people: list[tuple[np.ndarray, np.ndarray]] = []
    for person in range(given.people):
        with np.load(record(given.folder, person, given.poses)) as data:
            people.append((triangulated(data), data["bones_world"]))
    kept = people[:-2]
    print("without the last two people:")
    held_out(fit_blends(kept), people[-2:])
    print("with all:")
    blends = fit_blends(people)
    file = Path(joint_centres.__file__).with_name("joint_blends.json")
    file.write_text(json.dumps(blends, indent=2) + "\n", "utf-8")


def held_out(
    blends: dict[str, dict[str, float]], people: list[tuple[np.ndarray, np.ndarray]]
) -> None:
    """Print the errors on people who were not fitted."""
    layout = catalogue_layout("mediapipe_33")
    for joint in JOINTS:
        before: list[np.ndarray] = []
        after: list[np.ndarray] = []
        for points, bones in people:
            for side, sign in (("left", 1.0), ("right", -1.0)):
                p = points_of(layout, points, side)
                bone = BONE_NAMES.index(f"{BONES[joint]}.{side[0].upper()}")
                truth = bones[:, bone, :3, 3]
                seen = p(f"own {joint}")
                before.append(np.linalg.norm(seen - truth, axis=1))
                moved = seen + shift(joint, p, sign, blends[joint])
                after.append(np.linalg.norm(moved - truth, axis=1))
        old, new = np.nanmean(np.concatenate(before)), np.nanmean(np.concatenate(after))
        print(f"  held out, {joint}: {1e3 * old:.1f} mm, corrected {1e3 * new:.1f} mm")


if __name__ == "__main__":
    main()
