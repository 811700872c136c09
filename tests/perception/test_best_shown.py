"""Which picture of a film shows a person best."""

from __future__ import annotations

import cv2
import numpy as np

from studio.human.layouts import layout
from studio.perception.best_shown import best_shown, shown
from studio.perception.bodies_seen import NETWORKS, BodyLooker, read_photo
from studio.weights.store import find

SIZE_PX = 400, 600
PLACES = {"shoulder": (50, 150), "hip": (30, 300), "knee": (30, 400), "ankle": (30, 500)}


def points(width: float = 1.0, low: float = 0.0) -> np.ndarray:
    """Somebody who stands before the camera; shoulders and hips so wide: -1 from behind."""
    names = layout("whole_body").points[:33]
    xy = np.tile([200.0, 80.0], (33, 1))
    for name, (aside, down) in PLACES.items():
        for side, way in (("left", 1), ("right", -1)):
            xy[names.index(f"{side}_{name}")] = 200 + way * width * aside, down
    return xy + np.array([0.0, low])


def worth(xy: np.ndarray, sure: float = 0.9) -> float:
    return shown(layout("whole_body"), xy, np.full(33, sure), SIZE_PX)


def test_who_is_whole_and_seen_from_ahead_is_shown_best():
    ahead = worth(points())
    assert 0.4 < ahead <= 1
    assert ahead > 1.5 * worth(points(0.2)) > worth(points(0.2)), "from the side"
    assert ahead > 2 * worth(points(-1.0)), "from behind"
    assert ahead > 1.5 * worth(points(low=150)), "the feet are missing"
    assert ahead > 1.5 * worth(points() * 0.5), "small"
    assert ahead > 1.5 * worth(points(), 0.4), "hardly found"


def test_the_sharp_picture_with_somebody_is_chosen_and_they_are_followed(footage):
    picture = read_photo(footage("body_sith_subset") / "images" / "010.png")
    rgb = cv2.resize(picture[..., :3], (384, 384), interpolation=cv2.INTER_AREA)
    wall = np.full_like(rgb, 120)
    files = {name: find(name) for name in NETWORKS}
    assert best_shown([wall, cv2.GaussianBlur(rgb, (0, 0), 2.0), rgb], files) == 2
    with BodyLooker(files) as looker:
        first = looker.look("010", rgb)
        moved = np.roll(rgb, 12, 1)
        after = looker.follow("next", moved, first)
        assert after is not None
        step = after.keypoints.xy_px[:33] - first.keypoints.xy_px[:33]
        assert np.abs(np.median(step, 0) - (12, 0)).max() < 3
        assert after.space_m is not None
        assert after.rgb.strides == (0, 0, 0), "pictures of a film are not kept"
        assert looker.follow("gone", wall, first) is None
