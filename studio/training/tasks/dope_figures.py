"""The held-out table of the whole-body network: synthetic people, then real ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import torch

from studio.perception.dope.finder import PoseFinder
from studio.perception.dope.kinds import FACE, Kind, find_kind, more_layouts, placed_in
from studio.perception.dope.network import DopeNetwork
from studio.perception.dope.ppi import Part
from studio.training.feed import batches_once
from studio.training.task import Bench, Row, Source
from studio.training.tasks import dope_pictures
from studio.training.tasks.dope_pictures import Pictures
from studio.training.tasks.dope_targets import Parts, parts_of
from studio.vision.similarity import nearest_similar

_CHUNK = 8
_REACH = 0.5
_WITHIN = {"hand": 0.2, "face": 0.1}
_OTHERS_WITHIN = 0.2
_HEADS = 0.5
INSIDE = 0.2
"""The least weight of points that are in the picture, hidden or not."""
_LARGE_PX = 20
"""How far apart eyes must be for a twentieth of that to be a pixel."""
_EYES = (52, 61)
"""The outer corners of the eyes among the 84 points of a face."""


@dataclass(eq=False)
class Tally:
    """What became of the parts of one kind: how many there were (``parts``) and were found, how
    many were found that are not there (``ghosts``), for each visible point of the parts whether it
    was found near enough (``near``), and of those found errors, ``flat`` (in parts of the size: of
    the head, hand, or distance of the eyes, ``sizes_px``) and ``deep_mm`` (faces none)."""

    parts: int = 0
    found: int = 0
    ghosts: int = 0
    pictures: int = 0
    sided: int = 0
    near: list[bool] = field(default_factory=list[bool])
    flat: list[float] = field(default_factory=list[float])
    sizes_px: list[float] = field(default_factory=list[float])
    deep_mm: list[float] = field(default_factory=list[float])

    @property
    def share(self) -> float:
        """The share of visible points that were found near enough; those of missed parts count."""
        return float(np.mean(self.near)) if self.near else 0.0

    @property
    def recall(self) -> float:
        return self.found / max(self.parts, 1)


def batches(source: Source, count: int, away: bool, more: Sequence[str] = ()) -> Iterator[Pictures]:
    """The first pictures of a source, where people are or before other surroundings."""
    dice = torch.Generator().manual_seed(0)
    for batch in batches_once(source, count, _CHUNK):
        if away:
            yield dope_pictures.elsewhere(batch, dice, more)
        else:
            yield dope_pictures.plain(batch, more)


Finder = Callable[[torch.Tensor], Sequence[Mapping[str, Sequence[Part]]]]


def looker(network: DopeNetwork, device: str, mode: str) -> Finder:
    """How the studio looks with a network that is being trained: see :data:`MODES`."""
    finder = PoseFinder(deepcopy(network).eval(), device, mode)

    def look(rgb: torch.Tensor) -> list[dict[str, list[Part]]]:
        pictures = (rgb.permute(0, 2, 3, 1) * 255).round().byte().cpu().numpy()
        return [finder.find(picture) for picture in pictures]

    return look


def measure(
    finder: Finder, kinds: Sequence[str], source: Source, count: int, *, away: bool = False
) -> dict[str, Tally]:
    """What a finder finds on held-out pictures, by kind."""
    tallies = {name: Tally() for name in kinds}
    known = {name: find_kind(name) for name in kinds}
    more = more_layouts(known.values())
    for seen in batches(source, count, away, more):
        height, width = seen.rgb.shape[2:]
        found = finder(seen.rgb)
        for name, tally in tallies.items():
            kind = placed_in(known[name], more)
            parts = parts_of(kind, seen.xy_px, seen.seen, seen.xyz_m, height, width)
            sizes = sizes_of(kind, seen, parts)
            for k, told in enumerate(found):
                _count(tally, kind, parts, k, sizes[k], told.get(name, ()))
    return tallies


def sizes_of(kind: Kind, seen: Pictures, parts: Parts) -> np.ndarray:
    """What errors of each part (batch, parts) are measured in: the head's size (1.2 times the
    diagonal of the face's box, as in heatmaps), the hand's longer side, the distance of the eyes as
    if seen from the front."""
    if kind.name == "body":
        face = seen.xy_px[:, :, list(FACE)]
        return (1.2 * (face.amax(2) - face.amin(2)).norm(dim=-1)).numpy()
    extent = (parts.xy_px.amax(2) - parts.xy_px.amin(2)).amax(-1)
    if kind.name != "face":
        return extent.numpy()
    flat = parts.xy_px - parts.xy_px.mean(2, keepdim=True)
    deep = parts.xyz_m[..., :2]
    scale = (flat * deep).sum((2, 3)) / deep.square().sum((2, 3)).clamp_min(1e-9)
    eyes = (parts.xyz_m[:, :, _EYES[0]] - parts.xyz_m[:, :, _EYES[1]]).norm(dim=-1)
    return (scale * eyes).numpy()


def _count(
    tally: Tally, kind: Kind, parts: Parts, k: int, sizes: np.ndarray, told: Sequence[Part]
) -> None:
    tally.pictures += 1
    free = list(told)
    for number in torch.nonzero(parts.there[k])[:, 0].tolist():
        truth = parts.xy_px[k, number].numpy()
        seen = parts.seen[k, number].numpy()
        inside = parts.weight[k, number].numpy() > INSIDE
        size = float(sizes[number])
        if not np.isfinite(size) or size <= 0:
            continue
        tally.parts += 1
        extent = float(np.ptp(truth, axis=0).max())
        apart = [float(np.linalg.norm(part.xy_px - truth, axis=1)[inside].mean()) for part in free]
        best = int(np.argmin(apart)) if apart else -1
        if best < 0 or apart[best] > _REACH * extent:
            tally.near += [False] * int(seen.sum())
            continue
        part = free.pop(best)
        off = np.linalg.norm(part.xy_px - truth, axis=1) / size
        within = _HEADS if kind.name == "body" else _WITHIN.get(kind.name, _OTHERS_WITHIN)
        if kind.name == "face":
            off_size = np.linalg.norm(part.xy_px - truth, axis=1) / extent
            tally.near += (off_size[seen] < within).tolist()
        else:
            tally.near += (off[seen] < within).tolist()
        tally.found += 1
        tally.sided += int(part.family == int(parts.family[k, number]))
        tally.flat.append(float(off[inside].mean()))
        tally.sizes_px.append(size)
        xyz = parts.xyz_m[k, number].numpy().astype(float)
        if kind.name == "body":
            tally.deep_mm.append(deep_mm(part.xyz_m, xyz, kind.origin, inside))
        else:
            tally.deep_mm.append(1000 * aligned_error_m(part.xyz_m, xyz))
    unsure = parts.xy_px[k][parts.unsure[k]].numpy()
    for part in free:
        extent = max(part.size_px, 1.0)
        beside = [np.linalg.norm(part.xy_px - other, axis=1).mean() for other in unsure]
        tally.ghosts += int(min(beside, default=np.inf) > extent)


def deep_mm(
    found: np.ndarray, truth: np.ndarray, origin: Sequence[int], which: np.ndarray
) -> float:
    """Mean distance (mm) of points (n, 3; m) from the truth, both from the mean of ``origin``."""
    at = list(origin)
    gap = (found - found[at].mean(0)) - (truth - truth[at].mean(0))
    return 1000 * float(np.linalg.norm(gap, axis=1)[which].mean())


def aligned_error_m(found: np.ndarray, truth: np.ndarray) -> float:
    """Mean distance of points after the best turn, scale and shift (PA-MPJPE)."""
    return float(np.linalg.norm(nearest_similar(found, truth) - truth, axis=1).mean())


def quick(
    network: DopeNetwork, source: Source, count: int, device: str, score: str
) -> dict[str, float]:
    """A few figures while training."""
    kinds = tuple(network.kinds)
    home, away = (
        measure(looker(network, device, "fast"), kinds, source, count, away=away)
        for away in (False, True)
    )
    told = {score: float(np.mean([t[k].share for t in (home, away) for k in kinds]))}
    for kind in kinds:
        told |= {
            f"{kind} near": home[kind].share, f"{kind} near away": away[kind].share,
            f"{kind} found": home[kind].recall,
            f"{kind} ghosts": home[kind].ghosts / max(home[kind].pictures, 1),
            f"{kind} mm": float(np.mean(home[kind].deep_mm or [np.nan])),
            f"{kind} off": float(np.mean(home[kind].flat or [np.nan])),
        }  # fmt: skip
    return {name: float(value) if np.isfinite(value) else 0.0 for name, value in told.items()}


Others = Mapping[str, Mapping[str, DopeNetwork]]
"""Networks to compare with, by what they are called and by the kind they are asked about."""


def table(
    network: DopeNetwork, device: str, source: Source, count: int, bench: Bench, others: Others
) -> list[Row]:
    """The rows of the card, beside the same figures of ``others``. The first one decides what is
    published."""
    from studio.training.tasks import dope_marked
    from studio.training.tasks.dope_real import on_real

    kinds = tuple(network.kinds)
    told = {where: _measured(network, kinds, source, count, device, where) for where in _WHERE}
    theirs = {
        name: {
            where: {
                kind: _measured(other, (kind,), source, count, device, where)[kind]
                for kind, other in by_kind.items()
            }
            for where in _WHERE
        }
        for name, by_kind in others.items()
    }

    def both(tallies: Mapping[str, Mapping[str, Tally]]) -> float:
        return float(np.mean([tallies[where][kind].share for where in _WHERE for kind in kinds]))

    pictures = next(iter(told[""].values())).pictures
    rows = [
        Row("synthetic: points found (bodies within half a head, hands a fifth, faces a tenth of "
            "their size), mean of kinds, at home and away", both(told),
            baselines={name: both(tallies) for name, tallies in theirs.items()},
            note=f"{pictures} held-out pictures of one to three people; missed parts count")
    ]  # fmt: skip
    for where in _WHERE:
        for kind in kinds:
            beside = {
                name: _figures(kind, tallies[where][kind]) for name, tallies in theirs.items()
            }
            parts = f"{told[where][kind].parts} parts"
            for (what, unit, better), value in _figures(kind, told[where][kind]).items():
                baselines = {
                    name: other for name, figures in beside.items()
                    if (other := figures[what, unit, better]) is not None
                }  # fmt: skip
                rows.append(Row(f"synthetic{where}: {what}", value, unit, better, baselines, parts))
    if len(kinds) > 1:
        near = measure(looker(network, device, "balanced"), kinds, source, count)
        rows += [
            Row(f"synthetic, with a second look: {what}", value, unit, better,
                {"without": before} if (before := _figures(kind, told[""][kind])[key]) else {})
            for kind in kinds
            for key, value in _figures(kind, near[kind]).items()
            for what, unit, better in (key,)
        ]  # fmt: skip
        rows += dope_marked.rows(network, device, source, count)
    return [*rows, *on_real(network, device, bench)]


_WHERE = ("", " away")
Figure = tuple[str, str, Literal["higher", "lower"]]


def _measured(
    network: DopeNetwork, kinds: Sequence[str], source: Source, count: int, device: str, where: str
) -> dict[str, Tally]:
    return measure(looker(network, device, "fast"), kinds, source, count, away=bool(where))


def _figures(kind: str, tally: Tally) -> dict[Figure, float | None]:
    deep = float(np.mean(tally.deep_mm)) if tally.deep_mm else None
    flat = float(np.mean(tally.flat)) if tally.flat else None
    out: dict[Figure, float | None] = {
        (f"{kind} found", "", "higher"): tally.recall,
        (f"{kind} ghosts a picture", "", "lower"): tally.ghosts / max(tally.pictures, 1),
    }
    if kind == "body":
        out["body PCKh@0.5", "", "higher"] = tally.share
        out["body MPJPE from the torso, of those found", "mm", "lower"] = deep
    elif kind != "face":
        out[f"{kind} points within a fifth", "", "higher"] = tally.share
        out[f"{kind} PA-MPJPE", "mm", "lower"] = deep
        named = "left or right" if kind == "hand" else f"{kind}: left or right"
        out[named, "", "higher"] = tally.sided / max(tally.found, 1)
    else:
        out["face points within a tenth", "", "higher"] = tally.share
        out["face NME", "of the eyes' distance", "lower"] = flat
        large = [off for off, px in zip(tally.flat, tally.sizes_px, strict=True) if px >= _LARGE_PX]
        what = f"face NME, eyes {_LARGE_PX} px apart or more"
        out[what, "of the eyes' distance", "lower"] = float(np.mean(large)) if large else None
    return out


def drawn(network: DopeNetwork, rgb: torch.Tensor, device: str) -> list[np.ndarray]:
    """Pictures with what was found: bodies yellow, hands blue, faces pink, others
    green."""
    colours = {"body": (255, 210, 40), "hand": (60, 200, 255), "face": (255, 90, 200)}
    out = []
    for picture, parts in zip(rgb, looker(network, device, "fast")(rgb), strict=True):
        canvas = (picture.permute(1, 2, 0) * 255).byte().numpy().copy()
        for kind, told in parts.items():
            for part in told:
                for x, y in np.rint(part.xy_px).astype(int):
                    ink = colours.get(kind, (120, 255, 120))
                    canvas[max(y - 1, 0) : y + 2, max(x - 1, 0) : x + 2] = ink
        out.append(canvas)
    return out
