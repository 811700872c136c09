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

from studio.core.closing import Closing
from studio.core.errors import StudioError
from studio.perception import closeups
from studio.perception.coiffure import covering
from studio.perception.crops import Crop, bounds
from studio.perception.faces.tracker import FaceCrowd, SeenFace
from studio.perception.hidden import hidden
from studio.perception.landmarkers import Landmarker
from studio.perception.person_mask import PersonMask
from studio.perception.spectacles import WORN, rims

LEAST_PX, SMALL_PX = 40.0, 140.0
"""Faces lower than the first tell nothing, than the second little."""
_CLOSE_PX, _ROOM = 768, 2.0
_SHARP_PX, _BLURRED = 90.0, 0.014
"""How lively the finest of a face is at least, by all that varies in it, if it is so high."""
_DARK, _PALE = 30.0, 245.0
_BROWS = (70, 105, 107, 336, 334, 300)
_MOST = 6
_SKIN = (50, 280, 205, 425, 101, 330, 36, 266, 118, 347, 151, 9)
"""Points of the cheeks and the forehead's middle: skin, whoever it is."""
_BELOW_BROWS = (
    70, 63, 105, 66, 107, 9, 336, 296, 334, 293, 300, 356, 454, 323, 361, 288, 397, 365,
    379, 378, 400, 377, 152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127,
)  # fmt: skip
_SURELY = (
    70, 63, 105, 66, 107, 9, 336, 296, 334, 293, 300, 372, 345, 352, 376, 433, 397, 365,
    379, 378, 400, 377, 152, 148, 176, 149, 150, 136, 172, 213, 147, 123, 116, 143,
)  # fmt: skip
"""Within these points nothing but a face is seen: at the sides locks may hang."""
EYES = (
    (33, 246, 161, 160, 159, 158, 157, 173, 133, 155, 154, 153, 145, 144, 163, 7),
    (263, 466, 388, 387, 386, 385, 384, 398, 362, 382, 381, 380, 374, 373, 390, 249),
)  # fmt: skip
"""The edges of the lids of the right eye and of the left one."""
IRISES = ((468, (469, 470, 471, 472)), (473, (474, 475, 476, 477)))
"""The middle and the edge of the right iris and of the left one."""
SHUT = 0.13
"""How high a shut eye is at most, as a share of its width."""
_MOUTH = (
    78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308, 324, 318, 402, 317, 14, 87, 178, 88, 95,
)  # fmt: skip
"""The inner edge of the lips."""
_LIPS = 0.01
"""How far from that edge lips may be seen wrongly, by the face's height."""
_FOREHEAD_PX, _LOCK = 256, 0.05
"""Foreheads are looked at so large; hair is what is so wide, by the face's height."""
_CHIN, _TOP = 152, 10
_BODY_EYES, _BODY_MOUTH, _LIES_DEG = (2, 5), (9, 10), 60.0
"""MediaPipe's points of a body's eyes and corners of the mouth, and how far heads may lean."""
_LIKE = 3.2
"""So many standard deviations of the face's colours a pixel may be off and still be skin."""
_HAIRS, _YELLOW_DEG, _GREY = 0.012, 17.0, 0.4
"""Colours are asked over so much of the face's height; skin is less than so much yellower (of hue)
than the face, and has more than this share of its colour."""
_SPREAD, _HIGHLIGHT = (2.3, 3.5), 1.3
"""Faces of many colours let more be skin: so many of their deviations of hue and of strength. What
is so many times as light shines, and tells nothing."""


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

    @property
    def open_eyes(self) -> tuple[bool, bool]:
        """Whether the right eye and the left one are open."""
        outer, top, inner, bottom = self.xyz_px[np.array(EYES)[:, [0, 4, 8, 12]].T]
        high, wide = (np.linalg.norm(a - b, axis=1) for a, b in ((top, bottom), (outer, inner)))
        right, left = (high > SHUT * wide).tolist()
        return right, left


