"""How fast triangulation is, beside other tools' own functions where they are installed."""

from __future__ import annotations

import importlib
import sys
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from studio.core.types import CameraRig
from studio.vision import camera as lens
from studio.vision.ring import ring_rig
from studio.vision.sightings import Sightings, sight
from studio.vision.triangulate import dlt

JOINTS, VIEWS = 17, 4


@dataclass(frozen=True)
class Timing:
    """Frames a second of one way to triangulate; ``note`` says why there is none."""

    name: str
    frames_per_s: float
    worst_mm: float
    note: str = ""


@dataclass(frozen=True, eq=False)
class Problem:
    """Frames of 17 joints, seen with noise by four cameras with some confidence."""

    rig: CameraRig
    xy_px: np.ndarray
    confidence: np.ndarray

    @classmethod
    def of(cls, frames: int, seed: int = 0) -> Problem:
        rng = np.random.default_rng(seed)
        rig = ring_rig(VIEWS)
        xyz = rng.uniform([-0.5, -0.5, 0.1], [0.5, 0.5, 1.9], (frames * JOINTS, 3))
        xy = np.stack([lens.project(camera, xyz) for camera in rig.cameras])
        return cls(rig, xy + 2 * rng.standard_normal(xy.shape), rng.uniform(0.3, 1.0, xy.shape[:2]))

    def first(self, frames: int) -> Problem:
        count = frames * JOINTS
        return Problem(self.rig, self.xy_px[:, :count], self.confidence[:, :count])


def twin(problem: Problem) -> np.ndarray:
    """The classical solution, a singular value decomposition a point."""
    matrices = np.stack([camera.projection for camera in problem.rig.cameras])
    out = np.empty((problem.xy_px.shape[1], 3))
    for i in range(len(out)):
        x, w = problem.xy_px[:, i], problem.confidence[:, i, None]
        rows = [(matrices[:, j] - x[:, j, None] * matrices[:, 2]) * w for j in (0, 1)]
        v = np.linalg.svd(np.concatenate(rows))[2][-1]
        out[i] = v[:3] / v[3]
    return out


def in_threads(s: Sightings, threads: int, homogeneous: bool) -> np.ndarray:
    """:func:`dlt` with the points shared out among threads."""
    edges = np.linspace(0, len(s), threads + 1).astype(int)
    parts = [s.take(slice(a, b)) for a, b in pairwise(edges.tolist())]
    with ThreadPoolExecutor(threads) as pool:
        return np.concatenate(list(pool.map(lambda p: dlt(p, homogeneous=homogeneous), parts)))


def timings(
    frames: int = 20_000, threads: int = 2, peers: Path | None = None
) -> tuple[Timing, ...]:
    """Time everything on the same problem. ``peers`` is a folder with other tools' packages."""
    problem = Problem.of(frames)
    truth = twin(problem.first(60))
    s = sight(problem.rig, problem.xy_px, problem.confidence)
    rows = [
        _timed("weighted, homogeneous, 1 thread", frames, truth, lambda: dlt(s, homogeneous=True)),
        _timed(f"weighted, homogeneous, {threads} threads", frames, truth,
               lambda: in_threads(s, threads, True)),
        _timed("weighted, 1 thread", frames, truth, lambda: dlt(s)),
        _timed(f"weighted, {threads} threads", frames, truth,
               lambda: in_threads(s, threads, False)),
        _timed("weighted with undistortion, 1 thread", frames, truth,
               lambda: dlt(sight(problem.rig, problem.xy_px, problem.confidence))),
        _timed("numpy svd, a point at a time", 60, truth, lambda: twin(problem.first(60)), 1),
    ]  # fmt: skip
    added = str(peers) if peers else None
    if added:
        sys.path.append(added)
    try:
        rows += _peers(problem, truth)
    finally:
        if added:
            sys.path.remove(added)
    return tuple(rows)


def _timed(
    name: str, frames: int, truth: np.ndarray, solve: Callable[[], np.ndarray], times: int = 5
) -> Timing:
    """The best of several runs, after one that warms up."""
    found = solve()
    off = np.linalg.norm(found[: len(truth)] - truth[: len(found)], axis=1).max() * 1000
    best = np.inf
    for _ in range(times):
        start = time.perf_counter()
        solve()
        best = min(best, time.perf_counter() - start)
    return Timing(name, frames / best, float(off))


def _peers(problem: Problem, truth: np.ndarray) -> Iterable[Timing]:
    for name, make, frames in (
        ("Pose2Sim weighted_triangulation", _pose2sim, 60),
        ("aniposelib triangulate", _aniposelib, 2000),
        ("aniposelib triangulate(fast=True)", _aniposelib_fast, 2000),
    ):
        part = problem.first(frames)
        try:
            solve = make(part)
            yield _timed(name, frames, truth, solve, 3)
        except Exception as error:
            yield Timing(name, float("nan"), float("nan"), f"not measured: {error}")


def _pose2sim(problem: Problem) -> Callable[[], np.ndarray]:
    solve: Any = importlib.import_module("Pose2Sim.common").weighted_triangulation
    matrices = [camera.projection for camera in problem.rig.cameras]
    x, y, w = problem.xy_px[..., 0].T, problem.xy_px[..., 1].T, problem.confidence.T

    def all_points() -> np.ndarray:
        rows = zip(x, y, w, strict=True)
        return np.stack([solve(matrices, xi, yi, wi)[:3] for xi, yi, wi in rows])

    return all_points


def _group(problem: Problem) -> Any:
    import cv2

    cameras: Any = importlib.import_module("aniposelib.cameras")
    group = [
        cameras.Camera(
            matrix=camera.matrix,
            dist=np.zeros(5),
            size=camera.size_px,
            rvec=cv2.Rodrigues(camera.rotation)[0].ravel(),
            tvec=camera.translation_m,
            name=camera.name,
        )
        for camera in problem.rig.cameras
    ]
    return cameras.CameraGroup(group)


def _aniposelib(problem: Problem) -> Callable[[], np.ndarray]:
    group = _group(problem)
    return lambda: np.asarray(group.triangulate(problem.xy_px.copy()))


def _aniposelib_fast(problem: Problem) -> Callable[[], np.ndarray]:
    group = _group(problem)
    return lambda: np.asarray(group.triangulate(problem.xy_px.copy(), fast=True))
