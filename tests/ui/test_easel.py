"""The easel: the pointer paints the pixels it is over, keys choose, and labels save themselves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from studio.core.pictures import write_picture
from studio.training.labels import LabelFolder
from studio.ui.easel import Desk, Easel, Ink, Tools

INKS = (Ink(0, "Ground", (0, 0, 0)), Ink(1, "Hair", (200, 10, 10)), Ink(4, "Skin", (10, 200, 10)))
RGB = np.full((60, 80, 3), 100, np.uint8)
LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton


@pytest.fixture
def desk() -> Desk:
    made = Desk()
    made.put("one", RGB, np.zeros((60, 80), np.uint8), INKS)
    return made


@pytest.fixture
def easel(qtbot, desk: Desk) -> Easel:
    made = Easel(desk)
    qtbot.addWidget(made)
    made.resize(480, 360)
    made.show()
    qtbot.waitExposed(made)
    made.setFocus()
    return made


def place(easel: Easel, x: float, y: float) -> QPoint:
    return easel.widget_xy((x, y)).toPoint()


def drag(easel: Easel, *points: tuple[float, float], button=LEFT) -> None:
    at = [place(easel, *p) for p in points]
    QTest.mousePress(easel, button, Qt.KeyboardModifier.NoModifier, at[0])
    for p in at[1:]:
        QTest.mouseMove(easel, p)
        QApplication.processEvents()
    QTest.mouseRelease(easel, button, Qt.KeyboardModifier.NoModifier, at[-1])


def test_places_and_pixels_agree_at_any_zoom(easel: Easel) -> None:
    for zoom in (0.5, 1.0, 7.3):
        easel.zoom_to(zoom, QPointF(100, 90))
        x, y = easel.picture_xy(easel.widget_xy((12.25, 40.5)))
        assert (x, y) == pytest.approx((12.25, 40.5))
    before = easel.picture_xy(QPointF(200, 150))
    easel.zoom_to(20.0, QPointF(200, 150))
    assert easel.picture_xy(QPointF(200, 150)) == pytest.approx(before)


def test_a_stroke_paints_where_the_pointer_goes_and_is_shown(easel: Easel, desk: Desk) -> None:
    desk.choose(value=4, radius_px=3)
    drag(easel, (20, 30), (40, 30), (60, 30))
    labels = desk.painting.labels
    assert (labels[30, 20:61] == 4).all()
    assert labels[40].max() == 0
    desk.set_opacity(1.0)
    seen = easel.grab().toImage().pixelColor(place(easel, 40, 30))
    assert (seen.red(), seen.green(), seen.blue()) == (10, 200, 10)
    drag(easel, (40, 30), button=RIGHT)
    assert labels[30, 40] == 0
    QTest.keyClick(easel, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert labels[30, 40] == 4
    QTest.keyClick(easel, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert labels.max() == 0
    both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    QTest.keyClick(easel, Qt.Key.Key_Z, both)
    assert labels[30, 40] == 4


def test_a_lasso_and_a_fill(easel: Easel, desk: Desk) -> None:
    QTest.keyClick(easel, Qt.Key.Key_L)
    drag(easel, (10, 10), (50, 10), (50, 50), (10, 50))
    assert desk.painting.labels[30, 30] == desk.value
    QTest.keyClick(easel, Qt.Key.Key_G)
    QTest.keyClick(easel, Qt.Key.Key_2)
    QTest.mouseClick(easel, LEFT, Qt.KeyboardModifier.NoModifier, place(easel, 70, 55))
    assert desk.painting.labels[2, 2] == 4
    assert desk.painting.labels[30, 30] == 1


def test_keys_and_buttons_tell_each_other(qtbot, easel: Easel, desk: Desk) -> None:
    tools = Tools(desk)
    qtbot.addWidget(tools)
    QTest.keyClick(easel, Qt.Key.Key_E)
    assert tools.hand["eraser"].isChecked()
    tools.inks[4].click()
    assert (desk.tool, desk.value) == ("brush", 4)
    size = desk.radius_px
    QTest.keyClick(easel, Qt.Key.Key_BracketRight)
    assert desk.radius_px > size
    tools.breadth.setValue(0)
    assert desk.radius_px == pytest.approx(1.0)
    QTest.keyClick(easel, Qt.Key.Key_S)
    assert tools.snap.value() is True
    assert not tools.undo.isEnabled()
    drag(easel, (20, 30), (40, 30))
    assert tools.undo.isEnabled()
    tools.undo.click()
    assert tools.redo.isEnabled()
    desk.clear()
    assert not tools.isEnabled()


def test_held_keys_show_the_picture_and_move_it(easel: Easel, desk: Desk) -> None:
    desk.choose(value=1, radius_px=8)
    drag(easel, (40, 30), (41, 30))
    QTest.keyPress(easel, Qt.Key.Key_H)
    seen = easel.grab().toImage().pixelColor(place(easel, 40, 40))
    assert (seen.red(), seen.green()) == (100, 100)
    QTest.keyRelease(easel, Qt.Key.Key_H)
    before = place(easel, 0, 0)
    QTest.keyPress(easel, Qt.Key.Key_Space)
    drag(easel, (40, 30), (50, 30))
    QTest.keyRelease(easel, Qt.Key.Key_Space)
    assert place(easel, 0, 0).x() > before.x()
    assert desk.painting.labels[30, 60] == 0


def test_an_item_is_uncovered_by_painting(qtbot) -> None:
    desk = Desk()
    item = np.zeros((60, 80, 4), np.uint8)
    item[20:40, 20:60] = (250, 240, 10, 255)
    inks = (Ink(0, "Item", (0, 0, 0)), Ink(255, "In front", (255, 0, 0)))
    desk.put("worn", RGB, np.zeros((60, 80), np.uint8), inks, item)
    desk.set_opacity(0.0)
    np.testing.assert_array_equal(desk.shown()[30, 40], (250, 240, 10))
    desk.choose(value=255, radius_px=4)
    desk.stroke((40, 30), (40, 30))
    np.testing.assert_array_equal(desk.shown()[30, 40], (100, 100, 100))
    np.testing.assert_array_equal(desk.shown()[30, 25], (250, 240, 10))


def test_labels_are_saved_as_they_are_painted(qtbot, studio, opened, tmp_path: Path) -> None:
    folder = LabelFolder.create(tmp_path / "labels")
    folder.add(RGB, "one")
    folder.add(np.full((60, 80, 3), 30, np.uint8), "two")
    panel = opened("label", {"folder": str(folder.path)})
    qtbot.waitUntil(lambda: panel.loaded and panel.pictures.count() == 2)
    assert studio.desk.title == "one"
    studio.desk.choose(value=7, radius_px=5)
    for x in (10.0, 30.0, 50.0):
        studio.desk.stroke((x, 30), (x, 30))
        studio.desk.finish(None)
    qtbot.waitUntil(lambda: not studio.watch.busy and "saved" in panel.saved.text())
    kept = folder.map("one", "parts")
    assert kept is not None
    assert (kept[30, [10, 30, 50]] == 7).all()
    panel.pictures.setCurrentRow(1)
    assert studio.desk.title == "two"
    assert studio.desk.painting.labels.max() == 0
    panel.pictures.setCurrentRow(0)
    np.testing.assert_array_equal(studio.desk.painting.labels, kept)
    panel.kind.set_value("mask")
    assert studio.desk.painting.labels.max() == 0
    assert [ink.title for ink in studio.desk.inks] == ["Background", "Person"]


def test_a_picture_that_went_is_explained(qtbot, studio, opened, tmp_path: Path) -> None:
    folder = LabelFolder.create(tmp_path / "labels")
    folder.add(RGB, "one")
    write_picture(folder.path / "pictures" / "two.png", RGB)
    panel = opened("label", {"folder": str(folder.path)})
    qtbot.waitUntil(lambda: panel.loaded and panel.pictures.count() == 2)
    (folder.path / "pictures" / "two.png").unlink()
    with qtbot.waitSignal(studio.notices.toast) as told:
        panel.pictures.setCurrentRow(1)
    assert "no picture “two”" in told.args[0].message
    assert studio.desk.title == "one"
