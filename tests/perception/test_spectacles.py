"""Glasses are told by rims that cross the cheeks and the nose."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from studio.human.heads import model
from studio.perception.spectacles import WORN, rims

SIDE, SCALE = 400, 2400.0
EYES = (468, 473)


@pytest.fixture(scope="module")
def xyz_px():
    """The average face, seen from ahead."""
    x, y, z = model.points_of(model.usual()).T
    return np.column_stack([SCALE * x + SIDE / 2, -SCALE * (z - z.mean()) + SIDE / 2, SCALE * y])


@pytest.fixture(scope="module")
def face(xyz_px):
    """Skin with brows, eyes and shadows below them."""
    rgb = np.full((SIDE, SIDE, 3), (205, 160, 140), np.uint8)
    for eye in EYES:
        x, y = np.rint(xyz_px[eye, :2]).astype(int).tolist()
        cv2.ellipse(rgb, (x, y + 26), (30, 8), 0, 0, 360, (180, 135, 118), -1)
        cv2.ellipse(rgb, (x, y), (24, 9), 0, 0, 360, (240, 235, 230), -1)
        cv2.circle(rgb, (x, y), 9, (70, 45, 30), -1)
        cv2.line(rgb, (x - 36, y - 34), (x + 36, y - 36), (90, 60, 45), 9)
    return cv2.GaussianBlur(rgb, (0, 0), 2.5)


def worn(face, xyz_px, colour, thick):
    """The same with round glasses of that colour."""
    rgb = face.copy()
    right, left = (np.rint(xyz_px[eye, :2]).astype(int) for eye in EYES)
    for x, y in (right, left):
        cv2.ellipse(rgb, (int(x), int(y) + 6), (52, 42), 0, 0, 360, colour, thick)
    cv2.line(rgb, (int(right[0]) + 50, int(right[1]) + 2), (int(left[0]) - 50, int(left[1]) + 2),
             colour, abs(thick))  # fmt: skip
    return rgb


def test_a_bare_face_wears_none(face, xyz_px):
    assert rims(face, xyz_px) < 0.7 * WORN


@pytest.mark.parametrize(("colour", "thick"), [((30, 25, 25), 7), ((130, 30, 40), 6),
                                               ((20, 20, 20), -1)])  # fmt: skip
def test_rims_and_dark_lenses_are_glasses_upright_and_tilted(face, xyz_px, colour, thick):
    picture = worn(face, xyz_px, colour, thick)
    assert rims(picture, xyz_px) > WORN
    turn = cv2.getRotationMatrix2D((SIDE / 2, SIDE / 2), 20, 1.0)
    tilted = cv2.warpAffine(picture, turn, (SIDE, SIDE), borderMode=cv2.BORDER_REPLICATE)
    xy = xyz_px[:, :2] @ turn[:, :2].T + turn[:, 2]
    assert rims(tilted, np.column_stack([xy, xyz_px[:, 2]])) > WORN


def test_a_face_at_the_edge_is_no_error(face, xyz_px):
    assert rims(face[:, : SIDE // 2], xyz_px) >= 0.0
    assert rims(face, xyz_px - [SIDE, 0, 0]) >= 0.0
