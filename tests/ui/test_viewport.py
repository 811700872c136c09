"""The viewport: mouse, keys, overlays, closing; and both GL canvases in one window."""

from __future__ import annotations

import gc
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QWidget

from studio.core.types import Frame, Layout, Mesh, Skeleton
from studio.scene.camera import to_window
from studio.ui.live_canvas import LiveCanvas
from studio.ui.viewport import Viewport

LAYOUT = Layout("three", ("nose", "left_hand", "right_hand"), ((0, 1), (0, 2)), (0, 2, 1))
PERSON = Skeleton(
    0.0, LAYOUT, np.array([[0.0, 0, 1.6], [0.5, 0, 1.0], [-0.5, 0, 1.0]]), np.full(3, 0.002)
)
pytestmark = pytest.mark.screen


@pytest.fixture
def viewport(qtbot) -> Viewport:
    made = Viewport()
    made.resize(640, 480)
    made.show()
    qtbot.waitExposed(made)
    assert made.start(), made.trouble
    yield made
    made.close_scene()
    made.deleteLater()
    QApplication.processEvents()


def window_at(viewport: Viewport, index: int) -> QPoint:
    assert viewport.scene is not None
    eye = viewport.scene.eye()
    seen, _ = to_window(PERSON.xyz_m, eye.view, eye.clip, eye.window_px)
    x, y = seen[index] / viewport.devicePixelRatioF()
    return QPoint(round(x), round(y))


def test_values_shown_before_the_start_are_drawn_after_it(qtbot) -> None:
    early = Viewport()
    early.show_value("motion", PERSON)
    early.resize(400, 300)
    early.show()
    qtbot.waitUntil(lambda: early.scene is not None, timeout=5000)
    assert early.scene is not None
    assert early.scene.keys == ("motion",)
    early.close()
    assert early.scene is None
    early.show_value("motion", PERSON)
    early.deleteLater()
    QApplication.processEvents()


def test_the_scene_is_on_the_screen(qtbot, viewport: Viewport) -> None:
    viewport.show_value("motion", PERSON)
    qtbot.waitUntil(lambda: not viewport._tick.isActive(), timeout=2000)
    picture = np.asarray(viewport.scene.plotter.screenshot(return_img=True))
    at = window_at(viewport, 1)
    patch = picture[at.y() - 2 : at.y() + 3, at.x() - 2 : at.x() + 3] / 255
    assert np.abs(patch - viewport.scene._palette.left).max(-1).min() < 0.15


def test_keys_take_views_and_frame(qtbot, viewport: Viewport) -> None:
    viewport.show_value("motion", PERSON)
    for key, azimuth, elevation in (
        (Qt.Key.Key_1, 0, 0),
        (Qt.Key.Key_3, 90, 0),
        (Qt.Key.Key_7, 0, 90),
    ):
        qtbot.keyClick(viewport, key)
        assert (viewport.scene.orbit.azimuth_deg, viewport.scene.orbit.elevation_deg) == (
            azimuth,
            elevation,
        )
    viewport.scene.orbit = viewport.scene.orbit.nearer(0.01)
    qtbot.keyClick(viewport, Qt.Key.Key_F)
    assert viewport.scene.orbit.distance_m < 10


def moved(step_m: tuple[float, float, float]) -> Skeleton:
    return replace(PERSON, xyz_m=PERSON.xyz_m + np.array(step_m))


def test_people_stay_in_sight_until_somebody_turns_the_view(viewport: Viewport) -> None:
    scene = viewport.scene
    viewport.show_value("motion", PERSON)
    alone = scene.orbit
    viewport.show_value("motion", moved((0.3, 0, 0)))
    assert scene.orbit == alone, "a step to the side turns nothing"
    viewport.show_value("second", moved((2.0, 0, 0)))
    assert scene.orbit.distance_m > alone.distance_m
    for key in ("motion", "second"):
        viewport.show_value(key, moved((9.0, 0, 0)))
    assert scene.share_seen() == 0
    viewport._render()
    assert scene.share_seen() == 1
    scene.orbit = scene.orbit.turned(20, 0)
    by_hand = scene.orbit
    for key in ("motion", "second"):
        viewport.show_value(key, moved((-9.0, 0, 0)))
    viewport.show_value("third", PERSON)
    assert scene.orbit == by_hand
    viewport.frame()
    viewport.show_value("fourth", moved((4.0, 0, 0)))
    assert scene.orbit != by_hand
    assert scene.share_seen() == 1


def test_the_mouse_orbits_pans_and_dollies(qtbot, viewport: Viewport) -> None:
    canvas = viewport._canvas
    before = viewport.scene.orbit
    for button, changed in (
        (Qt.MouseButton.LeftButton, "azimuth_deg"),
        (Qt.MouseButton.MiddleButton, "target_m"),
        (Qt.MouseButton.RightButton, "distance_m"),
    ):
        before = viewport.scene.orbit
        qtbot.mousePress(canvas, button, pos=QPoint(300, 300))
        qtbot.mouseMove(canvas, QPoint(320, 310))
        for x in (330, 360):
            move = _move(QPointF(x, 260), button)
            QApplication.sendEvent(canvas, move)
        qtbot.mouseRelease(canvas, button, pos=QPoint(360, 260))
        assert getattr(viewport.scene.orbit, changed) != getattr(before, changed)
    before = viewport.scene.orbit
    at = QPointF(200, 150)
    buttons, keys = Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier
    phase = Qt.ScrollPhase.NoScrollPhase
    wheel = QWheelEvent(at, at, QPoint(), QPoint(0, 240), buttons, keys, phase, False)
    QApplication.sendEvent(canvas, wheel)
    assert viewport.scene.orbit.distance_m < before.distance_m


