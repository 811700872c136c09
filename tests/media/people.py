"""People as 2D keypoints in OpenPose's JSON, posed so that every layout makes sense."""

from __future__ import annotations

import json
import zlib
from pathlib import Path

import numpy as np

from studio.human.layouts import layout

# Where points are on a person seen from the front, in units of their height; x to their left.
_BODY = {
    "nose": (0, 0.93), "neck": (0, 0.83), "upper_neck": (0, 0.86), "head_top": (0, 1.0),
    "pelvis": (0, 0.53), "eye": (0.02, 0.945), "ear": (0.04, 0.93), "shoulder": (0.1, 0.82),
    "elbow": (0.14, 0.64), "wrist": (0.16, 0.48), "hip": (0.06, 0.53), "knee": (0.07, 0.28),
    "ankle": (0.07, 0.05), "heel": (0.06, 0.02), "big_toe": (0.09, 0.0), "small_toe": (0.11, 0.01),
    "spine": (0, 0.68),
}  # fmt: skip


def pose(name: str, x_px: float = 300, feet_px: float = 700, height_px: float = 500) -> np.ndarray:
    """(points, 3) of a standing person in a layout; hands and faces are small clouds in place."""
    points = []
    for point in layout(name).points:
        side = 1 if point.startswith("left_") else -1 if point.startswith("right_") else 0
        bare = point.removeprefix("left_").removeprefix("right_")
        if bare in _BODY:
            across, up = _BODY[bare]
            across *= side
        else:
            seed = zlib.crc32(point.encode()) % 1000 / 1000 - 0.5
            at = (
                (0.0, 0.93) if point.startswith("face") or "pupil" in point else (0.17 * side, 0.42)
            )
            across, up = at[0] + 0.04 * seed, at[1] + 0.03 * (seed * 7 % 1 - 0.5)
        points.append((x_px + across * height_px, feet_px - up * height_px, 0.9))
    return np.array(points)


def person(**parts: np.ndarray) -> dict:
    """One person of a file; ``body``, ``left``, ``right``, ``face``."""
    names = {"body": "pose", "left": "hand_left", "right": "hand_right", "face": "face"}
    return {
        "person_id": [-1],
        **{f"{key}_keypoints_2d": parts.get(part, np.zeros((0, 3))).ravel().tolist()
           for part, key in names.items()},
    }  # fmt: skip


def write_frame(folder: Path, name: str, people: list[dict]) -> None:
    """One file of a camera."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(json.dumps({"version": 1.3, "people": people}))


def write_take(
    folder: Path, name: str, frames: int = 12, cameras: tuple[str, ...] = ("cam01", "cam02")
) -> Path:
    """A standing person who sways a little, in every camera."""
    for camera in cameras:
        for number in range(frames):
            body = pose(name, x_px=300 + 2 * number)
            write_frame(
                folder / f"{camera}_json", f"{camera}_{number:012d}_keypoints.json",
                [person(body=body)],
            )  # fmt: skip
    return folder
