"""What covers a head stands where a photograph outlines it, and has its colours."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from studio.human.heads.fit import View
from studio.synth.heads import shell

RADIUS_M, HAIR_M = 0.09, 0.11
FOCAL, SIDE = 900.0, 300
BROW_M = 0.0


@pytest.fixture(scope="module")
def head():
    """A ball for a head, seen from ahead."""
    i, j = np.meshgrid(np.linspace(0.001, np.pi - 0.001, 40), np.linspace(0, 2 * np.pi, 80))
    xyz = RADIUS_M * np.stack([np.sin(i) * np.cos(j), np.sin(i) * np.sin(j), np.cos(i)], -1)
    number = np.arange(i.size).reshape(i.shape)
    a, b, c, d = number[:-1, :-1], number[1:, :-1], number[1:, 1:], number[:-1, 1:]
    faces = np.concatenate([np.stack([a, b, c], -1), np.stack([a, c, d], -1)]).reshape(-1, 3)
    view = View(np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]]), np.array([0, 0, 1.0]), FOCAL,
                ((SIDE - 1) / 2, (SIDE - 1) / 2), np.zeros(52))  # fmt: skip
    return xyz.reshape(-1, 3), faces, view


@pytest.fixture(scope="module")
def made(head):
    """Red hair around the upper half."""
    xyz, faces, view = head
    middle = (SIDE // 2, SIDE // 2)
    hair = np.zeros((SIDE, SIDE), np.uint8)
    cv2.circle(hair, middle, round(FOCAL * HAIR_M), 1, -1)
    cv2.ellipse(hair, (middle[0], middle[1] + 20), (60, 70), 0, 0, 360, 0, -1)
    hair[SIDE // 2 + 10 :] = 0
    rgb = np.full((SIDE, SIDE, 3), (210, 170, 150), np.uint8)
    rgb[hair > 0] = (140, 30, 20)
    ear = np.array([RADIUS_M, 0, -0.01])
    return shell.around(xyz, faces, view, rgb, hair > 0, BROW_M, ear), hair > 0, view


def test_the_outline_is_the_photographs(made):
    found, hair, _ = made
    there = cv2.resize(found.rgba[..., 3], found.xyz_m.shape[1::-1]) > 128
    crown = found.xyz_m[:20][there[:20]]
    assert crown[:, 2].max() == pytest.approx(HAIR_M, abs=0.006)
    assert found.fits > 0.6
    assert hair.any()


def test_no_hair_lies_on_the_face_and_the_back_is_covered(made):
    found, _, view = made
    there = cv2.resize(found.rgba[..., 3], found.xyz_m.shape[1::-1]) > 128
    xy = view.project(found.xyz_m.reshape(-1, 3)).reshape(*there.shape, 2)
    ahead = found.xyz_m[..., 1] < -0.06
    face = ahead & (np.abs(xy[..., 0] - 150) < 30) & (np.abs(xy[..., 1] - 170) < 35)
    assert face.sum() > 20
    assert not there[face].any()
    back = (found.xyz_m[..., 1] > 0.06) & (found.xyz_m[..., 2] > 0.0)
    assert there[back].mean() > 0.95


def test_unseen_hair_has_the_seen_hairs_colour_and_strands(made):
    found = made[0]
    back = found.rgba[:300, :60, :3].reshape(-1, 3).astype(float)
    red, green, blue = back.mean(0)
    assert red > 2.5 * max(green, blue)
    assert back[:, 0].std() > 1.0
