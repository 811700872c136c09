"""The photograph under the hand: points are dragged, pins taken out, the picture moved."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest

from studio.ui.photo import Marks, PhotoTable, PhotoView

FOUND = np.array([[60.0, 50.0], [100.0, 90.0], [140.0, 60.0]])
LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton


@pytest.fixture
def view(qtbot):
    table = PhotoTable()
    made = PhotoView(table)
    qtbot.addWidget(made)
    made.resize(400, 300)
    made.show()
    qtbot.waitExposed(made)
    rgb = np.full((160, 200, 3), 90, np.uint8)
    table.lay("somebody.png", rgb, (20.0, 0.0, 160.0))
    over = np.zeros((64, 64, 4), np.uint8)
    over[:, :] = (250, 20, 20, 255)
    table.show_marks(Marks(FOUND, FOUND + np.array([4, 0]), {2: (150.0, 62.0)}), over)
    return made


def told(signal) -> list[tuple]:
    every: list[tuple] = []
    signal.connect(lambda *values: every.append(values))
    return every


def test_a_fitted_point_is_dragged_and_let_go(qtbot, view):
    dragged = told(view.table.dragged)
    start = view.widget_xy((104.0, 90.0)).toPoint()
    QTest.mousePress(view, LEFT, pos=start)
    QTest.mouseMove(view, start + QPoint(20, 0))
    QTest.mouseMove(view, start + QPoint(30, 10))
    QTest.mouseRelease(view, LEFT, pos=start + QPoint(30, 10))
    assert {point for point, *_ in dragged} == {1}
    assert len({gesture for *_, gesture, _ in dragged}) == 1
    assert [ended for *_, ended in dragged] == [False] * (len(dragged) - 1) + [True]
    wanted = view.picture_xy(QPointF(view.widget_xy((104.0, 90.0)) + QPointF(30, 10)))
    assert dragged[-1][1:3] == pytest.approx(wanted, abs=0.5)


def test_pins_come_first_and_the_right_button_takes_them_out(view, qtbot):
    removed = told(view.table.removed)
    at = view.widget_xy((150.0, 62.0))
    assert view.nearest(at) == 2
    QTest.mouseClick(view, RIGHT, pos=at.toPoint())
    QTest.mouseClick(view, RIGHT, pos=view.widget_xy((104.0, 90.0)).toPoint())  # no pin
    assert removed == [(2,)]

    def deleted() -> bool:  # the screen's own pointer may leave the view in between
        QTest.mouseMove(view, at.toPoint() + QPoint(1, 1))
        QTest.keyClick(view, Qt.Key.Key_Delete)
        return len(removed) > 1

    qtbot.waitUntil(deleted)
    assert removed == [(2,), (2,)]
    view.table.choose(pointed=False)
    assert view.nearest(at) == 2
    assert view.nearest(view.widget_xy((104.0, 90.0))) is None


def test_elsewhere_the_picture_moves_and_f_brings_it_back(view):
    corner = QPointF(10, 280)
    before = view.picture_xy(corner)
    QTest.mousePress(view, LEFT, pos=corner.toPoint())
    QTest.mouseMove(view, QPoint(60, 250))
    QTest.mouseRelease(view, LEFT, pos=QPoint(60, 250))
    assert view.picture_xy(QPointF(60, 250)) == pytest.approx(before, abs=1e-6)
    QTest.keyClick(view, Qt.Key.Key_F)
    assert view.picture_xy(corner) == pytest.approx(before, abs=1e-6)


def test_what_lies_over_is_seen_as_strongly_as_chosen(view):
    def red() -> int:
        at = view.widget_xy((75.0, 130.0)).toPoint()
        return view.grab().toImage().pixelColor(at).red()

    shades = []
    for opacity in (0.0, 0.5, 1.0):
        view.table.choose(opacity=opacity)
        shades.append(red())
    assert shades[0] == 90
    assert shades[0] + 50 < shades[1] < shades[2] - 50
    QTest.keyPress(view, Qt.Key.Key_H)
    assert red() == 90
    QTest.keyRelease(view, Qt.Key.Key_H)
    assert red() == shades[2]
