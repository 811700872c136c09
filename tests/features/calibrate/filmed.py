"""Pictures of a board through known cameras: quick to make, exact, with truth."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from scipy.spatial.transform import Rotation

from studio.core.types import Camera, CameraRig
from studio.perception.boards import parse_board, rasterise
from studio.vision.ring import look_at

SPEC = "charuco:6x4:110mm:DICT_4X4_50"
SIZE = (640, 480)
FOCAL = 560.0
_BORDER_M, _PIXELS_PER_M = 0.03, 900
# Where each camera stands, looking at the middle of where the board is waved.
SPOTS = ((-1.1, -1.6, 1.5), (0.0, -1.9, 1.2), (1.2, -1.5, 1.6))
MIDDLE = np.array([0.0, 0.0, 1.0])


def rig(count: int = 3) -> CameraRig:
    """Cameras side by side, half a circle around the board."""
    return CameraRig(
        tuple(
            look_at(f"cam{i + 1}", np.array(spot), MIDDLE, FOCAL, SIZE)
            for i, spot in enumerate(SPOTS[:count])
        )
    )


def poses(count: int, seed: int = 0) -> np.ndarray:
    """Board to world, (count, 4, 4): carried about, leaned all ways, its front to the cameras.

    The last one lies on the floor.
    """
    random = np.random.default_rng(seed)
    out = np.tile(np.eye(4), (count, 1, 1))
    facing = np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])  # board x right, y down, z away
    for number in range(count):
        lean = random.uniform(-32, 32, 3) * [1, 1, 0.6]
        turn = facing @ Rotation.from_euler("xyz", lean, degrees=True).as_matrix()
        place = MIDDLE + random.uniform([-0.75, -0.65, -0.5], [0.75, 0.55, 0.45])
        out[number, :3, :3] = turn
        out[number, :3, 3] = place - turn @ [0.33, 0.22, 0]
    floor = np.array([[1.0, 0, 0], [0, -1, 0], [0, 0, -1]])
    out[-1, :3, :3] = floor
    out[-1, :3, 3] = [-0.33, 0.22, 0.3]
    return out


def picture(camera: Camera, board_world: np.ndarray, sheet: np.ndarray) -> np.ndarray:
    """Grey picture of the board, with a little noise."""
    pose = np.column_stack([camera.rotation, camera.translation_m])
    both = (pose @ board_world)[:, [0, 1, 3]]
    sheet_m = np.array(
        [[1 / _PIXELS_PER_M, 0, -_BORDER_M], [0, 1 / _PIXELS_PER_M, -_BORDER_M], [0, 0, 1]]
    )
    # Pixel centres lie at integers, on the sheet as in the picture.
    half = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1.0]])
    to_picture = camera.matrix @ both @ sheet_m @ half
    shown = cv2.warpPerspective(
        sheet, to_picture, camera.size_px, flags=cv2.INTER_AREA, borderValue=90
    )
    noise = np.random.default_rng(7).normal(0, 2, shown.shape)
    return np.clip(cv2.GaussianBlur(shown, (0, 0), 0.7) + noise, 0, 255).astype(np.uint8)


def film(
    folder: Path,
    cameras: CameraRig,
    board_world: np.ndarray,
    spec: str = SPEC,
    names: tuple[str, ...] = (),
) -> tuple[Path, ...]:
    """A folder of pictures a camera."""
    sheet = rasterise(parse_board(spec).artwork, _PIXELS_PER_M, _BORDER_M)
    sheet = (30 + sheet.astype(np.float64) * 190 / 255).astype(np.uint8)
    made: list[Path] = []
    for camera, name in zip(cameras.cameras, names or cameras.names, strict=True):
        place = folder / name
        place.mkdir(parents=True)
        for number, pose in enumerate(board_world):
            cv2.imwrite(str(place / f"{number:03d}.jpg"), picture(camera, pose, sheet))
        made.append(place)
    return tuple(made)


def apart(found: CameraRig, truth: CameraRig) -> tuple[float, float]:
    """The largest error between two cameras' places (mm) and directions (degrees)."""
    mm, degrees = 0.0, 0.0
    for i, one in enumerate(truth.cameras):
        for other in truth.cameras[i + 1 :]:
            a, b = found[one.name], found[other.name]
            gap = np.linalg.norm(a.centre_m - b.centre_m)
            mm = max(mm, 1000 * abs(gap - np.linalg.norm(one.centre_m - other.centre_m)))
            turn = (a.rotation @ b.rotation.T) @ (one.rotation @ other.rotation.T).T
            cosine = np.clip((np.trace(turn) - 1) / 2, -1, 1)
            degrees = max(degrees, float(np.degrees(np.arccos(cosine))))
    return float(mm), degrees
