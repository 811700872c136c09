"""A pale face in the shade is told from a dark one in the light by the whites of the eyes."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from studio.perception.portraits import EYES, Looked
from studio.synth.heads.undertone import shade_of

PALE, DARK, DARKER, WHITE = (205, 160, 140), (140, 85, 58), (85, 52, 38), (190, 180, 172)


def face(skin, light: float, whites: bool = True) -> Looked:
    """A flat face of one colour with two eyes, in light of some strength."""
    rng = np.random.default_rng(3)
    xy = rng.uniform(40, 260, (478, 2))
    rgb = np.full((300, 300, 3), skin, np.uint8)
    for ring, middle, x in ((EYES[0], 468, 90), (EYES[1], 473, 210)):
        around = np.linspace(0, 2 * np.pi, len(ring), endpoint=False)
        xy[list(ring)] = np.column_stack([x + 24 * np.cos(around), 120 + 12 * np.sin(around)])
        xy[middle] = x, 120
        for k in range(1, 5):
            xy[middle + k] = x + (6 if k < 3 else -6), 120
        if whites:
            cv2.ellipse(rgb, (x, 120), (26, 14), 0, 0, 360, WHITE, -1)
    for k in (50, 280, 205, 425, 101, 330, 151, 9, 36, 266):
        xy[k] = 150 + 10 * (k % 3), 200
    dim = (255 * (rgb / 255.0) * light ** (1 / 2.2)).astype(np.uint8)
    nothing = np.zeros((300, 300), bool)
    xyz = np.column_stack([xy, np.zeros(478)])
    return Looked("face", dim, xyz, np.zeros(52), nothing, nothing, ())


def test_a_pale_face_in_the_shade_is_too_dark_and_no_other_one():
    assert shade_of(face(PALE, 0.2)) > 1.5
    assert shade_of(face(PALE, 0.12)) > shade_of(face(PALE, 0.2))
    assert shade_of(face(PALE, 1.0)) == pytest.approx(1)
    assert shade_of(face(DARK, 1.0)) == pytest.approx(1)
    assert shade_of(face(DARKER, 1.0)) == pytest.approx(1)


def test_where_the_eyes_are_not_seen_nothing_is_told():
    small = face(PALE, 0.2)
    shrunk = Looked("small", small.rgb[::8, ::8], small.xyz_px / 8, small.guesses,
                    small.bare[::8, ::8], small.hair[::8, ::8], ())  # fmt: skip
    assert shade_of(shrunk) == 1.0
