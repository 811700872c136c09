"""Photographs of whole people: who is in them, where their points are, how they are cut out.

What makes a photograph a bad one for a body is said by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from jaxtyping import Float, UInt8

from studio.core.closing import Closing
from studio.core.errors import StudioError
from studio.core.exif import focal_px
from studio.core.pictures import read_picture
from studio.core.types import Layout
from studio.human.bodies.fitted import BodyPhoto
from studio.perception.closeups import head_square
from studio.perception.crops import Crop, bounds
from studio.perception.detector import Person2D
from studio.perception.faces.tracker import FaceCrowd
from studio.perception.matting import matte
from studio.perception.mediapipe_task import Task
from studio.perception.whole_body import Networks, Options, WholeBodyDetector

NETWORKS = ("pose_landmarker_full", "hand_landmarker", "face_landmarker")
LEAST_PX, SMALL_PX = 96.0, 400.0
"""People lower than the first tell nothing, than the second little."""
_MOST, _CLOSE_PX, _ROOM = 4, 640, 1.3
_FACE_PX, _FACE_ROOM = 512, 1.5
_CORRECTED = 1.0
_FEET = ("left_ankle", "right_ankle", "left_foot_index", "right_foot_index")
_SEEN = 0.3
_FEW = 0.02
"""A person covers more of the square of their height than this."""
_EDGE, _CUT_OUT_EDGE = 0.02, 0.1
"""So much of the picture's edge, by the person's height, is touched by those whom it cuts; pictures
that were cut out often end where the person does."""
_GROUND = 128
_FAR = 0.6
"""Nobody goes further from one picture of a film to the next, by their height."""


def read_photo(path: Path) -> UInt8[np.ndarray, "height width channels"]:
    """A photograph, upright, with its alpha if it is cut out already.

    Raises StudioError if it cannot be read.
    """
    rgb = read_picture(path)
    rgba = read_picture(path, "rgba")
    if rgba.shape[:2] == rgb.shape[:2] and (rgba[..., 3] < 128).any():
        return rgba
    return rgb


def networks_of(files: Mapping[str, Path]) -> Networks:
    """MediaPipe's networks out of files by the names of :data:`NETWORKS`."""
    return Networks(*(files[one] for one in NETWORKS))


