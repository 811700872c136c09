"""Measured figures of calibration by a person and of the check: simulated walkers, known truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial.transform import Rotation

from studio.core.types import Camera, CameraRig
from studio.vision.calibration.check.people import check_people
from studio.vision.calibration.people.solve import Scale, solve_people
from studio.vision.calibration.people.walk import Detector, detect, walk
from studio.vision.ring import ring_rig
from studio.vision.rotations import angle_deg

BUMPS: tuple[tuple[float, float], ...] = (
    (0.0, 0.0), (0.1, 0.0), (0.2, 0.0), (0.3, 0.0), (0.5, 0.0), (1.0, 0.0), (0.0, 2.0),
    (0.0, 5.0), (0.0, 10.0),
)  # fmt: skip
"""Turns (degrees) and shifts (mm) of one camera."""


@dataclass(frozen=True)
class Apart:
    """How far two rigs differ, whatever their worlds: the worst relative turn of a pair (deg), the
    worst and the mean error of a distance between cameras (shares)."""

    turn_deg: float
    worst_share: float
    mean_share: float


@dataclass(frozen=True)
class Rate:
    """How often a bump of one camera is seen, the right camera named, and a wrong one named."""

    cameras: int
    turn_deg: float
    shift_mm: float
    runs: int
    seen: float
    named: float
    wrong: float


def apart(found: CameraRig, truth: CameraRig) -> Apart:
    """Compare two rigs of the same cameras in the same order."""
    turns: list[float] = []
    shares: list[float] = []
    for i in range(len(truth)):
        for j in range(i):
            (a, b), (c, d) = ((r.cameras[i], r.cameras[j]) for r in (found, truth))
            turns.append(float(angle_deg(a.rotation @ b.rotation.T, c.rotation @ d.rotation.T)))
            ours, theirs = (np.linalg.norm(x.centre_m - y.centre_m) for x, y in ((a, b), (c, d)))
            shares.append(float(ours / theirs) - 1)
    return Apart(max(turns), max(map(abs, shares)), float(np.mean(shares)))


def study(cameras: Sequence[int] = (4,), runs: int = 3, seconds: float = 30.0) -> tuple[Apart, ...]:
    """Rigs calibrated from simulated walkers of known height, against their truth."""
    found: list[Apart] = []
    for count in cameras:
        truth = ring_rig(count)
        for seed in range(runs):
            height = float(np.random.default_rng(seed).uniform(1.55, 1.95))
            times = np.arange(0, seconds, 0.1)
            seen = detect(truth, times, walk(times, height_m=height, seed=seed), seed=seed)
            found.append(apart(solve_people(seen, truth, Scale(height)).rig, truth))
    return tuple(found)


def bumped(camera: Camera, turn_deg: float, shift_mm: float, seed: int) -> Camera:
    """The camera turned about, and carried along, axes at random."""
    random = np.random.default_rng(seed)
    axis, way = random.standard_normal((2, 3))
    turn = Rotation.from_rotvec(np.radians(turn_deg) * axis / np.linalg.norm(axis)).as_matrix()
    rotation = turn @ camera.rotation
    centre = camera.centre_m + shift_mm / 1000 * way / np.linalg.norm(way)
    return replace(camera, rotation=rotation, translation_m=-rotation @ centre)


def bump_study(
    bumps: Sequence[tuple[float, float]] = BUMPS,
    *,
    cameras: int = 4,
    runs: int = 10,
    seconds: float = 20.0,
    first: int = 0,
    detector: Detector = Detector(),  # noqa: B008
) -> tuple[Rate, ...]:
    """How often a bump is seen and named from a person alone; of no bump, false alarms.

    ``first`` is the first seed: others make other walkers and other bumps.
    """
    rates: list[Rate] = []
    old = ring_rig(cameras)
    times = np.arange(0, seconds, 0.1)
    for turn, shift in bumps:
        seen = named = wrong = 0
        for seed in range(first, first + runs):
            random = np.random.default_rng(seed)
            view, height = int(random.integers(cameras)), float(random.uniform(1.55, 1.95))
            true = CameraRig(tuple(
                bumped(c, turn, shift, seed) if i == view else c for i, c in enumerate(old.cameras)
            ))  # fmt: skip
            film = detect(true, times, walk(times, height_m=height, seed=seed), detector, seed=seed)
            told = check_people(old, film)
            names = {one.name for one in told.moved}
            seen += told.verdict == "stop"
            named += bool(turn or shift) and names == {old.cameras[view].name}
            wrong += bool(names - ({old.cameras[view].name} if turn or shift else set()))
        rates.append(Rate(cameras, turn, shift, runs, seen / runs, named / runs, wrong / runs))
    return tuple(rates)
