"""Which layers of Multi-NeuS should be each head's own, and of what rank: learned anew for as many
steps each, and a page of what came out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from torch import nn

from studio.core.card import find_card
from studio.core.files import write_whole
from studio.core.percent import percent
from studio.features.head.engine import read_rgb
from studio.features.head.neural import LEAST_ALIKE, ready
from studio.features.head.session import new_looker
from studio.human.heads.fit import fit
from studio.human.heads.proportions import womanly
from studio.human.heads.shown import Portrait, jaw_of
from studio.journeys.figures import Figure, Part, footage_set
from studio.journeys.head import PORTRAITS, SCAN, ScanViews, scan_views
from studio.journeys.report import Bars, Section, Table, write_report
from studio.perception.neural_heads.fitting import REAL, Effort, NeuralHead, covered, fitted
from studio.perception.neural_heads.network import OWN, RANK, HeadNetwork
from studio.perception.neural_heads.space import HIGH_M, LOW_M
from studio.perception.own import unpack
from studio.perception.portraits import Looked
from studio.synth.heads.seen import seen_head
from studio.synth.heads.sweeps import SURFACE
from studio.training import small
from studio.training.heads import STEP_M, TEST_SETS, heads
from studio.training.loop import train
from studio.training.plan import Plan
from studio.training.publish import best_network
from studio.training.tasks import find_task, neus
from studio.training.tasks.neus_figures import (
    boxed,
    distances,
    fit_mesh,
    measured,
    off_of_head,
)
from studio.vision.similarity import similarity
from studio.vision.triangles import spread_over

STEPS = 400
KINDS: dict[str, dict[str, Any]] = {
    "independent": {"kind": "independent"},
    **{f"low-rank, r = {rank}": {"rank": rank} for rank in (4, 16, RANK)},
    "shared by all": {"kind": "shared"},
}
USUAL = f"low-rank, r = {RANK}"
PLACES: dict[str, dict[str, Any]] = {
    f"own: {name}": {"placement": name} for name in OWN if name not in ("usual", "none")
}
_FIRST, _SECOND = Effort((80, 0)), Effort((80, 80))
_PARTS = ("mean of learned heads", "after the first step", "after the second")
PAGE, KEPT = "neus_studies.html", "neus_studies.json"


@dataclass(frozen=True)
class Studied:
    """How far distances are off near the surface of held-out heads (mm): of the mean of learned
    heads, after the first step of fitting and after the second; ``numbers`` the network has."""

    name: str
    numbers: int
    mean: float
    first: float
    second: float


def parts(
    data: Path | None, out: Path | None, steps: int = STEPS, footage: Path | None = None
) -> list[tuple[str, Part]]:
    """Real heads, and the studies, if there is a place for their page; they need packs."""
    every: list[tuple[str, Part]] = [
        ("a real head, scanned", partial(_scanned, footage)),
        ("portraits and paintings", partial(_portraits, footage)),
    ]
    if out is not None and data is not None:
        every.append(("layers and ranks", partial(_studies, data, out, steps)))
    return every


def _scanned(footage: Path | None) -> Iterator[Figure]:
    """The scanned head from one photograph each, learned as the studio learns photographs, and both
    ways against the scan above the chin, as made-up heads are."""
    views = scan_views(footage)
    network = unpack(HeadNetwork(), find_card("neus").weights)
    assert isinstance(network, HeadNetwork)
    for k, side in enumerate(("ahead", "the left", "the right")):
        head, part = _scanned_part(network, views, k)
        for _ in fitted(head, REAL):
            pass
        ours, around = off_of_head(head, part, filmed=False)
        fit = measured(boxed(fit_mesh(part)), part)
        yield Figure(
            f"{SCAN} from {side}: the surface's face; the template's wrapped to it; head",
            f"{ours.face:.2f}; {around.face:.2f}; {ours.head:.2f} mm",
            f"{fit.face:.2f}; {fit.face:.2f}; {fit.head:.2f} mm (the fit)",
        )  # fmt: skip


def _scanned_part(
    network: HeadNetwork, views: ScanViews, which: int
) -> tuple[NeuralHead, neus.Part]:
    """The scanned head before it learns from one of its photographs, and what is true in the frame
    of its fit."""
    one = replace(views.portraits[which], camera=None)
    head, skin_m = _begun_with_skin(network, one, views.looked[which], views.pupils_m)
    assert head.marks_m is not None
    turn, _, shift = similarity(views.landmarks, head.marks_m, sized=False)
    corners = (views.vertices_m @ turn.T + shift)[views.faces]
    middle = corners.mean(1)
    corners = corners[((middle > LOW_M) & (middle < HIGH_M)).all(1)]
    surface, normals, _ = spread_over(corners, SURFACE, np.random.default_rng(0))
    told = {
        "surface": small.steps(surface, STEP_M), "normals": small.ways(normals),
        "marks": views.landmarks @ turn.T + shift, "skin": skin_m,
    }  # fmt: skip
    return head, neus.Part([told], 0)


def _portraits(footage: Path | None) -> Iterator[Figure]:
    """Photographs and paintings of heads, learned as the studio learns them: how alike outlines
    are."""
    folder = footage_set(footage, PORTRAITS)
    network = unpack(HeadNetwork(), find_card("neus").weights)
    assert isinstance(network, HeadNetwork)
    before, after = dict[str, float](), dict[str, float]()
    with new_looker() as looker:
        for path in sorted(p for p in folder.iterdir() if p.suffix in (".jpg", ".png")):
            head = _begun(network, looker.look(path.name, read_rgb(path)))
            before[path.stem] = covered(head)
            for _ in fitted(head, REAL):
                pass
            after[path.stem] = covered(head)
    every, found = sorted(after.items(), key=lambda one: one[1]), [*after.values()]
    many = sum(one > LEAST_ALIKE for one in found)
    yield Figure(
        f"{PORTRAITS}: outlines of learned surfaces alike, mean; worst; so much that hair takes it",
        f"{percent(float(np.mean(found)))}; {percent(every[0][1])}; {many} of {len(found)}",
        f"{percent(float(np.mean([*before.values()])))}; {percent(min(before.values()))} (the mean "
        "of learned heads)", None, ", ".join(f"{k} {percent(v)}" for k, v in every),
    )  # fmt: skip


def _begun(network: HeadNetwork, looked: Looked) -> NeuralHead:
    """A head that learns from a photograph, before it does."""
    tall, wide = looked.rgb.shape[:2]
    one = Portrait(looked.xyz_px, (wide, tall), jaw=jaw_of(looked.guesses))
    return _begun_with_skin(network, one, looked)[0]


def _begun_with_skin(
    network: HeadNetwork, one: Portrait, looked: Looked, pupils_m: float | None = None
) -> tuple[NeuralHead, np.ndarray]:
    """A head that learns from a photograph, before it does, and the skin of its fit."""
    seen = seen_head(fit([one], gender=womanly([one.xyz_px])), [one], pupils_m)
    skin_m = seen.skin(seen.views[0])
    return ready(network, seen, skin_m, [looked]), skin_m


def _studies(data: Path, out: Path, steps: int) -> Iterator[Figure]:
    """Every setting's figure; the page is written after each, and what is on it already, learned
    for as many steps, is not learned again."""
    known, fit = read_studies(out / KEPT, steps)
    found: dict[str, list[Studied]] = {}
    for title, settings in (("Kind and rank", KINDS), ("Which layers", PLACES)):
        for name, options in settings.items():
            if name not in known:
                known[name], fit = studied(name, data, steps, options)
                told = {"steps": steps, "fit": fit, "every": [asdict(s) for s in known.values()]}
                write_whole(out / KEPT, json.dumps(told, indent=1).encode())
            one = known[name]
            usual = [replace(known[USUAL], name="own: usual")] if settings is PLACES else []
            found.setdefault(title, usual).append(one)
            write_page(out / PAGE, found, fit, steps)
            yield Figure(
                f"{name}, {steps} steps: distance off after the first step; the second",
                f"{one.first:.2f}; {one.second:.2f} mm", "",
                None, f"mean head {one.mean:.2f}, fit alone {fit:.2f} mm",
            )  # fmt: skip


def read_studies(path: Path, steps: int) -> tuple[dict[str, Studied], float]:
    """What was studied before with so many steps, by the settings' names, and how far fits alone
    are off (mm): nothing and 0 if nothing was."""
    try:
        told = json.loads(path.read_text("utf-8"))
        every = [Studied(**one) for one in told["every"]]
        if told["steps"] == steps:
            return {one.name: one for one in every}, float(told["fit"])
    except (OSError, ValueError, KeyError, TypeError):
        pass
    return {}, 0.0


def studied(name: str, data: Path, steps: int, options: dict[str, Any]) -> tuple[Studied, float]:
    """One setting, learned from the packs of ``data`` and fitted to the first photographs of the
    packed validation heads; and how far the fits alone are off (mm)."""
    task = find_task("neus", data=str(data), **options)
    plan = Plan(steps=steps, batch=4, precision="float32", validate_s=1e9, picture_s=1e9)
    with TemporaryDirectory() as folder:
        for _ in train(task, plan, Path(folder), device="cpu"):
            pass
        network: nn.Module = best_network(task, Path(folder))
    source = heads(data, "validation", 0)
    numbers = range(0, len(source), len(TEST_SETS))
    told = np.array([distances(network, source, k, (_FIRST, _SECOND)) for k in numbers]).mean(0)
    fit, mean, first, second = (1000 * told).tolist()
    count = sum(p.numel() for p in network.parameters())
    return Studied(name, count, mean, first, second), fit


def write_page(path: Path, found: dict[str, list[Studied]], fit_mm: float, steps: int) -> None:
    """The page. Raises StudioError if it cannot be written."""
    head = ("layers", "numbers", "mean head, mm", "first step, mm", "second step, mm")
    sections: list[Section] = []
    for title, every in found.items():
        best = min(one.second for one in every)
        rows = tuple(
            (one.name + (" (best)" if one.second == best else ""), f"{one.numbers:,}",
             f"{one.mean:.2f}", f"{one.first:.2f}", f"{one.second:.2f}")
            for one in every
        )  # fmt: skip
        text = (
            f"Each learned for {steps} steps from the same heads, then fitted to one photograph of "
            "heads that it did not learn: what is each head's own alone, then all layers and the "
            f"camera. The parametric fit alone is {fit_mm:.2f} mm off."
        )
        groups = tuple((one.name, (one.mean, one.first, one.second)) for one in every)
        bars = Bars(groups, _PARTS, "mm", "How far distances are off near the surface",
                    ("the fit alone", fit_mm))  # fmt: skip
        sections.append(Section(title, text, (bars, Table(head, rows))))
    write_report(path, "Multi-NeuS: which layers are each head's own", (), sections)