class BodyLooker(Closing):
    """Looks at photographs of people, each network loaded once, when it is first wanted. ``files``
    are the networks :data:`NETWORKS`. A context manager, used by one thread."""

    def __init__(self, files: Mapping[str, Path]) -> None:
        self._files = files
        self._people: WholeBodyDetector | None = None
        self._one: WholeBodyDetector | None = None
        self._shape: Task | None = None
        self._faces: FaceCrowd | None = None

    def close(self) -> None:
        """Free the networks."""
        for one in (self._people, self._one, self._shape, self._faces):
            if one is not None:
                one.close()
        self._people = self._one = self._shape = self._faces = None

    def file(self, path: Path, **told: Any) -> BodyPhoto:
        """:meth:`look` at a photograph's file, with the lens that it tells of."""
        return self.look(path.name, read_photo(path), focal_px=focal_px(path), **told)

    def look(
        self,
        name: str,
        picture: UInt8[np.ndarray, "height width channels"],
        *,
        at_px: tuple[float, float] | None = None,
        corrected: Mapping[str, tuple[float, float]] | None = None,
        focal_px: float | None = None,
    ) -> BodyPhoto:
        """The main person of a photograph (RGB, or RGBA where it is cut out): the largest, or the
        one ``at_px``. ``corrected`` are points (names of the layout ``whole_body``, pixels) that
        somebody put right by hand: they count before what is found.

        Raises StudioError if nobody is found, nobody is there, the person is too small, a corrected
        point has no such name, or a network cannot be loaded.
        """
        rgb = np.ascontiguousarray(picture[..., :3])
        alpha = picture[..., 3] if picture.shape[2] == 4 else None
        if alpha is not None:
            share = (alpha / 255.0)[..., None]
            rgb = np.rint(rgb * share + _GROUND * (1 - share)).astype(np.uint8)
        people = self._found(name, rgb)
        main = _chosen(name, people, at_px)
        main = _put_right(main, corrected or {})
        body = main.xy_px[:33]
        centre, size = bounds(body)
        if size < LEAST_PX:
            raise StudioError(
                f"The person in “{name}” is only {size:.0f} pixels high.",
                f"Take a photograph in which they are at least {SMALL_PX:.0f} pixels high.",
            )
        space, share = self._close_up(rgb, centre, _ROOM * size)
        mask = alpha if alpha is not None else matte(rgb, _of_one(share, main, people))
        mask = _main_part(mask, body, main.confidence[:33])
        _check_there(name, mask, size)
        face = self._face(rgb, body)
        warnings = _warnings(rgb, mask, main, face, len(people), alpha is not None)
        keypoints = main.keypoints(name, 0.0)
        return BodyPhoto(name, rgb, mask, keypoints, space, face, None, focal_px,
                         tuple(corrected or {}), warnings)  # fmt: skip

    def follow(
        self,
        name: str,
        rgb: UInt8[np.ndarray, "height width 3"],
        last: BodyPhoto,
        missed: int = 0,
    ) -> BodyPhoto | None:
        """Whoever was in the ``last`` picture of a film in the one that is next to it, or next but
        as many as were ``missed``: their points, without pixels, mask and warnings; None where
        they are not seen."""
        if self._one is None:
            self._one = WholeBodyDetector(networks_of(self._files), Options("fast", face=False))
        whose = last.keypoints
        self._one.follow([Person2D(whose.layout, whose.xy_px, whose.confidence)])
        people = self._one.detect(rgb)
        if not people or not np.isfinite(people[0].xy_px[:33]).all():
            return None
        (middle, size), (before, tall) = (bounds(one.xy_px[:33]) for one in (people[0], whose))
        if np.linalg.norm(middle - before) > _FAR * tall * (1 + missed) or size < LEAST_PX:
            return None
        space, _ = self._close_up(rgb, middle, _ROOM * size)
        face = self._face(rgb, people[0].xy_px[:33])
        nothing = np.broadcast_to(np.uint8(0), rgb.shape)
        return replace(last, name=name, rgb=nothing, mask=nothing[..., 0],
                       keypoints=people[0].keypoints(name, 0.0), space_m=space, face_px=face,
                       corrected=(), warnings=())  # fmt: skip

    def _found(self, name: str, rgb: np.ndarray) -> tuple[Person2D, ...]:
        if self._people is None:
            options = Options(quality="balanced", people=_MOST)
            self._people = WholeBodyDetector(networks_of(self._files), options)
        self._people.follow(())
        found = [p for p in self._people.detect(rgb) if np.isfinite(p.xy_px[:33]).all()]
        if not found:
            raise StudioError(
                f"No person is found in “{name}”.",
                "Take a photograph of the whole person, standing free, with light on them.",
            )
        return tuple(found)

    def _close_up(
        self, rgb: np.ndarray, centre: np.ndarray, size: float
    ) -> tuple[np.ndarray | None, np.ndarray]:
        """What MediaPipe makes of a person in 3D, and where the picture shows them."""
        if self._shape is None:
            self._shape = Task(self._files["pose_landmarker_full"], _with_masks)
        crop = Crop.around(centre, size, side_px=_CLOSE_PX)
        answer = self._shape.ask(crop.cut(rgb))
        share = np.zeros(rgb.shape[:2], np.float32)
        if not answer.pose_landmarks:
            return None, share
        space = np.array([(p.x, p.y, p.z) for p in answer.pose_world_landmarks[0]])
        near = np.squeeze(answer.segmentation_masks[0].numpy_view()).astype(np.float32)
        matrix = cv2.invertAffineTransform(crop.to_crop)
        return space, cv2.warpAffine(near, matrix, rgb.shape[1::-1], flags=cv2.INTER_LINEAR)

    def _face(self, rgb: np.ndarray, body: np.ndarray) -> np.ndarray | None:
        """The points of the face, with their depths; None if it is not seen."""
        if self._faces is None:
            self._faces = FaceCrowd(self._files["face_landmarker"], 1, guesses=False, films=False)
        centre, size, _ = head_square(body)
        size *= _FACE_ROOM
        crop = Crop.around(centre, max(size, 1.0), side_px=_FACE_PX)
        found = self._faces.find(crop.cut(rgb), 0.0)
        there = [crop.back(one.xyz_px[:, :2]) for one in found]
        away = [float(np.linalg.norm(xy[1] - body[0])) for xy in there]
        if not away or min(away) > 0.25 * size:
            return None
        best = int(np.argmin(away))
        return np.column_stack([there[best], found[best].xyz_px[:, 2] * size / _FACE_PX])


def _with_masks(vision: Any, base: Any, mode: Any) -> Any:
    options = vision.PoseLandmarkerOptions(
        base_options=base, running_mode=mode, num_poses=1, output_segmentation_masks=True,
        min_pose_detection_confidence=0.3, min_pose_presence_confidence=0.3,
    )  # fmt: skip
    return vision.PoseLandmarker.create_from_options(options)


def _chosen(name: str, people: tuple[Person2D, ...], at_px: tuple[float, float] | None) -> Person2D:
    """The largest person, or whoever is at a place of the picture."""
    sizes = [bounds(one.xy_px[:33])[1] for one in people]
    if at_px is None:
        return people[int(np.argmax(sizes))]
    at = np.array(at_px)
    away = [
        float(np.linalg.norm(one.xy_px[:33] - at, axis=1).min()) / size
        for one, size in zip(people, sizes, strict=True)
    ]
    if min(away) > 0.25:
        raise StudioError(
            f"Nobody is found at ({at_px[0]:.0f}, {at_px[1]:.0f}) in “{name}”.",
            f"{len(people)} found in it: choose a place on one of them.",
        )
    return people[int(np.argmin(away))]


