"""Corners at a slant, blurred and half hidden, against where they truly are."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from studio.perception.boards.subpixel import to_crossings

MARGIN = 0.125


def drawn(slant_deg: float, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A board of squares with dark blocks for markers, far from frontal, noisy; its corners."""
    side = 40
    y, x = np.mgrid[: 5 * side, : 6 * side] / side
    dark = (np.floor(x) + np.floor(y)) % 2 == 0
    inner = (np.abs(x % 1 - 0.5) < 0.5 - MARGIN) & (np.abs(y % 1 - 0.5) < 0.5 - MARGIN)
    flat = np.where(dark | inner, 30.0, 220.0).astype(np.float32)
    random = np.random.default_rng(seed)
    turn = np.radians(random.uniform(0, 360))
    lean, roll = np.radians(slant_deg), np.array([[np.cos(turn), -np.sin(turn)],
                                                  [np.sin(turn), np.cos(turn)]])  # fmt: skip
    corners = np.array([[0.0, 0], [6, 0], [6, 5], [0, 5]])
    arm = (corners - [3, 2.5]) @ roll.T
    depth = 12 + arm[:, 0] * np.sin(lean)
    seen = np.column_stack([arm[:, 0] * np.cos(lean), arm[:, 1]]) / depth[:, None]
    seen = 330 * seen + 160 + random.uniform(0, 1, 2)
    big = (seen + 0.5) * 4 - 0.5
    h = cv2.getPerspectiveTransform(
        (corners * side - 0.5).astype(np.float32), big.astype(np.float32)
    )
    picture = cv2.warpPerspective(
        flat, h, (320 * 4, 320 * 4), borderValue=220.0, flags=cv2.INTER_AREA
    )
    picture = cv2.GaussianBlur(
        cv2.resize(picture, (320, 320), interpolation=cv2.INTER_AREA), (0, 0), 0.6
    )
    picture += random.normal(0, 2, picture.shape)
    plane = np.stack(np.meshgrid(np.arange(1.0, 6), np.arange(1.0, 5)), -1).reshape(-1, 2)
    true = cv2.perspectiveTransform((plane * side - 0.5)[None], h)[0]
    return np.clip(picture, 0, 255).astype(np.uint8), plane, (true + 0.5) / 4 - 0.5


@pytest.mark.parametrize("slant_deg", [0, 45, 60])
@pytest.mark.parametrize("seed", range(3))
def test_slanted_corners_are_found_from_a_rough_start(slant_deg: float, seed: int) -> None:
    picture, plane, true = drawn(slant_deg, seed)
    random = np.random.default_rng(seed)
    found, sure = to_crossings(picture, plane, true + random.normal(0, 0.7, true.shape), MARGIN)
    assert sure.mean() >= 0.9
    off = np.linalg.norm(found - true, axis=1)[sure]
    assert np.sqrt(np.square(off).mean()) < 0.1


def test_a_hidden_corner_is_not_sure() -> None:
    picture, plane, true = drawn(20, 1)
    x, y = np.rint(true[7]).astype(int)
    picture[y - 12 : y + 13, x - 12 : x + 13] = 128
    found, sure = to_crossings(picture, plane, true + 0.2, MARGIN)
    assert not sure[7]
    assert sure[[0, 4, 19]].all()
    assert np.linalg.norm(found[7] - true[7]) < 1.0
