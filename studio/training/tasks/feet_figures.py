"""The held-out table of the feet network: synthetic feet, then photographs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from studio.core.errors import StudioError
from studio.core.files import images_in
from studio.core.pictures import read_picture
from studio.core.types import Camera
from studio.human.feet import MARKS
from studio.perception.feet.finder import FeetFinder
from studio.perception.feet.network import SIDE_PX, SIDES
from studio.perception.feet.pose import SeenFoot, foot_pose
from studio.perception.landmarkers import Landmarker
from studio.perception.wearers.head_pose import projected
from studio.training.feed import batches_once
from studio.training.task import Bench, Row, Source, Split
from studio.training.tasks import feet as task

MEAN_POSE = "mean pose of the validation pictures"
MEDIAPIPE, BODIES = "MediaPipe's body", "our networks for bodies"
PHOTOGRAPHS = "tryon_feet_found"
WITHIN, NEAR = 0.1, 0.2
_SURE = 0.5
_HEEL, _TOE = MARKS.index("heel"), MARKS.index("big_toe")
_IN_MEDIAPIPE = {"L": (29, 31), "R": (30, 32)}
_IN_COCO = {"L": (19, 17), "R": (22, 20)}
"""Heel and big toe."""
_LEVEL = np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])

Ends = dict[str, np.ndarray]
"""Heel and big toe of each side that is found (2, 2), in pixels."""


@dataclass(frozen=True, eq=False)
class Errors:
    """Of held-out pictures: the share of marks ``within`` a tenth of a foot's length of the truth,
    of feet that are rightly ``told`` to be there or not, and how far feet are turned from the truth
    (degrees, median)."""

    within: float
    told: float
    turned_deg: float


def errors(
    network: torch.nn.Module, source: Source, count: int, device: str, *, away: bool = False
) -> Errors:
    """What the network makes of the first ``count`` pictures, looked at whole, where they are or,
    ``away``, before other surroundings, always the same ones."""
    off, right, turned = list[np.ndarray](), list[np.ndarray](), list[float]()
    dice = torch.Generator().manual_seed(0)
    for batch in batches_once(source, count, 16):
        given = task.looks(batch, dice, varied=False, away=away)
        xy, deep, sure = task.predict(network, given["rgb"], device)
        inside = _split(given["inside"].numpy())
        far = _split(np.linalg.norm(xy - given["xy_px"].numpy(), axis=2))
        far /= given["foot_px"].numpy()[..., None]
        off.append(far[inside])
        right.append((_score(_split(sure)) > _SURE) == inside.any(2))
        for k, which in zip(*np.nonzero(inside.all(2)), strict=True):
            foot = SeenFoot(SIDES[which], _split(xy)[k, which], _split(deep)[k, which],
                            _split(sure)[k, which])  # fmt: skip
            scale = SIDE_PX / batch["rgb"].shape[2]
            sample = {key: value[k].numpy() for key, value in batch.items()}
            turned.append(_stands(foot, sample, int(which), scale)[0])
    every = np.concatenate(off)
    return Errors(float((every < WITHIN).mean()), float(np.concatenate(right).mean()),
                  float(np.median(turned)))  # fmt: skip


def table(
    network: torch.nn.Module, device: str, data: Callable[[Split, int], Source], count: int,
    bench: Bench,
) -> list[Row]:  # fmt: skip
    """The rows of the card. The first one decides what is published."""
    from copy import deepcopy

    test = data("test", 0)
    home = errors(network, test, count, device)
    away = errors(network, test, count, device, away=True)
    blind = _blind(data("validation", 0), test, count)
    said = f"{count} held-out pictures looked at once, marks of feet that are seen"
    rows = [
        Row("synthetic: marks within a tenth of the foot, mean of at home and away",
            (home.within + away.within) / 2, baselines={MEAN_POSE: blind}, note=said),
        Row("synthetic: marks within a tenth of the foot, away", away.within,
            baselines={MEAN_POSE: blind}, note="before other surroundings"),
        Row("synthetic: feet rightly told to be there or not", home.told),
        Row("synthetic: feet turned from the truth, median", home.turned_deg, "degrees", "lower"),
    ]  # fmt: skip
    finder = FeetFinder(deepcopy(network).eval(), device)
    rows += _found(finder, test, count, bench)
    return rows + _on_photographs(finder, bench)


def _split(values: np.ndarray) -> np.ndarray:
    """Those of the left foot, and those of the right one."""
    return values.reshape(len(values), len(SIDES), len(MARKS), *values.shape[2:])


def _score(sure: np.ndarray) -> np.ndarray:
    return np.sort(sure, axis=2)[..., -5:].mean(2)


def _stands(
    foot: SeenFoot, sample: Mapping[str, np.ndarray], which: int, scale: float = 1.0
) -> tuple[float, float]:  # fmt: skip
    """How far a foot that was seen is turned from the truth (degrees), and how far off its ankle is
    across the picture (millimetres); its length and the lens as they are. The picture is so many
    times (``scale``) as large as it was."""
    focal, x, y = sample["lens"].tolist()
    x, y = (scale * (v + 0.5) - 0.5 for v in (x, y))
    matrix = np.array([[scale * focal, 0, x], [0, scale * focal, y], [0, 0, 1.0]])
    side = round(scale * sample["rgb"].shape[0])
    camera = Camera("feet", (side, side), matrix, np.zeros(5), np.eye(3), np.zeros(3))
    found = foot_pose(foot, camera, float(sample["foot_m"]))
    true = _LEVEL @ sample["frames"][which, :3]
    cosine = 0.5 * (float(np.trace(found.turn.T @ true[:, :3])) - 1)
    ends = projected(np.stack([found.place_m, true[:, 3]]), camera)
    mm = 1e3 * float(np.linalg.norm(ends[1] - ends[0])) * float(true[1, 3]) / (scale * focal)
    return float(np.degrees(np.arccos(np.clip(cosine, -1, 1)))), mm


def _blind(learned: Source, test: Source, count: int) -> float:
    """What the mean of the validation pictures' marks has right on those of the test."""
    dice = torch.Generator().manual_seed(0)
    total, times, off = 0.0, 0.0, list[np.ndarray]()
    for batch in batches_once(learned, count, 16):
        given = task.looks(batch, dice, varied=False)
        inside = given["inside"].numpy()[..., None]
        total = total + (given["xy_px"].numpy() * inside).sum(0)
        times = times + inside.sum(0)
    mean = total / np.maximum(times, 1)
    for batch in batches_once(test, count, 16):
        given = task.looks(batch, dice, varied=False)
        far = _split(np.linalg.norm(mean - given["xy_px"].numpy(), axis=2))
        off.append((far / given["foot_px"].numpy()[..., None])[_split(given["inside"].numpy())])
    return float((np.concatenate(off) < WITHIN).mean())


