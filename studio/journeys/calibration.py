"""``doppel evaluate calibration``: capture and calibration, measured here and now."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np

from studio.core.types import Camera, CameraRig
from studio.features.calibrate import measure as boards
from studio.features.calibrate import speed
from studio.features.calibrate.engine import calibrate
from studio.features.calibrate.measure import Measured
from studio.features.calibrate.params import Params
from studio.features.calibrate.result import Inputs
from studio.features.synchronise.engine import synchronise
from studio.features.synchronise.inputs import Inputs as Takes
from studio.features.synchronise.inputs import Source
from studio.features.synchronise.params import Params as InStep
from studio.features.synchronise.simulate import Clock, film, make_scene, see
from studio.jobs import Context, run
from studio.journeys.figures import Figure, Part, footage_set
from studio.journeys.main_job import SAMPLE
from studio.media.cameras import match_cameras
from studio.media.formats.openpose import read_detections
from studio.media.formats.rigs import read_rig, write_rig
from studio.media.recording.study import film_cameras, kill_study, live_study
from studio.media.writer import VideoWriter
from studio.perception.boards import parse_board
from studio.perception.boards.artwork import rasterise
from studio.synth.board_film import between, waved
from studio.vision.calibration.people.solve import Scale, solve_people
from studio.vision.calibration.people.study import Apart, apart, bump_study, study
from studio.vision.calibration.simulated.sessions import narrow_wall
from studio.vision.calibration.simulated.studies import studies

_BOARD = "charuco:7x5:60mm:DICT_5X5_100"
_PIXELS_PER_M, _BORDER_M = 500, 0.03
_SEED = 5000
_CLOCKS = (Clock(0.0), Clock(0.7345), Clock(0.31), Clock(1.017))


def parts(
    footage: Path | None, peers: Path | None, runs: int, minutes: float
) -> tuple[tuple[str, Part], ...]:
    """The parts of the table by their titles. ``runs`` simulated sessions a fault, ``minutes`` of
    live cameras."""
    sets: dict[str, tuple[str, Callable[[Path], list[Measured]]]] = {
        "stereo pair of photos": ("calib_opencv_stereo", boards.stereo),
        "published rigs of four cameras": ("calib_caliscope", boards.published_rigs),
        "one bad board among seven": ("mv_pose2sim/calibration", boards.bad_board),
    }
    real = [(what, partial(_measured, footage, *of)) for what, of in sets.items()]
    return (
        *real,
        ("sample", _sample),
        ("simulated sessions", partial(_sessions, runs)),
        ("rig from a person, simulated", partial(_walkers, max(runs // 3, 2))),
        ("rig from a person, real", partial(_person, footage)),
        ("check of an old rig", partial(_bumps, max(runs // 2, 3))),
        ("detection and solve", _whole),
        ("solve", partial(_solve, peers)),
        ("live cameras", partial(_live, minutes)),
        ("synchronisation", _clocks),
    )


def _told(row: Measured) -> Figure:
    value = f"{row.value:.3g} {row.unit}".strip()
    return Figure(row.what, value, row.goal, row.met, row.note)


def _measured(
    footage: Path | None, name: str, rows: Callable[[Path], list[Measured]]
) -> list[Figure]:
    return [_told(row) for row in rows(footage_set(footage, name))]


def _sample() -> list[Figure]:
    return [_told(row) for row in boards.sample(SAMPLE)]


def _sessions(runs: int) -> Iterator[Figure]:
    told = studies(runs, _SEED)
    yield Figure(
        "healthy sessions: poses within 3 sigma", f"{told.within:.1%}", ">= 95 %",
        told.within >= 0.95, f"{told.healthy} sessions, 2 to 16 cameras",
    )  # fmt: skip
    yield Figure(
        "healthy sessions: false alarms", f"{told.false_alarms:.1%}", "< 2 %",
        told.false_alarms < 0.02, f"{told.healthy} sessions",
    )  # fmt: skip
    for row in told.rows:
        yield Figure(
            f"{row.what}, {row.cameras} cameras: caught and named", f"{row.named:.0%}", ">= 95 %",
            row.named >= 0.95, f"caught {row.caught:.0%} of {row.runs}",
        )  # fmt: skip


def _near(what: str, off: Apart, most_deg: float, most_share: float) -> Iterator[Figure]:
    yield Figure(
        f"{what}: turned", f"{off.turn_deg:.2f} deg", f"<= {most_deg:g} deg",
        off.turn_deg <= most_deg,
    )  # fmt: skip
    yield Figure(
        f"{what}: distances", f"{off.worst_share:.2%}", f"<= {most_share:.0%}",
        off.worst_share <= most_share,
    )  # fmt: skip


def _walkers(runs: int) -> Iterator[Figure]:
    found = study((4,), runs, 30.0)
    worst = Apart(
        max(one.turn_deg for one in found), max(one.worst_share for one in found),
        float(np.mean([one.mean_share for one in found])),
    )  # fmt: skip
    yield from _near(f"30 s of walking, worst of {runs}", worst, 1.0, 0.02)


def _person(footage: Path | None) -> Iterator[Figure]:
    folder = footage_set(footage, "mv_pose2sim") / "single_openpose_v0.2.6"
    seen = read_detections(folder / "pose-2d-tracked", "body_25b", rate_hz=60.0, person=0)
    rig = read_rig(folder / "calib-2d" / "Calib_qca.toml").provisional
    names = match_cameras(seen.cameras, rig.names)
    seen = replace(seen, cameras=tuple(names[name] for name in seen.cameras))
    truth = CameraRig(tuple(rig[name] for name in seen.cameras))
    off = apart(solve_people(seen, truth, Scale(1.72)).rig, truth)
    yield from _near("balancing person against Qualisys", off, 2.0, 0.03)


def _bumps(runs: int) -> Iterator[Figure]:
    for rate in bump_study(((0.0, 0.0), (0.5, 0.0), (1.0, 0.0), (0.0, 10.0)), runs=runs):
        if not rate.turn_deg and not rate.shift_mm:
            yield Figure(
                "rig that holds: called moved", f"{rate.seen:.0%}", "0 %", rate.seen == 0,
                f"{rate.runs} walks",
            )  # fmt: skip
            continue
        bump = f"{rate.turn_deg:g} deg" if rate.turn_deg else f"{rate.shift_mm:g} mm"
        yield Figure(
            f"camera bumped by {bump}: seen and named", f"{rate.named:.0%}", "", None,
            f"seen {rate.seen:.0%}, another named {rate.wrong:.0%}, {rate.runs} walks",
        )  # fmt: skip


def _whole() -> Iterator[Figure]:
    """Four films of a waved board, 720p: opened, searched, solved and judged."""
    rig, board = narrow_wall(4, 1), parse_board(_BOARD)
    sheet = (30 + 0.75 * rasterise(board.artwork, _PIXELS_PER_M, _BORDER_M)).astype(np.uint8)
    with tempfile.TemporaryDirectory() as temp:
        folder = Path(temp)
        stops = waved(board, rig, 81, (0.0, -0.8, 1.2), 0.4, 30.0, seed=1)
        poses = [between(*pair, k / 3) for pair in pairwise(stops) for k in range(3)]
        for camera in rig.cameras:
            with VideoWriter(folder / f"{camera.name}.mp4", camera.size_px, 3.0) as writer:
                for pose in poses:
                    writer.write(_seen(camera, pose, sheet))
        lenses = folder / "lenses.toml"
        write_rig(lenses, rig)
        params = Params(
            paths=tuple(folder / f"{name}.mp4" for name in rig.names),
            board=_BOARD,
            intrinsics=lenses,
            measured_m=None,
        )
        start, work = time.perf_counter(), time.process_time()
        found = run(calibrate(params, Inputs(()), Context())).solution
        seconds, work = time.perf_counter() - start, time.process_time() - work
    off = apart(found.rig, rig)
    yield Figure(
        "four films of 240 pictures to a judged rig", f"{seconds:.1f} s", "< 30 s", seconds < 30,
        f"{work:.1f} s of processor time, {len(found.views)} views, rmse {found.rmse_px:.3f} px, "
        f"held out {found.held_out.px:.3f} px, {off.turn_deg:.3f} deg and {off.worst_share:.2%} "
        "from truth",
    )  # fmt: skip


def _seen(camera: Camera, board_world: np.ndarray, sheet: np.ndarray) -> np.ndarray:
    """A printed sheet through a lens without distortion."""
    pose = np.column_stack([camera.rotation, camera.translation_m]) @ board_world
    step = 1 / _PIXELS_PER_M
    to_m = np.array([[step, 0, -_BORDER_M], [0, step, -_BORDER_M], [0, 0, 1]])
    half = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1.0]])
    warp = camera.matrix @ pose[:, [0, 1, 3]] @ to_m @ half
    shown = cv2.warpPerspective(sheet, warp, camera.size_px, flags=cv2.INTER_AREA, borderValue=120)
    return np.repeat(cv2.GaussianBlur(shown, (0, 0), 0.7)[..., None], 3, axis=2)


def _solve(peers: Path | None) -> Iterator[Figure]:
    times = speed.timings(peers)
    for one in times:
        value = (
            f"{one.seconds:.2f} s of processor time"
            if np.isfinite(one.seconds)
            else f"skipped: {one.note}"
        )
        yield Figure(
            f"solve of {one.views} views: {one.name}", value, "", None,
            f"held out {one.held_out_px:.3f} px, {one.held_out_mm:.2f} mm",
        )  # fmt: skip
    ours, theirs = times[0], times[-1]
    if theirs.name != "aniposelib" or not np.isfinite(theirs.seconds):
        yield Figure("solve: times as fast as aniposelib", "skipped: aniposelib is not there")
        return
    faster = theirs.seconds / ours.seconds
    yield Figure("solve: times as fast as aniposelib", f"{faster:.1f}", ">= 5", faster >= 5)
    yield Figure(
        "solve: held-out error over aniposelib's", f"{ours.held_out_px / theirs.held_out_px:.4f}",
        "<= 1", ours.held_out_px <= 1.0005 * theirs.held_out_px,
    )  # fmt: skip


def _live(minutes: float) -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as temp:
        videos = film_cameras(Path(temp))
        live = live_study(videos, 60 * minutes)
        kill = kill_study(videos)
    named = live.skipped >= round((live.rate_hz - live.shown_hz) * live.seconds) - 2
    yield Figure(
        "four 720p cameras: shown", f"{live.shown_hz:.1f} of {live.rate_hz:.1f} Hz",
        "full rate, or drops named", live.shown_hz > 0.98 * live.rate_hz or named,
        f"{live.skipped} skipped and named, {live.latency_ms:.0f} ms late",
    )  # fmt: skip
    missing = live.lost + live.dropped + live.gaps
    yield Figure(
        f"four 720p cameras: frames lost in {live.seconds / 60:.1f} min recorded", str(missing),
        "0 (in 10 min)", missing == 0,
        f"{live.recorded} of {live.expected}, {live.memory_mb:+.0f} MB, load {live.load:.1f}",
    )  # fmt: skip
    yield Figure(
        "recording killed: video lost", f"{kill.lost_s:.2f} s", "<= 1 s", kill.lost_s <= 1.0,
        f"worst of {kill.kills}, mean {kill.mean_lost_s:.2f} s",
    )  # fmt: skip


def _clocks() -> Iterator[Figure]:
    """Four cameras started apart: a lamp, claps, and the movement of keypoints."""
    with tempfile.TemporaryDirectory() as temp:
        for method, scene in (("flash", make_scene(6, lamp_s=(2.5, 4.137))),
                              ("clap", make_scene(6, claps_s=(2.5, 3.1)))):  # fmt: skip
            folder = Path(temp) / method
            folder.mkdir()
            paths = film(folder, scene, _CLOCKS, 6.0)
            takes = Takes(tuple(Source(path.stem, path) for path in paths))
            params = InStep.model_validate({"method": method, "keypoints": False})
            yield _in_step(method, params, takes)
    for rigged in (False, True):
        rig, found = see(make_scene(8), _CLOCKS, 8.0)
        takes = Takes((), rig if rigged else None, found)
        name = "movement, rig known" if rigged else "movement"
        yield _in_step(name, InStep(method="motion"), takes)


def _in_step(name: str, params: InStep, takes: Takes) -> Figure:
    clocks = run(synchronise(params, takes, Context())).clocks
    off = clocks.offsets_s - np.array([clock.offset_s for clock in _CLOCKS])
    worst = float(1000 * np.abs(off - off.mean()).max())
    return Figure(
        f"clocks by {name}: worst error", f"{worst:.2f} ms", "", None,
        f"of four cameras at 30 Hz; says {1000 * float(np.max(clocks.sd_s)):.2f} ms",
    )  # fmt: skip
