"""Where the focus goes when what had it goes away."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication, QPushButton, QVBoxLayout, QWidget

from studio.ui.focus import KeepFocus


@pytest.fixture
def window(qtbot, qapp):
    """A bar with a button, then a panel with two; the second of them has the focus."""
    keeper = KeepFocus()
    keeper.follow(qapp)
    whole = QWidget()
    qtbot.addWidget(whole)
    rows = QVBoxLayout(whole)
    whole.bar, whole.panel = QPushButton("Capture"), QWidget()
    inside = QVBoxLayout(whole.panel)
    whole.first, whole.last = QPushButton("Cancel"), QPushButton("Make the avatar")
    for place, widget in (
        (rows, whole.bar), (inside, whole.first), (inside, whole.last), (rows, whole.panel),
    ):  # fmt: skip
        place.addWidget(widget)
    whole.show()
    whole.activateWindow()
    qtbot.waitUntil(whole.isActiveWindow)
    whole.last.setFocus()
    qtbot.waitUntil(whole.last.hasFocus)
    yield whole
    qapp.focusChanged.disconnect(keeper._moved)


@pytest.mark.parametrize("away", [QWidget.hide, lambda button: button.setEnabled(False)])
def test_it_stays_in_the_panel_of_a_control_that_goes_away(window, away):
    away(window.last)
    assert QApplication.focusWidget() is window.panel
    window.focusNextChild()
    assert QApplication.focusWidget() is window.first  # a key goes on from here


def test_it_lies_on_the_window_when_all_of_a_panel_goes_away(window):
    window.panel.hide()
    assert QApplication.focusWidget() is window


def test_it_goes_where_somebody_sends_it(window):
    window.bar.setFocus()
    assert window.bar.hasFocus()
    window.panel.hide()
    assert window.bar.hasFocus()
