"""What the cameras saw of everybody, ready for matching: undistorted, on the normalised plane."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from studio.core.errors import StudioError
from studio.core.types import CameraRig, Crowd, Layout
from studio.vision import camera as lens
from studio.vision.people.looks import Looks
from studio.vision.report import limb_bones
from studio.vision.sightings import Sightings, sight

LEAST_POINTS = 4
"""So many points a person must show to be matched at all."""
_PARTS = ("body", "feet")
_RADIUS_M = {"body": 0.07, "trunk": 0.14}


@dataclass(frozen=True, eq=False)
class Seen:
    """People of a take, on the points that tell where somebody is (body and feet).

    ``uv`` are ideal coordinates on the plane z = 1, ``weight`` confidences (0: not seen).
    ``joints`` are the points' indices in the layout; ``mirror`` and ``limbs`` count among them.
    ``bounds`` is the picture of each camera on its plane: left, top, right, bottom. ``slack`` is
    how far each camera may be turned from its calibration (radians): what lies no further off
    agrees. ``looks`` is what clothes tell, once that is learned.
    """

    times_s: Float[np.ndarray, " frames"]
    rotation: Float[np.ndarray, "views 3 3"]
    translation_m: Float[np.ndarray, "views 3"]
    bounds: Float[np.ndarray, "views 4"]
    uv: Float[np.ndarray, "frames views places joints 2"]
    weight: Float[np.ndarray, "frames views places joints"]
    track: Int[np.ndarray, "frames views places"]
    joints: Int[np.ndarray, " joints"]
    mirror: Int[np.ndarray, " joints"]
    limbs: Int[np.ndarray, "limbs 2"]
    thick_m: Float[np.ndarray, " limbs"]
    slack: Float[np.ndarray, " views"]
    looks: Looks | None = None

    @property
    def views(self) -> int:
        return len(self.rotation)

    @property
    def there(self) -> Bool[np.ndarray, "frames views places"]:
        """Which places hold somebody who shows enough to be matched."""
        return (self.weight > 0).sum(-1) >= LEAST_POINTS

    @property
    def centre_m(self) -> Float[np.ndarray, "views 3"]:
        """Where the cameras stand."""
        return -np.einsum("vji,vj->vi", self.rotation, self.translation_m)

    def sightings(
        self, uv: Float[np.ndarray, "views points 2"], weight: Float[np.ndarray, "views points"]
    ) -> Sightings:
        """Points as the solvers take them; a unit of the plane counts as one pixel."""
        return Sightings(
            self.rotation, self.translation_m, uv[..., 0], uv[..., 1], weight,
            np.ones((len(uv), 1)),
        )  # fmt: skip

    def project(
        self, xyz_m: Float[np.ndarray, "people joints 3"]
    ) -> tuple[
        Float[np.ndarray, "views people joints 2"], Float[np.ndarray, "views people joints"]
    ]:
        """Where people are on every camera's plane, and how deep; NaN behind a camera."""
        local = np.einsum("vij,pkj->vpki", self.rotation, xyz_m)
        local = local + self.translation_m[:, None, None]
        depth = np.where(local[..., 2] > 0.05, local[..., 2], np.nan)
        return local[..., :2] / depth[..., None], depth


def look(rig: CameraRig, crowd: Crowd, min_confidence: float = 0.3) -> Seen:
    """Prepare a take. ``rig`` has the crowd's cameras, in the same order.

    Raises StudioError if fewer than two cameras are given.
    """
    if len(rig) < 2:
        raise StudioError(
            "People cannot be matched in a single camera.", "Bring in a second calibrated camera."
        )
    joints = _joints(crowd.layout)
    frames, views, places = crowd.xy_px.shape[:3]
    xy = np.moveaxis(crowd.xy_px[..., joints, :], 1, 0).reshape(views, -1, 2)
    sure = np.moveaxis(crowd.confidence[..., joints], 1, 0).reshape(views, -1)
    s = sight(rig, xy, sure, min_confidence=min_confidence)
    shape = (views, frames, places, len(joints))
    uv = np.moveaxis(np.stack([s.u, s.v], -1).reshape(*shape, 2), 0, 1)
    limbs, thick = _limbs(crowd.layout, joints)
    at = {int(j): i for i, j in enumerate(joints)}
    mirror = np.array([at.get(crowd.layout.mirror[j], i) for i, j in enumerate(joints)])
    return Seen(
        np.asarray(crowd.times_s, np.float64), s.rotation, s.translation_m, _bounds(rig), uv,
        np.moveaxis(s.weight.reshape(shape), 0, 1), crowd.track, joints, mirror, limbs, thick,
        np.zeros(views),
    )  # fmt: skip


def _joints(layout: Layout) -> np.ndarray:
    """Body and feet; every point of a layout that has neither."""
    some = [i for part in _PARTS for i in layout.parts.get(part, ())]
    return np.array(sorted(some) if len(some) >= LEAST_POINTS else range(len(layout)), np.intp)


def _limbs(layout: Layout, joints: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Limbs and the trunk's two sides, among ``joints``, and how thick they are (radius)."""
    at = {int(j): i for i, j in enumerate(joints)}
    names = {name: i for i, name in enumerate(layout.points)}
    pairs = [(a, b, _RADIUS_M["body"]) for a, b in limb_bones(layout)]
    for side in ("left", "right"):
        a, b = names.get(f"{side}_shoulder"), names.get(f"{side}_hip")
        if a is not None and b is not None:
            pairs.append((a, b, _RADIUS_M["trunk"]))
    kept = [(at[a], at[b], r) for a, b, r in pairs if a in at and b in at]
    limbs = np.array([(a, b) for a, b, _ in kept], np.intp).reshape(-1, 2)
    return limbs, np.array([r for _, _, r in kept])


def _bounds(rig: CameraRig) -> np.ndarray:
    """The rectangle of each picture on its camera's plane, from the middles of its sides."""
    out = np.empty((len(rig), 4))
    for view, camera in enumerate(rig.cameras):
        width, height = camera.size_px
        x, y = camera.matrix[0, 2], camera.matrix[1, 2]
        sides = np.array([[0, y], [x, 0], [width - 1, y], [x, height - 1]], float)
        plane = lens.normalise(camera, sides)
        fallback = (sides - [x, y]) / [camera.matrix[0, 0], camera.matrix[1, 1]]
        plane = np.where(np.isfinite(plane), plane, fallback)
        out[view] = plane[0, 0], plane[1, 1], plane[2, 0], plane[3, 1]
    return out
