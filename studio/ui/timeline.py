"""The timeline: tracks with their confidence, in and out, and the playhead."""

from __future__ import annotations

import time

import numpy as np
from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QFont, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QScrollBar,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from studio.ui import theme as looks
from studio.ui.timeline_rows import ROW_PX, RULER_PX, Track, TrackKind, TrackRows
from studio.ui.timescale import Timescale, clock

__all__ = ["Timeline", "Track", "TrackKind"]
SPEEDS = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0)


class Timeline(QWidget):
    """Tracks, in and out, playhead and playing.

    Signals: ``time_changed(seconds)`` whenever the playhead moves, ``range_changed(in, out)``,
    ``playing_changed(bool)``. Times are seconds from the start of the take.
    """

    time_changed = Signal(float)
    range_changed = Signal(float, float)
    playing_changed = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("timeline")
        self.setAccessibleName("Timeline")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.tracks: tuple[Track, ...] = ()
        self.rate_hz = 30.0
        self.time_s = self.in_s = 0.0
        self.out_s = self.duration_s = 0.0
        self.start_s = 0.0
        self.scrolled = 0.0
        self._zoom, self._from_s = 1.0, 0.0
        self._asked = 0.0
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._advance)
        self._tracks = TrackRows(self)
        self._tracks.scrubbed.connect(self._scrub)
        self._tracks.range_dragged.connect(self.set_range)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(self._controls())
        column.addWidget(self._tracks, 1)
        self._bar = QScrollBar(Qt.Orientation.Horizontal, self)
        self._bar.setAccessibleName("Timeline position")
        self._bar.valueChanged.connect(self._bar_moved)
        column.addWidget(self._bar)
        looks.look().changed.connect(self._relook)
        self._say()
        self._relook()

    def _controls(self) -> QHBoxLayout:
        row = self._row = QHBoxLayout()
        row.setContentsMargins(8, 4, 8, 4)
        row.setSpacing(4)
        self._first = self._button("ph.skip-back", "To the in point (Home)", self.go_in)
        self._back = self._button("ph.caret-left", "Frame back (Left)", lambda: self.step(-1))
        self._play = self._button("ph.play", "Play (Space)", self.toggle)
        self._on = self._button("ph.caret-right", "Frame on (Right)", lambda: self.step(1))
        self._last = self._button("ph.skip-forward", "To the out point (End)", self.go_out)
        self._loop = self._button("ph.repeat", "Loop (L)", lambda: None)
        self._loop.setCheckable(True)
        self._loop.setChecked(True)
        self.speed = QComboBox(self)
        self.speed.setAccessibleName("Playing speed")
        self.speed.setToolTip("Playing speed")
        for speed in SPEEDS:
            self.speed.addItem(f"{speed:g}×", speed)
        self.speed.setCurrentIndex(SPEEDS.index(1.0))
        self._readout = QLabel(self)
        font = self._readout.font()
        font.setFeature(QFont.Tag("tnum"), 1)
        self._readout.setFont(font)
        self._readout.setMinimumWidth(1)  # its words are chosen by the room there is
        self._span = QLabel(self)
        self._span.setFont(font)
        for widget in (self._first, self._back, self._play, self._on, self._last, self._loop,
                       self.speed, self._readout):  # fmt: skip
            row.addWidget(widget)
        row.addStretch(1)
        row.addWidget(self._span)
        return row

    def _button(self, icon: str, title: str, do: object) -> QToolButton:
        button = QToolButton(self)
        button.setAutoRaise(True)
        button.setToolTip(title)
        button.setAccessibleName(title)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.clicked.connect(lambda _=False: do())  # type: ignore[operator]
        looks.set_icon(button, icon)
        return button

    # -- content

    def set_tracks(self, tracks: tuple[Track, ...], rate_hz: float | None = None) -> None:
        """Show these rows. The range is kept if the take's length is unchanged."""
        self.tracks = tuple(tracks)
        if rate_hz and rate_hz > 0:
            self.rate_hz = float(rate_hz)
        start = min((t.start_s for t in tracks), default=0.0)
        end = max((t.end_s for t in tracks), default=0.0)
        self._tracks.forget_strips()
        if (start, end) != (self.start_s, self.start_s + self.duration_s):
            self.start_s, self.duration_s = start, end - start
            self._zoom, self._from_s = 1.0, start
            self.in_s, self.out_s = start, end
            self.range_changed.emit(start, end)
            self.set_time(min(max(self.time_s, start), end))
        if not tracks:
            self.pause()
        self._tracks.updateGeometry()
        self._sync_bar()
        self._say()

    @property
    def end_s(self) -> float:
        return self.start_s + self.duration_s

    @property
    def frame(self) -> int:
        """The number of the frame under the playhead, from 0."""
        return round((self.time_s - self.start_s) * self.rate_hz)

    @property
    def frames(self) -> int:
        return round(self.duration_s * self.rate_hz)

    # -- playhead

    def set_time(self, time_s: float) -> None:
        """Move the playhead; stays inside the take."""
        time_s = float(min(max(time_s, self.start_s), self.end_s))
        if time_s != self.time_s:
            self.time_s = time_s
            self._keep_seen()
            self._say()
            self.time_changed.emit(time_s)

    def _scrub(self, time_s: float) -> None:
        was = self.playing
        self.set_time(self.snapped(time_s))
        if was:
            self._asked = time.monotonic()

    def snapped(self, time_s: float) -> float:
        """The time of the nearest frame."""
        return self.start_s + round((time_s - self.start_s) * self.rate_hz) / self.rate_hz

    def step(self, frames: int) -> None:
        """Pause and go some frames on or back."""
        self.pause()
        self.set_time(self.snapped(self.time_s) + frames / self.rate_hz)

    def go_in(self) -> None:
        self.set_time(self.in_s)

    def go_out(self) -> None:
        self.set_time(self.out_s)

    # -- playing

    @property
    def playing(self) -> bool:
        return self._timer.isActive()

    @property
    def looping(self) -> bool:
        return self._loop.isChecked()

    def set_looping(self, on: bool) -> None:
        self._loop.setChecked(on)

    def set_speed(self, speed: float) -> None:
        """Times real time; the nearest offered speed."""
        nearest = min(range(len(SPEEDS)), key=lambda i: abs(SPEEDS[i] - speed))
        self.speed.setCurrentIndex(nearest)

    def toggle(self) -> None:
        self.pause() if self.playing else self.play()

    def play(self) -> None:
        if not self.tracks or self.playing:
            return
        if not self.in_s <= self.time_s < self.out_s - 0.5 / self.rate_hz:
            self.set_time(self.in_s)
        self._asked = time.monotonic()
        self._timer.start(max(8, round(500 / self.rate_hz)))
        self._show_playing()

    def pause(self) -> None:
        if self.playing:
            self._timer.stop()
            self._show_playing()

    def _show_playing(self) -> None:
        looks.set_icon(self._play, "ph.pause" if self.playing else "ph.play")
        title = "Pause (Space)" if self.playing else "Play (Space)"
        self._play.setToolTip(title)
        self._play.setAccessibleName(title)
        self.playing_changed.emit(self.playing)

    def _advance(self) -> None:
        now = time.monotonic()
        self.advance(now - self._asked)
        self._asked = now

    def advance(self, seconds: float) -> None:
        """Let this much real time pass; loops or stops at the out point."""
        target = self.time_s + seconds * float(self.speed.currentData())
        if target >= self.out_s:
            span = self.out_s - self.in_s
            if self.looping and span > 0:
                target = self.in_s + (target - self.out_s) % span
            else:
                self.pause()
                target = self.out_s
        self.set_time(target)

    # -- range and zoom

    def set_range(self, in_s: float, out_s: float) -> None:
        """Where playing starts and ends; at least one frame."""
        frame = 1 / self.rate_hz
        in_s = float(min(max(self.snapped(in_s), self.start_s), self.end_s - frame))
        out_s = float(min(max(self.snapped(out_s), in_s + frame), self.end_s))
        in_s = max(in_s, self.start_s)
        if (in_s, out_s) != (self.in_s, self.out_s):
            self.in_s, self.out_s = in_s, out_s
            self._say()
            self.range_changed.emit(in_s, out_s)

    def scale_for(self, width: float) -> Timescale:
        span = max(self.duration_s, 1 / self.rate_hz) / self._zoom
        return Timescale(self._from_s, span, max(width, 1.0), self.rate_hz)

    def zoom(self, factor: float, at_s: float | None = None) -> None:
        """Zoom around a time (the playhead by default); 1 shows the whole take."""
        at_s = self.time_s if at_s is None else at_s
        most = max(1.0, self.duration_s * self.rate_hz / 8)
        zoom = float(np.clip(self._zoom * factor, 1.0, most))
        self._from_s = at_s - (at_s - self._from_s) * self._zoom / zoom
        self._zoom = zoom
        self._keep_inside()

    def slide(self, share: float) -> None:
        """Move the visible part by a share of its width."""
        self._from_s += share * self.duration_s / self._zoom
        self._keep_inside()

    def scroll_rows(self, pixels: float) -> None:
        room = RULER_PX + ROW_PX * len(self.tracks) - self._tracks.height()
        self.scrolled = float(np.clip(self.scrolled + pixels, 0, max(room, 0)))
        self._tracks.update()

    def _keep_inside(self) -> None:
        span = self.duration_s / self._zoom
        self._from_s = float(
            np.clip(self._from_s, self.start_s, max(self.end_s - span, self.start_s))
        )
        self._sync_bar()
        self._tracks.update()

    def _keep_seen(self) -> None:
        span = self.duration_s / self._zoom
        if self._zoom > 1 and not self._from_s <= self.time_s <= self._from_s + span:
            self._from_s = self.time_s - 0.1 * span
            self._keep_inside()

    def _sync_bar(self) -> None:
        self._bar.setVisible(self._zoom > 1.001)
        span = self.duration_s / self._zoom
        self._bar.blockSignals(True)
        self._bar.setPageStep(round(span * 1000))
        self._bar.setRange(0, max(round((self.duration_s - span) * 1000), 0))
        self._bar.setValue(round((self._from_s - self.start_s) * 1000))
        self._bar.blockSignals(False)

    def _bar_moved(self, value: int) -> None:
        self._from_s = self.start_s + value / 1000
        self._tracks.update()

    # -- words and keys

    def _say(self) -> None:
        end = clock(self.duration_s)
        now = clock(self.time_s - self.start_s)
        self._readout.setAccessibleName(f"Time {now}, frame {self.frame} of {self.frames}")
        span = f"{self.rate_hz:.4g} Hz"
        if self.tracks and (self.in_s, self.out_s) != (self.start_s, self.end_s):
            span = (f"in {clock(self.in_s - self.start_s)} · "
                    f"out {clock(self.out_s - self.start_s)} · {span}")  # fmt: skip
        self._span.setText(span if self.tracks else "")
        whole = f"  {now} / {end}"
        words = (f"{whole}   frame {self.frame} of {self.frames}", whole, f"  {now}", "")
        self._readout.setText(self._fitting(words) if self.tracks else "")
        self._tracks.update()

    def _fitting(self, words: tuple[str, ...]) -> str:
        """The first of these that has room beside the controls."""
        others = (self._first, self._back, self._play, self._on, self._last, self._loop,
                  self.speed, self._span)  # fmt: skip
        taken = sum(other.sizeHint().width() + self._row.spacing() for other in others)
        room = self.width() - taken - 24
        wide = self._readout.fontMetrics().horizontalAdvance
        return next((one for one in words if wide(one) <= room), "")

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._say()

    def _relook(self) -> None:
        self._tracks.forget_strips()
        self._tracks.update()

    def focusInEvent(self, event: QEvent) -> None:
        self._tracks.update()

    def focusOutEvent(self, event: QEvent) -> None:
        self._tracks.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        far = 10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
        actions = {
            Qt.Key.Key_Space: self.toggle,
            Qt.Key.Key_Left: lambda: self.step(-far),
            Qt.Key.Key_Right: lambda: self.step(far),
            Qt.Key.Key_Home: self.go_in,
            Qt.Key.Key_End: self.go_out,
            Qt.Key.Key_I: lambda: self.set_range(self.time_s, self.out_s),
            Qt.Key.Key_O: lambda: self.set_range(self.in_s, self.time_s),
            Qt.Key.Key_L: self._loop.toggle,
            Qt.Key.Key_Plus: lambda: self.zoom(1.5),
            Qt.Key.Key_Equal: lambda: self.zoom(1.5),
            Qt.Key.Key_Minus: lambda: self.zoom(1 / 1.5),
        }
        if key in actions:
            actions[key]()  # type: ignore[operator]
        else:
            super().keyPressEvent(event)
