"""Is a rig believable, and does it belong to these videos? Each problem comes with its mend."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from studio.core.types import Camera, CameraRig
from studio.media.formats.rigs.evidence import reach, up_evidence

Size = tuple[int, int]
SIZE_MENDS = ("crop", "crop centre", "scale to width", "scale to height", "scale")
"""Ways in which a picture may have come by another size; see :func:`rig_mends.fit_size`."""


@dataclass(frozen=True)
class RigProblem:
    """What is wrong, what to do, with which camera, and the name of the likely mend.

    ``mends`` are all that :func:`rig_mends.mend_rig` can apply; ``size_px`` is the size of the
    video, where it matters.
    """

    message: str
    hint: str
    camera: str = ""
    mend: str | None = None
    mends: tuple[str, ...] = ()
    size_px: Size | None = None


def check_rig(rig: CameraRig, clips: Mapping[str, Size] | None = None) -> tuple[RigProblem, ...]:
    """Everything suspicious about a rig; ``clips`` are the sizes of the videos by camera."""
    problems: list[RigProblem] = []
    for camera in rig.cameras:
        problems += _check_camera(camera)
        if clips and camera.name in clips:
            problems += _check_size(camera, clips[camera.name])
    if not any(_not_rotation(camera) for camera in rig.cameras):
        problems += _check_places(rig)
        problems += _check_world(rig)
    return tuple(problems)


def _check_camera(camera: Camera) -> Iterator[RigProblem]:
    name, (width, height) = camera.name, camera.size_px
    fx, fy = float(camera.matrix[0, 0]), float(camera.matrix[1, 1])
    again = "Calibrate this camera again, or check the file's matrix."
    if _not_rotation(camera):
        yield RigProblem(f"The pose of {name} is not a rotation.", again, name)
    if not (fx > 0 and fy > 0):
        yield RigProblem(f"The focal length of {name} is not positive.", again, name)
        return
    angle = 2 * np.degrees(np.arctan(max(width, height) / 2 / fx))
    if camera.lens == "pinhole" and not 8 <= angle <= 140:
        kind = "tele" if angle < 8 else "wide"
        yield RigProblem(
            f"The focal length of {name} ({fx:.0f} px) gives a picture angle of {angle:.0f}°, "
            f"implausibly {kind}.",
            again,
            name,
        )
    if not 0.8 <= fx / fy <= 1.25:
        yield RigProblem(
            f"The pixels of {name} would be {fx / fy:.2f} times as wide as high.", again, name
        )
    cx, cy = float(camera.matrix[0, 2]), float(camera.matrix[1, 2])
    if abs(cx / width - 0.5) > 0.25 or abs(cy / height - 0.5) > 0.25:
        yield RigProblem(
            f"The optical axis of {name} meets its picture at ({cx:.0f}, {cy:.0f}) of "
            f"{width} x {height}, far from the middle.",
            "Check that the calibration belongs to this picture size.",
            name,
        )


def _not_rotation(camera: Camera) -> bool:
    r = camera.rotation
    return bool(np.abs(r @ r.T - np.eye(3)).max() > 1e-3 or np.linalg.det(r) < 0)


def _check_size(camera: Camera, video: Size) -> Iterator[RigProblem]:
    if video == camera.size_px:
        return
    (width, height), (old_width, old_height) = video, camera.size_px
    message = (
        f"The video of {camera.name} is {width} x {height}, its calibration "
        f"{old_width} x {old_height}."
    )
    stretch = (width / old_width) / (height / old_height)
    rounding = 1.0 / min(width, height, old_width, old_height)
    if (width > height) != (old_width > old_height) and width != height:
        hint = "One of them is turned: turn the calibration, to the side the camera was turned."
        yield RigProblem(
            message, hint, camera.name, "turn right", ("turn right", "turn left"), video
        )
    elif abs(stretch - 1) <= 2 * rounding and abs(width - old_width) > 16:
        yield RigProblem(
            message, "Scale the calibration to the video.", camera.name, "scale",
            ("scale",), video,
        )  # fmt: skip
    elif abs(old_width - width) <= 16 and abs(old_height - height) <= 16:
        yield RigProblem(
            message,
            "A few pixels were cut or scaled away, and the sizes alone do not tell which: choose "
            "the way, or bring in a picture of this camera at the calibrated size as well.",
            camera.name,
            None,
            SIZE_MENDS,
            video,
        )
    else:
        yield RigProblem(
            message,
            "If the recording used another mode of the camera, cut the calibration around its "
            "middle or scale it; otherwise calibrate at this size.",
            camera.name,
            None,
            SIZE_MENDS,
            video,
        )


def _check_places(rig: CameraRig) -> Iterator[RigProblem]:
    if len(rig) < 2:
        return
    span = reach(np.array([camera.centre_m for camera in rig.cameras]))
    for a, b in combinations(rig.cameras, 2):
        gap = float(np.linalg.norm(a.centre_m - b.centre_m))
        if gap > max(1e-3 * span, 1e-6):
            continue
        turn = (np.trace(a.rotation @ b.rotation.T) - 1) / 2
        if np.degrees(np.arccos(np.clip(turn, -1, 1))) < 0.5:
            yield RigProblem(
                f"{a.name} and {b.name} have the same pose: one of them was never placed.",
                f"Calibrate {b.name} again, or leave it out.",
                b.name,
                "leave out",
                ("leave out",),
            )
        else:
            yield RigProblem(
                f"{a.name} and {b.name} stand at the same place.",
                f"Calibrate {b.name} again, or leave it out.",
                b.name,
                None,
                ("leave out",),
            )
    if 0 < span < 0.02:
        yield RigProblem(
            f"The cameras stand at most {span * 1000:.2g} mm apart.",
            "The unit was read wrongly: the numbers are probably metres, not millimetres.",
            mend="1000 times larger",
            mends=("1000 times larger", "100 times larger", "10 times larger"),
        )
    elif span > 200:
        yield RigProblem(
            f"The cameras stand up to {span:,.0f} m apart.",
            "The unit was read wrongly: the numbers are probably millimetres, not metres.",
            mend="1000 times smaller",
            mends=("1000 times smaller", "100 times smaller", "10 times smaller"),
        )


def _check_world(rig: CameraRig) -> Iterator[RigProblem]:
    aim, inverted = _aim_deg(rig), _aim_deg(inverse(rig))
    if aim is not None and inverted is not None and aim > 35 and inverted < 20:
        yield RigProblem(
            "The cameras look past each other; with inverted poses they look at one place.",
            "Invert the poses (camera-to-world was read as world-to-camera).",
            mend="invert",
            mends=("invert",),
        )
        return
    if aim is not None and aim > 90:
        yield RigProblem(
            "The cameras look away from each other.",
            "Check the poses: a person can only stand where several cameras look.",
        )
        return
    seen = up_evidence(rig.cameras)
    if seen is not None and seen.decisive and seen.up != "z":
        what = "upside down" if seen.up == "-z" else "lying on its side"
        yield RigProblem(
            f"The world is {what}: by the cameras' pictures, up is {seen.up.upper()}.",
            "Turn the world, or confirm that the cameras were mounted so.",
            mend=f"up {seen.up}",
            mends=(f"up {seen.up}",),
        )
        return
    below = [camera for camera in rig.cameras if camera.centre_m[2] < -0.01]
    if len(below) == len(rig) > 1:
        yield RigProblem(
            "All cameras are below the floor.",
            "Set the floor, or turn the world over if the person appears upside down.",
            mends=("up -z",),
        )
        return
    for camera in below:
        yield RigProblem(
            f"{camera.name} stands {-camera.centre_m[2]:.2f} m below the floor.",
            "Set the floor to where the person stands, or calibrate this camera again.",
            camera.name,
        )


def _aim_deg(rig: CameraRig) -> float | None:
    """How far the cameras, on average, look past the place that all look at; None if unclear."""
    axes = np.array([camera.rotation[2] for camera in rig.cameras])
    centres = np.array([camera.centre_m for camera in rig.cameras])
    across = np.eye(3) - axes[:, :, None] * axes[:, None]
    total = across.sum(axis=0)
    if len(rig) < 2 or np.linalg.cond(total) > 200:
        return None
    point = np.linalg.solve(total, np.einsum("nij,nj->i", across, centres))
    there = point - centres
    distance = np.maximum(np.linalg.norm(there, axis=1), 1e-12)
    cosine = np.einsum("ni,ni->n", there, axes) / distance
    return float(np.degrees(np.arccos(np.clip(cosine, -1, 1))).mean())


def inverse(rig: CameraRig) -> CameraRig:
    """Every pose inverted: what was camera-to-world becomes world-to-camera."""
    return CameraRig(
        tuple(replace(c, rotation=c.rotation.T, translation_m=c.centre_m) for c in rig.cameras)
    )
