"""The held-out table of the parts network: synthetic people, then real ones."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch

from studio.core.parts import PART_TITLES, PartLabel
from studio.perception.own import placed, quick_type
from studio.perception.parts.cutter import Cutter
from studio.perception.parts.network import CLASSES
from studio.perception.person_mask import PersonMask
from studio.perception.trunk import fused
from studio.training import real
from studio.training.feed import batches_once
from studio.training.people import UNKNOWN
from studio.training.task import Bench, Row, Source
from studio.training.tasks import parts

_PRIOR_FROM, _MASKED, _TIMED = 192, 96, 20
PRIOR, MEDIAPIPE = "commonest label of each place", "MediaPipe"


def table(
    network: torch.nn.Module, device: str, source: Source, count: int, bench: Bench
) -> list[Row]:
    """The rows of the card: mean, person and each label on ``count`` held-out synthetic pictures,
    then the person on real pictures. The first row decides what is published."""
    found = parts.confusion(network, source, count, device)
    moved = parts.confusion(network, source, count, device, away=True)
    iou, count = parts.ious(found), min(count, len(source))
    home, away = float(np.nanmean(iou)), float(np.nanmean(parts.ious(moved)))
    blind = prior_confusion(source, count)
    guessed = parts.ious(blind)
    theirs = _theirs_on_synthetic(source, bench)
    said = f"{count} held-out synthetic pictures"
    blindly = {PRIOR: float(np.nanmean(guessed))}
    rows = [
        Row("synthetic: mean IoU of nine labels, mean of at home and away", (home + away) / 2,
            baselines=blindly, note=said),
        Row("synthetic: mean IoU of nine labels at home", home, baselines=blindly,
            note="where they were rendered"),
        Row("synthetic: mean IoU of nine labels away", away, baselines=blindly,
            note="the same people before other surroundings"),
        Row("synthetic: person IoU away", parts.person_iou(moved)),
        Row("synthetic: person IoU", parts.person_iou(found), "",
            baselines={PRIOR: parts.person_iou(blind), **theirs},
            note=f"MediaPipe on the first {_MASKED} of them" if theirs else said),
    ]  # fmt: skip
    rows += [
        Row(f"synthetic: IoU of {PART_TITLES[label].lower()}", float(iou[label]), "",
            baselines={PRIOR: float(guessed[label])})
        for label in PartLabel
        if np.isfinite(iou[label])
    ]  # fmt: skip
    return [*rows, took(network, device), *on_real(network, device, bench)]


def took(network: torch.nn.Module, device: str) -> Row:
    """The processor's time for one picture of 256 × 256, as it is cut out: norms folded away, in
    the quickest type."""
    quick = placed(fused(_copy(network)), device, quick_type(device))
    given = torch.zeros(1, 3, 256, 256, dtype=quick_type(device), device=device)
    given = given.to(memory_format=torch.channels_last)
    times: list[float] = []
    with torch.inference_mode():
        for _ in range(_TIMED):
            begun = time.process_time()
            quick(given).argmax(1).cpu()
            times.append(time.process_time() - begun)
    note = f"median of {_TIMED}, {torch.get_num_threads()} thread, {quick_type(device)} on {device}"
    return Row("time for 256 × 256", 1000 * float(np.median(times)), "ms", "lower", note=note)


def prior_confusion(source: Source, count: int) -> np.ndarray:
    """What one gets without looking: each place has the label that it has most often."""
    seen = np.zeros((CLASSES, 0, 0), np.int64)
    for batch in batches_once(source, min(_PRIOR_FROM, count), 16):
        truth = batch["parts"].numpy()
        one = np.stack([(truth == label).sum(0) for label in range(CLASSES)])
        seen = one if seen.size == 0 else seen + one
    guess = seen.argmax(0)
    total = np.zeros((CLASSES, CLASSES), np.int64)
    for batch in batches_once(source, count, 16):
        truth = batch["parts"].numpy()
        known = truth != UNKNOWN
        pairs = truth[known].astype(np.int64) * CLASSES + np.broadcast_to(guess, truth.shape)[known]
        total += np.bincount(pairs, minlength=CLASSES**2).reshape(CLASSES, CLASSES)
    return total


def _theirs_on_synthetic(source: Source, bench: Bench) -> dict[str, float]:
    if bench.find is None:
        return {}
    both = either = 0
    with PersonMask(bench.find("pose_landmarker_full")) as mediapipe:
        for number in range(min(_MASKED, len(source))):
            sample = source[number]
            mask = mediapipe.find(sample["rgb"])
            found = np.zeros_like(sample["parts"], bool) if mask is None else mask > 0.5
            truth = sample["parts"] > 0
            both += int((found & truth).sum())
            either += int((found | truth).sum())
    return {MEDIAPIPE: both / max(either, 1)}


def on_real(network: torch.nn.Module, device: str, bench: Bench) -> list[Row]:
    """The person's mask on real pictures: true cut-outs, and MediaPipe's masks elsewhere."""
    names = ("real: person IoU on cut-outs", "real: person IoU with MediaPipe on portraits",
             "real: person IoU with MediaPipe on frames of clips")  # fmt: skip
    if why := real.missing(bench):
        return [Row(name, None, note=why) for name in names]
    assert bench.footage is not None
    assert bench.find is not None
    cutter = Cutter(_copy(network), device)
    with PersonMask(Path(bench.find("pose_landmarker_full"))) as mediapipe:
        photos = list(real.cut_outs(bench.footage))
        ours = [real.iou(cutter.cut(p.rgb) > 0, _true(p)) for p in photos]
        theirs = [real.iou(_mask(mediapipe, p), _true(p)) for p in photos]
        rows = [_row(names[0], ours, {MEDIAPIPE: float(np.mean(theirs))} if theirs else {})]
        rows += [
            _row(name, *_agreement(cutter, mediapipe, pictures))
            for name, pictures in zip(
                names[1:], (real.portraits(bench.footage), real.frames(bench.footage)), strict=True
            )
        ]
    return rows


def _agreement(
    cutter: Cutter, mediapipe: PersonMask, pictures: Iterable[real.Real]
) -> tuple[list[float], dict[str, float]]:
    ours: list[float] = []
    everything: list[float] = []
    for picture in pictures:
        theirs = _mask(mediapipe, picture)
        if theirs.any():
            ours.append(real.iou(cutter.cut(picture.rgb) > 0, theirs))
            everything.append(real.iou(np.ones_like(theirs), theirs))
    return ours, {"everything is person": float(np.mean(everything))} if ours else {}


def _row(name: str, values: list[float], baselines: dict[str, float]) -> Row:
    if not values:
        return Row(name, None, note=real.NO_FOOTAGE)
    note = f"mean of {len(values)} pictures, median {np.median(values):.3f}"
    return Row(name, float(np.mean(values)), "", baselines=baselines, note=note)


def _mask(mediapipe: PersonMask, picture: real.Real) -> np.ndarray:
    mask = mediapipe.find(picture.rgb)
    return np.zeros(picture.rgb.shape[:2], bool) if mask is None else mask > 0.5


def _true(picture: real.Real) -> np.ndarray:
    assert picture.mask is not None
    return picture.mask


def _copy(network: torch.nn.Module) -> torch.nn.Module:
    from copy import deepcopy

    return deepcopy(network).eval()
