"""``doppel evaluate``: figures of the main job, of calibration or of one feature, measured now."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np
from tyro.conf import Positional

from studio.core.errors import StudioError
from studio.core.files import make_folder
from studio.core.types import Motion
from studio.document.data import motion_of
from studio.document.project import DetectionsItem, MotionItem
from studio.features.compare.engine import BONES, JOINTS
from studio.features.triangulate import evaluate as triangulation
from studio.features.triangulate import speed
from studio.features.triangulate.pixels import learned
from studio.journeys import (
    calibration,
    head,
    lifting,
    monocular,
    networks,
    neus,
    people,
    puppet,
    synth,
    tryon,
    views,
)
from studio.journeys import soak as soaking
from studio.journeys.bench import Bench
from studio.journeys.dressed import dressed_errors_mm
from studio.journeys.figures import Figure, footage_set, measure, teller
from studio.journeys.main_job import SAMPLE, sample_paths, track
from studio.training.tasks import TASKS
from studio.vision.report import limb_bones
from studio.vision.trajectory import bone_spread


def main(
    name: Positional[str],
    footage: Path | None = None,
    peers: Path | None = None,
    runs: int = 8,
    minutes: float = 0.5,
    data: Path | None = None,
    shots: int = 100,
    soak: float = 0.0,
    out: Path | None = None,
    json: bool = False,
) -> int:
    """Measure, and print a table of figures beside their goals.

    Args:
        name: main-job, calibration, head, people, puppet, synth, tryon, a trained network, or a
            feature that has an evaluation.
        footage: The folder of real takes.
        peers: A folder with the packages of other tools, timed in the same run.
        runs: Simulated sessions with each fault (of calibration); seeds of each kind of scene
            (of people).
        minutes: How long live cameras are recorded (of calibration).
        data: A folder of packed samples (of a network); without, they come live from the factory.
        shots: How many pictures of each kind are looked at (of synth).
        soak: Minutes that somebody performs before a camera that comes and goes (of puppet).
        out: A folder for the table as JSON and a sheet of pictures (of tryon), or for the page of
            studies (of neus, with --data).
        json: Print one JSON object.
    """
    for path in (footage, peers, data):
        if path is not None and not path.is_dir():
            raise StudioError(f"There is no folder “{path}”.", "Give one that exists.")
    if runs < 1 or minutes <= 0 or shots < 1:
        raise StudioError(
            "There is nothing to measure.", "Give --runs, --minutes and --shots above 0."
        )
    if name == "main-job":
        parts = [(part.__name__.strip("_").replace("_", " "), partial(part, footage, peers))
                 for part in PARTS]  # fmt: skip
        return measure(parts, json)
    if name == "head":
        return measure(head.parts(footage), json)
    if name == "tryon":
        if out is not None:
            make_folder(out)
        file = None if out is None else out / "tryon.json"
        return measure(tryon.parts(footage, data, out), json, file)
    if name == "calibration":
        return measure(calibration.parts(footage, peers, runs, minutes), json)
    if name == "people":
        return measure(people.parts(runs), json)
    if name == "puppet":
        return measure(puppet.parts(footage) + soaking.parts(footage, soak), json)
    if name in TASKS:
        real = {"lift": lifting.parts, "dope": monocular.parts}
        more = real[name](footage) if name in real else []
        if (way := learned(name)) is not None:
            more = views.parts(way, footage)
        if name == "neus":
            more = neus.parts(data, out, footage=footage)
        every = networks.parts_of(name, footage, data, told=teller(json)) + more
        return measure(every, json)
    if name == "synth":
        return measure(synth.parts(shots), json)
    return _feature(name, footage, peers, json)


def _feature(name: str, footage: Path | None, peers: Path | None, json: bool) -> int:
    from studio.registry import discover

    feature = discover()[name]
    if feature.manifest.evaluate is None:
        raise StudioError(f"“{feature.manifest.title}” has no figures of its own.")
    evaluate: Callable[..., int | None] = feature.load("evaluate")
    return evaluate(footage=footage, peers=peers, json=json) or 0


@contextmanager
def _bench(name: str) -> Generator[Bench]:
    with tempfile.TemporaryDirectory() as folder:
        yield Bench.at(Path(folder) / f"{name}.doppel", name)


def _motion(bench: Bench) -> Motion:
    item = bench.project.newest(MotionItem)
    assert item is not None
    return motion_of(item, bench.folder.assets)


def _published_take(footage: Path | None, peers: Path | None) -> list[Figure]:
    folder = footage_set(footage, "mv_pose2sim") / "single_openpose_v0.2.6"
    found = triangulation.against_published(folder)
    rows = {row.name: row for row in found.rows}
    theirs, ours = rows["published, filtered"], rows["ours, as it is set"]
    return [
        Figure("published take: points within 1 mm, same rules", f"{found.within_1mm:.2%}",
               "99 %", found.within_1mm >= 0.99),
        Figure("published take: reprojection, best settings", f"{ours.kept_px:.2f} px",
               f"below {theirs.kept_px:.2f} px (published)", ours.kept_px < theirs.kept_px),
        Figure("published take: bone-length spread, best settings", f"{ours.bone_spread:.2%}",
               f"below {theirs.bone_spread:.2%} (published)",
               ours.bone_spread < theirs.bone_spread),
    ]  # fmt: skip


def _pixels_of_a_real_take(footage: Path | None, peers: Path | None) -> list[Figure]:
    folder = footage_set(footage, "mv_pose2sim")
    paths = [folder / "calibration" / "Calib_qualisys.toml", folder / "single" / "videos"]
    with _bench("pixels") as bench:
        bench.run("capture", params={"paths": paths, "mend": True})
        bench.run("pose")
        bench.run("triangulate")
        motion = _motion(bench)
    limbs = limb_bones(motion.layout)
    points = sorted({point for bone in limbs for point in bone})
    tracked = float(np.isfinite(motion.xyz_m[:, points, 0]).mean())
    spread = float(np.nanmean(bone_spread(motion.xyz_m, limbs)))
    return [
        Figure("real take from pixels: limb points tracked", f"{tracked:.2%}", "the whole take",
               tracked > 0.995),
        Figure("real take from pixels: bone-length spread", f"{spread:.2%}", "below 5 %",
               spread < 0.05),
    ]  # fmt: skip


def _hand(footage: Path | None, peers: Path | None) -> list[Figure]:
    folder = footage_set(footage, "mv_hand_temugeb")
    paths = [folder / "camera_parameters", *sorted((folder / "media").glob("*.mp4"))]
    with _bench("hand") as bench:
        bench.run("capture", params={"paths": paths, "unit": "25mm", "up": "-y",
                                     "size": "720x720"})  # fmt: skip
        bench.run("pose", params={"body": False, "face": False, "quality": "thorough"})
        bench.run("triangulate", params={"max_reprojection_px": 100.0, "refine": False})
        motion, item = _motion(bench), bench.project.newest(DetectionsItem)
    assert item is not None
    hands = [i for part in ("left_hand", "right_hand") for i in motion.layout.parts[part]]
    off = motion.reprojection_px[:, hands]
    seen = np.isfinite(off)
    frames = int(seen.any(1).sum())
    mean = float(off[seen].mean()) if seen.any() else float("nan")
    return [
        Figure("two views of a hand: reprojection", f"{mean:.2f} px over {frames} frames",
               "below 2.3 px", mean < 2.3)
    ]  # fmt: skip


def _dressed(footage: Path | None, peers: Path | None) -> list[Figure]:
    plain, corrected = dressed_errors_mm(footage_set(footage, "body_makehuman_dressed") / "male_a")
    return [
        Figure("dressed body, 8 views: joint error", f"{corrected:.1f} mm ({plain:.1f} mm before "
               "joint centres)", "below 27 mm", corrected < 27)
    ]  # fmt: skip


def _sample(footage: Path | None, peers: Path | None) -> list[Figure]:
    with _bench("sample") as bench:
        facts = track(bench, sample_paths(), SAMPLE / "truth.npz")["compare"]
        item = next(i for i in reversed(bench.project.items) if i.kind == "file")
        assert item.data is not None
        rows = bench.folder.assets.path(item.data).read_text("utf-8").splitlines()[1:]
    assert len(facts) == 2
    mean: dict[str, list[float]] = {"Motion": [], "Avatar": []}
    for row in rows:
        what, _, mm, *_ = row.split(",")
        mean[what].append(float(mm))
    motion, avatar = (float(np.mean(mean[what])) for what in ("Motion", "Avatar"))
    return [
        Figure(f"sample from pixels: MPJPE of {len(JOINTS)} joints", f"{motion:.1f} mm",
               "below 25 mm", motion < 25),
        Figure(f"sample: avatar's {len(BONES)} bones", f"{avatar:.1f} mm", "below 35 mm",
               avatar < 35),
    ]  # fmt: skip


def _speed(footage: Path | None, peers: Path | None) -> list[Figure]:
    return [
        Figure(f"17 joints, 4 views: {t.name}", f"{t.frames_per_s:,.0f} frames/s",
               "100,000 frames/s" if t.name.startswith("weighted, ") else "",
               t.frames_per_s >= 100_000 if t.name.startswith("weighted, ") else None)
        for t in speed.timings(peers=peers)
    ]  # fmt: skip


PARTS: tuple[Callable[[Path | None, Path | None], list[Figure]], ...] = (
    _published_take, _pixels_of_a_real_take, _hand, _dressed, _sample, _speed,
)  # fmt: skip
