"""Looking at the pictures again: the networks of learnable triangulation on a whole take."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np

from studio.core.errors import StudioError
from studio.core.types import CameraRig, Detections, Skeleton
from studio.features.triangulate.params import Params
from studio.jobs import Context
from studio.media.films import Films, opened
from studio.perception.views.crop import Box
from studio.perception.views.viewer import Sight, Viewer, Way, box_around
from studio.vision.camera import project
from studio.vision.match import plain_name
from studio.vision.sightings import residuals_px, sight
from studio.vision.triangulate import Points

LEARNED: tuple[Way, ...] = ("algebraic", "volumetric")
ALONE = (
    "One camera sees where joints are in its picture, not how far away: depth is what the network "
    "takes for likely."
)
_SURE_SIGMAS = 3.0
_KEPT_S = 0.2


@dataclass(frozen=True, eq=False)
class Looked:
    """A take as a network sees it: its own points as detections, and the joints in space (frames,
    joints, 3). ``sigma_px`` (frames, views, joints) are the points' standard deviations."""

    detections: Detections
    xyz_m: np.ndarray
    sigma_px: np.ndarray

    @property
    def typical_px(self) -> float:
        """The standard deviation of the better half of the points."""
        known = self.sigma_px[np.isfinite(self.sigma_px)]
        return float(np.quantile(known, 0.25)) if known.size else 1.0


def learned(method: str) -> Way | None:
    """The network behind a method, where there is one."""
    return next((way for way in LEARNED if way == method), None)


def least(way: Way | None) -> int:
    """How many cameras must see a person: the volumetric network does with one."""
    return 1 if way == "volumetric" else 2


def look(
    way: Way, films: Films | None, rig: CameraRig, found: Detections, params: Params,
    context: Context, share: float,
) -> Generator[Skeleton, None, Looked]:  # fmt: skip
    """Look at all pictures of a take; the detections (cameras as those of the rig) say where the
    person is. Yields a skeleton a frame. Progress is told up to ``share``.

    Raises StudioError without films, if they are of fewer of the cameras than the network needs
    (:func:`least`), or if it is not installed.
    """
    if films is None or not films.films:
        raise StudioError(
            f"The method “{way}” looks at the pictures, and these detections have none.",
            "Give the videos too, or choose another method.",
        )
    by_name = {plain_name(film.camera): film.camera for film in films.films}
    names = [by_name.get(plain_name(camera.name)) for camera in rig.cameras]
    if sum(name is not None for name in names) < least(way):
        count = "Fewer than two videos belong" if least(way) > 1 else "No video belongs"
        raise StudioError(f"{count} to cameras of the rig.", "Name the videos like the cameras.")
    viewer = Viewer.load(way)
    sights: list[Sight] = []
    times: list[float] = []
    with opened(films) as sets:
        for frames in sets:
            context.check()
            context.report(share * len(sights) / len(sets),
                           f"Looking at frame {len(sights) + 1} of {len(sets)}")  # fmt: skip
            recent = sights[-1].xyz_m if sights and frames.time_s - times[-1] < _KEPT_S else None
            boxes = boxes_at(frames.time_s, rig, found, params.min_confidence, recent)
            pictures = [
                seen.rgb if name is not None and (seen := frames.frames.get(name)) else None
                for name in names
            ]
            sights.append(viewer.look(rig.cameras, pictures, boxes))
            times.append(frames.time_s)
            error = np.where(np.isfinite(sights[-1].xyz_m[:, 0]), 0.0, np.nan)
            yield Skeleton(frames.time_s, viewer.layout, sights[-1].xyz_m, error)
    return Looked(
        Detections(
            rig.names,
            np.array(times),
            viewer.layout,
            np.stack([one.xy_px for one in sights]),
            np.stack([one.confidence for one in sights]),
        ),
        np.stack([one.xyz_m for one in sights]),
        np.stack([one.sigma_px for one in sights]),
    )


def boxes_at(
    time_s: float, rig: CameraRig, found: Detections, sure: float, recent: np.ndarray | None
) -> list[Box | None]:
    """Where the person is in every camera: around their detections at that time, or, where there
    are none, where the joints of the frame before (``recent``) would be seen."""
    step = float(np.median(np.diff(found.times_s))) if len(found.times_s) > 1 else 1.0
    frame = int(np.abs(found.times_s - time_s).argmin())
    near = abs(float(found.times_s[frame]) - time_s) <= 0.75 * step
    boxes: list[Box | None] = []
    for view, camera in enumerate(rig.cameras):
        box = None
        if near:
            box = box_around(found.xy_px[frame, view], found.confidence[frame, view] >= sure)
        if box is None and recent is not None and np.isfinite(recent).any():
            at = project(camera, recent)
            box = box_around(at, np.isfinite(at[:, 0]))
        boxes.append(box)
    return boxes


def loosened(params: Params, looked: Looked) -> Params:
    """The settings in the network's own measure: its points are as sure as it says, left and right
    are its own affair, and what lies within three standard deviations agrees. Where one camera
    looks, none has to agree with it, and nothing holds a refinement."""
    scale = looked.typical_px
    alone = {"min_cameras": 1, "refine": False} if len(looked.detections.cameras) == 1 else {}
    return params.model_copy(
        update=alone | {
            "min_confidence": 0.02, "swap_sides": False, "huber": False,
            "knee_px": max(params.knee_px, 2 * scale),
            "max_reprojection_px": max(params.max_reprojection_px, _SURE_SIGMAS * scale),
        }
    )  # fmt: skip


def points_of(looked: Looked, rig: CameraRig, where: slice, params: Params) -> Points:
    """The joints of some frames, and which cameras agree with them."""
    xy = looked.detections.xy_px[where]
    trust = looked.detections.confidence[where]
    views = xy.shape[1]
    s = sight(rig, np.moveaxis(xy, 1, 0).reshape(views, -1, 2),
              np.moveaxis(trust, 1, 0).reshape(views, -1))  # fmt: skip
    xyz = looked.xyz_m[where].reshape(-1, 3)
    sigma = np.moveaxis(looked.sigma_px[where], 1, 0).reshape(views, -1)
    limit = np.fmax(_SURE_SIGMAS * sigma, params.max_reprojection_px)
    return Points(xyz, s.seen & (residuals_px(s, xyz) <= limit))


def as_seen(looked: Looked, rig: CameraRig) -> Detections:
    """Detections that would be triangulated to the network's joints exactly: what the refinement
    of a take may move only as far as bones and inertia ask."""
    at = np.stack([project(camera, looked.xyz_m) for camera in rig.cameras], 1)
    sure = np.where(np.isfinite(at[..., 0]), looked.detections.confidence, 0.0)
    return Detections(rig.names, looked.detections.times_s, looked.detections.layout, at, sure)
