"""The live canvas: one to sixteen videos with what was found in them drawn on top."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from PySide6.QtCore import QEvent, QObject, QPointF, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QResizeEvent, QShowEvent, QWheelEvent
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from studio.core.types import Frame, FrameSet, Keypoints
from studio.scene.palette import PALETTES, ThemeName
from studio.ui import tiles
from studio.ui.gl_check import gl_trouble, vispy_app
from studio.ui.live_tile import MARGIN, Tile, Tone, dress
from studio.vision.picture_aids import Exposure

_log = logging.getLogger(__name__)


class LiveCanvas(QWidget):
    """A grid of videos. Cameras appear with their first frame, in the order of ``set_cameras``.

    Wheel zooms at the pointer, drag pans, double-click shows one video alone (and back), 1 shows
    one picture pixel as one screen pixel, F shows everything.
    """

    camera_picked = Signal(str)
    maximised = Signal(str)

    def __init__(self, parent: QWidget | None = None, theme: ThemeName = "dark") -> None:
        super().__init__(parent)
        self.setObjectName("liveCanvas")
        self.setAccessibleName("Live canvas")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(200, 150)
        self.trouble: str | None = None
        self._palette = PALETTES[theme]
        self._tiles: dict[str, Tile] = {}
        self._order: tuple[str, ...] = ()
        self._alone: str | None = None
        self._canvas: Any | None = None
        self._pointer: QPointF | None = None
        self._drag: str | None = None
        self._drawn: list[float] = []
        self._since_s: float | None = None
        self._zebra = self._peaking = False
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._message = QLabel("No picture yet. Open footage or use a webcam.", self)
        self._message.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._message.setWordWrap(True)
        self._figures = QLabel("", self)
        self._figures.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._still = QTimer(self)
        self._still.setSingleShot(True)
        self._still.setInterval(1200)
        self._still.timeout.connect(self._figures.hide)
        self._figures.hide()
        self.set_theme(theme)

    # -- making and closing

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._canvas is None and self.trouble is None:
            QTimer.singleShot(0, self, self.start)

    def start(self) -> bool:
        """Make the GL canvas now. False where GL cannot be used; :attr:`trouble` says why."""
        if self._canvas is not None or self.trouble:
            return self._canvas is not None
        self.trouble = gl_trouble()
        if self.trouble:
            self._message.setText(f"{self.trouble}\nRun “doppel doctor” to see how to mend it.")
            return False
        try:
            canvas = vispy_app().Canvas(keys=None, parent=self, vsync=False, size=(320, 240))
        except Exception:
            _log.exception("the live canvas could not be made")
            self.trouble = "The video canvas could not be started."
            self._message.setText(f"{self.trouble}\nThe log says more; run “doppel doctor”.")
            return False
        self._canvas = canvas
        canvas.events.draw.connect(self._draw)
        native = canvas.native
        native.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        native.setAcceptDrops(False)
        native.installEventFilter(self)
        self._column.addWidget(native)
        self._place_labels()
        return True

    def close_canvas(self) -> None:
        """Let go of GL. Calling again is fine."""
        self._still.stop()
        canvas, self._canvas = self._canvas, None
        self.trouble = self.trouble or "The video canvas is closed."
        if canvas is not None:
            canvas.native.removeEventFilter(self)
            canvas.events.draw.disconnect(self._draw)
            canvas.close()
        for tile in self._tiles.values():
            tile.picture = tile.overlay = None

    def closeEvent(self, event: Any) -> None:
        self.close_canvas()
        super().closeEvent(event)

    # -- what is shown

    def set_cameras(self, cameras: Iterable[str]) -> None:
        """Which videos there are, in order; others are dropped."""
        self._order = tuple(cameras)
        for name in [name for name in self._tiles if name not in self._order]:
            self._tiles.pop(name).close()
        if self._alone not in self._order:
            self._alone = None
        self._tiles = {name: self._tile(name) for name in self._order}
        self._message.setVisible(not self._order or bool(self.trouble))
        self._place_labels()
        self.redraw()

    def _tile(self, camera: str) -> Tile:
        if camera not in self._tiles:
            self._tiles[camera] = Tile(camera, self)
            self._order = tuple(self._tiles)
            self._place_labels()
        return self._tiles[camera]

    @property
    def cameras(self) -> tuple[str, ...]:
        return self._order

    def show_frame(self, frame: Frame | FrameSet, since_s: float | None = None) -> None:
        """Show a picture (or those of one moment); ``since_s`` is when it was taken."""
        frames = frame.frames.values() if isinstance(frame, FrameSet) else (frame,)
        for one in frames:
            tile = self._tile(one.camera)
            resized = tile.frame is None or tile.frame.rgb.shape != one.rgb.shape
            tile.frame, tile.new_frame = one, True
            if resized:
                self._place_labels()
        self._since_s = since_s
        self._message.hide()
        self.redraw()

    def show_keypoints(self, *keypoints: Keypoints) -> None:
        """Draw these people; they replace what their cameras showed."""
        for camera in {k.camera for k in keypoints}:
            tile = self._tile(camera)
            tile.keypoints = tuple(k for k in keypoints if k.camera == camera)
            tile.new_marks = True
        self.redraw()

    def show_reprojection(
        self, camera: str, xy_px: np.ndarray | None, people: Sequence[int] = (),
        sizes_px: Sequence[float] = (),
    ) -> None:  # fmt: skip
        """Draw where 3D points land in a picture (points, 2), or nothing; see ``marks``."""
        self._tile(camera).land(xy_px, people, sizes_px)
        self.redraw()

    def say(
        self, camera: str, caption: str, state: str = "", tone: Tone = "plain", rec: bool = False
    ) -> None:
        """Words over a video: a line in its corner, with a red dot while it is recorded, and,
        across its middle, what is wrong."""
        if self._tile(camera).say(caption, state, tone, rec):
            self._place_labels()

    def set_mirrored(self, camera: str, on: bool) -> None:
        """Show a video as in a mirror, with its marks; the pictures themselves stay as they are."""
        tile = self._tile(camera)
        if tile.mirrored != on:
            tile.mirrored = on
            self.redraw()

    def set_aids(self, *, zebra: bool, peaking: bool) -> None:
        """Stripe what is burnt out or black; paint sharp edges."""
        self._zebra, self._peaking = zebra, peaking
        self.redraw()

    def measure(self, camera: str, exposure: Exposure | None, sharpness: float | None) -> None:
        """Show a histogram and a focus meter over a video; None puts them away."""
        tile = self._tile(camera)
        before = tile.meters
        tile.measure(exposure, sharpness)
        if tile.meters is not before:
            self._place_labels()

    def drawn(self, camera: str) -> int:
        """How many pictures of a camera have been drawn."""
        return self._tiles[camera].drawn if camera in self._tiles else 0

    def clear_marks(self) -> None:
        """Remove keypoints and reprojections from all videos."""
        for tile in self._tiles.values():
            tile.keypoints, tile.reprojected, tile.new_marks = (), None, True
        self.redraw()

    def clear(self) -> None:
        """No videos at all."""
        self.set_cameras(())

    def redraw(self) -> None:
        if self._canvas is not None and self.isVisible():
            self._canvas.native.update()

    def set_theme(self, theme: ThemeName) -> None:
        self._palette = PALETTES[theme]
        ink = "#c9cdd4" if theme == "dark" else "#3c4149"
        self._message.setStyleSheet(f"QLabel {{ color: {ink}; background: transparent; }}")
        dress(self._figures, "plain")
        for tile in self._tiles.values():
            tile.new_marks = True
        self.redraw()

    # -- where things are

    def rects(self) -> dict[str, tiles.Rect]:
        """Rectangles of the visible videos in widget pixels."""
        names = [self._alone] if self._alone is not None else list(self._order)
        sizes = [self._tiles[name].size for name in names]
        return dict(zip(names, tiles.arrange(sizes, self.width(), self.height()), strict=True))

    def camera_at(self, x: float, y: float) -> str | None:
        return next((name for name, rect in self.rects().items() if rect.holds(x, y)), None)

    def picture_xy(self, camera: str, x: float, y: float) -> tuple[float, float]:
        """The picture pixel under a widget position."""
        tile = self._tiles[camera]
        scale, left, top = tiles.placement(self.rects()[camera], tile.size, tile.look)
        across = (x - left) / scale
        across = tile.size[0] - across if tile.mirrored else across
        return (across - 0.5, (y - top) / scale - 0.5)

    def maximise(self, camera: str | None) -> None:
        """Show one video alone; None shows all."""
        self._alone = camera if camera in self._tiles else None
        self.maximised.emit(self._alone or "")
        self._place_labels()
        self.redraw()

    def show_whole(self) -> None:
        """Undo zoom and pan everywhere."""
        for tile in self._tiles.values():
            tile.look = tiles.Look()
        self.redraw()

    def show_exact(self, camera: str | None = None) -> None:
        """One picture pixel as one screen pixel."""
        ratio = self.devicePixelRatioF()
        for name, rect in self.rects().items():
            if camera in (None, name):
                tile = self._tiles[name]
                look = tiles.exact(rect, tile.size)
                tile.look = tiles.Look(look.zoom / ratio)
        self.redraw()

    def _place_labels(self) -> None:
        rects = self.rects()
        for name, tile in self._tiles.items():
            tile.place(rects.get(name))
        self._message.setGeometry(self.rect())
        if self._message.isVisible():
            self._message.raise_()
        self._figures.raise_()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_labels()

    # -- drawing

    def _draw(self, _event: object) -> None:
        from vispy import gloo

        from studio.ui.live_gl import Overlay, Picture, halvings

        if self._canvas is None:
            return
        window = self._canvas.physical_size
        ratio = window[0] / max(self.width(), 1)
        gloo.set_viewport(0, 0, *window)
        gloo.set_state(depth_test=False, blend=True, scissor_test=False,
                       blend_func=("src_alpha", "one_minus_src_alpha"))  # fmt: skip
        gloo.set_clear_color((*(0.72 * c for c in self._palette.bottom), 1.0))
        gloo.clear()
        gloo.set_state(scissor_test=True)
        for name, rect in self.rects().items():
            tile = self._tiles[name]
            if tile.picture is None:
                tile.picture, tile.overlay = Picture(), Overlay()
                tile.new_frame = tile.new_marks = True
            if tile.new_marks:
                tile.overlay.update(*tile.marks(self._palette, ratio))
                tile.new_marks = False
            scale, x, y = tiles.placement(rect, tile.size, tile.look)
            place = (scale * ratio, x * ratio, y * ratio)
            if abs(place[0] - round(place[0])) < 1e-6:  # whole pixels on whole pixels
                place = (place[0], round(place[1]), round(place[2]))
            low = window[1] - (rect.y + rect.height) * ratio
            gloo.set_scissor(
                round(rect.x * ratio), round(low),
                round(rect.width * ratio), round(rect.height * ratio),
            )  # fmt: skip
            picture = tile.picture
            stale = tile.new_frame or picture.halvings != halvings(place[0])
            if stale and tile.frame is not None:
                picture.upload(tile.frame.rgb, place[0])
                tile.drawn += tile.new_frame
                tile.new_frame = False
            picture.mirrored, picture.zebra, picture.peaking = (
                tile.mirrored, self._zebra, self._peaking,
            )  # fmt: skip
            picture.draw(window, place, exact=tile.look.zoom != 1)
            tile.overlay.draw(window, place, tile.size[0] if tile.mirrored else 0)
        gloo.set_state(scissor_test=False)
        self._measure()

    def _measure(self) -> None:
        now = time.monotonic()
        self._drawn = [t for t in self._drawn if now - t < 1.0] + [now]
        if len(self._drawn) > 3:
            rate = (len(self._drawn) - 1) / max(now - self._drawn[0], 1e-6)
            late = "" if self._since_s is None else f" · {(now - self._since_s) * 1e3:.0f} ms"
            self._figures.setText(f"{rate:.0f} fps{late}")
            self._figures.adjustSize()
            self._figures.show()
            self._figures.move(
                self.width() - self._figures.width() - MARGIN,
                self.height() - self._figures.height() - MARGIN,
            )
            self._still.start()

    # -- mouse and keyboard

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if isinstance(event, QWheelEvent):
            self._wheel(event)
        elif isinstance(event, QMouseEvent):
            if kind == QEvent.Type.MouseButtonPress:
                self.setFocus(Qt.FocusReason.MouseFocusReason)
                self._pointer = event.position()
                self._drag = self.camera_at(self._pointer.x(), self._pointer.y())
                if self._drag is not None:
                    self.camera_picked.emit(self._drag)
            elif kind == QEvent.Type.MouseMove:
                self._pan(event)
            elif kind == QEvent.Type.MouseButtonRelease:
                self._pointer = self._drag = None
            elif kind == QEvent.Type.MouseButtonDblClick:
                at = event.position()
                found = self.camera_at(at.x(), at.y())
                self.maximise(None if self._alone is not None else found)
        elif isinstance(event, QKeyEvent):
            return False
        else:
            return False
        event.accept()
        return True

    def _wheel(self, event: QWheelEvent) -> None:
        x, y = event.position().x(), event.position().y()
        name = self.camera_at(x, y)
        if name is not None:
            tile = self._tiles[name]
            factor = 1.0015 ** event.angleDelta().y()
            tile.look = tiles.zoomed(self.rects()[name], tile.size, tile.look, factor, (x, y))
            self.redraw()

    def _pan(self, event: QMouseEvent) -> None:
        if self._pointer is None or self._drag is None or not event.buttons():
            return
        step = event.position() - self._pointer
        self._pointer = event.position()
        tile = self._tiles.get(self._drag)
        if tile is not None and tile.look.zoom > 1:
            x, y = tile.look.pan
            tile.look = tiles.Look(tile.look.zoom, (x + step.x(), y + step.y()))
            self.redraw()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_1:
            self.show_exact(self._alone)
        elif event.key() == Qt.Key.Key_F:
            self.show_whole()
        elif event.key() == Qt.Key.Key_Escape and self._alone is not None:
            self.maximise(None)
        else:
            super().keyPressEvent(event)
