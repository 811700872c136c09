"""Mends for a rig that does not fit its videos or its world."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

import cv2
import numpy as np

from studio.core.errors import StudioError
from studio.core.frames import Up, extrinsics_to_world
from studio.core.types import Camera, CameraRig
from studio.media.rig_checks import SIZE_MENDS, RigProblem, Size, inverse


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
        return inverse(rig)
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


def seen_mend(
    reference: np.ndarray, picture: np.ndarray, mends: Sequence[str], tolerance_px: float = 1.0
) -> str | None:
    """How a picture came by its size, from another of the same scene at the calibrated size.

    ``reference`` and ``picture`` are UInt8 (height, width, 3) of one unmoved camera. Features are
    matched (SIFT, Lowe 2004) and the way of ``mends`` whose shift and scale they follow is
    returned; None if none does within ``tolerance_px``, or if the pictures share too little.
    """
    sift = cv2.SIFT.create(4000)
    points, marks = zip(
        *(sift.detectAndCompute(cv2.cvtColor(p, cv2.COLOR_RGB2GRAY), None)
          for p in (reference, picture)), strict=True,
    )  # fmt: skip
    if any(len(found) < 20 for found in points):
        return None
    pairs = cv2.BFMatcher().knnMatch(marks[0], marks[1], k=2)
    sure = [best for best, second in pairs if best.distance < 0.7 * second.distance]
    if len(sure) < 20:
        return None
    before = np.array([points[0][match.queryIdx].pt for match in sure])
    after = np.array([points[1][match.trainIdx].pt for match in sure])
    height, width = reference.shape[:2]
    unit = Camera("", (width, height), np.eye(3), np.zeros(0), np.eye(3), np.zeros(3))
    size_px = (picture.shape[1], picture.shape[0])
    off: dict[str, float] = {}
    for mend in mends:
        if mend not in SIZE_MENDS:
            continue
        matrix = fit_size(unit, size_px, mend).matrix
        expected = before * np.diag(matrix)[:2] + matrix[:2, 2]
        distance = np.linalg.norm(expected - after, axis=1)
        off[mend] = float(np.median(distance[distance < 16])) if (distance < 16).any() else np.inf
    best, *others = sorted(off, key=off.__getitem__)
    clear = not others or off[others[0]] > 1.5 * off[best]
    return best if off[best] <= tolerance_px and clear else None


def fit_size(camera: Camera, size_px: Size, how: str) -> Camera:
    """A camera for pictures of another size.

    ``how``: ``crop`` (pixels cut or added at the right and bottom), ``crop centre`` (on all sides
    alike), ``scale`` (each side by itself), ``scale to width`` or ``scale to height`` (both sides
    alike, then cut or added on both sides of the other), ``turn right`` or ``turn left`` (then
    scaled where sizes still differ).
    """
    if how in ("turn right", "turn left"):
        turned = quarter_turn(camera, 1 if how == "turn right" else 3)
        return turned if turned.size_px == size_px else fit_size(turned, size_px, "scale")
    matrix = camera.matrix.copy()
    old, new = np.array(camera.size_px, float), np.array(size_px, float)
    if how.startswith("scale"):
        ratio = new / old
        if how != "scale":
            ratio = np.full(2, ratio[0] if how == "scale to width" else ratio[1])
        matrix[0, :2] *= ratio[0]
        matrix[1, 1] *= ratio[1]
        matrix[:2, 2] = (matrix[:2, 2] + 0.5) * ratio - 0.5 - (old * ratio - new) / 2
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