def _move(at: QPointF, button: Qt.MouseButton):
    from PySide6.QtCore import QEvent
    from PySide6.QtGui import QMouseEvent

    none = Qt.MouseButton.NoButton
    return QMouseEvent(QEvent.Type.MouseMove, at, at, none, button, Qt.KeyboardModifier.NoModifier)


def test_a_click_picks_a_joint(qtbot, viewport: Viewport) -> None:
    viewport.show_value("motion", PERSON)
    with qtbot.waitSignal(viewport.picked) as told:
        qtbot.mouseClick(viewport._canvas, Qt.MouseButton.LeftButton, pos=window_at(viewport, 2))
    assert told.args[0].name == "right_hand"


def test_the_cube_and_the_buttons_reach_the_scene(qtbot, viewport: Viewport) -> None:
    cube = viewport._cube
    viewport.view("three-quarter")
    qtbot.waitUntil(lambda: not viewport._tick.isActive(), timeout=2000)
    spots = {cube.face_at(QPointF(x, y)) for x in range(0, 84, 4) for y in range(0, 84, 4)}
    assert {"front", "left", "top"} <= spots
    front = next(
        QPoint(x, y) for x in range(84) for y in range(84) if cube.face_at(QPointF(x, y)) == "front"
    )
    qtbot.mouseClick(cube, Qt.MouseButton.LeftButton, pos=front)
    assert viewport.scene.orbit.azimuth_deg == 0
    with qtbot.waitSignal(viewport.shading_changed):
        viewport._toolbar._looks["x-ray"].click()
    assert viewport.scene.shading == "x-ray"


def test_many_updates_in_one_turn_draw_once(qtbot, viewport: Viewport) -> None:
    drawn: list[bool] = []
    real = viewport.scene.render
    viewport.scene.render = lambda fine=False, coarse=False: (drawn.append(fine), real(fine))
    for _ in range(50):
        viewport.show_value("motion", PERSON)
    QApplication.processEvents()
    assert drawn.count(False) == 1


def test_who_is_dragged_is_drawn_coarsely_where_pictures_take_long(
    qtbot, viewport: Viewport, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[bool] = []
    scene = viewport.scene
    real = scene.render
    scene.render = lambda fine=False, coarse=False: (drawn.append(coarse), real(fine, coarse))
    monkeypatch.setattr(type(scene), "dragged", True)
    for limit_s, coarse in ((0.0, True), (1e9, False)):
        monkeypatch.setattr("studio.ui.viewport.COARSE_ABOVE_S", limit_s)
        drawn.clear()
        viewport.show_value("motion", PERSON)
        qtbot.waitUntil(lambda: bool(drawn), timeout=5000)
        assert drawn[0] is coarse


def test_pictures_and_themes(viewport: Viewport, tmp_path) -> None:
    viewport.show_value("motion", PERSON)
    dark = viewport.screenshot(tmp_path / "shot.png", (320, 200))
    assert (tmp_path / "shot.png").stat().st_size > 1000
    viewport.set_theme("light")
    light = viewport.screenshot(size_px=(320, 200))
    assert light.shape == (200, 320, 3)
    assert light.mean() > dark.mean() + 80


def test_without_gl_it_explains(qtbot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studio.ui.viewport.gl_trouble", lambda: "There is no OpenGL here.")
    made = Viewport()
    qtbot.addWidget(made)
    assert not made.start()
    assert "no OpenGL" in made._message.text()
    made.show_value("motion", PERSON)
    made.frame()
    made.close_scene()


def test_both_canvases_run_in_one_window_and_close(qtbot) -> None:
    window = QWidget()
    row = QHBoxLayout(window)
    viewport, canvas = Viewport(), LiveCanvas()
    row.addWidget(viewport)
    row.addWidget(canvas)
    window.resize(900, 400)
    window.show()
    qtbot.waitUntil(lambda: viewport.scene is not None and canvas._canvas is not None, timeout=8000)
    rng = np.random.default_rng(0)
    faces = np.array([[0, 1, 2], [0, 2, 3], [0, 3, 1], [1, 3, 2]])
    for number in range(20):
        viewport.show_value("body", Mesh(rng.normal(0, 0.3, (4, 3)), faces))
        picture = np.full((240, 320, 3), 10 * number, np.uint8)
        canvas.show_frame(Frame("a", 0.0, picture))
        QApplication.processEvents()
    image = canvas._canvas.native.grabFramebuffer()
    assert abs(image.pixelColor(image.width() // 2, image.height() // 2).red() - 190) < 3
    shot = np.asarray(viewport.scene.plotter.screenshot(return_img=True))
    assert shot.std() > 3
    viewport.close()
    canvas.close()
    window.close()
    window.deleteLater()
    QApplication.processEvents()
    gc.collect()