class Looker(Closing):
    """Looks at photographs, each network loaded once, when it is first wanted. ``files`` are the
    networks ``face_landmarker`` and ``pose_landmarker_lite``. A context manager, used by one
    thread."""

    def __init__(self, files: Mapping[str, Path]) -> None:
        self._files = files
        self._faces: FaceCrowd | None = None
        self._bodies: Landmarker | None = None
        self._person: PersonMask | None = None

    def close(self) -> None:
        """Free the networks."""
        for one in (self._faces, self._bodies, self._person):
            if one is not None:
                one.close()
        self._faces = self._bodies = self._person = None

    def look(self, name: str, rgb: UInt8[np.ndarray, "height width 3"]) -> Looked:
        """The main face of a photograph.

        Raises StudioError if no face is found, one too small to tell anything, or a network cannot
        be loaded.
        """
        faces = self._every(rgb)
        bodies = () if faces or self._bodies is None else self._bodies.find(rgb)
        for body in bodies:
            _check_upright(name, body.xy_px)
        if bodies:
            raise StudioError(
                f"Somebody is seen in “{name}”, but not their face.",
                "Take a photograph in which both eyes are seen: turned no further than half to the "
                "side, with nothing before the face.",
            )
        if not faces:
            raise StudioError(
                f"No human face is found in “{name}”.",
                "Take a photograph in which somebody looks towards the camera, with light on the "
                "face.",
            )
        tall = [float(np.ptp(face.xyz_px[:, :2], axis=0).max()) for face in faces]
        main = faces[int(np.argmax(tall))]
        if max(tall) < LEAST_PX:
            raise StudioError(
                f"The face in “{name}” is only {max(tall):.0f} pixels high.",
                f"Take one of at least {SMALL_PX:.0f} pixels.",
            )
        centre, size = bounds(main.xyz_px[:, :2])
        seen = self._about(rgb, centre, _ROOM * size) or main
        if self._person is None:
            self._person = PersonMask(self._files["pose_landmarker_lite"])
        somebody = _somebody(rgb, seen.xyz_px, self._person)
        person = None if somebody is None else somebody[0]
        if somebody is not None:
            _check_upright(name, somebody[1])
        warnings = [*_warnings(rgb, seen, sum(t > 0.4 * max(tall) for t in tall))]
        bare = _bare(rgb, seen.xyz_px, person)
        face = _polygon(rgb.shape, seen.xyz_px[list(_SURELY), :2])
        hair = covering(rgb, seen.xyz_px, bare, face, person)
        bare &= ~hair & ~_open(rgb.shape, seen.xyz_px[:, :2])
        return Looked(name, rgb, seen.xyz_px, seen.guesses, bare, hair, tuple(warnings))

    def _seen(self, rgb: np.ndarray) -> tuple[SeenFace, ...]:
        if self._faces is None:
            self._faces = FaceCrowd(self._files["face_landmarker"], _MOST, films=False)
        return self._faces.find(rgb, 0.0)

    def _every(self, rgb: np.ndarray) -> tuple[SeenFace, ...]:
        """All faces of a picture; where none is found, those about the heads of whoever is in
        it."""
        found = self._seen(rgb)
        if found:
            return found
        if self._bodies is None:
            self._bodies = Landmarker("pose", self._files["pose_landmarker_lite"], 3, 0.3)
        bodies = self._bodies.find(rgb)
        near = [self._about(rgb, *closeups.head_square(body.xy_px)[:2]) for body in bodies]
        return tuple(one for one in near if one is not None)

    def _about(self, rgb: np.ndarray, centre: np.ndarray, size: float) -> SeenFace | None:
        """The largest face in a square of the picture, in the whole picture's pixels."""
        crop = Crop.around(centre, max(size, 1.0), side_px=_CLOSE_PX)
        found = self._seen(crop.cut(rgb))
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
    fine = float(cv2.Laplacian(grey, cv2.CV_64F).var()) / max(float(grey.var()), 1.0)
    if size >= _SHARP_PX and fine < _BLURRED:
        said.append("the face is blurred")
    middle = float(np.median(grey))
    if not _DARK < middle < _PALE:
        said.append(f"the face is too {'dark' if middle <= _DARK else 'bright'}: few details")
    if hidden(rgb, face.xyz_px):
        said.append("something lies before the face: what it hides is guessed")
    brows = face.xyz_px[list(_BROWS), :2]
    if brows.min() > 0.05 * size and rims(rgb, face.xyz_px) > WORN:
        said.append("glasses: they are painted on the skin, take them off for the photograph")
    return said


def _polygon(shape: tuple[int, ...], xy: np.ndarray) -> np.ndarray:
    mask = np.zeros(shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.rint(xy).astype(np.int32)], 1)
    return mask > 0


def _open(shape: tuple[int, ...], xy: np.ndarray) -> np.ndarray:
    """Eyes and the mouth's inside, as far as they are open, and what of teeth and dark may lie on
    the lips."""
    found = np.zeros(shape[:2], bool)
    for ring in EYES:
        found |= _polygon(shape, xy[list(ring)])
    wide = 2 * max(round(_LIPS * float(np.ptp(xy[:, 1]))), 1) + 1
    mouth = _polygon(shape, xy[list(_MOUTH)]).astype(np.uint8)
    return found | (cv2.dilate(mouth, np.ones((wide, wide), np.uint8)) > 0)


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


