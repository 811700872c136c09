"""Skin that one photograph shows is found in another, or said not to be."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from scipy.interpolate import LinearNDInterpolator
from scipy.spatial.transform import Rotation

from studio.human.heads import model
from studio.human.heads.fit import FittedHead, View
from studio.human.heads.shown import MATCHED, Portrait
from studio.perception.correspondence import corresponding, matched

SIDE = 300
LEVEL = np.array([[1.0, 0, 0], [0, 0, -1.0], [0, 1.0, 0]])


def skin(seed: int) -> np.ndarray:
    """A picture with spots of all sizes."""
    dice = np.random.default_rng(seed)
    every = [cv2.GaussianBlur(dice.normal(0, s, (SIDE, SIDE)), (0, 0), s) * s for s in (2, 4, 9)]
    grey = np.clip(128 + 20 * np.sum(every, 0), 0, 255).astype(np.uint8)
    return np.repeat(grey[..., None], 3, -1)


def points() -> np.ndarray:
    return np.random.default_rng(5).uniform(70, 230, (478, 2))


def test_skin_is_found_where_marks_err_and_in_other_light():
    one, marks = skin(0), points()
    shift = np.array([[1, 0, 7.0], [0, 1, -4.0]])
    shade = np.linspace(0.5, 0.9, SIDE)[None, :, None]
    other = (cv2.warpAffine(one, shift, (SIDE, SIDE)) * shade).astype(np.uint8)
    there = marks + np.array([9.5, -2.5])
    found, sure = corresponding(one, other, marks, there, marks)
    inner = (np.abs(marks - 150) < 60).all(1)
    assert sure[inner].mean() > 0.9
    off = np.linalg.norm(found - marks - np.array([7.0, -4.0]), axis=1)
    assert np.median(off[sure]) < 0.25


def test_other_skin_is_not_taken_for_the_same():
    marks = points()
    _, sure = corresponding(skin(0), skin(1), marks, marks, marks)
    assert sure.mean() < 0.2


@pytest.fixture(scope="module")
def taken():
    """The average head, ahead and turned, its points in the second photograph 4 px off."""
    near = model.linear(model.usual())
    views = tuple(
        View(LEVEL @ Rotation.from_euler("z", deg, degrees=True).as_matrix(),
             np.array([0, 0, 0.9]), 1000.0, (149.5, 149.5), np.zeros(52))
        for deg in (0.0, 25.0)
    )  # fmt: skip
    head = FittedHead(near.values, views, (0.0, 0.0), near)
    at = [view.project(near.points_m) for view in views]
    middle = at[0].mean(0) - 150
    views = tuple(replace(v, centre_px=(149.5 - middle[0], 149.5 - middle[1])) for v in views)
    head = replace(head, views=views)
    at = [view.project(near.points_m) for view in views]
    deep = np.zeros((478, 1))
    portraits = [
        Portrait(np.hstack([xy + err, deep]), (SIDE, SIDE))
        for xy, err in zip(at, ([0.0, 0.0], [4.0, 0.0]), strict=True)
    ]
    return head, portraits, at


def test_points_go_where_the_frontal_photograph_says(taken):
    head, portraits, at = taken
    skin_there = skin(3)
    truth = at[1] + np.column_stack([3 * np.sin(at[1][:, 1] / 40), np.zeros(478)])
    rows, columns = np.mgrid[:SIDE, :SIDE]
    from_there = LinearNDInterpolator(truth, at[0])(np.stack([columns, rows], -1))
    maps = np.nan_to_num(from_there, nan=-1).astype(np.float32)
    turned = cv2.remap(skin_there, maps[..., 0], maps[..., 1], cv2.INTER_LINEAR)
    told = matched([skin_there, turned], portraits, head)
    assert told[0] is portraits[0]
    moved = told[1].matched
    assert moved is not None
    assert 0.2 < moved.mean() < 0.95
    np.testing.assert_array_equal(told[1].xyz_px[~moved], portraits[1].xyz_px[~moved])
    assert told[1].say[moved].min() == MATCHED
    said = [one.xyz_px[moved, :2] - truth[moved] for one in (portraits[1], told[1])]
    before, after = (float(np.median(np.linalg.norm(off, axis=1))) for off in said)
    assert after < 0.6
    assert after < 0.3 * before
