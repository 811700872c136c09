"""From the points of a moment to skeletons in metres: lifted from one camera, or triangulated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np
from jaxtyping import Float

from studio.core.types import Camera, CameraRig, Frame, Keypoints, Skeleton
from studio.perception.lifting.lifter import Lifter, seen_of
from studio.perception.lifting.normalise import BODY, PELVIS, POINTS
from studio.vision.camera import normalise
from studio.vision.one_view import assumed, place
from studio.vision.sightings import sight
from studio.vision.triangulate import dlt

FIELD_OF_VIEW_DEG = 65.0
"""What a webcam of which nobody knows better is taken to see, across its longer side."""
LEAST_SEEN = 6
MIN_CONFIDENCE = 0.3
SETTLE_S = 2.0
"""The time in which the floor is found under somebody whose camera is not calibrated."""
_FEET = list(POINTS.parts["feet"])
_GAP_S = 0.5


class Solver(Protocol):
    """Makes skeletons of what was seen. Used by one thread; moments come in order."""

    def solve(
        self, time_s: float, people: tuple[Keypoints, ...], frames: Mapping[str, Frame]
    ) -> tuple[Skeleton, ...]: ...


class OneEuro:
    """One-Euro for whole skeletons as they come, at whatever times (Casiez et al., CHI 2012).

    ``cutoff_hz`` at rest, raised by ``beta`` (Hz per m/s). A point that was gone begins afresh.
    """

    def __init__(self, cutoff_hz: float, beta: float = 1.5) -> None:
        self._cutoff_hz, self._beta = cutoff_hz, beta
        self._before: tuple[float, np.ndarray, np.ndarray] | None = None

    def __call__(
        self, time_s: float, xyz_m: Float[np.ndarray, "points 3"]
    ) -> Float[np.ndarray, "points 3"]:
        """The points at this time, calmer."""
        before = self._before
        step_s = time_s - before[0] if before is not None else 0.0
        if before is None or not 0 < step_s < _GAP_S:
            self._before = time_s, xyz_m, np.zeros_like(xyz_m)
            return xyz_m
        known = np.isfinite(before[1])
        old = np.where(known, before[1], xyz_m)
        speed = before[2] + _share(1.0, step_s) * ((xyz_m - old) / step_s - before[2])
        speed = np.nan_to_num(speed)
        cutoff = self._cutoff_hz + self._beta * np.linalg.norm(speed, axis=1, keepdims=True)
        calm = old + _share(cutoff, step_s) * (xyz_m - old)
        self._before = time_s, calm, speed
        return calm


def _share(cutoff_hz: np.ndarray | float, step_s: float) -> np.ndarray | float:
    return 1 / (1 + 1 / (2 * np.pi * cutoff_hz * step_s))


class LiftSolver:
    """One camera: its main person is lifted and stands on z = 0, where their camera is not
    calibrated about the origin."""

    def __init__(
        self, lifter: Lifter | None = None, camera: Camera | None = None, cutoff_hz: float = 3.0
    ) -> None:
        """Raises StudioError if the lifting network is not installed."""
        self._lifter = lifter or Lifter.load()
        self._camera, self._calibrated = camera, camera is not None
        self._calm = OneEuro(cutoff_hz)
        self._shift: np.ndarray | None = None
        self._time_s = -np.inf
        self._person = -1

    def solve(
        self, time_s: float, people: tuple[Keypoints, ...], frames: Mapping[str, Frame]
    ) -> tuple[Skeleton, ...]:
        """The main person's 137 points; none while less than six of the body are seen."""
        if not people or people[0].camera not in frames:
            return ()
        main = people[0]
        height, width = frames[main.camera].rgb.shape[:2]
        if self._camera is None or self._camera.size_px != (width, height):
            self._camera = assumed(main.camera, (width, height), FIELD_OF_VIEW_DEG)
            self._calibrated = False
        camera, step_s = self._camera, time_s - self._time_s
        if main.person != self._person or not 0 < step_s < _GAP_S:
            self._lifter.forget()
            self._person, step_s = main.person, min(max(step_s, 1 / 60), 1 / 15)
        self._time_s = time_s
        rays = normalise(camera, main.xy_px)
        seen = seen_of(main.layout.name, rays[None], main.confidence[None], step_s)
        body = seen.confidence[:, :BODY]
        if (body > 0).sum() < LEAST_SEEN:
            return ()
        found = self._lifter.lift(seen)
        weight = np.where(body > 0, 0.2 + body, 0.0)
        at = place(found.xyz_m[:, :BODY], seen.rays[:, :BODY], weight)[0]
        if not np.isfinite(at).all():
            return ()
        world = (found.xyz_m[0] + at - camera.translation_m) @ camera.rotation
        if not self._calibrated:
            world = world + self._standing(world, step_s)
        return (Skeleton(time_s, POINTS, self._calm(time_s, world), found.error_m[0]),)

    def _standing(self, world: np.ndarray, step_s: float) -> np.ndarray:
        """How far to move a skeleton so that it stands on the floor, and began at the origin."""
        floor = -world[_FEET, 2].min()
        if self._shift is None:
            self._shift = np.array([-world[PELVIS, 0], -world[PELVIS, 1], floor])
        share = min(step_s / SETTLE_S, 1.0)
        self._shift[2] += share * (floor - self._shift[2])
        return self._shift.copy()


class RigSolver:
    """Calibrated cameras: the main person of each is triangulated, weighted by confidence."""

    def __init__(self, rig: CameraRig, cutoff_hz: float = 6.0) -> None:
        self._rig = rig
        self._calm = OneEuro(cutoff_hz)

    def solve(
        self, time_s: float, people: tuple[Keypoints, ...], frames: Mapping[str, Frame]
    ) -> tuple[Skeleton, ...]:
        """Points that two cameras or more see; none while fewer than two see anybody."""
        main = {one.camera: one for one in reversed(people) if one.camera in self._rig.names}
        if len(main) < 2:
            return ()
        cameras = CameraRig(tuple(self._rig[name] for name in main))
        seen = sight(
            cameras,
            np.stack([one.xy_px for one in main.values()]),
            np.stack([one.confidence for one in main.values()]),
            min_confidence=MIN_CONFIDENCE,
        )
        xyz = self._calm(time_s, dlt(seen))
        layout = next(iter(main.values())).layout
        return (Skeleton(time_s, layout, xyz, np.full(len(xyz), np.nan)),)
