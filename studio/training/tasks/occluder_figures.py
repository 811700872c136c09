"""The held-out table of the occluder, beside a map that never changes and a test of depths."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import cast

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from studio.perception.occluder.network import CHANNELS, SIDE_PX, OccluderNetwork
from studio.perception.occluder.rims import RIM_M, whole_rims
from studio.perception.occluder.swift import SwiftOccluder
from studio.perception.own import quick_type
from studio.training.feed import batches_once
from studio.training.task import Batch, Row, Source
from studio.training.tasks.occluder import predict
from studio.training.tasks.occluder_pictures import Seen, tracked

STATIC, DEPTH = "mean map of the kind", "depth test of the tracked body"
_CHUNK, _TIMED, _FAR_PX = 8, 20, 2
_MARGINS_M = (0.0, 0.004, 0.008, 0.012, 0.016, 0.024)
Method = Callable[[Seen, torch.Tensor], torch.Tensor]


@dataclass
class Tally:
    """Pixels of items counted: rows are the truth (hidden, seen), columns what was said; and
    boundaries found and true."""

    counts: np.ndarray = field(default_factory=lambda: np.zeros((2, 2), np.int64))
    edges: np.ndarray = field(default_factory=lambda: np.zeros(4, np.int64))

    def add(self, found: torch.Tensor, seen: Seen) -> None:
        """Count one batch of maps."""
        known = seen.known > 0
        truth, said = seen.truth > 0.5, found > 0.5
        pairs = 2 * truth[known].int() + said[known].int()
        self.counts += np.bincount(pairs.numpy(), minlength=4).reshape(2, 2)
        ours, true = _boundary(said, known), _boundary(truth, known)
        near = [_wider(one) for one in (ours, true)]
        hits = (ours & near[1]).sum(), ours.sum(), (true & near[0]).sum(), true.sum()
        self.edges += np.array([int(value) for value in hits])

    @property
    def seen_iou(self) -> float:
        return self._iou(1)

    @property
    def hidden_iou(self) -> float:
        return self._iou(0)

    @property
    def iou(self) -> float:
        """Mean over what is seen and what is hidden."""
        return (self.seen_iou + self.hidden_iou) / 2

    @property
    def boundary(self) -> float:
        """F measure of the boundaries between both, found within 2 px."""
        right, ours, met, true = self.edges
        precision, recall = right / max(ours, 1), met / max(true, 1)
        return float(2 * precision * recall / max(precision + recall, 1e-9))

    def _iou(self, which: int) -> float:
        both = self.counts[which, which]
        return float(both / max(self.counts[which].sum() + self.counts[:, which].sum() - both, 1))


def _boundary(labels: torch.Tensor, known: torch.Tensor) -> torch.Tensor:
    """Pixels of items whose right or lower neighbour is of the item, and of the other label."""
    found = torch.zeros_like(labels)
    for dim in (1, 2):
        size = labels.shape[dim] - 1
        here, next_ = (torch.narrow(labels, dim, k, size) for k in (0, 1))
        both = torch.narrow(known, dim, 0, size) & torch.narrow(known, dim, 1, size)
        torch.narrow(found, dim, 0, size).logical_or_((here != next_) & both)
    return found


def _wider(mask: torch.Tensor) -> torch.Tensor:
    side = 2 * _FAR_PX + 1
    return functional.max_pool2d(mask[:, None].float(), side, 1, _FAR_PX)[:, 0] > 0


def judged(network: nn.Module, source: Source, count: int, device: str) -> Tally:
    """How well the network does, tracked as live trackers do, always with the same errors."""
    tally = Tally()
    for _, seen in _tracked(source, count):
        tally.add(predict(network, seen.given(), device), seen)
    return tally


def _tracked(source: Source, count: int) -> Iterator[tuple[Batch, Seen]]:
    dice = torch.Generator().manual_seed(7)
    for batch in batches_once(source, count, _CHUNK):
        yield batch, tracked(batch, dice)


def table(network: nn.Module, device: str, source: Source, before: Source, count: int) -> list[Row]:
    """The rows of the card, on ``count`` held-out pictures with two items each; the first decides
    what is published. Baselines are fitted on the split validation, ``before``."""
    margin = _best_margin(before, count)
    means = mean_maps(before, count)
    methods: dict[str, Method] = {
        "ours": lambda seen, _: predict(network, seen.given(), device),
        STATIC: lambda seen, kinds: means[kinds],
        DEPTH: lambda seen, _: by_depth(seen, margin),
    }
    tallies = {name: Tally() for name in methods}
    kinds: dict[int, dict[str, Tally]] = {}
    worn, items = Tally(), 0
    for batch, seen in _tracked(source, count):
        which = batch["kind"].repeat_interleave(batch["items"].shape[1])
        items += len(which)
        for name, method in methods.items():
            found = method(seen, which)
            if name == "ours":
                worn.add(as_worn(found, seen, which), seen)
            tallies[name].add(found, seen)
            for kind in which.unique().tolist():
                own = which == kind
                part = Seen(**{key: value[own] for key, value in vars(seen).items()})
                kinds.setdefault(kind, {n: Tally() for n in methods})[name].add(found[own], part)
    note = f"{items} items on {min(count, len(source))} held-out pictures, tracked with errors"

    def row(what: str, of: Callable[[Tally], float], said: str = "") -> Row:
        value = {name: of(tally) for name, tally in tallies.items()}
        return Row(what, value["ours"], baselines={n: value[n] for n in (STATIC, DEPTH)}, note=said)

    whole = f"boundary F {worn.boundary:.4f}; rims of glasses whole where their lenses are seen"
    rows = [
        row("synthetic: mean IoU of seen and hidden", lambda t: t.iou, note),
        Row("synthetic: mean IoU, as items are worn", worn.iou, note=whole),
        row("synthetic: IoU of seen", lambda t: t.seen_iou),
        row("synthetic: IoU of hidden", lambda t: t.hidden_iou),
        row("synthetic: boundary F within 2 px", lambda t: t.boundary,
            f"depth test with the margin that is best on validation, {1000 * margin:.0f} mm"),
    ]  # fmt: skip
    from studio.synth.tryon.pairs import KINDS

    for kind in sorted(kinds):
        own = kinds[kind]
        rows.append(Row(f"synthetic: mean IoU of {KINDS[kind]}", own["ours"].iou,
                        baselines={n: own[n].iou for n in (STATIC, DEPTH)}))  # fmt: skip
    return [*rows, flicker(network, device, source, count), took(network, device)]


def as_worn(found: torch.Tensor, seen: Seen, kinds: torch.Tensor) -> torch.Tensor:
    """Maps with the rims of glasses whole, as try-on shows them."""
    from studio.synth.tryon.pairs import KINDS

    maps = found.clone()
    for k, kind in enumerate(kinds.tolist()):
        if KINDS[kind] in ("glasses", "sunglasses"):
            alpha = (255 * seen.item[k, 3]).byte().numpy()
            rim_px = RIM_M * float(seen.px_per_m[k])
            whole = whole_rims(found[k].numpy(), alpha, seen.item_m[k].numpy(), rim_px)
            maps[k] = torch.from_numpy(whole)
    return maps


def by_depth(seen: Seen, margin_m: float) -> torch.Tensor:
    """What one gets without a network: the tracked body hides what lies deeper in it than a
    margin."""
    return (seen.item_m <= seen.proxy_m + margin_m).float()


def _best_margin(source: Source, count: int) -> float:
    tallies = {margin: Tally() for margin in _MARGINS_M}
    for _, seen in _tracked(source, count):
        for margin, tally in tallies.items():
            tally.add(by_depth(seen, margin), seen)
    return max(tallies, key=lambda margin: tallies[margin].iou)


def mean_maps(source: Source, count: int) -> torch.Tensor:
    """For each kind, how much of each place of the square is seen on average (kinds, side, side);
    one where no item was."""
    from studio.synth.tryon.pairs import KINDS

    total = torch.zeros(2, len(KINDS), SIDE_PX, SIDE_PX)
    for batch, seen in _tracked(source, count):
        which = batch["kind"].repeat_interleave(batch["items"].shape[1])
        total[0].index_add_(0, which, seen.truth * seen.known)
        total[1].index_add_(0, which, seen.known)
    soft = functional.avg_pool2d(total, 9, 1, 4)
    return torch.where(soft[1] > 0, soft[0] / soft[1].clamp_min(1e-6), 1.0)


def flicker(network: nn.Module, device: str, source: Source, count: int) -> Row:
    """How much the map changes from one frame to the next while nothing moves, but for the camera's
    noise and the tracker's depths, a millimetre. Try-on does not tell the map before."""
    dice = torch.Generator().manual_seed(11)
    changed = area = alone = 0.0
    for _, seen in _tracked(source, min(count, 64)):
        first = predict(network, _next(seen, dice).given(), device)
        again = _next(seen, dice)
        fresh = predict(network, again.given(), device)
        kept = predict(network, replace(again, before=first).given(), device)
        changed += float(((kept - first).abs() * seen.known).sum())
        alone += float(((fresh - first).abs() * seen.known).sum())
        area += float(seen.known.sum())
    return Row("flicker: change of the map from frame to frame", 100 * alone / area, "%", "lower",
               {"told the map before": 100 * changed / area},
               "a still picture with a camera's noise, depths a millimetre off")  # fmt: skip


def _next(seen: Seen, dice: torch.Generator) -> Seen:
    rgb = seen.rgb + 0.015 * torch.randn(seen.rgb.shape, generator=dice)
    off = 0.001 * torch.randn(2, len(rgb), 1, 1, generator=dice)
    return replace(
        seen, rgb=rgb.clamp(0, 1), item_m=seen.item_m + off[0], proxy_m=seen.proxy_m + off[1]
    )


def took(network: nn.Module, device: str) -> Row:
    """The processor's time for one square, as it is used: made swift, in the quickest type."""
    kind = quick_type(device)
    quick = SwiftOccluder(cast(OccluderNetwork, network), device, kind)
    given = torch.zeros(1, CHANNELS, SIDE_PX, SIDE_PX, dtype=kind, device=device)
    given = given.contiguous(memory_format=torch.channels_last)
    times: list[float] = []
    with torch.inference_mode():
        for _ in range(_TIMED):
            begun = time.process_time()
            quick(given)
            times.append(time.process_time() - begun)
    note = f"median of {_TIMED}, {torch.get_num_threads()} thread, {kind} on {device}"
    return Row("time for 256 × 256", 1000 * float(np.median(times)), "ms", "lower", note=note)
