"""People of held-out pictures as the studio tells them: found whole, then marked closer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy

import numpy as np
import torch

from studio.core.errors import StudioError
from studio.human.convert import convert
from studio.perception.detector import Detector, Person2D
from studio.perception.dope.detector import DopeDetector, Settings
from studio.perception.dope.finder import PoseFinder
from studio.perception.dope.kinds import find_kind
from studio.perception.dope.network import DopeNetwork
from studio.perception.heatmaps.marker import Marker
from studio.training.task import Row, Source
from studio.training.tasks import dope_figures
from studio.training.tasks.dope_targets import parts_of

_PEOPLE = 5
_LIMBS = 12
"""The body's points but its head, which layouts place differently."""
_PLAIN = "as the network finds them"


def rows(network: DopeNetwork, device: str, source: Source, count: int) -> list[Row]:
    """The limbs' PCKh of both, at home and away; none without weights that mark closer."""
    try:
        marker = Marker.load(device=device)
    except StudioError:
        return []
    finder = PoseFinder(deepcopy(network).eval(), device)
    looks = {
        name: DopeDetector(finder, mark, Settings(people=_PEOPLE))
        for name, mark in (("marked", marker), (_PLAIN, None))
    }
    out: list[Row] = []
    for where, away in (("", False), (" away", True)):
        near = limbs(looks, source, count, away=away)
        out.append(Row(
            f"synthetic{where}: limbs' PCKh@0.5 of people as told, marked closer by heatmaps",
            float(np.mean(near["marked"])), baselines={_PLAIN: float(np.mean(near[_PLAIN]))},
            note=f"{len(near['marked'])} visible points; those of missed people count",
        ))  # fmt: skip
    return out


def limbs(
    looks: Mapping[str, Detector], source: Source, count: int, *, away: bool = False
) -> dict[str, list[bool]]:
    """For each visible ankle, knee, hip, wrist, elbow and shoulder of the first pictures whether a
    detector tells it within half a head."""
    kind, near = find_kind("body"), {name: list[bool]() for name in looks}
    for seen in dope_figures.batches(source, count, away):
        height, width = seen.rgb.shape[2:]
        parts = parts_of(kind, seen.xy_px, seen.seen, seen.xyz_m, height, width)
        sizes = dope_figures.sizes_of(kind, seen, parts)
        pictures = (seen.rgb.permute(0, 2, 3, 1) * 255).round().byte().cpu().numpy()
        for k, picture in enumerate(pictures):
            truth = parts.xy_px[k, :, :_LIMBS].numpy()
            there = torch.nonzero(parts.there[k])[:, 0].tolist()
            for name, look in looks.items():
                look.follow(())
                free = [_limbs_of(person) for person in look.detect(picture)]
                for number in there:
                    off = _nearest(free, truth[number]) / sizes[k, number]
                    near[name] += (off < 0.5)[parts.seen[k, number, :_LIMBS].numpy()].tolist()
    return near


def _limbs_of(person: Person2D) -> np.ndarray:
    given = np.column_stack([person.xy_px, person.confidence])
    return convert(given, person.layout.name, "dope_139")[:_LIMBS, :2]


def _nearest(free: list[np.ndarray], truth: np.ndarray) -> np.ndarray:
    """How far the limbs of whoever is nearest are, who is then taken; infinite without anybody."""
    apart: Sequence[np.ndarray] = [
        np.nan_to_num(np.linalg.norm(xy - truth, axis=1), nan=np.inf) for xy in free
    ]
    if not apart:
        return np.full(len(truth), np.inf)
    best = int(np.argmin([float(np.median(off)) for off in apart]))
    if np.median(apart[best]) > 0.5 * np.ptp(truth, axis=0).max():
        return np.full(len(truth), np.inf)
    free.pop(best)
    return apart[best]
