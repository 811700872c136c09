"""Photographs of heads: whose face it is, where its points are, what of it is bare skin and hair.

A face is looked at a second time close up. What makes a photograph a bad one is said by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Bool, Float, UInt8

from studio.core.errors import StudioError
from studio.perception import closeups
from studio.perception.crops import Crop, bounds
from studio.perception.faces.tracker import FaceCrowd, SeenFace
from studio.perception.landmarkers import Landmarker
from studio.perception.person_mask import PersonMask

LEAST_PX, SMALL_PX = 40.0, 140.0
"""Faces lower than the first tell nothing, than the second little."""
_CLOSE_PX, _ROOM = 768, 2.0
_BLURRED = 18.0
_MOST = 6
_SKIN = (50, 280, 205, 425, 101, 330, 36, 266, 118, 347, 151, 9)
"""Points of the cheeks and the forehead's middle: skin, whoever it is."""
_BELOW_BROWS = (
    70, 63, 105, 66, 107, 9, 336, 296, 334, 293, 300, 356, 454, 323, 361, 288, 397, 365,
    379, 378, 400, 377, 152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127,
)  # fmt: skip
_CHIN = 152
_LIKE = 3.2
"""So many standard deviations of the face's colours a pixel may be off and still be skin."""


@dataclass(frozen=True, eq=False)
class Looked:
    """A photograph and its main face: the points as the whole picture has them, the guesses at
    facial actions, where the head is bare skin and where hair (shares of a pixel), and what is
    wrong with the photograph, in words."""

    name: str
    rgb: UInt8[np.ndarray, "height width 3"]
    xyz_px: Float[np.ndarray, "478 3"]
    guesses: Float[np.ndarray, "52"]
    bare: Bool[np.ndarray, "height width"]
    hair: Bool[np.ndarray, "height width"]
    warnings: tuple[str, ...]


def look(name: str, rgb: UInt8[np.ndarray, "height width 3"], files: Mapping[str, Path]) -> Looked:
    """The main face of a photograph. ``files`` are the networks ``face_landmarker`` and
    ``pose_landmarker_lite``.

    Raises StudioError if no face is found, or one too small to tell anything.
    """
    faces = _faces(rgb, files)
    if not faces:
        raise StudioError(
            f"No face is found in “{name}”.",
            "Take a photograph in which somebody looks towards the camera, with light on the face.",
        )
    tall = [float(np.ptp(face.xyz_px[:, :2], axis=0).max()) for face in faces]
    main = faces[int(np.argmax(tall))]
    if max(tall) < LEAST_PX:
        raise StudioError(
            f"The face in “{name}” is only {max(tall):.0f} pixels high.",
            f"Take one of at least {SMALL_PX:.0f} pixels.",
        )
    seen = _closely(rgb, main, files) or main
    warnings = [*_warnings(rgb, seen, sum(t > 0.4 * max(tall) for t in tall))]
    bare = _bare(rgb, seen.xyz_px)
    return Looked(
        name, rgb, seen.xyz_px, seen.guesses, bare, _hair(rgb, seen.xyz_px, bare, files),
        tuple(warnings),
    )  # fmt: skip


def _faces(rgb: np.ndarray, files: Mapping[str, Path]) -> tuple[SeenFace, ...]:
    """All faces of a picture; where none is found, those about the heads of whoever is in it."""
    crowd = FaceCrowd(files["face_landmarker"], _MOST)
    try:
        found = crowd.find(rgb, 0.0)
    finally:
        crowd.close()
    if found:
        return found
    poses = Landmarker("pose", files["pose_landmarker_lite"], 3, 0.3)
    try:
        bodies = poses.find(rgb)
    finally:
        poses.close()
    near = [_about(rgb, *closeups.head_square(body.xy_px)[:2], files) for body in bodies]
    return tuple(one for one in near if one is not None)


def _closely(rgb: np.ndarray, face: SeenFace, files: Mapping[str, Path]) -> SeenFace | None:
    centre, size = bounds(face.xyz_px[:, :2])
    return _about(rgb, centre, _ROOM * size, files)


def _about(
    rgb: np.ndarray, centre: np.ndarray, size: float, files: Mapping[str, Path]
) -> SeenFace | None:
    """The largest face in a square of the picture, in the whole picture's pixels."""
    crop = Crop.around(centre, max(size, 1.0), side_px=_CLOSE_PX)
    crowd = FaceCrowd(files["face_landmarker"], 2)
    try:
        found = crowd.find(crop.cut(rgb), 0.0)
    finally:
        crowd.close()
    if not found:
        return None
    best = max(found, key=lambda one: float(np.ptp(one.xyz_px[:, 1])))
    deep = best.xyz_px[:, 2] * max(size, 1.0) / _CLOSE_PX
    return SeenFace(np.column_stack([crop.back(best.xyz_px[:, :2]), deep]), best.guesses)


