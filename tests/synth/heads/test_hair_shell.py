"""What covers a head stands where a photograph outlines it, and has its colours."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from studio.human.heads.fit import View
from studio.synth.heads import shell
from studio.synth.heads.shots import Shot
from studio.synth.heads.strands import evened

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
    return (
        shell.around([Shot(view, xyz, rgb, hair > 0, hair == 0)], faces, BROW_M, ear),
        hair > 0,
        view,
    )


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


def test_a_second_photograph_tells_the_back(head, made):
    xyz, faces, view = head
    _, hair, _ = made
    behind = replace(view, rotation=view.rotation @ np.diag([-1.0, -1.0, 1.0]))
    back = np.zeros_like(hair)
    back[: SIDE // 2 + 10] = True
    yy, xx = np.mgrid[:SIDE, :SIDE]
    back &= np.hypot(xx - SIDE / 2, yy - SIDE / 2) < FOCAL * HAIR_M
    red = np.where(hair[..., None], (140, 30, 20), (210, 170, 150)).astype(np.uint8)
    streaked = red.copy()
    streaked[back] = (140, 30, 20)
    streaked[back & (xx % 40 < 20)] = (60, 90, 30)
    shots = [
        Shot(view, xyz, red, hair, ~hair),
        Shot(behind, xyz, streaked, back, ~back),
    ]
    found = shell.around(shots, faces, BROW_M, np.array([RADIUS_M, 0, -0.01]))
    middle = found.rgba[200:400, :100].astype(int)
    green = middle[..., 1] > middle[..., 0]
    assert 0.25 < green.mean() < 0.75
    assert not (made[0].rgba[..., 1] > made[0].rgba[..., 0]).any()


def test_what_is_neither_hair_nor_skin_tells_nothing(head, made):
    xyz, faces, view = head
    _, hair, _ = made
    rgb = np.full((SIDE, SIDE, 3), 120, np.uint8)
    bare = ~hair
    hidden = hair.copy()
    hidden[:, : SIDE // 2 - 60] = False  # one side is told as neither
    ear = np.array([RADIUS_M, 0, -0.01])
    blind = shell.around([Shot(view, xyz, rgb, hidden, bare)], faces, BROW_M, ear)
    sure = shell.around([Shot(view, xyz, rgb, hidden, ~hidden)], faces, BROW_M, ear)
    side = (blind.xyz_m[..., 0] < -0.05) & (blind.xyz_m[..., 2] > 0.03)
    alpha = [
        cv2.resize(one.rgba[..., 3], one.xyz_m.shape[1::-1])[side].mean() for one in (blind, sure)
    ]
    assert alpha[0] > alpha[1]


def test_hair_that_is_lit_from_one_side_is_lit_evenly_and_keeps_its_strands():
    dice = np.random.default_rng(0)
    strands = np.exp(0.2 * dice.normal(size=(1, 256)))
    light = np.where(np.arange(256)[:, None] < 128, 60.0, 150.0)
    hair = np.repeat((light * strands)[..., None], 3, -1).astype(np.float32)
    found = evened(hair, np.ones((256, 256), np.float32))
    dark, bright = found[:100].mean(), found[156:].mean()
    assert bright / dark < 1.35
    assert np.corrcoef(found[20].mean(-1), strands[0])[0, 1] > 0.95
    assert np.allclose(evened(hair, np.zeros((256, 256), np.float32)), hair)


def test_hair_between_lights_of_two_tints_has_one_colour():
    warm = np.arange(256)[:, None, None] < 128
    hair = np.where(warm, (200.0, 180.0, 140.0), (170.0, 180.0, 195.0)).astype(np.float32)
    found = evened(np.repeat(hair, 256, 1), np.ones((256, 256), np.float32))

    def apart(picture: np.ndarray) -> float:
        above, below = (np.log(part.mean((0, 1))) for part in (picture[:100], picture[156:]))
        return float(np.abs((above - above.mean()) - (below - below.mean())).max())

    assert apart(found) < 0.4 * apart(hair)
