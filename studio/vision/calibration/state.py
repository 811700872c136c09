"""What a calibration solves for, and what it predicts: lenses, cameras, the target's poses."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int

from studio.core.types import Camera, LensModel
from studio.vision.calibration import lens as optics
from studio.vision.calibration.observations import Observations
from studio.vision.rotations import rigid, rotation


@dataclass(frozen=True, eq=False)
class State:
    """``rotation`` and ``centre_m`` are world-to-camera and the camera's place; ``values`` its
    lens (:mod:`studio.vision.calibration.lens`) with ``terms`` distortion terms. The target turns
    by ``turn`` and its pivot stands at ``place_m``, both by moment."""

    lenses: tuple[LensModel, ...]
    terms: tuple[int, ...]
    values: Float[np.ndarray, "cameras 19"]
    rotation: Float[np.ndarray, "cameras 3 3"]
    centre_m: Float[np.ndarray, "cameras 3"]
    turn: Float[np.ndarray, "moments 3 3"]
    place_m: Float[np.ndarray, "moments 3"]

    def moved(
        self,
        cameras: Float[np.ndarray, "cameras 6"],
        values: Float[np.ndarray, "cameras 19"],
        targets: Float[np.ndarray, "moments 6"],
    ) -> State:
        """A step: cameras turn about their own axes (rad) and shift in the world (m), lens values
        are added to, targets turn about the world's axes through their pivot and shift."""
        return replace(
            self,
            values=self.values + values,
            rotation=rotation(-cameras[:, :3]) @ self.rotation,
            centre_m=self.centre_m + cameras[:, 3:],
            turn=rotation(targets[:, :3]) @ self.turn,
            place_m=self.place_m + targets[:, 3:],
        )

    def with_targets(self, poses: Float[np.ndarray, "moments 4 4"]) -> State:
        """The same cameras with other poses of the target (pivot to world)."""
        return replace(self, turn=poses[:, :3, :3], place_m=poses[:, :3, 3])

    @property
    def targets(self) -> Float[np.ndarray, "moments 4 4"]:
        """Pivot to world, by moment."""
        return rigid(self.turn, self.place_m)

    @property
    def extrinsics(self) -> Float[np.ndarray, "cameras 4 4"]:
        """World to camera."""
        return rigid(self.rotation, -(self.rotation @ self.centre_m[..., None])[..., 0])

    def camera(self, index: int, name: str, size_px: tuple[int, int]) -> Camera:
        """One camera as the rest of the studio knows it."""
        values = self.values[index]
        return Camera(
            name,
            size_px,
            optics.matrix_of(values),
            values[optics.TERMS][: self.terms[index]].copy(),
            self.rotation[index].copy(),
            -self.rotation[index] @ self.centre_m[index],
            self.lenses[index],
        )


def in_cameras(
    o: Observations, s: State, rows: slice = slice(None)
) -> tuple[Float[np.ndarray, "views 3 points"], Float[np.ndarray, "views 3"]]:
    """Target points from the pivot in the axes of each view's camera, and the pivot's place there;
    of all views, or of some ``rows``."""
    camera, moment = o.camera[rows], o.moment[rows]
    turn = s.rotation[camera] @ s.turn[moment]
    place = s.rotation[camera] @ (s.place_m[moment] - s.centre_m[camera])[..., None]
    return turn @ np.swapaxes(o.points_m[rows], -1, -2), place[..., 0]


def residuals(o: Observations, s: State) -> Float[np.ndarray, "2 views points"]:
    """Where the state says the points are, less where they were seen (px); 0 where unseen."""
    out = np.zeros((2, *o.seen.shape))
    for camera in range(len(o.cameras)):
        rows = o.of_camera(camera)
        if rows.start == rows.stop:
            continue
        arm, place = in_cameras(o, s, rows)
        x, y, z = np.swapaxes(arm + place[..., None], 0, 1)
        u, v = optics.pixel_planes(s.lenses[camera], s.values[camera], x, y, z)
        np.subtract(u, o.xy_px[rows, :, 0], out=out[0, rows], where=o.seen[rows])
        np.subtract(v, o.xy_px[rows, :, 1], out=out[1, rows], where=o.seen[rows])
    return out


def off_px(o: Observations, s: State) -> Float[np.ndarray, "views points 2"]:
    """:func:`residuals`, point by point."""
    return np.moveaxis(residuals(o, s), 0, -1)


def lengths_px(o: Observations, s: State) -> Float[np.ndarray, "views points"]:
    """How far each point is off; 0 where unseen."""
    u, v = residuals(o, s)
    return np.sqrt(u * u + v * v)


def slopes(
    o: Observations, s: State, camera: int, free: Int[np.ndarray, " free"]
) -> tuple[Float[np.ndarray, "views 2 points"], Float[np.ndarray, "views six_free 2 points"]]:
    """Residuals of one camera's views, and their slopes.

    The first six are by a turn of the target about the camera's axes through the pivot and by the
    pivot's shift along them; every other rigid motion is a linear map of these. The others are by
    the ``free`` values of the lens.
    """
    rows = o.of_camera(camera)
    arm, place = in_cameras(o, s, rows)
    x, y, z = np.swapaxes(arm, 0, 1)
    right, down, ahead = place.T[..., None]
    uv, by_point, by_values = optics.project_planes(
        s.lenses[camera], s.values[camera], x + right, y + down, z + ahead, free
    )
    views, points = x.shape
    residual = np.zeros((views, 2, points))
    out = np.empty((views, 6 + len(free), 2, points))
    for row in range(2):
        np.subtract(uv[row], o.xy_px[rows, :, row], out=residual[:, row], where=o.seen[rows])
        a, b, c = by_point[row]
        out[:, 0, row], out[:, 1, row], out[:, 2, row] = y * c - z * b, z * a - x * c, x * b - y * a
        out[:, 3, row], out[:, 4, row], out[:, 5, row] = a, b, c
        for column, pair in enumerate(by_values):
            out[:, 6 + column, row] = pair[row]
    return residual, out
