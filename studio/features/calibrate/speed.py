"""How fast a rig is solved, beside another tool on the same corners where it is installed."""

from __future__ import annotations

import contextlib
import importlib
import io
import math
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from studio.core.calibration import Target, View
from studio.core.types import Camera, CameraRig
from studio.vision.calibration.first_rig import Solver, first_rig
from studio.vision.calibration.heldout import held_out_errors
from studio.vision.calibration.outliers import drop_bad
from studio.vision.calibration.own_lenses import own_lenses
from studio.vision.calibration.simulated.sessions import simulate
from studio.vision.calibration.solve import solve

MOMENTS = 330
VIEWS = 200
RUNS = 3


@dataclass(frozen=True)
class SolveTime:
    """One way to solve the same corners: seconds of processor time, which other work on the
    machine hardly changes, and errors on moments held out from all."""

    name: str
    views: int
    seconds: float
    held_out_px: float
    held_out_mm: float
    note: str = ""


@dataclass(frozen=True, eq=False)
class Problem:
    """Corners to solve from, corners to judge by, and the lenses that all are told."""

    given: CameraRig
    target: Target
    columns: int
    views: tuple[View, ...]
    judged: tuple[View, ...]

    @classmethod
    def of(cls, cameras: int = 4, seed: int = 3) -> Problem:
        """Simulated: 200 views a camera, and every fourth moment held out."""
        session = simulate(cameras, seed, moments=MOMENTS)
        xy = session.target.points_m[:, :2]
        inside = [v for v in session.views if v.moment % 4]
        views = [
            view
            for name in session.given.names
            for view in [v for v in inside if v.camera == name][:VIEWS]
        ]
        judged = tuple(v for v in session.views if v.moment % 4 == 0)
        columns = len(np.unique(np.round(xy[:, 0], 9)))
        return cls(session.given, session.target, columns, tuple(views), judged)


def _timed(
    name: str, problem: Problem, rig: CameraRig, seconds: float, note: str = ""
) -> SolveTime:
    held = held_out_errors(rig, problem.target, problem.judged)
    return SolveTime(name, len(problem.views), seconds, held.px, held.mm, note)


def ours(problem: Problem) -> SolveTime:
    """The solve alone: cameras placed, adjusted, bad views left out."""
    sizes = {camera.name: camera.size_px for camera in problem.given.cameras}
    start = time.process_time()
    known = {camera.name: camera for camera in problem.given.cameras}
    lenses = own_lenses(problem.target, problem.views, sizes, known, "auto")
    work, twins = first_rig(problem.target, problem.views, sizes, lenses)
    s = drop_bad(work.o, work.s, twins, Solver(work.freedom)).s
    seconds = time.process_time() - start
    rig = CameraRig(tuple(s.camera(i, name, sizes[name]) for i, name in enumerate(sizes)))
    return _timed("Doppel", problem, rig, seconds)


def all_of_ours(problem: Problem) -> SolveTime:
    """The same with the cross-validated held-out error and the covariance."""
    sizes = {camera.name: camera.size_px for camera in problem.given.cameras}
    start = time.process_time()
    found = solve(problem.target, problem.views, sizes, intrinsics=problem.given, refine="never")
    seconds = time.process_time() - start
    return _timed("Doppel, with held-out error and covariance", problem, found.rig, seconds)


def aniposelib(problem: Problem) -> SolveTime:
    """``CameraGroup.calibrate_rows`` of aniposelib, intrinsics given, as it comes."""
    group, seconds = _anipose_solved(problem)
    cameras = tuple(
        _moved(camera, other.get_extrinsics_mat())
        for camera, other in zip(problem.given.cameras, group.cameras, strict=True)
    )
    return _timed("aniposelib", problem, CameraRig(cameras), seconds)


def _anipose_solved(problem: Problem) -> tuple[Any, float]:
    group, board = _anipose(problem)
    rows = _rows(problem, board)
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        start = time.process_time()
        group.calibrate_rows(
            rows, board, init_intrinsics=False, only_extrinsics=True, verbose=False
        )
        return group, time.process_time() - start


def _moved(camera: Camera, extrinsics: np.ndarray) -> Camera:
    return replace(camera, rotation=extrinsics[:3, :3], translation_m=extrinsics[:3, 3])


def _anipose(problem: Problem) -> tuple[Any, Any]:
    module = importlib.import_module("aniposelib.cameras")
    boards = importlib.import_module("aniposelib.boards")
    cameras = [
        module.Camera(
            matrix=camera.matrix.copy(),
            dist=np.pad(camera.distortion, (0, max(5 - len(camera.distortion), 0))),
            size=camera.size_px,
            name=camera.name,
        )
        for camera in problem.given.cameras
    ]
    points = problem.target.points_m
    side = float(np.linalg.norm(points[1] - points[0]))
    board = boards.CharucoBoard(
        problem.columns + 1, len(points) // problem.columns + 1, side, 0.75 * side, 4, 1000
    )
    return module.CameraGroup(cameras), board


def _rows(problem: Problem, board: Any) -> list[list[dict[str, Any]]]:
    """Each camera's views as aniposelib's detector would have returned them."""
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in problem.given.names}
    for view in sorted(problem.views, key=lambda v: v.moment):
        ids = view.points[:, None].astype(np.int32)
        corners = view.xy_px[:, None].astype(np.float64)
        rows[view.camera].append(
            {
                "framenum": view.moment, "corners": corners, "ids": ids,
                "filled": board.fill_points(corners, ids),
            }
        )  # fmt: skip
    return list(rows.values())


def timings(peers: Path | None = None, problem: Problem | None = None) -> Sequence[SolveTime]:
    """Ours, and aniposelib's where ``peers`` holds it: all in turn, again and again, and of each
    the run of median time. The first round does not count, for it compiles aniposelib's code."""
    given = problem or Problem.of()
    ways: list[Callable[[Problem], SolveTime]] = [ours, all_of_ours]
    if peers is None:
        return _in_turn(ways, given)
    sys.path.insert(0, str(peers))
    try:
        return _in_turn([*ways, aniposelib], given)
    except ImportError as error:
        nan = math.nan
        missing = SolveTime("aniposelib", 0, nan, nan, nan, f"not installed there: {error}")
        return [*_in_turn(ways, given), missing]
    finally:
        sys.path.remove(str(peers))


def _in_turn(ways: Sequence[Callable[[Problem], SolveTime]], problem: Problem) -> list[SolveTime]:
    rounds = [[way(problem) for way in ways] for _ in range(RUNS + 1)][1:]
    return [
        sorted(runs, key=lambda one: one.seconds)[RUNS // 2] for runs in zip(*rounds, strict=True)
    ]
