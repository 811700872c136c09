"""Focus and exposure aids: sharper is more, light is not sharpness, clipping is counted."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.vision.picture_aids import exposure, sharpness


def scene(seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    coarse = rng.integers(40, 160, (24, 32, 3)).astype(np.uint8)
    return cv2.resize(coarse, (320, 240), interpolation=cv2.INTER_NEAREST)


@given(seed=st.integers(0, 1000), blur=st.floats(0.8, 4.0))
def test_a_blurred_picture_is_less_sharp(seed: int, blur: float) -> None:
    sharp = scene(seed)
    soft, softer = (cv2.GaussianBlur(sharp, (0, 0), b) for b in (blur, 2 * blur))
    assert sharpness(sharp) > sharpness(soft) > sharpness(softer)


def test_more_light_is_not_more_sharpness() -> None:
    dim = scene()
    bright = np.clip(dim.astype(int) * 3 // 2, 0, 255).astype(np.uint8)
    assert sharpness(bright) == pytest.approx(sharpness(dim), rel=0.02)


def test_one_colour_and_black_have_no_sharpness() -> None:
    assert sharpness(np.full((40, 60, 3), 90, np.uint8)) == 0
    assert sharpness(np.zeros((40, 60, 3), np.uint8)) == 0


def test_burnt_out_and_crushed_shares_are_counted() -> None:
    picture = np.full((80, 80, 3), 120, np.uint8)
    picture[:20] = (255, 90, 90)
    picture[20:40] = 2
    found = exposure(picture)
    assert found.clipped == pytest.approx(0.25)
    assert found.crushed == pytest.approx(0.25)
    assert found.histogram.sum() == pytest.approx(1)
    assert found.words == "25 % burnt out: shorten the exposure"
    assert exposure(np.full((8, 8, 3), 20, np.uint8)).words == "Too dark: add light"
    assert exposure(np.full((8, 8, 3), 120, np.uint8)).words == ""
