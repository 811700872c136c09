"""A photograph by the camera itself: it counts, so that somebody can step back, then keeps the
sharpest of some pictures."""

from __future__ import annotations

import time
from datetime import datetime

import numpy as np
from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QPushButton

from studio.core.folders import cache_folder
from studio.core.pictures import write_picture
from studio.core.types import Frame
from studio.ui.studio import Studio
from studio.vision.picture_aids import sharpness

COUNT_S, SERIES_S = 5.0, 0.8
"""How long it counts, and for how long it takes pictures then."""
PATIENCE_S = 60.0
"""So long a camera may take until its first picture: somebody may be asked before it opens."""
_TICK_MS = 50
_TEXT = "From the camera"


class Shutter(QPushButton):
    """``taken`` brings the path of a photograph. Pressed again while it counts, it takes none. A
    camera that was opened for it is let go."""

    taken = Signal(object)

    def __init__(self, studio: Studio) -> None:
        super().__init__(_TEXT)
        self.setToolTip(f"Counts {COUNT_S:.0f} seconds, then takes a photograph; again: stops")
        self._studio = studio
        self._timer = QTimer(self, interval=_TICK_MS)
        self._timer.timeout.connect(self._tick)
        self._opened = False
        self._begun_s = 0.0
        self._first_s: float | None = None
        self._series: list[Frame] = []
        self.clicked.connect(self._pressed)

    @property
    def counting(self) -> bool:
        """Whether it waits, counts or takes pictures."""
        return self._timer.isActive()

    def _pressed(self) -> None:
        if self.counting:
            self._rest()
            return
        cameras = self._studio.cameras
        self._opened = not cameras.running
        self._begun_s, self._first_s, self._series = time.monotonic(), None, []
        self.setText("Waiting for the camera…")
        cameras.open_first()
        self._timer.start()
        if not cameras.sources:  # that there is none was said
            self._rest()

    def _tick(self) -> None:
        newest = next(iter(self._studio.cameras.hub.newest().values()), None)
        now = time.monotonic()
        if newest is None:
            if now - self._begun_s > PATIENCE_S:
                self._rest()
                self._studio.notices.tell(
                    "No picture came from the camera.", "See whether another program holds it.",
                    "look",
                )  # fmt: skip
            return
        if self._first_s is None:
            self._first_s = now
        left = self._first_s + COUNT_S - now
        if left > 0:
            self.setText(f"{int(left) + 1}…")
            return
        self.setText("Hold still")
        if not self._series or newest.time_s > self._series[-1].time_s:
            self._series.append(newest)
        if -left > SERIES_S:
            series = self._series
            self._rest()
            self._keep(series)

    def _keep(self, series: list[Frame]) -> None:
        best = max(series, key=lambda one: sharpness(np.asarray(one.rgb), 0.9))
        folder = cache_folder("stills") / "camera"
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{datetime.now().astimezone():%Y-%m-%d %H.%M.%S}.png"
        write_picture(path, np.ascontiguousarray(best.rgb))
        self.taken.emit(path)

    def _rest(self) -> None:
        self._timer.stop()
        self.setText(_TEXT)
        if self._opened:
            self._studio.cameras.close_cameras()
            self._opened = False

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        if self.counting:
            self._rest()
