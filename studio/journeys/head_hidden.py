"""Figures of photographs that are no good: those portraits with something drawn before the face,
and turned."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from jaxtyping import Bool, Float, UInt8

from studio.core.errors import StudioError
from studio.journeys.figures import Figure
from studio.perception.portraits import Looked, Looker

HIDDEN, LIES = "lies before", ("upside down", "on its side")
_MASK = (
    234, 227, 116, 111, 117, 118, 101, 47, 114, 188, 6, 412, 343, 277, 330, 347, 346, 340, 345,
    447, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176, 149, 150, 136, 172, 58,
    132, 93,
)  # fmt: skip
"""The edge of a mask of cloth, from the bridge of the nose down."""
_CLOTHS = ((120, 170, 205), (225, 225, 225), (25, 25, 28))
_BOOKS = ((150, 40, 45), (60, 90, 60))
_NOSE, _LIP, _CHEEKS, _FINGERS = 4, 17, (50, 280, 205, 425), 4


def covers(looked: Looked) -> Iterator[UInt8[np.ndarray, "height width 3"]]:
    """A photograph with masks of three cloths before the face, a book before half of it, to the
    side and below, and fingers before the mouth."""
    xy, shape = looked.xyz_px[:, :2], looked.rgb.shape[:2]
    tall = float(np.ptp(xy[:, 1]))
    cloth = np.zeros(shape, np.uint8)
    cv2.fillPoly(cloth, [np.rint(xy[list(_MASK)]).astype(np.int32)], 1)
    for colour in _CLOTHS:
        yield _laid(looked.rgb, cloth > 0, np.array(colour, float), tall)
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    x, y = xy[_NOSE]
    near = (np.abs(columns - x) < tall) & (np.abs(rows - y) < tall)
    halves = (near & (columns > x), near & (rows > y))
    for half, colour in zip(halves, _BOOKS, strict=True):
        yield _laid(looked.rgb, half, np.array(colour, float), tall)
    hand = np.zeros(shape, np.uint8)
    for k in range(_FINGERS):
        middle = xy[_LIP] + tall * np.array([0.0, 0.11 * k - 0.12])
        size = int(0.42 * tall), int(0.055 * tall)
        cv2.ellipse(hand, np.rint(middle).astype(int).tolist(), size, 8, 0, 360, 1, -1)
    at = np.rint(xy[list(_CHEEKS)]).astype(int).clip(0, np.array(shape[::-1]) - 1)
    yield _laid(looked.rgb, hand > 0, np.median(looked.rgb[at[:, 1], at[:, 0]], axis=0), tall)


def _laid(
    rgb: UInt8[np.ndarray, "height width 3"], where: Bool[np.ndarray, "height width"],
    colour: Float[np.ndarray, "3"], tall: float,
) -> UInt8[np.ndarray, "height width 3"]:  # fmt: skip
    """Something of a colour, in folds, laid over a part of a photograph."""
    folds = 0.85 + 0.15 * np.sin(np.arange(len(rgb)) / tall * 25)
    grain = np.random.default_rng(0).normal(0, 0.02, rgb.shape[:2])
    drawn = np.clip(colour * (folds[:, None] + grain)[..., None], 0, 255).astype(np.uint8)
    return np.where(where[..., None], drawn, rgb)


def figures(looker: Looker, photographs: list[Looked]) -> Iterator[Figure]:
    """How many of them are told, or show no face; and how many are told that are good."""
    told = drawn = turned = 0
    for one in photographs:
        for rgb in covers(one):
            drawn += 1
            told += _said(looker, one.name, rgb, (HIDDEN, "face"))
        for quarters in (1, 2):
            turn = np.ascontiguousarray(np.rot90(one.rgb, quarters))
            turned += _said(looker, one.name, turn, LIES)
    wrongly = sum(HIDDEN in " ".join(one.warnings) for one in photographs)
    yield Figure(
        "something drawn before the face: told, or no face found; told of good photographs",
        f"{told} of {drawn}; {wrongly} of {len(photographs)}", "all; none",
        told == drawn and not wrongly,
    )  # fmt: skip
    yield Figure("on their side, upside down: refused by name", f"{turned} of "
                 f"{2 * len(photographs)}", "all", turned == 2 * len(photographs))  # fmt: skip


def _said(looker: Looker, name: str, rgb: np.ndarray, words: tuple[str, ...]) -> bool:
    """Whether what is said of a photograph, or why it is refused, has one of these words."""
    try:
        said = [one for one in looker.look(name, rgb).warnings if HIDDEN in one]
    except StudioError as error:
        said = [error.message]
    return any(word in one for one in said for word in words)
