"""A board waved before cameras, quickly: each pixel's ray meets the board, no rasteriser needed.

Exact in the lens (any model), with smooth edges, motion blur, noise and a cluttered background;
for tests and for measuring what detection and calibration are worth.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import cv2
import numpy as np
from jaxtyping import Float, UInt8
from scipy.spatial.transform import Rotation

from studio.core.types import Camera, CameraRig, Frame, FrameSet
from studio.perception.boards.artwork import Artwork, rasterise
from studio.perception.boards.board import Board
from studio.vision.camera import normalise, project

_BLACK, _WHITE = 28.0, 225.0


@dataclass(frozen=True, eq=False)
class BoardFilm:
    """A board and how it is filmed. ``noise`` is a standard deviation in grey levels, ``blur_px``
    a Gaussian's; ``shutter`` the share of the way to the next pose during which light falls in,
    0 for a frozen picture."""

    board: Board
    noise: float = 2.0
    blur_px: float = 0.6
    shutter: float = 0.0
    clutter: bool = True
    _kept: dict[str, tuple[Camera, np.ndarray, np.ndarray]] = field(
        default_factory=dict, repr=False
    )

    def picture(
        self,
        camera: Camera,
        board_world: Float[np.ndarray, "4 4"],
        then: Float[np.ndarray, "4 4"] | None = None,
        seed: int = 0,
    ) -> UInt8[np.ndarray, "height width"]:
        """What a camera sees of the board at a pose, or on its way from there to ``then``."""
        rays, ground = self._camera(camera)
        ways = 5 if then is not None and self.shutter else 1
        light = np.zeros(ground.shape, np.float32)
        for way in range(ways):
            pose = board_world
            if then is not None and ways > 1:
                pose = between(board_world, then, self.shutter * way / (ways - 1))
            light += self._frozen(camera, pose, rays, ground) / ways
        if self.blur_px:
            light = cv2.GaussianBlur(light, (0, 0), self.blur_px)
        grain = np.random.default_rng(seed).normal(0, self.noise, light.shape)
        return np.clip(light + grain, 0, 255).astype(np.uint8)

    def sets(
        self, rig: CameraRig, poses: Sequence[np.ndarray], rate_hz: float = 10.0
    ) -> Iterator[FrameSet]:
        """The board in all cameras of a rig, a moment a pose."""
        for number, pose in enumerate(poses):
            then = poses[number + 1] if number + 1 < len(poses) else None
            time_s = number / rate_hz
            frames = {
                camera.name: Frame(
                    camera.name, time_s,
                    np.repeat(self.picture(camera, pose, then, number)[..., None], 3, axis=2),
                )
                for camera in rig.cameras
            }  # fmt: skip
            yield FrameSet(number, time_s, frames)

    def _camera(self, camera: Camera) -> tuple[np.ndarray, np.ndarray]:
        """The rays of a camera's pixels (twice as many each way), and what is behind the board."""
        held = self._kept.get(camera.name)
        if held is None or held[0] is not camera:
            width, height = camera.size_px
            y, x = np.mgrid[: 2 * height, : 2 * width] / 2 - 0.25
            plane = normalise(camera, np.stack([x, y], -1))
            rays = np.concatenate([plane, np.ones_like(plane[..., :1])], -1)
            held = camera, rays, self._background(width, height, camera.name)
            self._kept[camera.name] = held
        return held[1], held[2]

    def _background(self, width: int, height: int, name: str) -> np.ndarray:
        rng = np.random.default_rng(sum(name.encode()))
        if not self.clutter:
            return np.full((height, width), 120, np.float32)
        small = rng.uniform(40, 200, (height // 40 + 1, width // 40 + 1)).astype(np.float32)
        ground = cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)
        for _ in range(12):
            corner = rng.integers(0, (width, height))
            size = rng.integers(10, 90, 2)
            far = (int(corner[0] + size[0]), int(corner[1] + size[1]))
            near = (int(corner[0]), int(corner[1]))
            cv2.rectangle(ground, near, far, float(rng.uniform(20, 230)), -1)
        return np.clip(ground, 0, 255)

    def _frozen(
        self, camera: Camera, board_world: np.ndarray, rays: np.ndarray, ground: np.ndarray
    ) -> np.ndarray:
        """The board at one pose over the background."""
        rotation = camera.rotation @ board_world[:3, :3]
        shift = camera.rotation @ board_world[:3, 3] + camera.translation_m
        depth = float(np.ptp(self.board.target.points_m[:, 2]))
        behind = float((-rotation.T @ shift)[2]) > depth
        front = self.board.artwork
        art = self.board.back if behind else front
        if art is None:
            blank = front.mirrored()
            art = replace(blank, rectangles_m=np.zeros((0, 4)), inverted=False)
        part = self._where(camera, board_world, front)
        if part is None:
            return ground
        rows, columns = part
        rays = rays[2 * rows.start : 2 * rows.stop, 2 * columns.start : 2 * columns.stop]
        normal, start = rotation[:, 2], shift + rotation[:, 2] * (depth if behind else 0.0)
        with np.errstate(all="ignore"):
            reach = (start @ normal) / (rays @ normal)
            place = (rays * reach[..., None] - shift) @ rotation[:, :2]
        place[~(reach > 0)] = 1e3
        x = art.origin_m[0] + (-place[..., 0] if behind else place[..., 0])
        whole = ground.astype(np.float32)
        whole[part] = self._painted(
            art, x, art.origin_m[1] + place[..., 1], start, camera, ground[part]
        )
        return whole

    def _where(
        self, camera: Camera, board_world: np.ndarray, art: Artwork
    ) -> tuple[slice, slice] | None:
        """The part of the picture that the board can reach; None if none."""
        edge = _edge(art)
        x = np.linspace(-edge, art.width_m + edge, 9) - art.origin_m[0]
        y = np.linspace(-edge, art.height_m + edge, 9) - art.origin_m[1]
        grid = np.stack([*np.meshgrid(x, y), np.zeros((9, 9))], -1)
        depth = float(np.ptp(self.board.target.points_m[:, 2]))
        grid = np.concatenate([grid, grid + np.array([0, 0, depth])])
        seen = project(camera, grid @ board_world[:3, :3].T + board_world[:3, 3])
        width, height = camera.size_px
        if np.isnan(seen).all():
            return None
        if np.isnan(seen).any():
            return slice(0, height), slice(0, width)
        low = np.clip(seen.min((0, 1)) - 6, 0, (width, height)).astype(int)
        high = np.clip(seen.max((0, 1)) + 7, 0, (width, height)).astype(int)
        if (high - low < 1).any():
            return None
        return slice(low[1], high[1]), slice(low[0], high[0])

    def _painted(
        self, art: Artwork, x: np.ndarray, y: np.ndarray, start: np.ndarray, camera: Camera,
        ground: np.ndarray,
    ) -> np.ndarray:  # fmt: skip
        per_m = float(np.clip(2 * camera.matrix[0, 0] / max(float(start[2]), 0.05), 200, 8000))
        edge = _edge(art)
        ink = rasterise(art, per_m, edge).astype(np.float32)
        ink = _BLACK + ink * ((_WHITE - _BLACK) / 255)
        u, v = (x + edge) * per_m - 0.5, (y + edge) * per_m - 0.5
        inside = (u > -0.5) & (v > -0.5) & (u < ink.shape[1] - 0.5) & (v < ink.shape[0] - 0.5)
        u, v = (np.where(inside, one, 0).astype(np.float32) for one in (u, v))
        seen = cv2.remap(ink, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        size = (ground.shape[1], ground.shape[0])
        share = cv2.resize(inside.astype(np.float32), size, interpolation=cv2.INTER_AREA)
        light = cv2.resize(np.where(inside, seen, 0.0), size, interpolation=cv2.INTER_AREA)
        return light.astype(np.float32) + ground * (1 - share)


def _edge(art: Artwork) -> float:
    """How much ground is seen around a print."""
    return max(art.quiet_m, 0.1 * min(art.width_m, art.height_m))


def between(a: np.ndarray, b: np.ndarray, share: float) -> np.ndarray:
    """A pose on the way from one to another."""
    turn = Rotation.from_matrix(a[:3, :3].T @ b[:3, :3]).as_rotvec() * share
    pose = np.eye(4)
    pose[:3, :3] = a[:3, :3] @ Rotation.from_rotvec(turn).as_matrix()
    pose[:3, 3] = (1 - share) * a[:3, 3] + share * b[:3, 3]
    return pose


def waved(
    board: Board,
    rig: CameraRig,
    moments: int,
    middle_m: Sequence[float] = (0.0, 0.0, 1.2),
    reach_m: float = 0.5,
    tilt_deg: float = 40.0,
    seed: int = 0,
) -> list[np.ndarray]:
    """Poses (board to world) of a board waved about a place, turned to one camera after another.

    It moves smoothly: from camera to camera and to and fro, tilted every way up to ``tilt_deg``.
    """
    rng = np.random.default_rng(seed)
    stations = max(2, int(np.ceil(moments / 4)))
    keys = [
        _station(board, rig, number, middle_m, reach_m, tilt_deg, rng) for number in range(stations)
    ]
    along = np.linspace(0, stations - 1 - 1e-9, moments)
    return [between(keys[int(t)], keys[int(t) + 1], t - int(t)) for t in along]


def _station(
    board: Board,
    rig: CameraRig,
    number: int,
    middle_m: Sequence[float],
    reach_m: float,
    tilt_deg: float,
    rng: np.random.Generator,
) -> np.ndarray:
    camera = rig.cameras[number % len(rig)]
    place = np.asarray(middle_m, float) + rng.uniform(-reach_m, reach_m, 3)
    away = place - camera.centre_m
    away /= np.linalg.norm(away)
    down = camera.rotation[1] - (camera.rotation[1] @ away) * away
    down /= np.linalg.norm(down)
    turn = np.stack([np.cross(down, away), down, away], axis=1)
    lean = Rotation.from_euler(
        "xyz", rng.uniform(-1, 1, 3) * [tilt_deg, tilt_deg, 30], degrees=True
    )
    pose = np.eye(4)
    pose[:3, :3] = turn @ lean.as_matrix()
    pose[:3, 3] = place - pose[:3, :3] @ board.target.points_m.mean(0)
    return pose
