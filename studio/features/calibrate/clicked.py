"""A rig from points of the scene that were measured, and clicked in every camera's picture."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from studio.core.calibration import Solution
from studio.core.errors import StudioError
from studio.features.calibrate.look import Sightings
from studio.features.calibrate.params import Params
from studio.features.calibrate.result import Calibrated
from studio.media.cameras import match_cameras
from studio.media.formats.rigs.lenses import read_lenses
from studio.perception.boards import read_scene_points
from studio.vision.calibration.guidance import Guide
from studio.vision.calibration.scene_rig import scene_gates, scene_rig
from studio.vision.calibration.trust.uncertainty import Bar, Volume, error_bars


@dataclass(frozen=True)
class Clicked:
    """What stands for the board: how many points, and where they are kept."""

    name: str
    spec: str


def from_clicks(params: Params, path: Path) -> Calibrated:
    """The rig in the world of its points. Raises StudioError where points or lenses lack."""
    scene = read_scene_points(path)
    if params.intrinsics is None:
        raise StudioError(
            "Clicked points need lenses that are known.",
            "Calibrate each lens first (--lenses-only), and give that file (--intrinsics).",
        )
    views = tuple(view for view in scene.views if view.camera not in params.drop)
    if len(views) < 2:
        raise StudioError(
            f"“{path.name}” has the clicks of {len(views)} cameras.", "A rig has two at least."
        )
    found = read_lenses(params.intrinsics)
    names = match_cameras([view.camera for view in views], list(found))
    lenses = {name: found[own] for name, own in names.items()}
    for name, lens in lenses.items():
        if 0 in lens.size_px:
            raise StudioError(
                f"“{params.intrinsics.name}” does not say how large the pictures of {name} are.",
                "Use a lens file that has the size, such as one that Doppel wrote.",
            )
    solution = scene_rig(scene.target, views, lenses, scene.names)
    sizes = {camera.name: camera.size_px for camera in solution.rig.cameras}
    guide = Guide(scene.target, sizes, known_lenses=frozenset(sizes))
    for view in solution.views:
        guide.add(view)
    return Calibrated(
        solution, scene_gates(solution), _bars(solution), Clicked(scene.target.name, path.name),
        Sightings(views, {0: 0.0}, sizes), guide.advice(),
    )  # fmt: skip


def _bars(solution: Solution) -> tuple[Bar, ...]:
    """Error bars over the space that the points span."""
    if not np.isfinite(solution.pose_covariance).all():
        return ()
    xyz = solution.target.points_m
    places = Volume(np.median(xyz, axis=0), xyz.min(0), xyz.max(0)).places()
    return error_bars(
        solution.rig, solution.pose_covariance, np.array(list(places.values())),
        names=tuple(places),
    )  # fmt: skip
