"""The held-out table of the heatmap network: synthetic people, then real ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import torch

from studio.human.convert import convert
from studio.perception.heatmaps.marker import Marker, crop_of
from studio.perception.heatmaps.network import PARTS
from studio.perception.landmarkers import Landmarker
from studio.training import real
from studio.training.feed import batches_once
from studio.training.task import Bench, Row, Source, Split
from studio.training.tasks import heatmaps

_LIMBS = tuple(range(5, 17))
_SURE = 0.5
MEAN_POSE = "mean pose of the validation crops"


@dataclass(frozen=True, eq=False)
class Errors:
    """Held-out crops: distance of each point from the truth in head sizes (NaN where it is not
    visible), how sure the network was, and which points are visible."""

    heads: np.ndarray
    sure: np.ndarray
    visible: np.ndarray


def head_sizes(xy: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """The size of each head in pixels, from the face's points: 0.6 of the diagonal of their box, as
    PCKh takes it (Andriluka et al. 2014), times 2 for the whole head; NaN without a face."""
    face = list(PARTS["face"])
    points, there = xy[:, face], inside[:, face]
    low = np.where(there[..., None], points, np.inf).min(1)
    high = np.where(there[..., None], points, -np.inf).max(1)
    size = 1.2 * np.linalg.norm(high - low, axis=1)
    return np.where(there.sum(1) >= 60, size, np.nan)


def errors(
    network: torch.nn.Module, source: Source, count: int, device: str, *, away: bool = False
) -> Errors:
    """What the network makes of the first ``count`` pictures' first people, in plain crops, where
    they are or, ``away``, before other surroundings, always the same ones."""
    return _against(source, count, lambda rgb: heatmaps.predict(network, rgb, device), away)


def _against(
    source: Source,
    count: int,
    guess: Callable[[torch.Tensor], tuple[np.ndarray, np.ndarray]],
    away: bool = False,
) -> Errors:
    parts: list[tuple[np.ndarray, ...]] = []
    dice = torch.Generator().manual_seed(0)
    for batch in batches_once(source, count, 16):
        cut = heatmaps.crops(batch, dice, varied=False, away=away)
        xy, sure = guess(cut["rgb"])
        truth, visible = cut["xy_px"].numpy(), cut["visible"].numpy()
        heads = head_sizes(truth, cut["inside"].numpy())
        off = np.linalg.norm(xy - truth, axis=2) / heads[:, None]
        parts.append((np.where(visible, off, np.nan), sure, visible))
    return Errors(*(np.concatenate(values) for values in zip(*parts, strict=True)))


def pckh(found: Errors, *parts: str, within: float = 0.5) -> float:
    """The share of visible points of these parts within half a head (``within``) of the truth."""
    chosen = found.heads[:, [point for part in parts for point in PARTS[part]]]
    seen = np.isfinite(chosen)
    return float((chosen[seen] < within).mean()) if seen.any() else 0.0


def table(
    network: torch.nn.Module,
    device: str,
    data: Callable[[Split, int], Source],
    count: int,
    bench: Bench,
) -> list[Row]:
    """The rows of the card: PCKh on held-out synthetic crops, then MediaPipe's points on real
    pictures. The first row decides what is published."""
    test = data("test", 0)
    found = errors(network, test, count, device)
    moved = pckh(errors(network, test, count, device, away=True), "body")
    mean = _mean_pose(data("validation", 0))
    blind = _against(test, count, lambda rgb: (np.repeat(mean, len(rgb), 0), np.ones(1)))
    said = f"{len(found.sure)} held-out synthetic crops, visible points, heads in view"
    body = pckh(found, "body")
    rows = [
        Row("synthetic: PCKh@0.5 of the body, mean of at home and away", (body + moved) / 2,
            baselines={MEAN_POSE: pckh(blind, "body")}, note=said),
        Row("synthetic: PCKh@0.5 of the body away", moved,
            baselines={MEAN_POSE: pckh(blind, "body")}, note="before other surroundings"),
    ] + [
        Row(f"synthetic: {name}", pckh(found, *parts, within=within), "",
            baselines={MEAN_POSE: pckh(blind, *parts, within=within)}, note=said)
        for name, parts, within in (
            ("PCKh@0.5 of the body", ("body",), 0.5), ("PCKh@0.5 of the feet", ("feet",), 0.5),
            ("PCKh@0.2 of the hands", ("left_hand", "right_hand"), 0.2),
            ("PCKh@0.1 of the face", ("face",), 0.1),
        )
    ]  # fmt: skip
    right = ((found.sure > _SURE) == found.visible).mean()
    rows.append(Row("synthetic: visible or not, told rightly", float(right), "",
                    baselines={"the commoner answer": _commoner(found.visible)}))  # fmt: skip
    return rows + on_real(network, device, bench, mean[0])


def _commoner(visible: np.ndarray) -> float:
    share = visible.mean(0)
    return float(np.maximum(share, 1 - share).mean())


def _mean_pose(source: Source) -> np.ndarray:
    total, times = 0.0, 0.0
    dice = torch.Generator().manual_seed(0)
    for batch in batches_once(source, 256, 16):
        cut = heatmaps.crops(batch, dice, varied=False)
        inside = cut["inside"].numpy()[..., None]
        total = total + (cut["xy_px"].numpy() * inside).sum(0)
        times = times + inside.sum(0)
    return (total / np.maximum(times, 1))[None]


def on_real(network: torch.nn.Module, device: str, bench: Bench, mean_px: np.ndarray) -> list[Row]:
    """Limb points beside MediaPipe's on real pictures: the median distance, in parts of the
    person's height, and the share within a tenth of it; ``mean_px`` (133, 2) is a crop's mean pose,
    put into the same box as a baseline."""
    names = ("real: limb points within 10 % of the height of MediaPipe's",
             "real: median distance of limb points from MediaPipe's")  # fmt: skip
    if why := real.missing(bench):
        return [Row(names[0], None, note=why), Row(names[1], None, better="lower", note=why)]
    assert bench.footage is not None
    assert bench.find is not None
    from copy import deepcopy

    marker = Marker(deepcopy(network).eval(), device)
    mediapipe = Landmarker("pose", bench.find("pose_landmarker_full"), 1, 0.5)
    pictures = [*real.cut_outs(bench.footage), *real.frames(bench.footage)]
    off, blind = _distances(marker, mediapipe, pictures, mean_px)
    mediapipe.close()
    if not off.size:
        return [Row(name, None, note=real.NO_FOOTAGE) for name in names]
    note = f"{off.size} points in {len(pictures)} pictures, the box from MediaPipe"
    return [
        Row(
            names[0],
            float((off < 0.1).mean()),
            baselines={MEAN_POSE: float((blind < 0.1).mean())},
            note=note,
        ),
        Row(
            names[1],
            float(np.median(off)),
            "of the height",
            "lower",
            baselines={MEAN_POSE: float(np.median(blind))},
            note=note,
        ),
    ]


def _distances(
    marker: Marker, mediapipe: Landmarker, pictures: Iterable[real.Real], mean_px: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    off: list[float] = []
    blind: list[float] = []
    for picture in pictures:
        for body in mediapipe.find(picture.rgb)[:1]:
            given = np.column_stack([body.xy_px, body.confidence])
            theirs = convert(given, "mediapipe_33", "coco_133")
            sure = theirs[:, 2] > _SURE
            limbs = [point for point in _LIMBS if sure[point]]
            if len(limbs) < 4:
                continue
            low, high = theirs[sure, :2].min(0), theirs[sure, :2].max(0)
            box = float(low[0]), float(low[1]), float(high[0]), float(high[1])
            ours = marker.mark(picture.rgb, box).xy_px
            scale, shift = crop_of(box)
            guess = (mean_px - shift) / scale
            height = max(float(high[1] - low[1]), 1.0)
            off += (np.linalg.norm(ours[limbs] - theirs[limbs, :2], axis=1) / height).tolist()
            blind += (np.linalg.norm(guess[limbs] - theirs[limbs, :2], axis=1) / height).tolist()
    return np.array(off), np.array(blind)
