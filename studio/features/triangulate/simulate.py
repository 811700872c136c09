"""Triangulation of simulated points with noise and outliers: the error of every method."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from studio.core.types import CameraRig
from studio.vision import camera as lens
from studio.vision.refine import refine
from studio.vision.ring import ring_rig
from studio.vision.sightings import sight
from studio.vision.triangulate import dlt, drop_cameras, ransac

CASES = (
    (2, 4.0, 0.0), (4, 2.0, 0.0), (4, 4.0, 0.0), (4, 4.0, 0.15), (4, 4.0, 0.30), (8, 4.0, 0.15),
    (8, 4.0, 0.30),
)  # fmt: skip
OUTLIER_PX = 40.0


@dataclass(frozen=True)
class Case:
    """Mean error (mm) of every method. ``left_out`` leaves cameras out one by one, ``huber``
    refines that over all views, ``oracle`` knows every detection's noise."""

    views: int
    noise_px: float
    outliers: float
    dlt: float
    ransac: float
    left_out: float
    huber: float
    oracle: float


def simulate(
    views: int, noise_px: float, outliers: float, points: int = 600, seed: int = 0
) -> Case:
    """A ring of ``views`` cameras (radius 4.5 m, focal length 1150 px); every detection has
    Gaussian noise, some have noise of 40 px. Points that a method gives up count with the error
    of its plain linear solution, so that giving up is no advantage."""
    rng = np.random.default_rng(seed)
    rig = CameraRig(ring_rig(max(views, 4)).cameras[:views])
    truth = rng.uniform([-0.8, -0.8, 0.0], [0.8, 0.8, 2.0], (points, 3))
    sigma = np.where(rng.random((views, points)) < outliers, OUTLIER_PX, noise_px)
    xy = np.stack([lens.project(camera, truth) for camera in rig.cameras])
    xy += sigma[..., None] * rng.standard_normal(xy.shape)
    s = sight(rig, xy)
    plain = dlt(s, homogeneous=True)
    limit = max(15.0, 4 * noise_px)
    kept = drop_cameras(s, limit_px=limit)
    start = np.where(np.isfinite(kept.xyz_m), kept.xyz_m, plain)
    agreed = ransac(s, limit_px=limit).xyz_m
    knee = 1.5 * noise_px

    def error(xyz: np.ndarray) -> float:
        whole = np.where(np.isfinite(xyz), xyz, plain)
        return float(np.linalg.norm(whole - truth, axis=1).mean() * 1000)

    known = sight(rig, xy, noise_px / sigma)
    return Case(
        views, noise_px, outliers, error(plain), error(agreed), error(start),
        error(refine(s, start, knee_px=knee)), error(dlt(known, homogeneous=True)),
    )  # fmt: skip


def table(points: int = 600, seed: int = 0) -> tuple[Case, ...]:
    """All cases."""
    return tuple(simulate(*case, points=points, seed=seed) for case in CASES)
