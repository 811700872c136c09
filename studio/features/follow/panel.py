"""The panel of live poses: cameras, what is looked for, who is told, and how late it is."""

from __future__ import annotations

import time
from dataclasses import replace

from pydantic import BaseModel
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from studio.features.follow.engine import Inputs, Params
from studio.human.convert import in_layout
from studio.human.layouts import layout
from studio.live.moment import Moment
from studio.live.outlets.address import POSES
from studio.registry import Feature
from studio.ui.live_panel import LivePanel
from studio.ui.streams import Board, Programs
from studio.ui.studio import Studio
from studio.weights.detectors import BACKENDS

SHOWN = layout("openpose_137")
"""Faces are drawn as lines: this layout has them."""
QUALITIES = {"fast": "Fast", "balanced": "Balanced", "thorough": "Thorough"}
STAGES = {"grab": "Grab", "find": "Find", "solve": "Lift"}
DRAW, WHOLE, RATE, SKIPPED = "Draw", "Camera to screen", "Rate", "Skipped"
HUD_S = 0.25


class Hud(QWidget):
    """Milliseconds of each stage, the delay from camera to screen, and skeletons a second."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Milliseconds of each stage")
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(2)
        self.rows: dict[str, QLabel] = {}
        for line, name in enumerate((*STAGES.values(), DRAW, WHOLE, RATE, SKIPPED)):
            title, value = QLabel(name), QLabel("–")
            title.setProperty("role", "muted")
            value.setAccessibleName(name)
            self._grid.addWidget(title, line, 0)
            self._grid.addWidget(value, line, 1)
            self.rows[name] = value
        self._grid.setColumnStretch(1, 1)

    def show_moment(self, moment: Moment, drawn_ms: float, rate_hz: float) -> None:
        """``drawn_ms`` is from finding to drawing, by the clock."""
        for stage, name in STAGES.items():
            ms = moment.stages_ms.get(stage)
            self.rows[name].setText("–" if ms is None else f"{ms:.0f} ms")
        self.rows[DRAW].setText(f"{drawn_ms:.0f} ms")
        late = moment.latency_ms + drawn_ms
        self.rows[WHOLE].setText(f"{late:.0f} ms")
        self.rows[RATE].setText(f"{rate_hz:.0f} a second")
        self.rows[SKIPPED].setText(f"{moment.skipped} pictures")


class Panel(LivePanel):
    """Follows whoever the window's cameras see. Pictures stay here; skeletons go where asked."""

    def __init__(self, studio: Studio, feature: Feature) -> None:
        self.board = Board()
        self._moment: Moment | None = None
        self._seen: list[float] = []
        self._told_s = 0.0
        super().__init__(studio, feature)
        studio.live.connect(self._on_live)
        self.destroyed.connect(self.board.close)

    def build(self, place: QVBoxLayout) -> None:
        super().build(place)
        self.quality = QComboBox()
        self.quality.setAccessibleName("Quality")
        for value, title in QUALITIES.items():
            self.quality.addItem(title, value)
        self.people = QSpinBox()
        self.people.setRange(1, 16)
        self.people.setAccessibleName("People")
        self.people.setToolTip("How many people to follow, at most")
        row = QHBoxLayout()
        row.addWidget(QLabel("Quality"))
        row.addWidget(self.quality, 1)
        row.addWidget(QLabel("People"))
        row.addWidget(self.people)
        place.addLayout(row)
        self.backend = QComboBox()
        self.backend.setAccessibleName("Networks")
        for value, title in BACKENDS.items():
            self.backend.addItem(title, value)
        row = QHBoxLayout()
        row.addWidget(QLabel("Networks"))
        row.addWidget(self.backend, 1)
        place.addLayout(row)
        self.hands, self.face = QCheckBox("Hands"), QCheckBox("Face")
        self.in_3d = QCheckBox("In 3D")
        self.in_3d.setToolTip("The main person as a skeleton in metres")
        checks = QHBoxLayout()
        for box in (self.hands, self.face, self.in_3d):
            checks.addWidget(box)
        checks.addStretch(1)
        place.addLayout(checks)
        title = QLabel("Other programs")
        title.setProperty("role", "section")
        place.addWidget(title)
        self.programs = Programs(
            self.board,
            (("Send OSC", "OSC messages by UDP, with VMC's names", "osc"),
             ("JSON lines", "Programs connect, and read a line a picture", "json")),
            "Skeletons, never pictures, may leave this computer", POSES,
        )  # fmt: skip
        self.osc, self.json = self.programs.rows
        self.other_hosts = self.programs.other_hosts
        place.addWidget(self.programs)
        self.hud = Hud()
        self.hud.hide()
        place.addWidget(self.hud)
        self.set_params(self.feature.params())

    def params(self) -> Params:
        return Params(
            quality=self.quality.currentData(), backend=self.backend.currentData(),
            people=self.people.value(),
            hands=self.hands.isChecked(), face=self.face.isChecked(),
            in_3d=self.in_3d.isChecked(), osc=self.osc.address.text(),
            json_lines=self.json.address.text(), other_hosts=self.other_hosts.isChecked(),
        )  # fmt: skip

    def set_params(self, params: BaseModel) -> None:
        if isinstance(params, Params):
            self.quality.setCurrentIndex(self.quality.findData(params.quality))
            self.people.setValue(params.people)
            self.backend.setCurrentIndex(self.backend.findData(params.backend))
            self.hands.setChecked(params.hands)
            self.face.setChecked(params.face)
            self.in_3d.setChecked(params.in_3d)
            self.other_hosts.setChecked(params.other_hosts)
            self.osc.address.setText(params.osc)
            self.json.address.setText(params.json_lines)

    def run_text(self) -> str:
        return "Follow"

    def stop_text(self) -> str:
        return "Stop"

    def run(self) -> None:
        """Follow whoever the open cameras see; nothing open yet: open what there is."""
        studio = self.studio
        rig = studio.project.usable_rig()
        self.begin(Inputs(studio.cameras.hub, None if rig is None else rig.rig(), self.board.told))

    def refresh(self) -> None:
        super().refresh()
        if not self.loaded:
            return
        running = self.studio.running(self.feature.id) is not None
        self.cameras.lock(running)
        for control in (self.quality, self.backend, self.people, self.hands, self.face, self.in_3d):
            control.setEnabled(not running)
        self.hud.setVisible(running)
        if not running:
            self.studio.cameras.followed = {}

    def _judge(self) -> None:
        super()._judge()
        if self.loaded:
            self.programs.tell()

    def _on_live(self, feature: str, value: object) -> None:
        """A moment: its picture and its points together, the skeleton beside."""
        if feature != self.feature.id or not isinstance(value, Moment) or not self.loaded:
            return
        cameras = self.studio.cameras
        cameras.followed = dict(value.frames)
        canvas = cameras.canvas
        if canvas is not None:
            shown = {camera: frame for camera, frame in value.frames.items()
                     if camera in canvas.cameras}  # fmt: skip
            for frame in shown.values():
                canvas.show_frame(frame, frame.time_s)
            seen = [in_layout(one, SHOWN) for one in value.people if one.camera in shown]
            if seen:
                canvas.show_keypoints(*seen)
            else:
                canvas.clear_marks()
        if value.skeletons:
            self.studio.live.emit(feature, replace(value.skeletons[0], time_s=0.0))
        self._measure(value)

    def _measure(self, moment: Moment) -> None:
        now = time.monotonic()
        self._seen = [t for t in self._seen if now - t < 2.0] + [now]
        if now - self._told_s > HUD_S and len(self._seen) > 1:
            self._told_s = now
            rate = (len(self._seen) - 1) / max(now - self._seen[0], 1e-6)
            self.hud.show_moment(moment, 1e3 * (now - moment.found_s), rate)
