"""The window's paintings, put off and put together."""

import time

import pytest
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from studio.ui.pace import Pace

pytestmark = pytest.mark.screen


class Counted(QWidget):
    painted = 0

    def paintEvent(self, event: object) -> None:
        Counted.painted += 1


def test_what_changes_before_the_last_painting_is_paid_for_is_painted_once(qtbot):
    window, inside = QWidget(), Counted()
    QVBoxLayout(window).addWidget(inside)
    qtbot.addWidget(window)
    window.resize(200, 200)
    window.show()
    qtbot.waitExposed(window)
    pace = Pace(window)
    inside.update()
    qtbot.waitUntil(lambda: Counted.painted > 0, timeout=5000)
    QApplication.processEvents()
    Counted.painted = 0
    pace._free_s = time.monotonic() + 1e6
    for _ in range(20):
        inside.update()
        QApplication.processEvents()
    assert Counted.painted == 0
    assert pace._later.isActive()
    pace._free_s = 0.0
    pace._later.start(0)
    qtbot.waitUntil(lambda: Counted.painted == 1, timeout=5000)