def put_right(photo: BodyPhoto, corrected: Mapping[str, tuple[float, float]]) -> BodyPhoto:
    """A photograph that was looked at, with points where somebody saw them (names of the layout
    ``whole_body``, pixels).

    Raises StudioError if a point has no such name.
    """
    if not corrected:
        return photo
    found = photo.keypoints
    whose = Person2D(found.layout, found.xy_px, found.confidence)
    moved = _put_right(whose, corrected).keypoints(found.camera, found.time_s)
    names = dict.fromkeys((*photo.corrected, *corrected))
    return replace(photo, keypoints=moved, corrected=tuple(names))


def _put_right(person: Person2D, corrected: Mapping[str, tuple[float, float]]) -> Person2D:
    layout: Layout = person.layout
    xy, sure = person.xy_px.copy(), person.confidence.copy()
    for name, place in corrected.items():
        if name not in layout.points:
            raise StudioError(
                f"There is no point “{name}” to put right.",
                f"There are: {', '.join(layout.points[:33])}, and those of hands and face.",
            )
        at = layout.index(name)
        xy[at], sure[at] = place, _CORRECTED
    return Person2D(layout, xy, sure, person.track, person.space, person.looks)


def _of_one(
    share: Float[np.ndarray, "height width"], main: Person2D, people: tuple[Person2D, ...]
) -> np.ndarray:
    """A mask without what is nearer to the bones of somebody else."""
    others = [one for one in people if one is not main]
    if not others:
        return share
    own = _away(share.shape, main)
    return np.where(np.minimum.reduce([_away(share.shape, o) for o in others]) < own, 0.0, share)


def _away(shape: tuple[int, ...], person: Person2D) -> np.ndarray:
    """How far each pixel is from a person's bones."""
    free = np.full(shape[:2], 255, np.uint8)
    xy = np.rint(person.xy_px[:33]).astype(int)
    for a, b in person.layout.bones:
        if a < 33 and b < 33 and min(person.confidence[[a, b]]) > _SEEN:
            cv2.line(free, xy[a].tolist(), xy[b].tolist(), 0, 2)
    return cv2.distanceTransform(free, cv2.DIST_L2, 3)


def _main_part(mask: np.ndarray, body: np.ndarray, sure: np.ndarray) -> np.ndarray:
    """A mask without what does not hang together with the person's points."""
    _, labels = cv2.connectedComponents((mask > 127).astype(np.uint8))
    at = np.rint(body[sure > _SEEN]).astype(int)
    height, width = mask.shape
    at = at[(at >= 0).all(1) & (at[:, 0] < width) & (at[:, 1] < height)]
    mine = [label for label in np.unique(labels[at[:, 1], at[:, 0]]) if label > 0]
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
    kept = cv2.dilate(np.isin(labels, mine).astype(np.uint8), kernel)
    return np.where(kept > 0, mask, 0).astype(np.uint8)


def _check_there(name: str, mask: np.ndarray, tall_px: float) -> None:
    """Raises StudioError where points were found but next to nothing of a person: animals."""
    if (mask > 127).sum() < _FEW * tall_px**2:
        raise StudioError(
            f"What is found in “{name}” is no person: perhaps an animal, or a thing.",
            "Take a photograph of the whole person, standing free, with light on them.",
        )


def _warnings(
    rgb: np.ndarray,
    mask: np.ndarray,
    person: Person2D,
    face: np.ndarray | None,
    many: int,
    cut_out: bool,
) -> tuple[str, ...]:
    said: list[str] = []
    height = rgb.shape[0]
    xy, sure = person.xy_px[:33], person.confidence[:33]
    size = bounds(xy)[1]
    if many > 1:
        said.append(f"{many} people: one of them is taken")
    if size < SMALL_PX:
        said.append(f"the person is only {size:.0f} pixels high: few details")
    feet = [person.layout.index(name) for name in _FEET]
    low = xy[feet, 1] > height - 1
    if low.any() or sure[feet].max() < _SEEN:
        said.append("the feet are missing: the legs are guessed")
    on = mask > 127
    edges = {"left": on[:, :2].any(1), "right": on[:, -2:].any(1), "top": on[:2].any(0),
             "bottom": on[-2:].any(0)}  # fmt: skip
    least = (_CUT_OUT_EDGE if cut_out else _EDGE) * size
    cut = [side for side, part in edges.items() if part.sum() > least]
    if cut:
        said.append(f"the person is cut by the picture's edge ({', '.join(cut)})")
    if not on.any():
        said.append("the person cannot be told from what is behind: no silhouette is used")
    if _from_behind(person, face):
        said.append("seen from behind: the front is guessed")
    elif face is None:
        said.append("the face is not seen: the head is guessed")
    return tuple(said)


def _from_behind(person: Person2D, face: np.ndarray | None) -> bool:
    """Whether left is left of right in the picture, and no face is there."""
    xy = person.xy_px
    at = person.layout.index
    ways = [
        xy[at("left_shoulder"), 0] - xy[at("right_shoulder"), 0],
        xy[at("left_hip"), 0] - xy[at("right_hip"), 0],
    ]
    return face is None and max(ways) < 0