def _warnings(rgb: np.ndarray, face: SeenFace, many: int) -> list[str]:
    said: list[str] = []
    (x, y), size = bounds(face.xyz_px[:, :2])
    if many > 1:
        said.append(f"{many} faces: the largest is taken")
    if size < SMALL_PX:
        said.append(f"the face is only {size:.0f} pixels high: few details")
    height, width = rgb.shape[:2]
    if min(x, width - x) < 0.5 * size or min(y, height - y) < 0.6 * size:
        said.append("the head is cut by the picture's edge")
    half = int(size / 2)
    part = rgb[max(int(y) - half, 0) : int(y) + half, max(int(x) - half, 0) : int(x) + half]
    grey = cv2.resize(
        cv2.cvtColor(part, cv2.COLOR_RGB2GRAY), (256, 256), interpolation=cv2.INTER_AREA
    )
    if size >= 256 and cv2.Laplacian(grey, cv2.CV_64F).var() < _BLURRED:
        said.append("the face is blurred")
    return said


def _polygon(shape: tuple[int, ...], xy: np.ndarray) -> np.ndarray:
    mask = np.zeros(shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.rint(xy).astype(np.int32)], 1)
    return mask > 0


def _likeness(rgb: np.ndarray, xyz_px: np.ndarray) -> np.ndarray:
    """How far each pixel's colour is from the face's skin, in its standard deviations."""
    lab = cv2.cvtColor(rgb, cv2.COLOR_RGB2LAB).astype(np.float32)
    inner = _polygon(rgb.shape, xyz_px[list(_BELOW_BROWS), :2])
    at = np.rint(xyz_px[list(_SKIN), :2]).astype(int)
    at = at.clip(0, np.array(rgb.shape[1::-1]) - 1)
    seed = np.median(lab[at[:, 1], at[:, 0]], axis=0)
    colours = lab[inner]
    colours = colours[np.abs(colours - seed).max(1) < 60]
    if len(colours) < 20:
        return np.zeros(rgb.shape[:2], np.float32)
    middle = np.median(colours, axis=0)
    spread = np.fmax(1.48 * np.median(np.abs(colours - middle), axis=0), (9.0, 3.0, 3.5))
    off = (lab - middle) / spread
    return np.sqrt(np.square(off).sum(-1) / 2)


def _bare(rgb: np.ndarray, xyz_px: np.ndarray) -> np.ndarray:
    """Where skin is seen: the face below the brows, and what has its colours around it."""
    (x, y), size = bounds(xyz_px[:, :2])
    like = cv2.GaussianBlur(_likeness(rgb, xyz_px), (0, 0), max(0.006 * size, 0.5)) < _LIKE
    rows, columns = np.mgrid[: rgb.shape[0], : rgb.shape[1]]
    around = np.hypot((columns - x) / 0.85, (rows - y) / 1.1) < 0.85 * size
    found = like & around
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * max(int(0.008 * size), 1) + 1,) * 2)
    found = cv2.morphologyEx(found.astype(np.uint8), cv2.MORPH_OPEN, kernel)
    whole = (found > 0) | _polygon(rgb.shape, xyz_px[list(_BELOW_BROWS), :2])
    _, labels = cv2.connectedComponents(whole.astype(np.uint8))
    tip = np.rint(xyz_px[4, :2]).astype(int).clip(0, np.array(rgb.shape[1::-1]) - 1)
    return labels == labels[tip[1], tip[0]]


def _hair(
    rgb: np.ndarray, xyz_px: np.ndarray, bare: np.ndarray, files: Mapping[str, Path]
) -> np.ndarray:
    """Where the head is neither background nor skin, above the chin: hair, or what covers it."""
    (x, y), size = bounds(xyz_px[:, :2])
    half = 1.4 * size
    left, top = max(int(x - half), 0), max(int(y - half), 0)
    part = rgb[top : int(y + half), left : int(x + half)]
    finder = PersonMask(files["pose_landmarker_lite"])
    try:
        person = finder.find(np.ascontiguousarray(part))
    finally:
        finder.close()
    found = np.zeros(rgb.shape[:2], bool)
    if person is None:
        return found
    oval = _polygon(rgb.shape, xyz_px[list(_BELOW_BROWS), :2])
    inside = cv2.resize(person.astype(np.float32), part.shape[1::-1]) > 0.5
    rows = np.arange(rgb.shape[0])[:, None]
    chin, brow = xyz_px[_CHIN, 1], xyz_px[9, 1]
    level = rows < chin - 0.25 * (chin - brow)
    found[top : top + part.shape[0], left : left + part.shape[1]] = inside
    return found & ~bare & ~oval & level