def _found(finder: FeetFinder, test: Source, count: int, bench: Bench) -> list[Row]:
    """How many feet are where they are told to be, looked for as a film's are, beside others."""
    ways: dict[str, Callable[[np.ndarray], Ends]] = {"": lambda rgb: _ours(finder, rgb)}
    mediapipe, bodies = _mediapipe(bench), _bodies()
    if mediapipe is not None:
        ways[MEDIAPIPE] = lambda rgb: _by_mediapipe(mediapipe, rgb)
    if bodies is not None:
        ways[BODIES] = bodies
    there, pictures = 0, 0
    turned, off_mm = list[float](), list[float]()
    right, wrong = dict.fromkeys(ways, 0), dict.fromkeys(ways, 0)
    for number in range(min(count, len(test))):
        sample = test[number]
        pictures += 1
        true = {s: sample["points"][k] for k, s in enumerate(SIDES) if sample["shows"][k]}
        inside = {s: xy for s, xy in true.items() if _within(xy, sample["rgb"].shape[1])}
        there += len(inside)
        size = {s: _long_px(sample, k) for k, s in enumerate(SIDES)}
        for foot in _feet(finder, sample["rgb"]):
            if foot.side in inside:
                degrees, mm = _stands(foot, sample, SIDES.index(foot.side))
                turned.append(degrees)
                off_mm.append(mm)
        for name, way in ways.items():
            found = way(sample["rgb"])
            for side, ends in found.items():
                if side not in true:
                    wrong[name] += 1
                elif side in inside:
                    off = np.linalg.norm(ends - true[side][[_HEEL, _TOE], :2], axis=1)
                    right[name] += bool((off < NEAR * size[side]).all())
    if mediapipe is not None:
        mediapipe.close()
    others = [name for name in ways if name]
    note = f"{there} feet in {pictures} pictures"
    return [
        Row("synthetic: feet found, heel and toe within a fifth of the foot, left and right told",
            right[""] / max(there, 1), note=note,
            baselines={name: right[name] / max(there, 1) for name in others}),
        Row("synthetic: feet found that are not there, a picture", wrong[""] / max(pictures, 1),
            better="lower", note=note,
            baselines={name: wrong[name] / max(pictures, 1) for name in others}),
        Row("synthetic: feet found, from near: turned from the truth, median",
            float(np.median(turned or [np.nan])), "degrees", "lower", note=f"{len(turned)} feet"),
        Row("synthetic: feet found, from near: ankle off across the picture, median",
            float(np.median(off_mm or [np.nan])), "mm", "lower", note=f"{len(off_mm)} feet"),
    ]  # fmt: skip


