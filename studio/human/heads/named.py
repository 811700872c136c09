"""What the face's points are called: each by the nearest place that has a name."""

from __future__ import annotations

from functools import cache

import numpy as np

from studio.human.heads import model

PLACES = {
    152: "chin", 1: "tip of the nose", 2: "base of the nose", 168: "bridge of the nose",
    10: "top of the forehead", 0: "upper lip", 17: "lower lip", 33: "right eye, outer corner",
    133: "right eye, inner corner", 362: "left eye, inner corner", 263: "left eye, outer corner",
    159: "right upper eyelid", 386: "left upper eyelid", 145: "right lower eyelid",
    374: "left lower eyelid", 468: "right pupil", 473: "left pupil",
    61: "right corner of the mouth", 291: "left corner of the mouth", 98: "right nostril",
    327: "left nostril", 105: "right eyebrow", 334: "left eyebrow", 70: "right eyebrow's end",
    300: "left eyebrow's end", 107: "right eyebrow's beginning", 336: "left eyebrow's beginning",
    50: "right cheek", 280: "left cheek", 205: "right cheek, lower", 425: "left cheek, lower",
    234: "right edge of the face", 454: "left edge of the face", 172: "right corner of the jaw",
    397: "left corner of the jaw", 150: "right side of the chin", 379: "left side of the chin",
    54: "right temple", 284: "left temple", 109: "forehead, right", 338: "forehead, left",
    9: "between the eyebrows", 199: "chin, front",
}  # fmt: skip


@cache
def _nearest() -> tuple[int, ...]:
    at = model.points_of(model.usual())
    known = np.array(list(PLACES))
    far = np.linalg.norm(at[:, None] - at[known][None], axis=-1)
    return tuple(int(k) for k in known[far.argmin(1)])


def name_of(point: int) -> str:
    """What a point of the face is called; the sides are the person's own."""
    return PLACES[point] if point in PLACES else PLACES[_nearest()[point]]
