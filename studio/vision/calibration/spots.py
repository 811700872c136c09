"""A point of the scene that was clicked in several pictures: where it is, and how surely.

The line on which the other cameras must see a click is drawn with the lens's own bend.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from studio.core.errors import StudioError
from studio.core.types import CameraRig
from studio.vision.calibration.lens import project as slopes_of
from studio.vision.calibration.lens import values_of
from studio.vision.camera import project, rays
from studio.vision.sightings import sight
from studio.vision.triangulate import dlt

CLICK_PX = 1.0
"""How well a person clicks with a loupe, an axis: what errors are told for at the least."""


@dataclass(frozen=True, eq=False)
class Spot:
    """A clicked point: its place, how far the clicks are from it in the pictures (root mean
    square), and one standard deviation along the worst axis."""

    xyz_m: Float[np.ndarray, "3"]
    off_px: float
    sd_mm: float


def spot(rig: CameraRig, clicks: Mapping[str, tuple[float, float]]) -> Spot:
    """Where a point is that was clicked in two cameras or more.

    Raises StudioError for fewer, for a click outside the lens, for cameras that look along one
    line, and where the point would lie behind a camera.
    """
    clicks = {camera: xy for camera, xy in clicks.items() if camera in rig.names}
    if len(clicks) < 2:
        raise StudioError(
            "One picture alone does not tell how far away a point is.",
            "Click the same point in another camera's picture.",
        )
    cameras = CameraRig(tuple(rig[name] for name in clicks))
    xy = np.array(list(clicks.values()), np.float64)
    xyz = dlt(sight(cameras, xy[:, None]), reweight=2)[0]
    if not np.isfinite(xyz).all():
        raise StudioError("A clicked point lies outside the lens.", "Click nearer to the middle.")
    normal, off = np.zeros((3, 3)), np.empty((len(xy), 2))
    for index, camera in enumerate(cameras.cameras):
        local = camera.rotation @ (xyz - camera.centre_m)
        if local[2] <= 0:
            raise StudioError(
                f"These clicks meet behind camera {camera.name}: they are not of one point.",
                "Click the same point in each picture; the line shows where it must be.",
            )
        by_point = slopes_of(camera.lens, values_of(camera), local[None])[1][0] @ camera.rotation
        normal += by_point.T @ by_point
        off[index] = project(camera, xyz[None])[0] - xy[index]
    if np.linalg.cond(normal) > 1e9:
        raise StudioError(
            "These cameras look at the point along one line.", "Click it in a camera at the side."
        )
    off_px = float(np.sqrt(np.square(off).sum(1).mean()))
    spare = 2 * len(xy) - 3
    noise_px = max(CLICK_PX, float(np.sqrt(np.square(off).sum() / spare)))
    worst = float(np.linalg.eigvalsh(np.linalg.inv(normal))[-1])
    return Spot(xyz, off_px, 1000 * noise_px * float(np.sqrt(worst)))


def seen_from(
    rig: CameraRig, camera: str, xy_px: tuple[float, float], other: str, points: int = 400
) -> Float[np.ndarray, "points 2"]:
    """Where another camera sees what lies behind a pixel: a curve in pixels, near to far, from
    0.1 to 100 m; NaN where it is behind the camera or outside its picture."""
    own, theirs = rig[camera], rig[other]
    direction = rays(own, np.array([xy_px], np.float64))[0]
    depths = np.geomspace(0.1, 100.0, points)
    xyz = own.centre_m + depths[:, None] * direction
    local = (xyz - theirs.centre_m) @ theirs.rotation.T
    with np.errstate(all="ignore"):
        xy = project(theirs, xyz)
    inside = (xy > -0.5).all(1) & (xy < np.array(theirs.size_px) - 0.5).all(1)
    return np.where((inside & (local[:, 2] > 0.05))[:, None], xy, np.nan)
