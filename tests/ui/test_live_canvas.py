"""The live canvas: what it shows where, and that it keeps up."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QWheelEvent
from PySide6.QtWidgets import QApplication

from studio.core.types import Frame, Keypoints, Layout
from studio.human.layouts import layout
from studio.scene.palette import DARK
from studio.ui import tiles
from studio.ui.keypoint_marks import landed_px, marks
from studio.ui.live_canvas import LiveCanvas

LAYOUT = Layout("two", ("left_eye", "right_eye"), ((0, 1),), (1, 0), {"face": ()})


MESSAGES = """
from PySide6.QtCore import qInstallMessageHandler
from studio.ui.gl_check import vispy_app
vispy_app()
assert qInstallMessageHandler(None) is None
"""


def test_qt_messages_never_wait_for_the_interpreter():
    """In a process of its own: vispy takes them over once, when it is imported."""
    subprocess.run([sys.executable, "-c", MESSAGES], check=True, timeout=60)


def grabbed(canvas: LiveCanvas) -> np.ndarray:
    image = canvas._canvas.native.grabFramebuffer().convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    pixels = rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3)
    return pixels.copy()  # the picture's memory goes with it


def plain(camera: str, colour: tuple[int, int, int], size: tuple[int, int] = (320, 240)) -> Frame:
    return Frame(camera, 0.0, np.full((size[1], size[0], 3), colour, np.uint8))


@pytest.fixture
def canvas(qtbot) -> LiveCanvas:
    made = LiveCanvas()
    made.resize(640, 480)
    made.show()
    qtbot.waitExposed(made)
    assert made.start(), made.trouble
    yield made
    made.close_canvas()
    made.deleteLater()
    QApplication.processEvents()


@pytest.mark.screen
def test_four_videos_fill_a_grid(canvas: LiveCanvas) -> None:
    colours = [(200, 30, 30), (30, 200, 30), (30, 30, 200), (200, 200, 30)]
    for number, colour in enumerate(colours):
        canvas.show_frame(plain(f"cam {number}", colour))
    picture = grabbed(canvas)
    for (y, x), colour in zip(
        ((120, 160), (120, 480), (360, 160), (360, 480)), colours, strict=True
    ):
        np.testing.assert_allclose(picture[y, x], colour, atol=2)
    assert canvas.camera_at(500, 400) == "cam 3"


@pytest.mark.screen
def test_a_new_frame_replaces_the_old_in_place(canvas: LiveCanvas) -> None:
    canvas.show_frame(plain("a", (10, 20, 30)))
    grabbed(canvas)
    texture = canvas._tiles["a"].picture._texture
    canvas.show_frame(plain("a", (220, 120, 20)))
    np.testing.assert_allclose(grabbed(canvas)[240, 320], (220, 120, 20), atol=2)
    assert canvas._tiles["a"].picture._texture is texture
    canvas.show_frame(plain("a", (5, 250, 5), (200, 100)))
    np.testing.assert_allclose(grabbed(canvas)[240, 320], (5, 250, 5), atol=2)


@pytest.mark.screen
def test_keypoints_lie_on_their_pixels_and_fade_with_doubt(canvas: LiveCanvas) -> None:
    canvas.show_frame(plain("a", (0, 0, 0)))
    xy = np.array([[80.0, 60.0], [240.0, 180.0]])
    canvas.show_keypoints(Keypoints("a", 0.0, LAYOUT, xy, np.array([1.0, 0.3])))
    canvas.show_reprojection("a", np.array([[160.0, 40.0]]))
    picture = grabbed(canvas).astype(int)
    at = [((80.5) * 2, (60.5) * 2), (240.5 * 2, 180.5 * 2), (160.5 * 2, 40.5 * 2)]
    sure, unsure, landed = (picture[round(y - 0.5), round(x - 0.5)] for x, y in at)
    assert sure[2] > 200
    assert sure[2] > sure[0] + 60
    assert 40 < unsure[0] < 180
    assert unsure[0] > unsure[2]
    assert landed.max() > 180
    canvas.clear_marks()
    assert grabbed(canvas).max() < 60


@pytest.mark.screen
def test_one_to_one_shows_pixels_exactly(canvas: LiveCanvas) -> None:
    rgb = np.random.default_rng(0).integers(0, 255, (960, 1280, 3), dtype=np.uint8)
    canvas.show_frame(Frame("a", 0.0, rgb))
    canvas.show_exact()
    picture = grabbed(canvas)
    x, y = canvas.picture_xy("a", 300.5, 200.5)
    column, row = round(x), round(y)
    np.testing.assert_array_equal(
        picture[200:260, 300:400], rgb[row : row + 60, column : column + 100]
    )


@pytest.mark.screen
def test_double_click_shows_one_alone_and_the_wheel_zooms(qtbot, canvas: LiveCanvas) -> None:
    for name in ("a", "b"):
        canvas.show_frame(plain(name, (50, 50, 50)))
    native = canvas._canvas.native
    rect = canvas.rects()["b"]
    spot = QPoint(round(rect.x + rect.width / 2), round(rect.y + rect.height / 2))
    qtbot.mouseDClick(native, Qt.MouseButton.LeftButton, pos=spot)
    assert list(canvas.rects()) == ["b"]
    before = canvas.picture_xy("b", 200, 150)
    at = QPointF(200, 150)
    buttons, keys = Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier
    phase = Qt.ScrollPhase.NoScrollPhase
    wheel = QWheelEvent(at, at, QPoint(), QPoint(0, 240), buttons, keys, phase, False)
    QApplication.sendEvent(native, wheel)
    assert canvas._tiles["b"].look.zoom > 1.3
    np.testing.assert_allclose(canvas.picture_xy("b", 200, 150), before, atol=0.01)
    qtbot.keyClick(canvas, Qt.Key.Key_Escape)
    assert set(canvas.rects()) == {"a", "b"}


@pytest.mark.screen
def test_cameras_can_go_and_the_canvas_can_close_twice(canvas: LiveCanvas) -> None:
    canvas.show_frame(plain("a", (1, 2, 3)))
    canvas.show_frame(plain("b", (1, 2, 3)))
    canvas.set_cameras(["b"])
    assert list(canvas.rects()) == ["b"]
    canvas.close_canvas()
    canvas.close_canvas()
    canvas.show_frame(plain("b", (9, 9, 9)))


def test_without_gl_it_explains(qtbot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studio.ui.live_canvas.gl_trouble", lambda: "There is no OpenGL here.")
    made = LiveCanvas()
    qtbot.addWidget(made)
    assert not made.start()
    assert "no OpenGL" in made._message.text()
    made.show_frame(plain("a", (0, 0, 0)))


def test_missing_points_make_no_marks() -> None:
    xy = np.array([[10.0, 10.0], [np.nan, np.nan]])
    ends, colours, radii = marks(
        (Keypoints("a", 0.0, LAYOUT, xy, np.array([0.9, 0.0])),), None, DARK, 1.0
    )
    drawn = np.isfinite(ends).all(1)
    assert drawn.sum() == 1
    assert len(ends) == len(colours) == len(radii)


def test_points_of_hands_and_faces_land_finely() -> None:
    """The 553 points of a whole person would hide face and hands, were all as large as a hip."""
    whole = layout("whole_body")
    sizes = np.array(landed_px(whole))
    body, hand, face = (whole.parts[part][0] for part in ("body", "left_hand", "face"))
    assert sizes[face] < 0.5 * sizes[hand] + 0.1 < sizes[body]
    _, _, radii = marks((), np.zeros((len(whole), 2)), DARK, 2.0, (), landed_px(whole))
    np.testing.assert_allclose(radii, 2 * sizes, rtol=1e-6)


@given(st.integers(1, 16), st.floats(200, 3000), st.floats(150, 2000))
def test_tiles_cover_without_overlap(count: int, width: float, height: float) -> None:
    rects = tiles.arrange([(960, 720)] * count, width, height)
    assert len(rects) == count
    assert all(r.x >= 0 and r.y >= 0 for r in rects)
    assert all(r.x + r.width <= width + 1 and r.y + r.height <= height + 1 for r in rects)
    for first in range(count):
        for second in range(first):
            a, b = rects[first], rects[second]
            apart = (
                a.x >= b.x + b.width or b.x >= a.x + a.width
                or a.y >= b.y + b.height or b.y >= a.y + a.height
            )  # fmt: skip
            assert apart


@given(st.floats(0.5, 5), st.floats(20, 380), st.floats(20, 280))
def test_zoom_is_about_the_pointer(factor: float, x: float, y: float) -> None:
    rect, size = tiles.Rect(0, 0, 400, 300), (640, 480)
    look = tiles.zoomed(rect, size, tiles.Look(2.0, (13.0, -7.0)), factor, (x, y))
    if look.zoom > 1:
        old = tiles.placement(rect, size, tiles.Look(2.0, (13.0, -7.0)))
        new = tiles.placement(rect, size, look)
        before = ((x - old[1]) / old[0], (y - old[2]) / old[0])
        after = ((x - new[1]) / new[0], (y - new[2]) / new[0])
        np.testing.assert_allclose(after, before, atol=1.5)


@pytest.mark.screen
def test_a_mirrored_video_swaps_sides_with_its_marks(canvas: LiveCanvas) -> None:
    picture = np.zeros((240, 320, 3), np.uint8)
    picture[:, :160] = (200, 0, 0)
    canvas.show_frame(Frame("a", 0.0, picture))
    assert grabbed(canvas)[100, 100, 0] > 150
    canvas.set_mirrored("a", True)
    seen = grabbed(canvas)
    assert seen[100, 100, 0] < 50
    assert seen[100, 500, 0] > 150
    assert canvas.picture_xy("a", 0, 0) == pytest.approx((320, -1), abs=0.6)
    canvas.show_reprojection("a", np.array([[80.0, 120.0]]))
    marked = grabbed(canvas).astype(int)
    assert abs(marked - seen)[220:260, 460:500].sum() > abs(marked - seen)[220:260, 140:180].sum()


@pytest.mark.screen
def test_beyond_one_to_one_pixels_are_squares(canvas: LiveCanvas) -> None:
    """At 1:1 each picture pixel is one of the screen; zoomed in there is nothing between two."""
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 2, (960, 1280, 1)).astype(np.uint8).repeat(3, 2) * 255
    canvas.show_frame(Frame("a", 0.0, picture))
    canvas.show_exact()
    seen = grabbed(canvas)[40:440, 200:600, 0]
    assert np.isin(seen, (0, 255)).mean() > 0.999
    rows, columns = picture[240:720, 320:960, 0], grabbed(canvas)[..., 0]
    np.testing.assert_array_equal(columns[40:400, 200:600], rows[40:400, 200:600])
    spin = QWheelEvent(QPointF(320, 240), QPointF(320, 240), QPoint(), QPoint(0, 700),
                       Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier,
                       Qt.ScrollPhase.NoScrollPhase, False)  # fmt: skip
    canvas._wheel(spin)
    assert np.isin(grabbed(canvas)[40:400, 200:600, 0], (0, 255)).mean() > 0.999


@pytest.mark.screen
def test_zebra_stripes_what_is_burnt_out_and_peaking_paints_edges(canvas: LiveCanvas) -> None:
    picture = np.full((240, 320, 3), 120, np.uint8)
    picture[:, 160:] = 255
    canvas.show_frame(Frame("a", 0.0, picture))
    canvas.set_aids(zebra=True, peaking=False)
    seen = grabbed(canvas)[100:300]
    np.testing.assert_allclose(seen[:, 40:280], 120, atol=2)
    assert np.ptp(seen[:, 360:600, 1].astype(int)) > 150
    canvas.set_aids(zebra=False, peaking=True)
    edge = grabbed(canvas)[200, 300:340].astype(int)
    assert (edge[:, 0] - edge[:, 2]).max() > 100
    canvas.set_aids(zebra=False, peaking=False)
    np.testing.assert_allclose(grabbed(canvas)[100:300, 360:600], 255, atol=2)
