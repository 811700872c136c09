"""Pictures that users labelled, as samples of the networks of people."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Float

from studio.core.errors import StudioError
from studio.human.convert import convert
from studio.training.feed import Mixed
from studio.training.labels import LabelFolder
from studio.training.people import DATA, PEOPLE, POINTS, SIDE_PX, UNKNOWN
from studio.training.task import Sample, Source


class Labelled:
    """A folder of labels (:mod:`studio.training.labels`) as samples of
    :mod:`studio.training.people`.

    A picture is fitted into 256 × 256, or into one as large as that of a given sample; what is
    beside it, and what nobody labelled, is unknown. A mask without parts tells only where the
    background is.
    """

    def __init__(self, path: Path, like: Sample | None = None) -> None:
        """Raises StudioError if the folder is none, or nothing in it can be learned from."""
        self._folder = LabelFolder.open(path)
        if problems := self._folder.problems():
            raise problems[0]
        kinds = ("parts", "mask", "keypoints")
        named = {name for kind in kinds for name in self._folder.labelled(kind)}
        self._names = [name for name in self._folder.names() if name in named]
        if not self._names:
            raise StudioError(
                f"No picture in “{path.name}” has parts, a mask or keypoints.",
                "Label some, or train without --labels.",
            )
        self._like = like or {"rgb": np.zeros((SIDE_PX, SIDE_PX, 3), np.uint8)}

    def __len__(self) -> int:
        return len(self._names)

    def __getitem__(self, number: int) -> Sample:
        name = self._names[number]
        picture = self._folder.picture(name)
        height, width = picture.shape[:2]
        tall, wide = self._like["rgb"].shape[:2]
        scale = min(tall / height, wide / width)
        size = max(round(width * scale), 1), max(round(height * scale), 1)
        left, top = (wide - size[0]) // 2, (tall - size[1]) // 2
        place = np.s_[top : top + size[1], left : left + size[0]]
        rgb = np.full((tall, wide, 3), 127, np.uint8)
        rgb[place] = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        parts = np.full((tall, wide), UNKNOWN, np.uint8)
        parts[place] = cv2.resize(self._parts(name, (height, width)), size,
                                  interpolation=cv2.INTER_NEAREST)  # fmt: skip
        points = np.full((PEOPLE, POINTS, 3), np.nan, np.float32)
        for index, person in enumerate((self._folder.keypoints(name) or ())[:PEOPLE]):
            marked = np.isfinite(person.xy_px).all(1)
            told = np.column_stack([np.nan_to_num(person.xy_px), marked])
            xy = convert(told, person.layout, "coco_133")
            known = xy[:, 2] > 0
            points[index, known, :2] = (xy[known, :2] + 0.5) * scale - 0.5 + (left, top)
            points[index, :, 2] = known
        instances = ((parts > 0) & (parts != UNKNOWN)).astype(np.uint8)
        told = {"rgb": rgb, "parts": parts, "instances": instances, "points": points,
                "weight": np.array(1.0, np.float32)}  # fmt: skip
        return _nothing_of(self._like) | told

    def _parts(self, name: str, size: tuple[int, int]) -> np.ndarray:
        parts = self._folder.map(name, "parts")
        if parts is not None:
            return parts
        mask = self._folder.map(name, "mask")
        if mask is None:
            return np.full(size, UNKNOWN, np.uint8)
        return np.where(mask > 127, UNKNOWN, 0).astype(np.uint8)


def with_labels(source: Source, path: Path, share: float, seed: int) -> Source:
    """A source in which ``share`` of the samples are the labelled ones of a folder.

    Raises StudioError if the share is not between 0 and 1, or the folder cannot be learned from.
    """
    if not 0 < share < 1:
        raise StudioError(f"A share of {share} is not possible.", "Give one between 0 and 1.")
    return Mixed([source, Labelled(path, source[0])], [1 - share, share], seed)


class LabelledWhole:
    """The marked pictures of a folder as samples of whole people (the recipe ``dope``), like a
    given one: points in 2D alone, no 3D, nothing known of parts. Much of what is around small
    people is cut off. Where a mask tells people from what is behind them, they are put before other
    surroundings too."""

    def __init__(self, path: Path, like: Sample) -> None:
        """Raises StudioError if the folder is none, or nobody is marked in it."""
        self._folder, self._like = LabelFolder.open(path), like
        self._names = self._folder.labelled("keypoints")
        if not self._names:
            raise StudioError(
                f"Nobody is marked in the pictures of “{path.name}”.",
                f"Mark them: doppel label {path} --points mediapipe",
            )

    def __len__(self) -> int:
        return len(self._names)

    def __getitem__(self, number: int) -> Sample:
        name = self._names[number]
        out = _nothing_of(self._like)
        height, width = out["rgb"].shape[:2]
        picture, people = self._folder.picture(name), self._folder.keypoints(name) or ()
        window = about([person.xy_px for person in people], picture.shape[:2], width / height)
        left, top, right, bottom = window
        scale = min(height / (bottom - top), width / (right - left))
        size = max(round((right - left) * scale), 1), max(round((bottom - top) * scale), 1)
        corner = np.array([(width - size[0]) // 2, (height - size[1]) // 2])
        place = np.s_[corner[1] : corner[1] + size[1], corner[0] : corner[0] + size[0]]
        seen = np.s_[top:bottom, left:right]
        out["rgb"][place] = cv2.resize(picture[seen], size, interpolation=cv2.INTER_AREA)
        mask = self._folder.map(name, "mask")
        if mask is not None:
            there = cv2.resize(mask[seen], size, interpolation=cv2.INTER_AREA) > 127
            out["parts"][place] = np.where(there, UNKNOWN, 0)
        for index, person in enumerate(people[:PEOPLE]):
            marked = np.isfinite(person.xy_px).all(1)
            told = np.column_stack([np.nan_to_num(person.xy_px), marked])
            whole = convert(told, person.layout, "dope_139")
            known = np.isfinite(whole).all(1) & (whole[:, 2] > 0)
            xy = (whole[known, :2] - (left, top) + 0.5) * scale - 0.5 + corner
            out["whole"][index, known, :2] = xy
            out["whole"][index, :, 2] = known
        out["weight"] = np.array(1.0, np.float32)
        return out


def about(
    people: Sequence[Float[np.ndarray, "points 2"]], size: tuple[int, int], aspect: float
) -> tuple[int, int, int, int]:
    """The window (left, top, right, bottom) of a picture (height, width) in which marked people
    are seen as large as in made-up pictures: of an ``aspect``, as far as the picture goes, where
    they fill less of it."""
    height, width = size
    points = np.concatenate([xy[np.isfinite(xy).all(1)] for xy in people] or [np.empty((0, 2))])
    if not len(points):
        return 0, 0, width, height
    low, high = points.min(0), points.max(0)
    tall = max(float((high - low)[1]), float((high - low)[0]) / aspect, 1.0) / _FILLED
    extent = np.minimum([tall * aspect, tall], [width, height]).round().astype(int).clip(2)
    start = ((low + high + 1) / 2 - extent / 2).round().astype(int)
    left, top = start.clip(0, np.array([width, height]) - extent)
    return int(left), int(top), int(left + extent[0]), int(top + extent[1])


_FILLED = 0.65
"""How much of the window's height (or width) marked people take."""
_NOTHING = {"rgb": 127, "parts": UNKNOWN, "points": np.nan, "whole": np.nan, "halpe_26": np.nan}
"""What values are where nothing is known."""


