"""Held-out people as the studio tells them: found whole, then marked closer and lifted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field

import numpy as np
import torch

from studio.core.errors import StudioError
from studio.human.convert import convert
from studio.perception.detector import Detector, Person2D
from studio.perception.dope.detector import DopeDetector, Settings
from studio.perception.dope.finder import PoseFinder
from studio.perception.dope.kinds import BODY, find_kind
from studio.perception.dope.network import DopeNetwork
from studio.perception.heatmaps.marker import Marker
from studio.perception.lifting.lifter import Lifter
from studio.training.task import Row, Source
from studio.training.tasks import dope_figures
from studio.training.tasks.dope_targets import parts_of

_PEOPLE = 5
_LIMBS = 12
"""The body's points but its head, which layouts place differently."""
_PLAIN = "as the network finds them"


@dataclass(eq=False)
class Told:
    """How right people are: for each visible point of the limbs whether it is told within half a
    head (``near``; those of missed people are not), and of each who is told in 3D the mean
    distance of the body's points from where they are, from the torso (``deep_mm``)."""

    near: list[bool] = field(default_factory=list[bool])
    deep_mm: list[float] = field(default_factory=list[float])


def rows(network: DopeNetwork, device: str, source: Source, count: int) -> list[Row]:
    """The limbs' PCKh and the body's MPJPE of both, at home and away; none without weights that
    mark closer and lift."""
    try:
        marker, lifter = Marker.load(device=device), Lifter.load()
    except StudioError:
        return []
    finder, settings = PoseFinder(deepcopy(network).eval(), device), Settings(people=_PEOPLE)
    looks = {
        "told": DopeDetector(finder, marker, settings, lifter=lifter),
        _PLAIN: DopeDetector(finder, None, settings),
    }
    out: list[Row] = []
    for where, away in (("", False), (" away", True)):
        told = of_people(looks, source, count, away=away)
        near = {name: float(np.mean(one.near)) for name, one in told.items()}
        deep = {name: float(np.mean(one.deep_mm or [np.nan])) for name, one in told.items()}
        out += [
            Row(
                f"synthetic{where}: limbs' PCKh@0.5 of people as told, marked closer by heatmaps",
                near["told"], baselines={_PLAIN: near[_PLAIN]},
                note=f"{len(told['told'].near)} visible points; those of missed people count",
            ),
            Row(
                f"synthetic{where}: body MPJPE from the torso, as told, lifted too",
                deep["told"], "mm", "lower", {_PLAIN: deep[_PLAIN]},
                f"{len(told['told'].deep_mm)} people",
            ),
        ]  # fmt: skip
    return out


def of_people(
    looks: Mapping[str, Detector], source: Source, count: int, *, away: bool = False
) -> dict[str, Told]:
    """What detectors tell of the people of the first pictures: of their ankles, knees, hips,
    wrists, elbows and shoulders in 2D, and of their bodies in 3D."""
    kind, out = find_kind("body"), {name: Told() for name in looks}
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
                    off, space = _nearest(free, truth[number])
                    visible = parts.seen[k, number, :_LIMBS].numpy()
                    out[name].near += (off / sizes[k, number] < 0.5)[visible].tolist()
                    if space is not None:
                        xyz = parts.xyz_m[k, number].double().numpy()
                        inside = parts.weight[k, number].numpy() > dope_figures.INSIDE
                        out[name].deep_mm.append(
                            dope_figures.deep_mm(space, xyz, kind.origin, inside)
                        )
    return out


_One = tuple[np.ndarray, np.ndarray | None]


def _limbs_of(person: Person2D) -> _One:
    """The limbs' points, and the body in 3D where it is told."""
    given = np.column_stack([person.xy_px, person.confidence])
    limbs = convert(given, person.layout.name, "dope_139")[:_LIMBS, :2]
    if person.space is None:
        return limbs, None
    body = person.space.xyz_m[BODY.start : BODY.stop]
    return limbs, body if np.isfinite(body).all() else None


def _nearest(free: list[_One], truth: np.ndarray) -> _One:
    """How far the limbs of whoever is nearest are, and the body, who is then taken; infinite
    without anybody."""
    nobody = np.full(len(truth), np.inf), None
    apart: Sequence[np.ndarray] = [
        np.nan_to_num(np.linalg.norm(xy - truth, axis=1), nan=np.inf) for xy, _ in free
    ]
    if not apart:
        return nobody
    best = int(np.argmin([float(np.median(off)) for off in apart]))
    if np.median(apart[best]) > 0.5 * np.ptp(truth, axis=0).max():
        return nobody
    return apart[best], free.pop(best)[1]
