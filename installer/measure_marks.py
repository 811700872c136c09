"""Measure where MediaPipe marks body and hand points on people whose joints are known.

``python installer/measure_marks.py [--shots N]`` films people of the training split as
``doppel evaluate synth`` films those of the test split, and writes ``studio/human/marks.json``;
with ``--check`` it only tells how far apart marks and joints are on people of the test split.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from robust_ridge import robust_ridge

from studio.core.types import Camera
from studio.human import marks
from studio.human.keypoints import sources
from studio.human.layouts import layout
from studio.human.names import HAND
from studio.human.rig import BONE_NAMES
from studio.journeys.synth import Look, looks
from studio.synth.factory.points import in_picture, places_m, turns_of
from studio.synth.factory.streams import Split

_GROSS = 0.12
"""Marks farther off, in shares of the box, are of something else."""
_RIDGE = {"body": 5e-5, "hand": 1e-4}
_LOOSE = {"body": 0.008, "hand": 0.015}


@dataclass(frozen=True, eq=False)
class Sample:
    """One point in one picture: what moves it (2, 3 and more) and how far off the mark is (2,), in
    shares of the box."""

    row: str
    ways: np.ndarray
    off: np.ndarray


def sight(camera: Camera, place: np.ndarray) -> np.ndarray:
    """How a place (3,) moves in the picture when it moves in the world (2, 3), pixels a metre."""
    x, y, z = camera.rotation @ place + camera.translation_m
    focal = camera.matrix[0, 0]
    return focal / z * np.array([[1, 0, -x / z], [0, 1, -y / z]]) @ camera.rotation


def samples(kind: str, split: Split, count: int) -> Iterator[Sample]:
    """What is seen of people of a split."""
    for look in looks(kind, split, count):
        if look.found is not None:
            yield from _of(kind, look, look.found)


def _of(kind: str, look: Look, found: np.ndarray) -> Iterator[Sample]:
    posed, camera = look.posed, look.shot.camera
    places = places_m("whole_body", posed.vertices_m, posed.bones_world, marked=False)[look.points]
    expected, turns = in_picture(camera, places), turns_of(posed.bones_world)
    names = layout("whole_body").points[look.points]
    for point, place, px, at, seen in zip(
        names, places, expected, found, look.visible, strict=True
    ):
        side, _, name = point.partition("_")
        off = (at - px) / look.size_px
        if (kind == "body" and name not in marks.JOINTS) or not np.linalg.norm(off) < _GROSS:
            continue
        if not seen and name != HAND[0]:  # the wrist lies too deep to be called seen
            continue
        if kind == "body":
            bone = BONE_NAMES.index(str(sources(point)[0][2]))
            ways = turns[bone] @ np.diag([-1.0 if side == "right" else 1.0, 1, 1])
        else:
            around = [
                posed.bones_world[BONE_NAMES.index(str(which)), :3, 3]
                if what == "bone"
                else posed.vertices_m[int(which)]
                for _, what, which in marks.around(point)
            ]
            ways = np.stack(around, 1) - place[:, None]
        yield Sample(name, sight(camera, place) @ ways / look.size_px, off)


def solve(rows: Sequence[Sample], ridge: float, loose: float) -> np.ndarray:
    """The shares that explain where the marks lie."""
    a, b = np.array([one.ways for one in rows]), np.array([one.off for one in rows])
    return robust_ridge(a, b, ridge, loose, rounds=30)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shots", type=int, default=120)
    parser.add_argument("--check", action="store_true", help="only compare, on the test split")
    given = parser.parse_args()
    table: dict[str, dict[str, list[float]]] = {}
    for kind in ("body", "hand"):
        rows: dict[str, list[Sample]] = {}
        for one in samples(kind, "test" if given.check else "train", given.shots):
            rows.setdefault(one.row, []).append(one)
        known = marks.table()[kind] if given.check else {}
        table[kind] = {}
        for name, seen in rows.items():
            if given.check:
                shares = np.array(known[name])
            else:
                shares = solve(seen, _RIDGE[kind], _LOOSE[kind])
            before = np.median([np.linalg.norm(one.off) for one in seen])
            after = np.median([np.linalg.norm(one.off - one.ways @ shares) for one in seen])
            print(f"{kind} {name}: {before:.2%} of the box, marked {after:.2%} "
                  f"({len(seen)} points)", flush=True)  # fmt: skip
            table[kind][name] = [round(float(value), 4) for value in shares]
    if not given.check:
        marks.TABLE.write_text(json.dumps(table, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
