"""What is asked of one camera: size and rate out of what it offers, exposure, focus, turning."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from studio.media.live.source import Source
from studio.ui import theme
from studio.ui.choices import Choice, Toggle
from studio.ui.controls import Control
from studio.ui.devices import Mode
from studio.ui.form import control_for, title_of

APPLY_MS = 400
RATES_HZ = (15.0, 24.0, 25.0, 30.0, 50.0, 60.0, 90.0, 120.0)
SIZES_PX = ((640, 480), (1280, 720), (1920, 1080), (3840, 2160))
TURNS = (0, 90, 180, 270)
WORDS = {
    "exposure_ms": "Exposure", "focus": "Focus", "rotation": "Turn", "mirror": "Mirror",
    "loop": "Start again at the end", "transport": "Packets by",
}  # fmt: skip
OF_KIND = {
    "device": (("exposure_ms",), ("focus", "rotation", "mirror")),
    "video": (("rotation",), ("mirror", "loop")),
    "images": (("rotation",), ("rate_hz", "mirror", "loop")),
    "rtsp": (("rotation",), ("mirror", "transport")),
    "http": (("rotation",), ("mirror",)),
}


class CameraSettings(QWidget):
    """Controls for one source. ``changed`` carries the new source, a moment after the last edit."""

    changed = Signal(object)

    def __init__(self, source: Source, modes: Sequence[Mode] = ()) -> None:
        super().__init__()
        self.source = source
        self._modes = tuple(modes)
        self.controls: dict[str, Control] = {}
        self._timer = QTimer(self, singleShot=True, interval=APPLY_MS)
        self._timer.timeout.connect(self._apply)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        if source.kind == "device":
            self._offered(column)
        first, later = OF_KIND[source.kind]
        for name in first:
            column.addWidget(self._row(name))
        self._more = QWidget()
        inside = QVBoxLayout(self._more)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(8)
        for name in later:
            inside.addWidget(self._row(name))
        self.more_button = QPushButton("More")
        self.more_button.setProperty("role", "link")
        self.more_button.setCheckable(True)
        self.more_button.setAccessibleName("More settings of the camera")
        self.more_button.toggled.connect(self._show_more)
        self._show_more(False)
        column.addWidget(self.more_button, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self._more)

    def _offered(self, column: QVBoxLayout) -> None:
        """Sizes and rates: those of the device, or common ones where it does not tell."""
        sizes = [None, *(dict.fromkeys(m.size_px for m in self._modes) or SIZES_PX)]
        wanted = self.source.size_px
        if wanted is not None and wanted not in sizes:
            sizes.append(wanted)
        words = ["Camera's choice", *(f"{s[0]} × {s[1]}" for s in sizes if s is not None)]
        column.addWidget(self._labelled("size_px", "Size", Choice("Size", sizes, words)))
        self.controls["size_px"].set_value(wanted)
        rates = [None, *self._rates(wanted)]
        if self.source.rate_hz not in rates:
            rates.append(self.source.rate_hz)
        words = ["Camera's choice", *(f"{rate:g} fps" for rate in rates if rate is not None)]
        column.addWidget(self._labelled("rate_hz", "Rate", Choice("Rate", rates, words)))
        self.controls["rate_hz"].set_value(self.source.rate_hz)

    def _rates(self, size: tuple[int, int] | None) -> list[float]:
        known = [m.rate_hz for m in self._modes if size is None or m.size_px == size]
        most = max(known, default=max(RATES_HZ))
        return [rate for rate in RATES_HZ if rate <= most + 0.5] or [most]

    def _row(self, name: str) -> QWidget:
        field = Source.model_fields[name]
        if name == "rotation":
            control: Control = Choice("Turn", TURNS, [f"{turn}°" for turn in TURNS])
        else:
            control = control_for(name, field)
        row = self._labelled(name, WORDS.get(name, title_of(name, field)), control)
        control.setToolTip(field.description or "")
        control.set_value(getattr(self.source, name))
        return row

    def _labelled(self, name: str, words: str, control: Control) -> QWidget:
        control.setAccessibleName(words)
        control.changed.connect(self._timer.start)
        self.controls[name] = control
        label = QLabel(words)
        label.setProperty("role", "muted")
        row = QWidget()
        flat = isinstance(control, Toggle)
        box = QHBoxLayout(row)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(8)
        label.setMinimumWidth(theme.look().px(64))
        box.addWidget(label, 1 if flat else 0)
        box.addWidget(control, 0 if flat else 1)
        return row

    def _show_more(self, on: bool) -> None:
        self._more.setVisible(on)
        theme.set_icon(self.more_button, "ph.caret-down" if on else "ph.caret-right", "accent")

    def _apply(self) -> None:
        wishes: dict[str, Any] = {name: c.value() for name, c in self.controls.items()}
        wanted = Source.model_validate({**self.source.model_dump(), **wishes})
        if wanted != self.source:
            self.source = wanted
            self.changed.emit(wanted)
