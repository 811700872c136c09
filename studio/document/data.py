"""Values of the core as named arrays and back: what the assets of items hold."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from studio.core.types import Crowd, Detections, Layout, Monocular, Motion
from studio.document.folder import Assets
from studio.document.project import DetectionsItem, MotionItem
from studio.human.layouts import layout as find_layout

Arrays = dict[str, np.ndarray]


def motion_arrays(motion: Motion) -> Arrays:
    """A motion's arrays; its layout is kept by the item, by name."""
    return {
        "times_s": motion.times_s,
        "xyz_m": motion.xyz_m.astype(np.float32),
        "error_m": motion.error_m.astype(np.float32),
        "reprojection_px": motion.reprojection_px.astype(np.float32),
        "views": motion.views.astype(np.int16),
        "filled": motion.filled,
    }


def motion_from(arrays: Mapping[str, np.ndarray], layout: Layout) -> Motion:
    """Inverse of :func:`motion_arrays`."""
    return Motion(
        layout,
        arrays["times_s"].astype(np.float64),
        arrays["xyz_m"].astype(np.float64),
        arrays["error_m"].astype(np.float64),
        arrays["reprojection_px"].astype(np.float64),
        arrays["views"].astype(np.int64),
        arrays["filled"].astype(bool),
    )


def detections_arrays(detections: Detections) -> Arrays:
    """A take's 2D keypoints; layout and camera names are kept by the item."""
    return {
        "times_s": detections.times_s,
        "xy_px": detections.xy_px.astype(np.float32),
        "confidence": detections.confidence.astype(np.float32),
    }


def detections_from(
    arrays: Mapping[str, np.ndarray], layout: Layout, cameras: tuple[str, ...]
) -> Detections:
    """Inverse of :func:`detections_arrays`."""
    return Detections(
        cameras,
        arrays["times_s"].astype(np.float64),
        layout,
        arrays["xy_px"].astype(np.float64),
        arrays["confidence"].astype(np.float64),
    )


def crowd_arrays(crowd: Crowd) -> Arrays:
    """Everybody's 2D keypoints, a row for each detection; empty places take no room."""
    frame, view, place = np.nonzero((crowd.confidence > 0).any(-1))
    looks = {} if crowd.looks is None else {
        "looks": crowd.looks[frame, view, place].astype(np.float16)
    }  # fmt: skip
    return {
        "times_s": crowd.times_s,
        "size": np.array(crowd.track.shape),
        "frame": frame.astype(np.int32),
        "view": view.astype(np.int16),
        "place": place.astype(np.int16),
        "track": crowd.track[frame, view, place].astype(np.int32),
        "xy_px": crowd.xy_px[frame, view, place].astype(np.float32),
        "confidence": crowd.confidence[frame, view, place].astype(np.float32),
        **looks,
    }


def crowd_from(arrays: Mapping[str, np.ndarray], layout: Layout, cameras: tuple[str, ...]) -> Crowd:
    """Inverse of :func:`crowd_arrays`."""
    size = tuple(int(side) for side in arrays["size"])
    at = arrays["frame"], arrays["view"], arrays["place"]
    xy = np.full((*size, len(layout), 2), np.nan)
    confidence, track = np.zeros((*size, len(layout))), np.full(size, -1)
    xy[at], confidence[at], track[at] = arrays["xy_px"], arrays["confidence"], arrays["track"]
    looks = None
    if "looks" in arrays:
        looks = np.full((*size, *arrays["looks"].shape[1:]), np.nan)
        looks[at] = arrays["looks"]
    times = arrays["times_s"].astype(np.float64)
    return Crowd(cameras, times, layout, xy, confidence, track, looks)


def monocular_arrays(told: Monocular) -> Arrays:
    """What single pictures tell in 3D, a row for each person; camera names are kept by the item."""
    frame, view, place = np.nonzero((told.confidence > 0).any(-1))
    return {
        "times_s": told.times_s,
        "layout": np.array(told.layout.name),
        "sizes_px": told.sizes_px,
        "focal_px": told.focal_px,
        "size": np.array(told.confidence.shape[:3]),
        "frame": frame.astype(np.int32),
        "view": view.astype(np.int16),
        "place": place.astype(np.int16),
        "xyz_m": told.xyz_m[frame, view, place].astype(np.float32),
        "confidence": told.confidence[frame, view, place].astype(np.float32),
    }


def monocular_from(arrays: Mapping[str, np.ndarray], cameras: tuple[str, ...]) -> Monocular:
    """Inverse of :func:`monocular_arrays`."""
    points = find_layout(str(arrays["layout"]))
    size = tuple(int(side) for side in arrays["size"])
    at = arrays["frame"], arrays["view"], arrays["place"]
    xyz, sure = np.full((*size, len(points), 3), np.nan), np.zeros((*size, len(points)))
    xyz[at], sure[at] = arrays["xyz_m"], arrays["confidence"]
    return Monocular(
        cameras, arrays["times_s"].astype(np.float64), points, arrays["sizes_px"].astype(np.int64),
        arrays["focal_px"].astype(np.float64), xyz, sure,
    )  # fmt: skip


def motion_of(item: MotionItem, assets: Assets) -> Motion:
    """The motion that an item keeps."""
    return motion_from(assets.arrays(item.data), find_layout(item.layout))


def detections_of(item: DetectionsItem, assets: Assets) -> Detections:
    """The main person's keypoints that an item keeps."""
    return detections_from(assets.arrays(item.data), find_layout(item.layout), item.cameras)


def crowd_of(item: DetectionsItem, assets: Assets) -> Crowd | None:
    """Everybody's keypoints that an item keeps; None where no camera saw several."""
    if item.people is None:
        return None
    return crowd_from(assets.arrays(item.people), find_layout(item.layout), item.cameras)


def monocular_of(item: DetectionsItem, assets: Assets) -> Monocular | None:
    """What single pictures told in 3D; None where the detector told nothing of it."""
    if item.monocular is None:
        return None
    return monocular_from(assets.arrays(item.monocular), item.cameras)
