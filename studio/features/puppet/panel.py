"""The panel of the puppet: who performs, on which avatar, on what stage, and where it goes."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from pydantic import BaseModel
from PySide6.QtCore import QTimer
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from studio.core.types import Frame
from studio.document.stage import Stage
from studio.features.puppet.engine import Inputs, Params
from studio.live.avatar.finding import of_project
from studio.live.outlets.address import Kind
from studio.live.performance import Performance
from studio.live.performing.controls import Controls
from studio.live.stage.lane import Shown, StageLane
from studio.media.formats.avatar import Avatar
from studio.registry import Feature
from studio.ui.picture_panel import PicturePanel
from studio.ui.staging.expressions import HeldKeys
from studio.ui.staging.fold import Fold
from studio.ui.staging.gains import Gains
from studio.ui.staging.movement import MovementBox
from studio.ui.staging.output import OutputBox
from studio.ui.staging.stage_box import StageBox
from studio.ui.staging.takers import Takers
from studio.ui.streams import Board, Programs
from studio.ui.studio import Studio

PULL_MS = 16
PROGRAMS: tuple[tuple[str, str, Kind], ...] = (
    ("VMC", "Bones and faces for VSeeFace, Warudo, Unity, Blender", "vmc"),
    ("Live Link Face", "Faces for Unreal, and whatever reads the app", "livelink"),
)
ADDRESSES = ("vmc://127.0.0.1:39539", "livelink://127.0.0.1:11111")


class Panel(PicturePanel):
    """Moves an avatar as whoever is before the first camera moves, and shows it in its place."""

    keeps = "stage"

    def __init__(self, studio: Studio, feature: Feature) -> None:
        self.lane: StageLane | None = None
        self.controls = Controls()
        self.board = Board()
        self._frame: Frame | None = None
        self._number = -1
        self._params = Params()
        super().__init__(studio, feature)
        self._timer = QTimer(self, interval=PULL_MS)
        self._timer.timeout.connect(self._pull)

    # -- what the step panel asks for

    def build(self, place: QVBoxLayout) -> None:
        super().build(place)
        self.stage_box = StageBox(self.studio)
        self.stage_box.changed.connect(self._staged)
        place.addWidget(self.stage_box)
        place.addWidget(self.add_note())
        row = QHBoxLayout()
        self.mirror = QCheckBox("Mirror")
        self.mirror.setToolTip("Your left is the left of the picture, as in a mirror")
        self.neutral = QPushButton("This is my calm face")
        self.neutral.setToolTip("Look straight ahead with a calm face for half a second (N)")
        self.neutral.setShortcut("N")
        self.neutral.clicked.connect(self.controls.take_neutral)
        row.addWidget(self.mirror)
        row.addStretch(1)
        row.addWidget(self.neutral)
        place.addLayout(row)
        self.output = OutputBox(lambda: self.lane, self.folder, self.say)
        place.addWidget(self.output)
        self.movement = MovementBox(self.studio.lanes["io"], self._player, self.folder, self.say)
        place.addWidget(self.movement)
        place.addWidget(self.stage_box.fold)
        place.addWidget(self._expressions())
        place.addWidget(self._programs())
        place.addWidget(self._more())
        self.add_hud()
        for box in (self.mirror, self.hands, self.body):
            box.toggled.connect(lambda _: self._shaped())
        self.smoothing.valueChanged.connect(lambda _: self._shaped())
        self.gains.changed.connect(self._shaped)
        for end in (self.output.finish, self.movement.finish, self.board.close):
            self.destroyed.connect(end)
        self.set_params(self.feature.params())

    def params(self) -> Params:
        update = {
            "mirror": self.mirror.isChecked(), "hands": self.hands.isChecked(),
            "body": self.body.isChecked(), "smoothing_ms": float(self.smoothing.value()),
            "gains": self.gains.value(), "limits": self.gains.limits(),
        }  # fmt: skip
        return self._params.model_copy(update=update)

    def set_params(self, params: BaseModel) -> None:
        if isinstance(params, Params):
            self._params = params
            self.mirror.setChecked(params.mirror)
            self.hands.setChecked(params.hands)
            self.body.setChecked(params.body)
            self.smoothing.setValue(round(params.smoothing_ms))
            self.gains.set_value(params.gains, params.limits)

    def run_text(self) -> str:
        return "Perform"

    def stop_text(self) -> str:
        return "Stop"

    def run(self) -> None:
        """Let whoever the first camera sees perform."""
        self._open_lane()
        self.begin(Inputs(self.studio.cameras.hub, self.controls, lambda: (self._hear,)))

    def refresh(self) -> None:
        super().refresh()
        if not self.loaded:
            return
        running = self.studio.running(self.feature.id) is not None
        self.cameras.lock(running)
        self.hud.setVisible(running and bool(self.hud.text()))
        self.keys.listening = running and self.isVisible()
        for button in (self.output.snap_button, self.output.record_button, self.neutral):
            button.setEnabled(running)
        self.movement.allow(running)
        self.programs.begin(running)
        if not running:
            self.movement.finish()
        self.stage_box.refresh()
        self._staged(self.stage_box.stage)
        if not running and self.lane is not None and not self.output.recording:
            self._close_lane()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._timer.start()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        if self.lane is None:
            self._timer.stop()

    def _judge(self) -> None:
        super()._judge()
        if self.loaded:
            self.programs.tell()

    # -- its parts

    def _expressions(self) -> QWidget:
        fold = Fold("Expressions and keys")
        self.keys, self.gains = HeldKeys(self.studio.settings.value.expression_keys), Gains()
        self.keys.assigned.connect(lambda names: self.studio.settings.change(expression_keys=names))
        self.keys.changed.connect(self._hold)
        fold.inside.addWidget(self.keys)
        fold.inside.addWidget(self.gains)
        return fold

    def _programs(self) -> QWidget:
        fold = Fold("Other programs")
        self.programs = Programs(
            self.board, PROGRAMS, "What you perform, never a picture, may leave this computer",
            begun=False,
        )  # fmt: skip
        for row, address in zip(self.programs.rows, ADDRESSES, strict=True):
            row.address.setText(address)
        fold.inside.addWidget(self.programs)
        self.takers = Takers(self.studio, lambda: self.lane)
        fold.inside.addWidget(self.takers)
        return fold

    def _more(self) -> QWidget:
        fold = Fold("More", "More settings of the performance")
        self.hands, self.body = QCheckBox("Hands"), QCheckBox("Body")
        self.smoothing = QSpinBox()
        self.smoothing.setRange(0, 500)
        self.smoothing.setSuffix(" ms")
        self.smoothing.lineEdit().setTextMargins(6, 0, 6, 0)
        self.smoothing.setAccessibleName("Smoothing")
        self.smoothing.setToolTip("How far a calm face may lag behind; more is calmer")
        row = QHBoxLayout()
        for widget in (self.hands, self.body):
            row.addWidget(widget)
        row.addStretch(1)
        fold.inside.addLayout(row)
        row = QHBoxLayout()
        row.addWidget(QLabel("Smoothing"))
        row.addWidget(self.smoothing)
        row.addStretch(1)
        fold.inside.addLayout(row)
        return fold

    # -- while somebody performs

    def _open_lane(self) -> None:
        self._close_lane()
        find = of_project(self.studio.project, self.studio.assets)
        self.lane = StageLane(self.stage_box.stage, find, mirrored=self.mirror.isChecked())
        self._number = -1
        self._seen = []
        self.hud.clear()
        self._timer.start()
        self.takers.take()

    def _close_lane(self) -> None:
        if self.lane is not None:
            lane, self.lane = self.lane, None
            self.output.finish()
            self.movement.finish()
            for outlet in lane.outlets.values():
                outlet.close(2.0)
            self.studio.lanes["io"].submit(lane.close)
            self.studio.cameras.followed = {}
            self.note.hide()

    def _staged(self, stage: object) -> None:
        """The stage is another one: it is shown at once."""
        if self.lane is not None and isinstance(stage, Stage):
            self.lane.stage = stage

    def _hear(self, one: Performance, frame: Frame) -> None:
        """On the face's thread: hand everything on."""
        lane = self.lane
        self._frame = frame
        if lane is not None:
            lane(one, frame)
        for outlet in self.board.told():
            outlet.tell(one)
        self.movement.tell(one)

    def _shaped(self) -> None:
        """Settings hold at once, while somebody performs too."""
        self.controls.settings = self.params()
        if self.lane is not None:
            self.lane.mirrored = self.mirror.isChecked()

    def _hold(self, weights: dict[str, float], turns: dict[str, tuple[float, ...]]) -> None:
        self.controls.weights, self.controls.turns = weights, turns  # pyright: ignore

    def _pull(self) -> None:
        """The screen asks for the newest picture."""
        lane = self.lane
        shown = None if lane is None else lane.newest
        if lane is None:
            return
        if shown is None or shown.number == self._number:
            if lane.loading and self.studio.running(self.feature.id) is not None:
                self.show_note("Loading the avatar")
            return
        self._number = shown.number
        self._show(lane, shown)

    def _show(self, lane: StageLane, shown: Shown) -> None:
        frame = self._frame
        picture = None
        if frame is not None:
            picture = np.ascontiguousarray(frame.rgb[:, ::-1]) if lane.mirrored else frame.rgb
        rgb = self.output.show_picture(shown.staged.rgba, picture)
        if frame is not None:
            self.put_in_place(frame.camera, rgb)
        trouble = lane.trouble
        notes = lane.notes()
        self.show_note(f"{trouble.message} {trouble.hint}" if trouble else " ".join(notes))
        self._measure(lane, shown)

    def _measure(self, lane: StageLane, shown: Shown) -> None:
        rate = self.rate_to_tell()
        if rate is None:
            return
        self.takers.check()
        told = {**shown.one.stages_ms, **{k: v for k, v in shown.staged.stages_ms.items()
                                          if k != "stage"}}  # fmt: skip
        parts = " · ".join(f"{name} {ms:.0f}" for name, ms in told.items() if ms >= 0.5)
        late = 1e3 * (time.monotonic() - shown.one.taken_s)
        seen = "" if shown.one.face else "No face is seen. Look at the camera, with light on it.\n"
        self.tell_cost(
            f"{seen}{rate:.0f} a second, {late:.0f} ms from camera to screen\n{parts} ms"
        )

    def _player(self) -> Callable[[], Avatar]:
        """Loads whoever is on the stage, to play what was recorded."""
        find = of_project(self.studio.project, self.studio.assets)
        return lambda name=self.stage_box.avatar_name: find(name)
