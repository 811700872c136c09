"""What is lifted: one camera's view of one person, as the network takes it, shot by shot."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

import numpy as np

from studio.core.errors import StudioError
from studio.core.types import Camera, Detections
from studio.features.lift.params import Params
from studio.perception.lifting.lifter import Seen, seen_of
from studio.perception.lifting.normalise import BODY
from studio.vision.camera import normalise
from studio.vision.cuts import cuts, losses
from studio.vision.one_view import assumed, place

SEEN_LEAST = 6
"""Points of the body that must be seen for somebody to be there."""


@dataclass(frozen=True, eq=False)
class Film:
    """One camera's points of one person. ``shots`` are the frames at which the film begins or was
    cut, ``losses`` those at which the person came back after a while."""

    name: str
    camera: Camera
    calibrated: bool
    times_s: np.ndarray
    seen: Seen
    shots: tuple[int, ...]
    losses: tuple[int, ...]

    @property
    def there(self) -> np.ndarray:
        """Whether somebody is seen (frames,)."""
        return (self.seen.confidence[:, :BODY] > 0).sum(1) >= SEEN_LEAST

    def parts(self) -> list[slice]:
        """The frames of each shot."""
        return [slice(*pair) for pair in itertools.pairwise((*self.shots, len(self.times_s)))]

    def pieces(self, most: int) -> list[slice]:
        """The frames in order, ``most`` at a time, none over a cut or a loss."""
        edges = sorted({*self.shots, *self.losses, len(self.times_s)})
        return [
            slice(start, min(start + most, end))
            for first, end in itertools.pairwise(edges)
            for start in range(first, end, most)
        ]


def film_of(
    params: Params, found: Detections, cameras: tuple[Camera, ...],
    sizes_px: dict[str, tuple[int, int]],
) -> Film:  # fmt: skip
    """One person's points in the camera that is wanted.

    Raises StudioError if there are no frames, or the camera is not there or sees nobody.
    """
    if not len(found.times_s):
        raise StudioError("The detections have no frames.", "Run the detection again.")
    view = view_of(params, found)
    name = found.cameras[view]
    known = next((c for c in cameras if c.name == name), None)
    xy, sure = found.xy_px[:, view], found.confidence[:, view]
    camera = known or assumed(name, sizes_px.get(name) or _size_of(xy),
                              params.field_of_view_deg)  # fmt: skip
    times = found.times_s
    step = float(np.median(np.diff(times))) if len(times) > 1 else 1 / 30
    if not step > 0:
        raise StudioError(
            "The times of the detections do not increase from frame to frame.",
            "Run the detection again.",
        )
    seen = seen_of(found.layout.name, normalise(camera, xy), sure, step, params.min_confidence)
    body = seen.confidence[:, :BODY] > 0
    there = body.sum(1) >= SEEN_LEAST
    if not there.any():
        raise StudioError(
            f"{name} sees no body.",
            f"At least {SEEN_LEAST} of its points must be seen, {params.min_confidence:g} sure "
            "or more.",
        )
    shots = (0, *cuts(seen.rays[:, :BODY], body, step))
    lost = tuple(frame for frame in losses(there, step) if frame not in shots)
    return Film(name, camera, known is not None, times, seen, shots, lost)


def view_of(params: Params, found: Detections) -> int:
    """Which camera is lifted: the one that is asked for, or that sees the person best."""
    if params.camera:
        if params.camera not in found.cameras:
            raise StudioError(
                f"There is no camera “{params.camera}”.", f"There are: {', '.join(found.cameras)}."
            )
        return found.cameras.index(params.camera)
    body = list(found.layout.parts.get("body", range(len(found.layout))))
    return int(found.confidence[:, :, body].mean((0, 2)).argmax())


def _size_of(xy_px: np.ndarray) -> tuple[int, int]:
    """A picture that holds all the points, where nobody knows its size."""
    known = xy_px[np.isfinite(xy_px).all(-1)]
    if not len(known):
        return 1920, 1080
    far = np.quantile(known, 0.999, axis=0)
    for width, height in ((640, 480), (1280, 720), (1920, 1080), (1080, 1920), (3840, 2160)):
        if far[0] <= width and far[1] <= height:
            return width, height
    return int(far[0]) + 1, int(far[1]) + 1


def some(seen: Seen, where: slice) -> Seen:
    """Some of the frames."""
    return replace(seen, rays=seen.rays[where], confidence=seen.confidence[where])


def placed(seen: Seen, xyz_m: np.ndarray) -> np.ndarray:
    """Where the pelvis is in the camera's axes, frame by frame; NaN where nobody is seen."""
    body = slice(0, BODY)
    weight = np.where(seen.confidence[:, body] > 0, 0.2 + seen.confidence[:, body], 0.0)
    weight[(weight > 0).sum(1) < SEEN_LEAST] = 0.0
    return place(xyz_m[:, body], seen.rays[:, body], weight)
