"""``doppel selftest``: does this installation do the main job? A minute, offline, no window.

A tiny take is made of the sample's truth: its cameras, its person, twenty moments. Every stage
of the main job runs on it as the studio would run it, and is held against that truth.
"""

from __future__ import annotations

import json as json_module
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from rich.console import Console

from studio.core.errors import StudioError
from studio.core.types import CameraRig, Detections
from studio.document.data import detections_arrays
from studio.document.project import AvatarItem, DetectionsItem, FileItem, MotionItem, RigItem
from studio.features.compare.engine import read_truth
from studio.human.layouts import layout
from studio.journeys.bench import Bench
from studio.journeys.main_job import SAMPLE, sample_paths
from studio.media.formats.bvh import read_bvh
from studio.media.formats.motions import read_motion
from studio.media.formats.rigs import read_rig
from studio.vision.camera import project

MOMENTS = slice(0, 60, 3)
LAYOUT = "halpe_26"


@dataclass
class _Take:
    """The tiny take as it goes through the stages."""

    bench: Bench
    rig: CameraRig
    facts: dict[str, str] = field(default_factory=dict)


def main(json: bool = False) -> int:
    """Run every stage of the main job on a tiny take and compare with its truth.

    Args:
        json: Print one JSON object.
    """
    results: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory() as folder:
        rig = read_rig(next(p for p in sample_paths() if p.suffix != ".mp4")).rig
        bench = Bench.at(Path(folder) / "Selftest.doppel", "Selftest", quiet=True)
        take = _Take(bench, rig)
        for name, stage in STAGES.items():
            start = time.perf_counter()
            try:
                told, passed = stage(take), True
            except (StudioError, AssertionError) as error:
                told, passed = str(error), False
            seconds = time.perf_counter() - start
            results.append({"stage": name, "passed": passed, "told": told, "seconds": seconds})
            if not json:
                mark = "ok" if passed else "FAILED"
                Console().print(f"{mark:>6}  {name}: {told} ({seconds:.1f} s)")
            if not passed:
                break
    good = all(result["passed"] for result in results)
    if json:
        print(json_module.dumps({"passed": good, "stages": results}, ensure_ascii=False))
    return 0 if good else 1


def _bring_in(take: _Take) -> str:
    """Truth seen through the sample's cameras, as if a perfect detector had looked."""
    truth = read_truth(SAMPLE / "truth.npz")
    points = layout(LAYOUT)
    xyz = np.stack([truth.points[name][MOMENTS] for name in points.points], axis=1)
    xy = np.stack([project(c, xyz.reshape(-1, 3)).reshape(*xyz.shape[:2], 2)
                   for c in take.rig.cameras], axis=1)  # fmt: skip
    found = Detections(take.rig.names, truth.times_s[MOMENTS], points, xy, np.ones(xy.shape[:3]))
    items = (
        RigItem.of("Rig", take.rig),
        DetectionsItem(name="Points", layout=LAYOUT, cameras=take.rig.names,
                       data=take.bench.folder.assets.put_arrays(detections_arrays(found))),
        FileItem(name="Truth", role="truth", path=str(SAMPLE / "truth.npz")),
    )  # fmt: skip
    take.bench.document.edit("Bring in", lambda p: p.with_items(items))
    return f"{len(take.rig)} cameras, {len(found.times_s)} moments, {len(points)} points"


def _detect(take: _Take) -> str:
    """The networks find the person in a real picture of every camera."""
    from studio.media.video import open_clip
    from studio.weights.detectors import whole_body

    detector = whole_body()
    off: list[float] = []
    truth = read_truth(SAMPLE / "truth.npz")
    try:
        for path in (p for p in sample_paths() if p.suffix == ".mp4"):
            with open_clip(path) as clip:
                frame = clip.frame_at(truth.times_s[0])
            people = detector.detect(frame.rgb, 0.0)
            assert people, f"nobody was found in {path.name}"
            knee = detector.layout.index("left_knee")
            camera = next(c for c in take.rig.cameras if c.name == path.stem)
            there = project(camera, truth.points["left_knee"][:1])[0]
            off.append(float(np.linalg.norm(people[0].xy_px[knee] - there)))
    finally:
        detector.close()
    assert max(off) < 40, f"the left knee was found {max(off):.0f} px from its place"
    return f"the person in {len(off)} pictures, left knee within {max(off):.0f} px"


def _triangulate(take: _Take) -> str:
    take.bench.run("triangulate", params={"refine": False})
    facts = take.bench.run("compare").facts
    return _within(take, facts[0].text, "Motion", 60.0)


def _fit(take: _Take) -> str:
    take.bench.run("avatar")
    facts = take.bench.run("compare").facts
    return _within(take, facts[1].text, "Avatar", 35.0)


def _within(take: _Take, text: str, what: str, limit_mm: float) -> str:
    table = next(i for i in reversed(take.bench.project.all(FileItem)) if i.role == "table")
    assert table.data is not None
    lines = take.bench.folder.assets.path(table.data).read_text("utf-8").splitlines()[1:]
    mean = float(np.mean([float(x.split(",")[2]) for x in lines if x.startswith(what)]))
    assert mean < limit_mm, f"{mean:.1f} mm from truth"
    return text


def _export(take: _Take) -> str:
    folder = take.bench.folder.path / "export"
    take.bench.run("export", params={"folder": folder, "formats": ("glb", "bvh", "trc")})
    paths = {path.suffix: path for path in folder.iterdir()}
    assert paths[".glb"].read_bytes()[:4] == b"glTF", "the GLB has no header"
    motion = read_motion(paths[".trc"])
    item = take.bench.project.newest(MotionItem)
    assert item is not None
    xyz = take.bench.folder.assets.arrays(item.data)["xyz_m"]
    off = 1000 * float(np.nanmax(np.abs(motion.xyz_m - xyz)))
    assert off < 0.1, f"the TRC reads back {off:.2f} mm off"
    _, animation = read_bvh(paths[".bvh"], up="y", unit="cm")
    assert len(animation) == len(motion), "the BVH has another number of frames"
    return ", ".join(f"{path.name} {path.stat().st_size / 1e6:.1f} MB" for path in paths.values())


def _undo(take: _Take) -> str:
    before = take.bench.project
    assert take.bench.document.undo() is not None
    take.bench.document.redo()
    assert take.bench.project == before, "undo and redo changed the project"
    again = take.bench.folder.open().project
    assert again == before, "the project reads back differently"
    assert again.newest(AvatarItem) is not None
    return f"{len(again.items)} items read back"


STAGES: dict[str, Callable[[_Take], str]] = {
    "bring in": _bring_in,
    "detect": _detect,
    "triangulate": _triangulate,
    "avatar": _fit,
    "export": _export,
    "save and undo": _undo,
}
