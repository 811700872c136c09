"""The live cameras in a grid, at the rate of the screen, with aids for focus and exposure."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from studio.core.counted import counted
from studio.core.types import Frame
from studio.media.live.camera import LiveCamera
from studio.media.live.stats import Stats
from studio.ui import theme
from studio.ui.live_canvas import LiveCanvas
from studio.ui.live_tile import Tone
from studio.vision.picture_aids import exposure, sharpness

PULL_MS = 16
SAY_S = 0.25
MEASURE_S = 0.2
LATELY_S = 3.0


class LiveGrid(QWidget):
    """Shows the newest picture of every camera that ``cameras()`` lists, while it is visible.

    Pictures are pulled, never pushed: a slow screen skips frames and holds nobody up.
    ``recording()`` tells whether a take is being written; ``followed()`` are pictures of cameras
    that somebody else shows on ``canvas`` just now. ``bar`` holds a summary and the aids;
    whoever shows the grid puts it above.
    """

    picked = Signal(str)

    def __init__(
        self,
        cameras: Callable[[], Sequence[LiveCamera]],
        recording: Callable[[], bool] = lambda: False,
        followed: Callable[[], Mapping[str, Frame]] = dict,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("liveGrid")
        self._cameras, self._recording, self._followed = cameras, recording, followed
        self._shown: dict[str, Frame] = {}
        self._drawn: dict[str, deque[tuple[float, int]]] = {}
        self._said_s = self._measured_s = 0.0
        self._turn = 0
        self.canvas = LiveCanvas(self, theme.look().theme)
        self.canvas.camera_picked.connect(self.picked)
        self.bar = QWidget()
        row = QHBoxLayout(self.bar)
        row.setContentsMargins(12, 0, 8, 0)
        row.setSpacing(4)
        self.summary = QLabel()
        self.summary.setProperty("role", "small")
        row.addWidget(self.summary, 1)
        self.peaking = self._button(
            "ph.aperture", "Focus aid: sharp edges are painted, the bar shows the sharpest so far"
        )
        self.zebra = self._button(
            "ph.circle-half",
            "Exposure aid: stripes over what is burnt out or black, and a histogram",
        )
        self.all = self._button("ph.squares-four", "Show all cameras whole (F)", False)
        self.exact = self._button(
            "ph.magnifying-glass-plus", "One picture pixel a screen pixel (1)", False
        )
        for button in (self.peaking, self.zebra, self.all, self.exact):
            row.addWidget(button)
        self.peaking.toggled.connect(self._aid)
        self.zebra.toggled.connect(self._aid)
        self.all.clicked.connect(self._show_all)
        self.exact.clicked.connect(lambda: self.canvas.show_exact())
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.canvas, 1)
        self._timer = QTimer(self, interval=PULL_MS)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self.pull)
        theme.look().changed.connect(self._relook)

    def _button(self, icon: str, tip: str, checkable: bool = True) -> QToolButton:
        button = QToolButton()
        button.setCheckable(checkable)
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.setIconSize(QSize(18, 18))
        theme.set_icon(button, icon)
        return button

    # -- showing

    def pull(self) -> None:
        """Show what is new. Called by a timer while the grid can be seen; tests may call it."""
        now = time.monotonic()
        cameras = tuple(self._cameras())
        self._arrange(cameras)
        for camera in cameras:
            followed = self._followed().get(camera.name)
            if followed is not None:
                self._shown[camera.name] = followed
                continue
            frame = camera.newest()
            if frame is not None and frame is not self._shown.get(camera.name):
                self._shown[camera.name] = frame
                self.canvas.show_frame(frame, frame.time_s)
        if now - self._said_s >= SAY_S:
            self._said_s = now
            self._say(cameras)
        if cameras and now - self._measured_s >= MEASURE_S / len(cameras):
            self._measured_s = now
            self._turn = (self._turn + 1) % len(cameras)
            self._measure(cameras[self._turn])

    def _arrange(self, cameras: Sequence[LiveCamera]) -> None:
        names = tuple(camera.name for camera in cameras)
        if names != self.canvas.cameras:
            self.canvas.set_cameras(names)
            self._shown = {name: frame for name, frame in self._shown.items() if name in names}
            self._drawn.clear()
            self._said_s = 0.0

    def _say(self, cameras: Sequence[LiveCamera]) -> None:
        recording = self._recording()
        dropped = 0
        for camera in cameras:
            stats = camera.stats()
            dropped += stats.dropped
            rec = recording and stats.status.state == "live"
            words = caption(camera.name, stats, self._drawn_hz(camera.name))
            self.canvas.say(camera.name, words, *overlay(stats), rec=rec)
        words = [counted(len(cameras), "camera")] if cameras else []
        words += [f"{dropped} dropped"] if dropped else []
        self.summary.setText(" · ".join(words))

    def _drawn_hz(self, name: str) -> float:
        """Pictures of a camera that were drawn a second, over the last two seconds."""
        seen = self._drawn.setdefault(name, deque(maxlen=round(2 / SAY_S) + 1))
        seen.append((time.monotonic(), self.canvas.drawn(name)))
        (before, first), (now, last) = seen[0], seen[-1]
        return (last - first) / (now - before) if len(seen) == seen.maxlen else math.inf

    def _measure(self, camera: LiveCamera) -> None:
        """Meters of one camera a turn: sixteen of them cost no more than one."""
        frame = self._shown.get(camera.name)
        if frame is None:
            return
        self.canvas.measure(
            camera.name,
            exposure(frame.rgb) if self.zebra.isChecked() else None,
            sharpness(frame.rgb) if self.peaking.isChecked() else None,
        )

    def _aid(self) -> None:
        self.canvas.set_aids(zebra=self.zebra.isChecked(), peaking=self.peaking.isChecked())

    def _show_all(self) -> None:
        self.canvas.maximise(None)
        self.canvas.show_whole()

    # -- life

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._drawn.clear()
        self._timer.start()

    def hideEvent(self, event: QHideEvent) -> None:
        self._timer.stop()
        super().hideEvent(event)

    def _relook(self) -> None:
        self.canvas.set_theme(theme.look().theme)

    def closeEvent(self, event: Any) -> None:
        self._timer.stop()
        theme.look().changed.disconnect(self._relook)
        self.canvas.close()
        super().closeEvent(event)


def caption(name: str, stats: Stats, drawn_hz: float = math.inf) -> str:
    """The line in a tile's corner: name, rate, latency, frames that the camera dropped and, where
    this machine is too slow to show all, how many it decodes and draws."""
    words = [name]
    if stats.status.state == "live":
        words.append(f"{stats.rate_hz:.1f} fps")
        if stats.latency_s > 0:
            words.append(f"{1000 * stats.latency_s:.0f} ms")
    if stats.dropped:
        words.append(f"{stats.dropped} dropped")
    lately = stats.history[time.monotonic() - stats.history[:, 0] < LATELY_S]
    if count := int(lately[:, 4].sum()):
        words.append(f"{count} not shown")
    elif stats.status.state == "live" and drawn_hz < 0.9 * stats.rate_hz:
        words.append(f"{drawn_hz:.0f} shown")
    return " · ".join(words)


def overlay(stats: Stats) -> tuple[str, Tone]:
    """What is said across a tile, and how loudly; nothing while pictures flow."""
    status = stats.status
    if status.state == "live":
        return "", "plain"
    tone: Tone = "look" if status.state == "stalled" else "stop"
    if status.state in ("waiting", "opening", "ended"):
        tone = "plain"
    return f"{status.text}\n{status.hint}".strip(), tone
