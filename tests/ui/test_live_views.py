"""The pages of live cameras beside those of the take."""

from __future__ import annotations

import pytest
from live import WEBCAM, Driver, Socket, hub
from PySide6.QtWidgets import QLabel

from studio.document.project import Clip, TakeItem
from studio.ui.cameras import CameraService
from studio.ui.live_views import LIVE, TAKE, LiveViews


@pytest.fixture
def views(qtbot, studio):
    studio.settings.change(cameras_agreed=True)
    studio.cameras = CameraService(
        studio.settings, studio.notices, hub(Driver()), Socket(WEBCAM).devices()
    )
    fronts: list[str] = []
    made = LiveViews(studio, fronts.append)
    made.fronts = fronts
    made.docks = [made.wrap(id, QLabel(id)) for id in ("canvas", "plots")]
    for dock in made.docks:
        qtbot.addWidget(dock)
        dock.resize(500, 300)
        dock.show()
    yield made
    made.close()


def take() -> TakeItem:
    clip = Clip(camera="a", path="a.mkv", size_px=(96, 64), rate_hz=30, frames=3)
    return TakeItem(name="Take", clips=(clip,))


def test_other_views_have_no_live_page(views) -> None:
    view = QLabel("timeline")
    assert views.wrap("timeline", view) is view


@pytest.mark.screen
def test_opening_shows_live_choosing_a_take_shows_it_closing_goes_back(qtbot, studio, views):
    assert views.page == TAKE
    assert views.grid is None
    assert not views._header.isVisible()
    studio.cameras.open_first()
    assert views.page == LIVE
    assert views.fronts == ["canvas"]
    assert views._header.isVisible()
    assert studio.cameras.canvas is views.grid.canvas
    qtbot.waitUntil(lambda: views.grid.canvas.cameras == ("Webcam",))
    item = take()
    studio.document.edit("Add", lambda p: p.with_items([item]))
    studio.selection.set((item.id,))
    assert views.page == TAKE
    assert not views.grid.isVisible()
    assert not views.grid._timer.isActive()
    tabs = [tab.geometry() for tab in views._tabs.values()]
    assert tabs[1].left() - tabs[0].right() < 3, "the two tabs stay side by side"
    views._tabs[LIVE].click()
    assert views.grid.isVisible()
    studio.cameras.close_cameras()
    assert views.page == TAKE
    assert not views._header.isVisible()


@pytest.mark.screen
def test_curves_follow_while_cameras_are_open(qtbot, studio, views) -> None:
    studio.cameras.open_first()
    qtbot.waitUntil(lambda: views.plots.charts == ("Frames a second", "Lost frames", "Latency"))
    curve = views.plots._curves[0]
    count = len(views.plots.chart.series[0].x)
    qtbot.waitUntil(lambda: len(views.plots.chart.series[0].x) > count)
    assert views.plots._curves[0] is curve, "curves are moved, not made anew"
