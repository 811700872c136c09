from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from studio.core.errors import StudioError
from studio.perception.bodies_seen import NETWORKS, BodyLooker, _check_there, read_photo
from studio.perception.matting import matte
from studio.weights.store import find


def test_a_person_in_a_photograph_is_found_and_put_right_by_hand(
    footage: Callable[[str], Path],
) -> None:
    picture = read_photo(footage("body_sith_subset") / "images" / "010.png")
    assert picture.shape[2] == 4
    small = cv2.resize(picture, (512, 512), interpolation=cv2.INTER_AREA)
    with BodyLooker({name: find(name) for name in NETWORKS}) as looker:
        with pytest.raises(StudioError, match="No person is found in “grey”"):
            looker.look("grey", np.full((96, 128, 3), 120, np.uint8))
        photo = looker.look("010", small, corrected={"left_knee": (250.0, 380.0)})
        with pytest.raises(StudioError, match="Nobody is found at"):
            looker.look("010", small, at_px=(20.0, 500.0))
        with pytest.raises(StudioError, match="no point “tail”"):
            looker.look("010", small, corrected={"tail": (1.0, 1.0)})
    layout = photo.keypoints.layout
    xy = photo.keypoints.xy_px
    assert xy[layout.index("left_knee")].tolist() == [250.0, 380.0]
    assert photo.corrected == ("left_knee",)
    assert xy[layout.index("right_wrist"), 1] < xy[layout.index("nose"), 1]  # a raised arm
    assert photo.face_px is not None
    assert photo.space_m is not None
    inside = photo.mask > 127
    alpha = small[..., 3] > 127
    assert (inside & alpha).sum() > 0.99 * alpha.sum()
    assert not any("cut" in text for text in photo.warnings)


def test_a_coarse_mask_becomes_true_to_a_pixel() -> None:
    rng = np.random.default_rng(2)
    truth = np.zeros((300, 200), np.uint8)
    cv2.ellipse(truth, (100, 150), (45, 110), 0, 0, 360, 255, -1)
    cv2.rectangle(truth, (20, 100), (60, 120), 255, -1)
    rgb = np.where(truth[..., None] > 0, (170, 60, 50), (70, 110, 130))
    rgb = (rgb + rng.normal(0, 6, rgb.shape)).clip(0, 255).astype(np.uint8)
    moved = np.roll(truth, (-2, 2), (0, 1))
    coarse = cv2.GaussianBlur(moved.astype(np.float64) / 255, (0, 0), 4)
    found = matte(rgb, coarse) > 127
    both = (found & (truth > 0)).sum() / (found | (truth > 0)).sum()
    rough = ((coarse > 0.5) & (truth > 0)).sum() / ((coarse > 0.5) | (truth > 0)).sum()
    assert rough < 0.95
    assert both > 0.99
    assert not matte(rgb, np.zeros((300, 200))).any()


def test_points_without_a_person_are_no_person():
    mask = np.zeros((200, 200), np.uint8)
    mask[100:110, 100:110] = 255
    with pytest.raises(StudioError, match=r"cat\.jpg.*animal"):
        _check_there("cat.jpg", mask, 180.0)
    mask[10:190, 80:120] = 255
    _check_there("ada.jpg", mask, 180.0)
