"""Points of the scene whose places are known and that a person clicked in every picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np

from studio.core.calibration import Target, View
from studio.core.errors import StudioError
from studio.core.frames import Up, points_to_world
from studio.perception.boards.tables import numbers, read_table

_FEWEST = 4
_UPS = ("x", "y", "z", "-x", "-y", "-z")
_EXAMPLE = (
    'Write unit = "m", a [points] table such as corner = [0, 0, 0], and for each camera a table '
    "[cameras.NAME] such as corner = [512.0, 300.5] in pixels."
)


@dataclass(frozen=True, eq=False)
class ScenePoints:
    """Named points of a scene that stands still, and where each camera saw them.

    ``target`` is in the world frame; all views are of moment 0, synchronised or not.
    """

    names: tuple[str, ...]
    target: Target
    views: tuple[View, ...]


def read_scene_points(path: Path) -> ScenePoints:
    """Scene points from a TOML or JSON file: ``unit``, ``up`` (z if not said), ``points`` and
    ``cameras``.

    Raises StudioError that names what is missing or wrong; a camera needs four points.
    """
    table = read_table(path, "the scene's points")
    points, cameras, unit = table.get("points"), table.get("cameras"), table.get("unit")
    if not isinstance(unit, str):
        raise StudioError(f"“{path.name}” does not say its unit of length.", _EXAMPLE)
    if not isinstance(points, Mapping) or not isinstance(cameras, Mapping):
        raise StudioError(f"“{path.name}” has no points, or no cameras.", _EXAMPLE)
    up = str(table.get("up", "z")).lower()
    if up not in _UPS:
        raise StudioError(f"“{up}” is no axis that points up.", f"Use {', '.join(_UPS)}.")
    names = tuple(str(name) for name in points)
    places = [numbers(points[name], (3,), f"Point “{name}”") for name in points]
    if len(places) < _FEWEST:
        raise StudioError(f"“{path.name}” has {len(places)} points.", "Give four at least.")
    xyz = points_to_world(np.stack(places), cast(Up, up), unit)
    views = tuple(_view(str(camera), clicks, names) for camera, clicks in cameras.items())
    return ScenePoints(names, Target(f"{len(names)} points of the scene", xyz), views)


def _view(camera: str, clicks: Any, names: tuple[str, ...]) -> View:
    if not isinstance(clicks, Mapping):
        raise StudioError(f"Camera {camera} has no table of clicked points.", _EXAMPLE)
    for name in clicks:
        if name not in names:
            raise StudioError(
                f"Camera {camera} has a point “{name}” whose place is not given.",
                f"The points are {', '.join(names)}.",
            )
    if len(clicks) < _FEWEST:
        raise StudioError(
            f"Camera {camera} has {len(clicks)} clicked points.",
            "Click four at least; ten spread over picture and depth are good.",
        )
    xy = [numbers(clicks[name], (2,), f"Camera {camera}, point “{name}”") for name in clicks]
    return View(camera, 0, np.array([names.index(name) for name in clicks]), np.stack(xy), 0)
