"""The panel of the try-on: the catalogue, what is worn, how it is laid in, and where it goes."""

from __future__ import annotations

import time

import numpy as np
from pydantic import BaseModel
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QVBoxLayout, QWidget

from studio.features.tryon.engine import Inputs, Params
from studio.live.wearing.live import WearControls, WearNow
from studio.live.wearing.own_head import of_project
from studio.registry import Feature
from studio.ui.catalogue.outfit import Outfit
from studio.ui.picture_panel import PicturePanel
from studio.ui.staging.fields import Fields
from studio.ui.staging.fold import Fold
from studio.ui.staging.output import OutputBox
from studio.ui.staging.own_head import OwnHeadRow
from studio.ui.staging.picture import labelled
from studio.ui.staging.takers import Takers
from studio.ui.studio import Studio

ROW_PX, OTHERS_PX = 118, 300
WAYS = (("predicted", "Predicted"), ("depth", "By depth"), ("static", "Fixed"))
FITTED = ("fitted", "By the fitted head")
HIDING = {
    "occlusion": "Hidden", "compare": "Compare with", "show_map": "Show the map",
    "edge_px": "Soft edge",
}  # fmt: skip
HEADS = {"occluder": "Hides things"}
FITTING = {
    "pupil_mm": "Pupils apart", "foot_mm": "Foot length", "wrist": "Watch on the",
    "smoothing_ms": "Calmness", "people": "People", "view_deg": "Camera sees",
}  # fmt: skip
LOOKS = {
    "colour": "My light", "light_by": "Told by", "brightness": "Brightness",
    "contrast": "Contrast", "gamma": "Gamma",
    "shadow": "Shadow", "lens": "Lens tint", "match_camera": "Like the camera",
    "paint_out": "Paint out old ones",
}  # fmt: skip
WORDS = {
    "occlusion": WAYS,
    "compare": ((None, "Nothing"), *WAYS, FITTED),
    "wrist": (("left", "Left wrist"), ("right", "Right wrist")),
    "light_by": (("network", "Network"), ("skin", "Average skin")),
    "occluder": (("own", "My own"), ("fitted", "Fitted"), ("both", "Both")),
}


