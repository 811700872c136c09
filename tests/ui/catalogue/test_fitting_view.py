"""A thing on somebody with handles, as it is seen and as in a mirror."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt

from studio.core.types import Camera
from studio.live.wearing.mannequin import Fitted
from studio.ui.catalogue.fitting_view import PICTURE_PX, FittingView

WIDE, HIGH = 2 * PICTURE_PX[0], 2 * PICTURE_PX[1]


@pytest.fixture
def view(qtbot) -> FittingView:
    made = FittingView()
    qtbot.addWidget(made)
    made.resize(*PICTURE_PX)
    made.show()
    return made


def fitted(x_m: float) -> Fitted:
    """A picture whose left half is red; the anchor lies ``x_m`` beside its middle, 1 m ahead."""
    rgb = np.zeros((HIGH, WIDE, 3), np.uint8)
    rgb[:, : WIDE // 2, 0] = 255
    lens = np.array([[600.0, 0, (WIDE - 1) / 2], [0, 600, (HIGH - 1) / 2], [0, 0, 1]])
    frame = np.eye(4)
    frame[:3, 3] = x_m, 0, 1
    camera = Camera("c", (WIDE, HIGH), lens, np.zeros(0), np.eye(3), np.zeros(3))
    return Fitted(rgb, camera, frame)


def handle(view: FittingView):
    return view._on_screen(view.grip.at_px(view.placing))


def test_a_mirror_shows_picture_and_handles_the_other_way_about(view):
    view.show_fitted(fitted(0.2))
    plain, left = handle(view), view.grab().toImage().pixelColor(20, 100).red()
    view.show_fitted(fitted(0.2), mirrored=True)
    other = handle(view)
    assert plain.x() - view.width() / 2 == pytest.approx(60, abs=1)
    assert other.x() - view.width() / 2 == pytest.approx(-60, abs=1)
    assert other.y() == plain.y()
    assert left > 200
    assert view.grab().toImage().pixelColor(20, 100).red() < 50
    assert view._in_picture(other) == pytest.approx(tuple(view.grip.at_px(view.placing)))


@pytest.mark.parametrize("mirrored", [False, True])
def test_a_thing_follows_hands_and_keys_on_the_screen(view, qtbot, mirrored):
    view.show_fitted(fitted(0.0), mirrored)
    before = handle(view)
    qtbot.keyClick(view, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    by_key = handle(view)
    assert by_key.x() > before.x()
    qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=by_key.toPoint())
    aim = by_key.toPoint()
    aim.setX(aim.x() + 40)
    qtbot.mouseMove(view, aim)
    qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, pos=aim)
    assert handle(view).x() - by_key.x() == pytest.approx(40, abs=2)
