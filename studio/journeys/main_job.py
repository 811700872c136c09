"""The main job without a window: from several cameras to a moving avatar, with a report.

``doppel main-job --sample`` does what a click on “Try the sample” does in the studio.
"""

from __future__ import annotations

import json as json_module
from pathlib import Path

import numpy as np
from rich.console import Console
from tyro.conf import Positional

from studio.core.errors import StudioError
from studio.core.resources import resource, take_files
from studio.core.types import Fact
from studio.document.folder import SUFFIX
from studio.document.project import (
    AvatarItem,
    DetectionsItem,
    FileItem,
    MotionItem,
    RigItem,
    TakeItem,
)
from studio.journeys.bench import Bench
from studio.journeys.pictures import pictures
from studio.journeys.report import Curve, Picture, Section, Table, write_report
from studio.media.formats.whole import check_place

SAMPLE = resource("sample")


def sample_paths() -> list[Path]:
    """The sample's videos and calibration. Raises StudioError if they are not installed."""
    found = take_files(SAMPLE)
    if not found:
        raise StudioError("The sample is not installed.", "Reinstall Doppel with its data.")
    return found


def track(bench: Bench, paths: list[Path], truth: Path | None) -> dict[str, tuple[Fact, ...]]:
    """Import, detect, triangulate, fit, and compare with truth if there is one.

    Returns the facts of each step, by feature.
    """
    facts: dict[str, tuple[Fact, ...]] = {}
    facts["capture"] = bench.run("capture", params={"paths": paths}).facts
    if not (bench.project.newest(TakeItem) or bench.project.newest(DetectionsItem)):
        raise StudioError(
            "There are neither videos nor 2D detections among these files.", "Add the take."
        )
    if bench.project.newest(RigItem) is None:
        raise StudioError("There is no calibration among these files.", "Add the rig's file.")
    if bench.project.newest(DetectionsItem) is None:
        facts["pose"] = bench.run("pose").facts
    facts["triangulate"] = bench.run("triangulate").facts
    facts["avatar"] = bench.run("avatar").facts
    if truth is not None:
        item = FileItem(name="Truth", role="truth", path=str(truth.absolute()))
        bench.document.edit("Bring in truth", lambda project: project.with_items([item]))
        facts["compare"] = bench.run("compare").facts
    return facts


def main(
    paths: Positional[tuple[Path, ...]] = (),
    sample: bool = False,
    out: Path = Path("out"),
    truth: Path | None = None,
    json: bool = False,
) -> None:
    """Track a take and write avatar.glb, motion.bvh, points.trc and report.html.

    Args:
        paths: Videos (or 2D detections) and a calibration.
        sample: Use the sample take, whose truth is known.
        out: Folder to write to; the project is kept there too.
        truth: Truth of the take, to measure against.
        json: Print one JSON object.
    """
    if sample:
        paths, truth = tuple(sample_paths()), SAMPLE / "truth.npz"
    if not paths:
        raise StudioError(
            "There is nothing to track.", "Name videos and a calibration, or --sample."
        )
    check_place(out / "avatar.glb")
    bench = Bench.at(_fresh(out / f"main-job{SUFFIX}"), "Main job", quiet=json)
    facts = track(bench, list(paths), truth)
    written = _export(bench, out)
    _report(bench, facts, out / "report.html")
    if json:
        told = {feature: [vars(fact) for fact in those] for feature, those in facts.items()}
        files = [str(path) for path in (*written, out / "report.html")]
        print(json_module.dumps({"facts": told, "files": files, "seconds": bench.seconds}))
        return
    screen = Console(highlight=False)
    for those in facts.values():
        for fact in those:
            told = f"{fact.verdict:>6}  {fact.label}: {fact.text}"
            screen.print(f"{told}  {fact.blame}".rstrip(), soft_wrap=True, markup=False)
    names = ", ".join(p.name for p in (*written, out / "report.html"))
    screen.print(f"Written to {out}: {names}", soft_wrap=True, markup=False)


def _fresh(path: Path) -> Path:
    """A folder name that is not taken: nothing that is there is overwritten."""
    number, free = 1, path
    while free.exists():
        number += 1
        free = path.with_name(f"{path.stem}-{number}{path.suffix}")
    return free


def _export(bench: Bench, out: Path) -> list[Path]:
    """The three files, under the names that the main job promises."""
    staging = bench.folder.path / "export"
    bench.run("export", params={"folder": staging, "formats": ("glb", "bvh", "trc")})
    names = {".glb": "avatar.glb", ".bvh": "motion.bvh", ".trc": "points.trc"}
    written = [path.replace(out / names[path.suffix]) for path in sorted(staging.iterdir())]
    staging.rmdir()
    return written


def _report(bench: Bench, facts: dict[str, tuple[Fact, ...]], path: Path) -> None:
    project = bench.project
    motion = project.newest(MotionItem)
    sections = [Section("Pictures", "", tuple(Picture(p.rgb, p.caption) for p in pictures(bench)))]
    if motion is not None:
        arrays = bench.folder.assets.arrays(motion.data)
        with np.errstate(all="ignore"):
            pixels = _mean(arrays["reprojection_px"])
            bars = 1000 * _mean(arrays["error_m"])
        sections.append(
            Section(
                "Motion",
                "How far the triangulated points lie from what the cameras saw, and how sure "
                "their places are (one standard deviation).",
                (
                    Curve(arrays["times_s"], pixels, "px", "Reprojection error, mean"),
                    Curve(arrays["times_s"], bars, "mm", "Error bar, mean"),
                ),
            )
        )
    errors = next((i for i in reversed(project.all(FileItem)) if i.role == "table"), None)
    if errors is not None and errors.data is not None:
        rows = bench.folder.assets.path(errors.data).read_text("utf-8").splitlines()
        head, *body = (tuple(row.split(",")) for row in rows)
        sections.append(Section("Error against truth", "Millimetres.", (Table(head, tuple(body)),)))
    sections.append(Section("How it was made", "", (_recipes(bench),)))
    order = ("compare", "triangulate", "avatar", "pose", "capture")
    told = [fact for feature in order for fact in facts.get(feature, ())]
    write_report(path, "From several cameras to a moving avatar", told, sections)


def _mean(values: np.ndarray) -> np.ndarray:
    """Mean over points; NaN where a frame has none."""
    there = np.isfinite(values)
    return np.where(there, values, 0).sum(1) / np.where(there.any(1), there.sum(1), np.nan)


def _recipes(bench: Bench) -> Table:
    rows: list[tuple[str, ...]] = []
    for kind in (TakeItem, RigItem, DetectionsItem, MotionItem, AvatarItem):
        for item in bench.project.all(kind):
            recipe = item.recipe
            how = f"{recipe.feature}, {recipe.seconds:.1f} s" if recipe else "brought in"
            rows.append((item.name, how, "; ".join(t.text for t in item.facts)))
    return Table(("item", "made by", "facts"), tuple(rows))
