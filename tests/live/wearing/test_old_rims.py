"""Rims that somebody wears are painted out, and nothing else is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest
from wearers import SIZE, VIEW_DEG, Crowd, face_at, glasses, grey

from studio.live.wearing.old_rims import OldRims
from studio.live.wearing.tryon import TryOn
from studio.live.wearing.wear_settings import WearSettings

SKIN, DARK, LENS = (190, 150, 130), (40, 30, 30), (60, 50, 45)
FACE = face_at((0.0, 0.3, 0.0))


def skin() -> np.ndarray:
    return np.full((SIZE[1], SIZE[0], 3), SKIN, np.uint8)


def wearing(lens: tuple[int, int, int] | None = None, eyes: tuple[int, ...] = (0, 1)) -> np.ndarray:
    """Plain skin with round glasses on it."""
    rgb = skin()
    wide = float(np.linalg.norm(FACE[263, :2] - FACE[33, :2]))
    middles = [FACE[list(two), :2].mean(0) for two in ((33, 133), (263, 362))]
    places = [(round(float(x)), round(float(y))) for x, y in middles]
    radius, line = round(0.25 * wide), max(round(0.04 * wide), 2)
    for eye in eyes:
        if lens is not None:
            cv2.circle(rgb, places[eye], radius, lens, -1)
        cv2.circle(rgb, places[eye], radius, DARK, line)
    (left, level), (right, _) = places
    cv2.line(rgb, (left + radius, level), (right - radius, level), DARK, line)
    return rgb


def off(rgb: np.ndarray) -> np.ndarray:
    """How far each pixel is from skin."""
    return np.abs(rgb.astype(int) - SKIN).max(-1)


def test_rims_become_skin() -> None:
    worn = wearing()
    rims = off(worn) > 60
    bare = OldRims().painted_out(worn, {0: FACE}, 0.0)
    assert off(bare)[rims].mean() < 0.2 * off(worn)[rims].mean()
    assert (bare[~cv2.dilate(rims.astype(np.uint8), np.ones((9, 9))).astype(bool)] == SKIN).all()


@pytest.mark.parametrize("rgb", [skin(), wearing(LENS), wearing(eyes=())])
def test_bare_faces_and_dark_lenses_are_left_alone(rgb: np.ndarray) -> None:
    assert OldRims().painted_out(rgb, {0: FACE}, 0.0) is rgb


def test_what_comes_before_a_known_rim_is_not_painted_over() -> None:
    rims = OldRims()
    rims.painted_out(wearing(), {0: FACE}, 0.0)
    flat = np.full_like(skin(), 120)  # a hand before the whole face
    assert rims.painted_out(flat, {0: FACE}, 0.05) is flat


def test_they_go_only_under_new_glasses_and_where_that_is_wanted() -> None:
    make: Any = lambda: Crowd(FACE)  # noqa: E731
    plain = WearSettings(items=("one",), view_deg=VIEW_DEG, shadow=0, occlusion="static")
    frame = replace(grey(), rgb=wearing())
    row = slice(round(float(FACE[145, 1])) + 12, None)  # below what the new ones cover
    with TryOn(lambda _: glasses(), make) as tryon:
        kept = tryon.show(frame, plain).rgba[row, :, :3]
        gone = tryon.show(frame, plain.model_copy(update={"paint_out": True})).rgba[row, :, :3]
    assert (off(kept) > 60).sum() > 100
    assert (off(gone) > 60).sum() < 0.2 * (off(kept) > 60).sum()
