"""Colours of eyes, read from photographs."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from studio.perception.portraits import EYES, IRISES, Looked
from studio.synth.heads.dressing import eye_colour
from studio.synth.heads.eyes import white_of, whites_px

SKIN, IRIS, WHITE = (200, 150, 130), (70, 120, 190), (170, 160, 155)


def face(*opening: float) -> Looked:
    """Two eyes in a field of skin, each open by a share of its width."""
    rgb = np.full((200, 400, 3), SKIN, np.uint8)
    xyz = np.zeros((478, 3))
    for x, share, ring, (middle, edge) in zip((100, 300), opening, EYES, IRISES, strict=True):
        angle = np.pi + np.arange(16) * np.pi / 8
        xyz[list(ring), 0] = x + 60 * np.cos(angle)
        xyz[list(ring), 1] = 100 + 60 * share * np.sin(angle)
        xyz[middle, :2] = x, 100
        xyz[list(edge), :2] = np.array([x, 100]) + 18 * np.array([[1, 0], [0, -1], [-1, 0], [0, 1]])
        if share > 0.2:
            cv2.fillPoly(rgb, [np.rint(xyz[list(ring), :2]).astype(np.int32)], WHITE)
            cv2.circle(rgb, (x, 100), 18, IRIS, -1)
    nothing = np.zeros(rgb.shape[:2], bool)
    return Looked("eyes", rgb, xyz, np.zeros(52), nothing, nothing, ())


@pytest.mark.parametrize("opening", [(0.4, 0.4), (0.05, 0.4), (0.4, 0.1)])
def test_eyes_have_the_colour_of_those_that_are_open(opening: tuple[float, float]) -> None:
    looked = face(*opening)
    assert looked.open_eyes == (opening[0] > 0.2, opening[1] > 0.2)
    np.testing.assert_allclose(eye_colour(looked), np.array(IRIS) / 255, atol=0.01)
    assert (np.abs(whites_px(looked).astype(int) - WHITE) < 3).all()


def test_shut_eyes_are_brown_with_usual_whites_not_of_the_lids_colour() -> None:
    looked = face(0.05, 0.1)
    red, green, blue = eye_colour(looked)
    assert red > green > blue
    assert max(red, green, blue) < 0.35
    assert len(whites_px(looked)) == 0
    assert white_of(looked).min() > 0.4
