"""Clicking the floor: a click lands where it was made, the line leads to it, errors are told."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from studio.core.types import CameraRig
from studio.ui import theme
from studio.ui.guidance.floor_pictures import FloorPictures
from studio.vision.camera import project
from studio.vision.ring import look_at

FLOOR = np.array([[0.0, 0.0, 0.0], [0.7, 0.0, 0.0], [0.0, 0.6, 0.0]])


@pytest.fixture
def rig() -> CameraRig:
    spots = ((-2, -3, 2), (2, -3, 1.5))
    return CameraRig(tuple(
        look_at(f"cam{i}", np.array(spot, float), np.array([0, 0, 0.5]), 700.0, (640, 480))
        for i, spot in enumerate(spots)
    ))  # fmt: skip


@pytest.fixture
def pictures(qtbot, rig):
    theme.apply("dark")
    shown = FloorPictures()
    qtbot.addWidget(shown)
    shown.resize(1280, 500)
    shown.show_rig(rig)
    shown.show_pictures({name: np.full((480, 640, 3), 90, np.uint8) for name in rig.names})
    shown.show()
    return shown


def click(pictures: FloorPictures, rig: CameraRig, point: int, camera: str) -> QPoint:
    x, y = project(rig[camera], FLOOR[point : point + 1])[0]
    at = pictures.widget_xy(camera, (float(x), float(y))).toPoint()
    QTest.mouseClick(pictures, Qt.MouseButton.LeftButton, pos=at)
    return at


def test_a_click_lands_where_it_was_made(pictures, rig):
    at = click(pictures, rig, 0, "cam0")
    true = project(rig["cam0"], FLOOR[:1])[0]
    assert np.allclose(pictures.clicks[0, "cam0"], true, atol=1.0)
    QTest.keyClick(pictures, Qt.Key.Key_Right)
    assert pictures.clicks[0, "cam0"][0] == pytest.approx(
        pictures.picture_xy(at.toPointF())[1][0] + 0.1
    )
    QTest.mouseClick(pictures, Qt.MouseButton.RightButton, pos=at)
    assert not pictures.clicks


def test_the_line_in_the_other_picture_leads_to_the_point(pictures, rig):
    click(pictures, rig, 0, "cam0")
    (line,) = pictures._lines["cam1"]
    true = project(rig["cam1"], FLOOR[:1])[0]
    points = np.array([(p.x(), p.y()) for p in line])
    assert np.linalg.norm(points - true, axis=1).min() < 4
    assert not pictures._lines["cam0"]
    pictures.choose(1)
    assert not pictures._lines["cam1"], "the line is of the active point"


def test_a_dragged_click_stays_in_its_picture(pictures, rig):
    at = click(pictures, rig, 2, "cam0")
    QTest.mousePress(pictures, Qt.MouseButton.LeftButton, pos=at)
    QTest.mouseMove(pictures, at + QPoint(20, 10))
    there = pictures.clicks[0, "cam0"]
    QTest.mouseMove(pictures, QPoint(1270, 20))
    assert pictures.clicks == {(0, "cam0"): there}
