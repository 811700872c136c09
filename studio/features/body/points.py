"""The points of a body that a photograph shows and a hand can put right."""

from __future__ import annotations

from functools import cache

import numpy as np
from jaxtyping import Float

from studio.human.bodies.fitted import BodyPhoto, BodyView
from studio.human.catalogue import layout
from studio.human.keypoints import Hooks, hooks
from studio.human.names import hand
from studio.human.person import Rest, whole
from studio.vision.camera import project

BODY, COUNT = 33, 75
"""Of the layout ``whole_body``, these are the body's and those up to the hands'."""
_HANDED = 0.35
_OF_FACE = 11
_OF_HANDS = ("pinky", "index", "thumb")
_NAMES = layout("whole_body").points[:COUNT]


def name_of(point: int) -> str:
    """What a point is called, such as “left knee”."""
    return _NAMES[point].replace("_hand_", " ").replace("_", " ")


def key_of(point: int) -> str:
    """A point's name in its layout."""
    return _NAMES[point]


def found_px(photo: BodyPhoto) -> Float[np.ndarray, "75 2"]:
    """Where points were found (pixels); NaN for those of hands that are not seen, and for those
    that say what a seen face or hand says better."""
    xy = photo.keypoints.xy_px[:COUNT].copy()
    if photo.face_px is not None:
        xy[:_OF_FACE] = np.nan
    for side in ("left", "right"):
        own = [_NAMES.index(name) for name in hand(side)]
        if float(photo.keypoints.confidence[own].mean()) > _HANDED:
            xy[[_NAMES.index(f"{side}_{name}") for name in _OF_HANDS]] = np.nan
        else:
            xy[own] = np.nan
    return xy


def fitted_px(view: BodyView, rest: Rest) -> Float[np.ndarray, "75 2"]:
    """Where a fitted body has them in a photograph (pixels)."""
    posed = view.posed(rest)
    at = _hooks().on(rest).at(posed.turns, posed.joints_m)[0].double().numpy()
    return project(view.camera, at)


@cache
def _hooks() -> Hooks:
    from studio.human.catalogue import make

    return hooks(whole(), make("whole_body", _NAMES, ()), marked=True)


@cache
def bones() -> tuple[tuple[int, int], ...]:
    """The points that lines join."""
    return tuple((a, b) for a, b in layout("whole_body").bones if max(a, b) < COUNT)
