"""What a calibration solves for, and what it predicts: lenses, cameras, the target's poses."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int

from studio.core.types import Camera, LensModel
from studio.vision.calibration import lens as optics
from studio.vision.calibration.observations import Observations
from studio.vision.calibration.rotations import rigid, rotation


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


def in_cameras(o: Observations, s: State) -> tuple[np.ndarray, np.ndarray]:
    """Target points from the pivot in each view's camera axes (views, points, 3), and the pivot's
    own place there (views, 3)."""
    turn = s.rotation[o.camera] @ s.turn[o.moment]
    place = s.rotation[o.camera] @ (s.place_m[o.moment] - s.centre_m[o.camera])[..., None]
    return o.points_m @ np.swapaxes(turn, -1, -2), place[..., 0]


def off_px(o: Observations, s: State) -> Float[np.ndarray, "views points 2"]:
    """Where the state says the points are, less where they were seen; 0 where unseen."""
    arm, place = in_cameras(o, s)
    out = np.zeros(o.xy_px.shape)
    for camera in range(len(o.cameras)):
        rows = o.of_camera(camera)
        xyz = arm[rows] + place[rows, None]
        out[rows] = optics.pixels(s.lenses[camera], s.values[camera], xyz) - o.xy_px[rows]
    return np.where(o.seen[..., None], out, 0.0)


def slopes(
    o: Observations, s: State, free: tuple[Int[np.ndarray, " _"], ...]
) -> tuple[np.ndarray, np.ndarray]:
    """Residuals (views, points, 2) and their slopes (views, points, 2, 6 + most free values).

    The first six columns are by a turn of the target about the camera's axes through the pivot and
    by the pivot's shift along them; every other rigid motion is a linear map of these.
    """
    arm, place = in_cameras(o, s)
    most = max((len(f) for f in free), default=0)
    residual = np.zeros(o.xy_px.shape)
    out = np.zeros((*o.xy_px.shape, 6 + most))
    for camera in range(len(o.cameras)):
        rows = o.of_camera(camera)
        chosen = free[camera]
        uv, by_point, by_values = optics.project(
            s.lenses[camera], s.values[camera], arm[rows] + place[rows, None], chosen
        )
        residual[rows] = uv - o.xy_px[rows]
        x, y, z = np.moveaxis(arm[rows, :, None], -1, 0)
        a, b, c = np.moveaxis(by_point, -1, 0)
        block = out[rows]
        block[..., 0], block[..., 1], block[..., 2] = y * c - z * b, z * a - x * c, x * b - y * a
        block[..., 3:6] = by_point
        block[..., 6 : 6 + len(chosen)] = by_values
    residual[~o.seen] = 0.0
    return residual, out
