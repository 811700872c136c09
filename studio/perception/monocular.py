"""The 3D that single pictures tell, gathered over a take: who is who, left and right steady."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from studio.core.types import Crowd, Detections, Layout, Monocular
from studio.perception.agreement import turned
from studio.perception.detector import LENS, InSpace, Person2D

People = Sequence[Person2D]


def gather(
    like: Detections, people: Sequence[Sequence[People]], crowd: Crowd | None
) -> Monocular | None:
    """Everybody's 3D in every camera (``people``: by camera and moment), in the places of the
    ``crowd``; one place where there is none. None if the detector told no 3D."""
    spaces = [p.space for of in people for here in of for p in here if p.space is not None]
    if not spaces:
        return None
    points, frames, views = spaces[0].layout, len(like.times_s), len(like.cameras)
    places = 1 if crowd is None else crowd.track.shape[2]
    xyz = np.full((frames, views, places, len(points), 3), np.nan)
    sure = np.zeros(xyz.shape[:-1])
    sizes = np.zeros((views, 2), int)
    for view, of in enumerate(people):
        told = next((p.space for here in of for p in here if p.space is not None), spaces[0])
        sizes[view] = told.size_px
        for track in _tracks(of, crowd is not None):
            by_frame, place = _of(of, track), _place(crowd, view, track)
            at = np.array(sorted(by_frame), int)
            if len(at) and place is not None:
                xyz[at, view, place] = np.stack([by_frame[k].xyz_m for k in at.tolist()])
                sure[at, view, place] = np.stack([by_frame[k].confidence for k in at.tolist()])
        for place in range(places):
            steady(points, xyz[:, view, place], sure[:, view, place])
    return Monocular(like.cameras, like.times_s, points, sizes, LENS * sizes.max(1), xyz, sure)


def steady(
    layout: Layout,
    xyz_m: Float[np.ndarray, "frames points 3"],
    confidence: Float[np.ndarray, "frames points"],
) -> None:
    """Undo confusions of left and right, in place, as the camera sees them."""
    with np.errstate(divide="ignore", invalid="ignore"):
        seen = xyz_m[..., :2] / xyz_m[..., 2:]
    mirror = np.array(layout.mirror)
    for points, frames in turned(layout, seen):
        for frame in frames:
            xyz_m[frame, points] = xyz_m[frame, mirror[points]]
            confidence[frame, points] = confidence[frame, mirror[points]]


def _tracks(of: Sequence[People], several: bool) -> Sequence[int | None]:
    """The numbers of everybody in a camera; None for whoever is there, where it is one person."""
    return sorted({p.track for here in of for p in here}) if several else [None]


def _of(of: Sequence[People], track: int | None) -> dict[int, InSpace]:
    """Somebody's 3D by frame."""
    out: dict[int, InSpace] = {}
    for frame, here in enumerate(of):
        one = next((p for p in here if track is None or p.track == track), None)
        if one is not None and one.space is not None:
            out[frame] = one.space
    return out


def _place(crowd: Crowd | None, view: int, track: int | None) -> int | None:
    """The place that the crowd gave to somebody; None if it holds them nowhere."""
    if crowd is None or track is None:
        return 0
    place = np.nonzero(crowd.track[:, view] == track)[1]
    return int(place[0]) if len(place) else None
