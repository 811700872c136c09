"""The 3D viewport: the scene in a Qt widget, moved with mouse and keyboard."""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, QTimer, QVariantAnimation, Signal
from PySide6.QtGui import (
    QHideEvent,
    QKeyEvent,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import QLabel, QStackedLayout, QWidget

from studio.scene.camera import View
from studio.scene.items.base import Pick
from studio.scene.palette import ThemeName
from studio.scene.scene import Scene
from studio.scene.surface import Shading
from studio.ui.framing import Framing
from studio.ui.gl_canvas import make_canvas
from studio.ui.gl_check import gl_trouble
from studio.ui.view_cube import ViewCube
from studio.ui.viewport_hand import ViewportHand
from studio.ui.viewport_toolbar import ViewportToolbar

_log = logging.getLogger(__name__)

FADE_MS = 800
SHARE, SHARE_MOVING = 0.4, 0.75
"""The share of the main thread that drawing may take: by itself, and while somebody drags the view
or plays the take."""
REST_S = 0.25
FINE_BELOW_S = 0.010
COARSE_ABOVE_S = 0.012
"""Where a picture takes longer, a person who is dragged is drawn coarsely until the hand rests."""
FIGURES_S = 0.25
SETTLE_MS, SETTLE_SLOW_MS = 180, 1500


class Viewport(QWidget):
    """The 3D scene, its view cube, shading buttons and figures.

    The scene is made when the widget is first shown; ``scene`` is None before that, and stays
    None where 3D cannot be drawn (the widget then says why). Values given to :meth:`show_value`
    earlier are kept and drawn then. ``picked`` carries a :class:`Pick` or None.
    """

    picked = Signal(object)
    ready = Signal()
    shown = Signal()
    shading_changed = Signal(str)

    def __init__(self, parent: QWidget | None = None, theme: ThemeName = "dark") -> None:
        super().__init__(parent)
        self.setObjectName("viewport")
        self.setAccessibleName("3D viewport")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(240, 180)
        self.scene: Scene | None = None
        self.trouble: str | None = None
        self._theme: ThemeName = theme
        self._waiting: dict[str, tuple[object, str]] = {}
        self._pictures: dict[str, Any] = {}
        self._canvas: Any | None = None
        self._hand = ViewportHand(self)
        self._drawn: list[float] = []
        self._latency_ms: float | None = None
        self._cost_s = self._drawn_s = self._whole_s = self._told_s = 0.0
        self.playing = False
        self._framing = Framing()
        self._stack = QStackedLayout(self)
        self._stack.setStackingMode(QStackedLayout.StackingMode.StackAll)
        self._stack.setContentsMargins(0, 0, 0, 0)
        self._message = QLabel("", self)
        self._message.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._message.setWordWrap(True)
        self._stack.addWidget(self._message)
        self._toolbar = ViewportToolbar(self)
        self._toolbar.shading.connect(self.shade)
        self._toolbar.frame_wanted.connect(self.frame)
        self._toolbar.errors.connect(self.show_errors)
        self._toolbar.screenshot.connect(self._ask_screenshot)
        self._cube = ViewCube(self)
        self._cube.view_wanted.connect(self.view)
        self._units = self._corner_label("Metres, Z up")
        self._figures = self._corner_label("")
        self._tick = QTimer(self)
        self._tick.setSingleShot(True)
        self._tick.setInterval(0)
        self._tick.timeout.connect(self._render)
        self._still = QTimer(self)
        self._still.setSingleShot(True)
        self._still.setInterval(1200)
        self._still.timeout.connect(self._figures.clear)
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.timeout.connect(self._render_fine)
        self._faded_key = ""
        self._fading = QVariantAnimation(self)
        self._fading.setDuration(FADE_MS)
        self._fading.setStartValue(1.0)
        self._fading.setEndValue(1.0)
        self._fading.valueChanged.connect(self._fade_on)
        self.set_theme(theme)

    def _corner_label(self, text: str) -> QLabel:
        label = QLabel(text, self)
        label.setProperty("overlay", True)
        label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        label.adjustSize()
        return label

    # -- making and closing

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._canvas is None and self.trouble is None:
            QTimer.singleShot(0, self, self.start)
        self.shown.emit()
        self.redraw()

    def hideEvent(self, event: QHideEvent) -> None:
        self._tick.stop()
        super().hideEvent(event)

    def start(self) -> bool:
        """Make the 3D scene now. False where it cannot be drawn; :attr:`trouble` says why."""
        if self._canvas is not None or self.trouble:
            return self.scene is not None
        self.trouble = gl_trouble()
        if self.trouble:
            self._message.setText(f"{self.trouble}\nEverything else works; run “doppel doctor”.")
            return False
        try:
            canvas = make_canvas(self)
            canvas.installEventFilter(self._hand)
            self._canvas = canvas
            self._stack.addWidget(canvas)
            self._stack.setCurrentWidget(canvas)
            self.scene = Scene(canvas, self._theme)
            self.scene.pixel_ratio = self.devicePixelRatioF()
        except Exception:
            _log.exception("the 3D viewport could not be made")
            self.trouble = "The 3D view could not be started."
            self._message.setText(f"{self.trouble}\nThe log says more; run “doppel doctor”.")
            return False
        for key, (value, role) in self._waiting.items():
            self.scene.update(key, value, role)  # type: ignore[arg-type]
            self._framing.meet(self.scene, key)
        self.scene.pictures(self._pictures)
        self._waiting, self._pictures = {}, {}
        self._place()
        self.ready.emit()
        self.redraw()
        return True

    def close_scene(self) -> None:
        """Let go of VTK. Call once before the window goes; calling again is fine."""
        self._tick.stop()
        self._still.stop()
        self._settle.stop()
        scene, canvas = self.scene, self._canvas
        self.scene = None
        self.trouble = self.trouble or "The 3D view is closed."
        if scene is not None:
            scene.close()
        if canvas is not None:
            self._canvas = None
            canvas.removeEventFilter(self._hand)
            canvas.close()
            self._stack.removeWidget(canvas)
            canvas.setParent(None)
            canvas.deleteLater()

    def closeEvent(self, event: Any) -> None:
        self.close_scene()
        super().closeEvent(event)

    # -- what is drawn

    def show_value(
        self, key: str, value: object, role: str = "result", since_s: float | None = None
    ) -> None:
        """Draw a value under a key; ``since_s`` (``time.monotonic``) is when it was seen."""
        if self.scene is None:
            self._waiting[key] = (value, role)
            return
        self.scene.update(key, value, role)  # type: ignore[arg-type]
        if since_s is not None:
            self._latency_ms = (time.monotonic() - since_s) * 1e3
        self._framing.meet(self.scene, key)
        self.redraw()

    def show_pictures(self, frames: Any) -> None:
        """Put camera pictures into the frusta: a FrameSet, a Frame, or a dict of frames."""
        if self.scene is None:
            if isinstance(frames, dict):
                self._pictures.update(frames)
            return
        self.scene.pictures(frames)
        self.redraw()

    def fade(self, key: str, opacity: float) -> None:
        """Let a skeleton grow fainter, or clearer, over a moment."""
        if self._fading.endValue() == opacity:
            return
        self._fading.stop()
        self._faded_key = key
        self._fading.setStartValue(float(self._fading.currentValue() or 0.0))
        self._fading.setEndValue(opacity)
        self._fading.start()

    def _fade_on(self, opacity: float) -> None:
        if self.scene is not None:
            self.scene.fade(self._faded_key, opacity)
            self.redraw()

    def remove(self, key: str) -> None:
        self._waiting.pop(key, None)
        if self.scene is not None:
            self.scene.remove(key)
            self.redraw()

    def clear(self) -> None:
        """Remove everything but the floor; the next person is framed anew."""
        self._waiting.clear()
        self._framing.forget()
        if self.scene is not None:
            self.scene.clear()
            self.redraw()

    def redraw(self) -> None:
        """Draw soon; many calls draw once, and drawing leaves most of the time to other work."""
        if self.scene is not None and self.isVisible() and not self._tick.isActive():
            moving = self._hand.busy or self.playing or self.scene.dragged
            share = SHARE_MOVING if moving else SHARE
            rest_s = self._cost_s * (1 / share - 1) - (time.monotonic() - self._drawn_s)
            self._tick.start(max(0, round(1000 * min(rest_s, REST_S))))

    def _render(self) -> None:
        if self.scene is None or not self.isVisible():
            return
        began_s = time.monotonic()
        self._framing.look_after(self.scene)
        coarse = self.scene.dragged and self._whole_s > COARSE_ABOVE_S
        self.scene.render(coarse=coarse)
        self._drawn_s = time.monotonic()
        self._cost_s = self._drawn_s - began_s
        if not coarse:
            self._whole_s = self._cost_s
        self._settle.start(SETTLE_MS if self._cost_s < FINE_BELOW_S else SETTLE_SLOW_MS)
        self._cube.look(self.scene.orbit)
        self._tell()

    def _tell(self) -> None:
        """How many pictures a second, and how old what is seen was when it came."""
        now = time.monotonic()
        self._drawn = [t for t in self._drawn if now - t < 1.0] + [now]
        if len(self._drawn) > 3 and now - self._told_s > FIGURES_S:
            self._told_s = now
            rate = (len(self._drawn) - 1) / max(now - self._drawn[0], 1e-6)
            late = "" if self._latency_ms is None else f" · {self._latency_ms:.0f} ms"
            self._figures.setText(f"{rate:.0f} fps{late}")
            self._place_figures()
            self._still.start()

    def _render_fine(self) -> None:
        """Smooth outlines, once nothing moves."""
        if self.scene is not None and self.isVisible() and not self._hand.busy:
            self.scene.render(fine=True)

    # -- looks

    def set_theme(self, theme: ThemeName) -> None:
        self._theme = theme
        ink, veil = ("#c9cdd4", "30, 32, 36") if theme == "dark" else ("#3c4149", "246, 247, 249")
        for label in (self._figures, self._message):
            label.setStyleSheet(f"QLabel {{ color: {ink}; background: transparent; }}")
        self._units.setStyleSheet(  # cameras' pictures may lie behind it
            f"QLabel {{ color: {ink}; background: rgba({veil}, 150); border-radius: 3px;"
            " padding: 1px 5px; }"
        )
        self._cube.set_theme(theme)
        self._toolbar.set_theme(theme)
        if self.scene is not None:
            self.scene.set_theme(theme)
            self.redraw()

    def shade(self, shading: Shading) -> None:
        self._toolbar.set_shading(shading)
        if self.scene is not None:
            self.scene.shade(shading)
            self.shading_changed.emit(shading)
            self.redraw()

    def show_errors(self, shown: bool) -> None:
        """Draw balls of one standard deviation around joints."""
        if self.scene is not None:
            self.scene.show_errors(shown)
            self.redraw()

    def view(self, view: View) -> None:
        """Front, left, top ..."""
        if self.scene is not None:
            self.scene.view(view)
            self._say_through()
            self.redraw()

    def frame(self, selected: bool = False) -> None:
        """Fill the picture with what is selected, or with everybody."""
        if self.scene is not None:
            pick = self.scene.selected
            if selected and pick is not None:
                self.scene.frame((pick.key,))
            else:
                self._framing.all(self.scene)
            self._say_through()
            self.redraw()

    def look_through(self, camera: str | None) -> None:
        """See through a calibrated camera; None leaves it."""
        if self.scene is not None:
            self.scene.look_through(camera)
            self._say_through()
            self.redraw()

    def select(self, pick: Pick | None) -> None:
        """Highlight a part of the scene and tell it."""
        if self.scene is not None:
            self.scene.select(pick)
            self.picked.emit(pick)
            self.redraw()

    def _say_through(self) -> None:
        through = None if self.scene is None else self.scene.through
        self._units.setText("Metres, Z up" if through is None else f"Through {through} · Esc")
        self._place()

    def screenshot(
        self,
        path: Path | None = None,
        size_px: tuple[int, int] | None = None,
        transparent: bool = False,
    ) -> Any:
        """The picture as UInt8 (height, width, 3 or 4); also written as PNG if a path is given."""
        if self.scene is None:
            return None
        picture = self.scene.screenshot(size_px, transparent)
        if path is not None:
            from PySide6.QtGui import QImage

            form = QImage.Format
            height, width, channels = picture.shape
            kind = form.Format_RGBA8888 if channels == 4 else form.Format_RGB888
            QImage(picture.tobytes(), width, height, channels * width, kind).save(str(path))
        self.redraw()
        return picture

    def _ask_screenshot(self) -> None:
        from PySide6.QtWidgets import QFileDialog

        name, _ = QFileDialog.getSaveFileName(
            self, "Save picture", "viewport.png", "Pictures (*.png)"
        )
        if name:
            self.screenshot(Path(name))

    # -- overlays

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self._hand.key(event):
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()
        self.redraw()

    def _place(self) -> None:
        self._units.adjustSize()
        self._units.move(12, self.height() - self._units.height() - 10)
        self._toolbar.adjustSize()
        self._toolbar.move(10, 10)
        self._cube.move(self.width() - self._cube.width() - 12, 10)
        self._place_figures()
        for overlay in (self._units, self._figures, self._toolbar, self._cube):
            overlay.raise_()

    def _place_figures(self) -> None:
        self._figures.adjustSize()
        self._figures.move(
            self.width() - self._figures.width() - 12,
            self.height() - self._figures.height() - 10,
        )