def _paler(rgb: np.ndarray, xyz_px: np.ndarray) -> np.ndarray:
    """What is less red than the face's skin, or all but grey: hair that has gone
    white, in the face's own light."""
    tall = float(np.ptp(xyz_px[:, 1]))
    soft = cv2.GaussianBlur(rgb, (0, 0), max(_HAIRS * tall, 0.5))
    lab = cv2.cvtColor(soft, cv2.COLOR_RGB2LAB).astype(np.float32)
    light, a, b = lab[..., 0], lab[..., 1] - 128, lab[..., 2] - 128
    inner = _polygon(rgb.shape, xyz_px[list(_BELOW_BROWS), :2])
    if not inner.any():
        return inner
    usual = [float(np.median(one[inner])) for one in (light, a, b)]
    strong = np.hypot(a, b) / max(float(np.hypot(usual[1], usual[2])), 1.0)
    turned = np.degrees(np.arctan2(b, a) - np.arctan2(usual[2], usual[1]))
    vary, fade = (1.48 * float(np.median(np.abs(one[inner]))) for one in (turned, strong - 1))
    yellow = (turned > max(_YELLOW_DEG, _SPREAD[0] * vary)) & (turned < 180)
    grey = strong < min(_GREY, 1 - _SPREAD[1] * fade)
    shines = light > _HIGHLIGHT * usual[0]
    return (yellow | grey) & ~shines


def _bare(rgb: np.ndarray, xyz_px: np.ndarray, person: np.ndarray | None) -> np.ndarray:
    """Where skin is seen: the face below the brows, and what of the person has its colours around
    it; above the brows as far as hair begins."""
    (x, y), size = bounds(xyz_px[:, :2])
    like = cv2.GaussianBlur(_likeness(rgb, xyz_px), (0, 0), max(0.006 * size, 0.5)) < _LIKE
    rows, columns = np.mgrid[: rgb.shape[0], : rgb.shape[1]]
    around = np.hypot((columns - x) / 0.85, (rows - y) / 1.1) < 0.85 * size
    found = like & around & ~_paler(rgb, xyz_px)
    if person is not None:
        found &= person
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * max(int(0.008 * size), 1) + 1,) * 2)
    found = cv2.morphologyEx(found.astype(np.uint8), cv2.MORPH_OPEN, kernel)
    surely = _polygon(rgb.shape, xyz_px[list(_SURELY), :2])
    whole = _below_hair((found > 0) | surely, xyz_px) | surely
    _, labels = cv2.connectedComponents(whole.astype(np.uint8))
    tip = np.rint(xyz_px[4, :2]).astype(int).clip(0, np.array(rgb.shape[1::-1]) - 1)
    return labels == labels[tip[1], tip[0]]


def _below_hair(skin: np.ndarray, xyz_px: np.ndarray) -> np.ndarray:
    """Skin without what lies above hair, as hair does that light makes as pale as skin."""
    top, chin = xyz_px[_TOP, :2], xyz_px[_CHIN, :2]
    tall = float(np.linalg.norm(top - chin))
    down = (chin - top) / max(tall, 1e-6)
    scale = _FOREHEAD_PX / (2 * tall)
    turn = scale * np.array([[down[1], -down[0]], [down[0], down[1]]])
    brow = xyz_px[9, :2]
    matrix = np.column_stack([turn, np.full(2, _FOREHEAD_PX / 2) - turn @ brow])
    upright = cv2.warpAffine(skin.astype(np.float32), matrix, (_FOREHEAD_PX, _FOREHEAD_PX))
    lock = max(int(_LOCK * _FOREHEAD_PX / 2), 1)
    upper = upright[: _FOREHEAD_PX // 2] > 0.5
    hair = cv2.morphologyEx(
        (~upper).astype(np.uint8), cv2.MORPH_OPEN, np.ones((lock, lock), np.uint8)
    )
    above = np.zeros((_FOREHEAD_PX, _FOREHEAD_PX), np.float32)
    above[: _FOREHEAD_PX // 2] = np.flipud(np.maximum.accumulate(np.flipud(hair), axis=0))
    back = cv2.warpAffine(
        above, matrix, skin.shape[::-1], flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    )
    return skin & (back < 0.5)


def _check_upright(name: str, body_px: np.ndarray) -> None:
    """Raises StudioError where somebody's eyes are not above their mouth. Faces that stand on their
    heads are marked as if they did not; bodies are not taken in."""
    up = body_px[list(_BODY_EYES), :2].mean(0) - body_px[list(_BODY_MOUTH), :2].mean(0)
    lean = abs(float(np.degrees(np.arctan2(up[0], -up[1]))))
    if lean > _LIES_DEG:
        how = "is upside down" if lean > 180 - _LIES_DEG else "lies on its side"
        raise StudioError(f"The head in “{name}” {how}.", "Turn the photograph upright.")


def _somebody(
    rgb: np.ndarray, xyz_px: np.ndarray, finder: PersonMask
) -> tuple[np.ndarray, np.ndarray] | None:
    """Where the person is whose face it is, and their points, as they lie to each other; None if
    nobody is told from what is behind."""
    (x, y), size = bounds(xyz_px[:, :2])
    half = 1.4 * size
    left, top = max(int(x - half), 0), max(int(y - half), 0)
    part = rgb[top : int(y + half), left : int(x + half)]
    told = finder.look(np.ascontiguousarray(part))
    if told is None:
        return None
    person, points = told
    found = np.zeros(rgb.shape[:2], bool)
    inside = cv2.resize(person.astype(np.float32), part.shape[1::-1]) > 0.5
    found[top : top + part.shape[0], left : left + part.shape[1]] = inside
    return found, points
