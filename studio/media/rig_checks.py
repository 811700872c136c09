"""Is a rig believable, and does it belong to these videos? Each problem comes with its mend."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import combinations
from typing import cast

import numpy as np

from studio.core.errors import StudioError
from studio.core.frames import Up, extrinsics_to_world
from studio.core.types import Camera, CameraRig
from studio.media.formats.rigs.evidence import reach, up_evidence

Size = tuple[int, int]


@dataclass(frozen=True)
class RigProblem:
    """What is wrong, what to do, with which camera, and the name of the likely mend.

    ``mends`` are all that :func:`mend_rig` can apply; ``size_px`` is the video's, where it
    matters.
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
    elif 0 <= old_width - width <= 16 and 0 <= old_height - height <= 16:
        yield RigProblem(
            message,
            "The few pixels were cut or scaled away by an encoder: cut the calibration at the "
            "right and bottom, where encoders pad; compare the reprojection errors if unsure.",
            camera.name,
            "crop",
            ("crop", "crop centre", "scale"),
            video,
        )
    else:
        yield RigProblem(
            message,
            "If the recording used another mode of the camera, cut the calibration around its "
            "middle or scale it; otherwise calibrate at this size.",
            camera.name,
            None,
            ("crop centre", "crop", "scale"),
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
    if _look_apart(rig):
        yield RigProblem(
            "The cameras look away from each other: their poses seem to be inverted.",
            "Invert the poses (camera-to-world was read as world-to-camera).",
            mend="invert",
            mends=("invert",),
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


def _look_apart(rig: CameraRig) -> bool:
    """Whether the point nearest to all optical axes lies behind most of the cameras."""
    axes = np.array([camera.rotation[2] for camera in rig.cameras])
    centres = np.array([camera.centre_m for camera in rig.cameras])
    across = np.eye(3) - axes[:, :, None] * axes[:, None]
    total = across.sum(axis=0)
    if len(rig) < 2 or np.linalg.cond(total) > 100:
        return False
    point = np.linalg.solve(total, np.einsum("nij,nj->i", across, centres))
    depth = np.einsum("ni,ni->n", point - centres, axes)
    return bool((depth < 0).sum() > len(rig) / 2)


def mend_rig(rig: CameraRig, problem: RigProblem, mend: str | None = None) -> CameraRig:
    """The rig with a problem mended by ``mend`` (default: the likely one).

    Raises StudioError for a mend that the problem does not offer.
    """
    mend = mend or problem.mend
    if mend is None or mend not in problem.mends:
        raise StudioError(
            f"“{mend}” does not mend this: {problem.message}",
            f"Possible: {', '.join(problem.mends) or 'calibrate again'}.",
        )
    if mend == "leave out":
        return CameraRig(tuple(c for c in rig.cameras if c.name != problem.camera))
    if mend.startswith("up "):
        return CameraRig(tuple(_reoriented(c, cast(Up, mend[3:])) for c in rig.cameras))
    if mend == "invert":
        return CameraRig(tuple(_inverted(camera) for camera in rig.cameras))
    if " times " in mend:
        number, _, way = mend.split()
        factor = float(number) if way == "larger" else 1 / float(number)
        return CameraRig(
            tuple(replace(c, translation_m=c.translation_m * factor) for c in rig.cameras)
        )
    assert problem.size_px is not None
    return CameraRig(
        tuple(
            fit_size(c, problem.size_px, mend) if c.name == problem.camera else c
            for c in rig.cameras
        )
    )


def fit_size(camera: Camera, size_px: Size, how: str) -> Camera:
    """A camera for pictures of another size.

    ``how``: ``scale``; ``crop`` (pixels cut or added at the right and bottom), ``crop centre``
    (on all sides alike), ``turn right`` or ``turn left`` (then scaled where sizes still differ).
    """
    if how in ("turn right", "turn left"):
        turned = quarter_turn(camera, 1 if how == "turn right" else 3)
        return turned if turned.size_px == size_px else fit_size(turned, size_px, "scale")
    matrix = camera.matrix.copy()
    old, new = np.array(camera.size_px, float), np.array(size_px, float)
    if how == "scale":
        ratio = new / old
        matrix[0, :2] *= ratio[0]
        matrix[1, 1] *= ratio[1]
        matrix[:2, 2] = (matrix[:2, 2] + 0.5) * ratio - 0.5
    elif how == "crop centre":
        matrix[:2, 2] -= (old - new) / 2
    return replace(camera, size_px=size_px, matrix=matrix)


def quarter_turn(camera: Camera, times: int) -> Camera:
    """The camera of the same picture turned clockwise by quarters; lens terms turn along.

    Raises StudioError for lens models with prism or tilt terms.
    """
    for _ in range(times % 4):
        if np.any(camera.distortion[8:]):
            raise StudioError(
                f"The lens of {camera.name} has prism terms, which cannot be turned.",
                "Calibrate the camera with turned pictures.",
            )
        terms = camera.distortion.copy()
        if camera.lens == "pinhole" and len(terms) >= 4:
            terms[2], terms[3] = terms[3], -terms[2]
        k, (width, height) = camera.matrix, camera.size_px
        matrix = np.array([[k[1, 1], 0, height - 1 - k[1, 2]], [0, k[0, 0], k[0, 2]], [0, 0, 1.0]])
        turn = np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]])
        camera = replace(
            camera,
            size_px=(height, width),
            matrix=matrix,
            distortion=terms,
            rotation=turn @ camera.rotation,
            translation_m=turn @ camera.translation_m,
        )
    return camera


def _reoriented(camera: Camera, up: Up) -> Camera:
    rotation, translation = extrinsics_to_world(camera.rotation, camera.translation_m, up)
    return replace(camera, rotation=rotation, translation_m=translation)


def _inverted(camera: Camera) -> Camera:
    return replace(camera, rotation=camera.rotation.T, translation_m=camera.centre_m)