class Panel(PicturePanel):
    """Puts things on whoever is before the first camera, and shows that in its place."""

    keeps = "try-on"

    def __init__(self, studio: Studio, feature: Feature) -> None:
        self.controls = WearControls()
        self._opened = self._halted = self._by_hand = False
        super().__init__(studio, feature)
        studio.live.connect(self._on_live)

    # -- what the step panel asks for

    def build(self, place: QVBoxLayout) -> None:
        self.camera_fold = Fold("Camera")
        super().build(self.camera_fold.inside)
        self.camera_fold.button.clicked.connect(self._keep_fold)
        self.outfit = Outfit(self.studio)
        self.outfit.changed.connect(self._changed)
        self.outfit.fitting.connect(self._make_room)
        self.output = OutputBox(self._outgoing, self.folder, self.say, "Try-on")
        self.hiding = Fields(self.feature.params, HIDING, WORDS)
        self.own_head = OwnHeadRow(self.studio)
        self.heads = Fields(self.feature.params, HEADS, WORDS)
        self.fitting = Fields(self.feature.params, FITTING, WORDS)
        self.looks = Fields(self.feature.params, LOOKS, WORDS)
        self.takers = Takers(self.studio, self._outgoing)
        self.below = QWidget()
        below = QVBoxLayout(self.below)
        below.setContentsMargins(0, 0, 0, 0)
        below.setSpacing(12)
        for widget in (self.camera_fold, self.outfit, self.add_note(), self.below):
            place.addWidget(widget)
        for widget in (self._switches(), self.output):
            below.addWidget(widget)
        for title, inside in (
            ("What hides it", self.hiding), ("Fit", self.fitting), ("Light and colour", self.looks),
            ("Other programs", self.takers),
        ):  # fmt: skip
            fold = Fold(title)
            fold.inside.addWidget(inside)
            if inside is self.hiding:
                fold.inside.addWidget(self.own_head)
                fold.inside.addWidget(self.heads)
            fold.setVisible(inside is not self.takers or bool(self.takers.switches))
            below.addWidget(fold)
        self.add_hud()
        self.foot.insertWidget(0, self.outfit.page.buttons)
        for fields in (self.hiding, self.own_head, self.heads, self.fitting, self.looks):
            fields.changed.connect(self._changed)
        self.destroyed.connect(self.output.finish)
        self.set_params(self.feature.params())

    def _switches(self) -> QWidget:
        row = QWidget()
        box = QHBoxLayout(row)
        box.setContentsMargins(0, 0, 0, 0)
        self.mirror, self.alone = QCheckBox("Mirror"), QCheckBox("Things alone")
        self.mirror.setToolTip("Your left is the left of the picture, as in a mirror")
        self.alone.setToolTip("Without the picture behind: films and snapshots are transparent")
        for switch in (self.mirror, self.alone):
            switch.toggled.connect(lambda _: self._changed())
            box.addWidget(switch)
        box.addStretch(1)
        return row

    def params(self) -> Params:
        told: dict[str, object] = {}
        for fields in (self.hiding, self.heads, self.fitting, self.looks):
            told |= fields.value()
        told |= {"items": self.outfit.names, "mirror": self.mirror.isChecked(),
                 "own_head": self.own_head.value()}  # fmt: skip
        return Params.model_validate({**told, "only_items": self.alone.isChecked()})

    def set_params(self, params: BaseModel) -> None:
        if isinstance(params, Params):
            for fields in (self.hiding, self.heads, self.fitting, self.looks):
                fields.set_value(params)
            self.own_head.set_value(params.own_head)
            self.heads.setVisible(bool(params.own_head))
            self.mirror.setChecked(params.mirror)
            self.alone.setChecked(params.only_items)
            if params.items:
                self.outfit.wear(tuple(name.partition("#")[0] for name in params.items))

    def run_text(self) -> str:
        return "Try on"

    def stop_text(self) -> str:
        return "Stop"

    def run(self) -> None:
        """Dress whoever the first camera sees."""
        self._halted = False
        self._seen = []
        self._changed()
        self.hud.clear()
        self.takers.take()
        heads = of_project(self.studio.project)
        find = self.outfit.goods.find
        self.begin(Inputs(self.studio.cameras.hub, self.controls, find, heads))

    def stop(self) -> None:
        self._halted = True
        super().stop()

    def refresh(self) -> None:
        super().refresh()
        if not self.loaded:
            return
        running = self.studio.running(self.feature.id) is not None
        self.own_head.refresh()
        self.cameras.lock(running)
        self.summary.setVisible(not running)
        self.hud.setVisible(running and bool(self.hud.text()) and not self.quiet)
        for button in (self.output.snap_button, self.output.record_button):
            button.setEnabled(running)
        if not running:
            self.outfit.shelf.set_seen(None)
            self.outfit.show_live(None)
            self.output.finish()
            self._close_takers()
            self.studio.cameras.followed = {}
            self.show_note("")

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not self._opened:
            self._opened = True
            cameras = self.studio.cameras
            cameras.look_for_devices()
            if not cameras.running and (cameras.sources or cameras.free_devices()):
                cameras.open_first()
        self._judge()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_rows()

    def _fit_rows(self) -> None:
        if self.loaded:
            room = self.area.viewport().height() - OTHERS_PX
            self.outfit.shelf.grid.set_rows(min(max(room // ROW_PX, 2), 6))

    def _judge(self) -> None:
        """A camera that shows somebody is put to use at once, until somebody says stop."""
        super()._judge()
        if not self.loaded:
            return
        live = self.run_button.isEnabled()
        if not self.camera_fold.button.isDown() and not self._by_hand:
            self._fold_camera(live)
        if live and not self._halted and self.isVisible() and (
            self.studio.running(self.feature.id) is None
        ):  # fmt: skip
            self.run()

    _live = None

    def _keep_fold(self) -> None:
        self._by_hand = True

    def _fold_camera(self, live: bool) -> None:
        """The list of cameras is of use while none shows anything; who folds it, decides."""
        if live != self._live:
            self._live = live
            self.camera_fold.button.setChecked(not live)

    # -- while somebody wears things

    def _changed(self) -> None:
        """Settings hold at once, while somebody wears things too."""
        if self.loaded:
            params = self.params()
            self.heads.setVisible(bool(params.own_head))
            self.controls.nudges = self.outfit.nudges
            self.controls.settings, self.controls.mirrored = params, params.mirror

    def _make_room(self, fitting: bool) -> None:
        """While a thing is fitted nothing else is in the way."""
        self.quiet = fitting
        self.below.setVisible(not fitting)
        for widget in (self.stop_button.parentWidget(), self.hud):
            if widget is not None:
                widget.setVisible(not fitting)
        self.area.verticalScrollBar().setValue(0)
        self.camera_fold.setVisible(not fitting)

    def _outgoing(self) -> WearControls | None:
        return None if self.studio.running(self.feature.id) is None else self.controls

    def _close_takers(self) -> None:
        for outlet in self.controls.outlets.values():
            outlet.close(2.0)
        self.controls.outlets = {}

    def _on_live(self, feature: str, value: object) -> None:
        if feature == self.feature.id and isinstance(value, WearNow) and self.loaded:
            self._show(value)

    def _show(self, now: WearNow) -> None:
        picture = now.frame.rgb[:, ::-1] if now.mirrored else now.frame.rgb
        rgb = self.output.show_picture(now.rgba, np.ascontiguousarray(picture))
        settings = self.controls.settings
        told = self.output.compare_button.isChecked()
        if now.worn.compared is not None and settings.compare is not None and not told:
            words = dict((*WAYS, FITTED))
            rgb = labelled(rgb, words[settings.compare], words[now.worn.used])
        self.put_in_place(now.frame.camera, rgb, now.frame.time_s)
        self.outfit.see(now.kinds)
        self.outfit.show_live(now.worn, now.mirrored)
        self.alone.setEnabled(not self.output.recording)
        trouble = now.worn.trouble
        said = [f"{trouble.message} {trouble.hint}".strip()] if trouble else []
        known = self.outfit.told_of()
        notes = [note for note in now.worn.notes if note not in known]
        self.show_note(" ".join(dict.fromkeys((*said, *notes))))
        self._measure(now)

    def _measure(self, now: WearNow) -> None:
        rate = self.rate_to_tell()
        if rate is None:
            return
        self.takers.check()
        parts = " · ".join(
            f"{name} {ms:.0f}" for name, ms in now.stages_ms.items() if ms >= 0.5 and name != "all"
        )
        late = 1e3 * (time.monotonic() - now.frame.time_s)
        jitter = f", trembles {now.worn.jitter_px:.1f} px" if now.worn.jitter_px else ""
        self.tell_cost(f"{rate:.0f} a second, {late:.0f} ms to the screen{jitter}\n{parts} ms")