def _nothing_of(like: Sample) -> dict[str, np.ndarray]:
    return {key: np.full_like(value, _NOTHING.get(key, 0)) for key, value in like.items()}


def with_whole_labels(source: Source, path: Path, share: float, seed: int) -> Source:
    """A source of whole people in which ``share`` of the samples are the marked pictures of a
    folder. Raises StudioError as :func:`with_labels` does."""
    if not 0 < share < 1:
        raise StudioError(f"A share of {share} is not possible.", "Give one between 0 and 1.")
    return Mixed([source, LabelledWhole(path, source[0])], [1 - share, share], seed)


def made_up(labels: Path | None) -> str:
    """How a card tells of made-up people, who are all that is learned from without ``labels``."""
    return DATA if labels is None else DATA.removesuffix("; no photograph of people")


def told_of(path: Path | None) -> str:
    """How a card tells of the pictures of a folder: how many, whose, and who marked them."""
    if path is None:
        return ""
    folder = LabelFolder.open(path)
    marked = folder.labelled("keypoints")
    by = sorted({folder.marked_by(name) or "a person" for name in marked})
    origin = folder.origin or "nobody said whose they are"
    whom = ", ".join(by) or "nobody"
    return f"; {len(marked)} pictures ({origin}), their points marked by {whom}"