def _within(points: np.ndarray, side_px: int) -> bool:
    ends = points[[_HEEL, _TOE], :2]
    return bool(((ends > -0.5) & (ends < side_px - 0.5)).all())


def _long_px(sample: dict[str, np.ndarray], which: int) -> float:
    away = abs(float(sample["frames"][which, 2, 3]))
    return float(sample["lens"][0]) * float(sample["foot_m"]) / max(away, 1e-3)


def _feet(finder: FeetFinder, rgb: np.ndarray) -> tuple[SeenFoot, ...]:
    finder.forget()
    finder.find(rgb)
    return finder.find(rgb)


def _ours(finder: FeetFinder, rgb: np.ndarray) -> Ends:
    return {foot.side: foot.xy_px[[_HEEL, _TOE]] for foot in _feet(finder, rgb)}


def _mediapipe(bench: Bench) -> Landmarker | None:
    if bench.find is None:
        return None
    try:
        return Landmarker("pose", bench.find("pose_landmarker_full"), 1, 0.5)
    except StudioError:
        return None


def _by_mediapipe(mediapipe: Landmarker, rgb: np.ndarray) -> Ends:
    return {
        side: body.xy_px[list(which)]
        for body in mediapipe.find(rgb)[:1]
        for side, which in _IN_MEDIAPIPE.items()
        if (body.confidence[list(which)] > _SURE).all()
    }


def _bodies() -> Callable[[np.ndarray], Ends] | None:
    """Our networks for whole bodies, where they are installed."""
    from studio.perception.dope.detector import DopeDetector
    from studio.perception.dope.finder import PoseFinder
    from studio.perception.heatmaps.marker import Marker

    try:
        detector = DopeDetector(PoseFinder.load(), Marker.load())
    except StudioError:
        return None

    def found(rgb: np.ndarray) -> Ends:
        detector.follow(())
        return {
            side: person.xy_px[list(which)]
            for person in detector.detect(rgb)[:1]
            for side, which in _IN_COCO.items()
            if (person.confidence[list(which)] > _SURE).all()
        }

    return found


def _on_photographs(finder: FeetFinder, bench: Bench) -> list[Row]:
    """In how many photographs of one bare foot a foot is found whose marks agree in space."""
    what = "real: photographs of a bare foot in which a foot is found"
    folder = None if bench.footage is None else bench.footage / PHOTOGRAPHS
    paths: Sequence[Path] = images_in(folder) if folder is not None and folder.is_dir() else ()
    if not paths:
        return [Row(what, None, note="the photographs are not here")]
    mediapipe = _mediapipe(bench)
    found, theirs = 0, 0
    for path in paths:
        rgb = read_picture(path)
        found += bool(_ours(finder, rgb))
        theirs += mediapipe is not None and bool(_by_mediapipe(mediapipe, rgb))
    baselines = {} if mediapipe is None else {MEDIAPIPE: theirs / len(paths)}
    if mediapipe is not None:
        mediapipe.close()
    return [Row(what, found / len(paths), baselines=baselines, note=f"{len(paths)} photographs")]
