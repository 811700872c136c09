"""The calibration panel: what is looked at and with which board; guidance while it is waved; what
the result is worth, and its acceptance."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel
from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from studio.core.errors import StudioError
from studio.core.types import FrameSet
from studio.document.project import FileItem, RigItem, TakeItem
from studio.document.step import Packed
from studio.features.calibrate.accept import accept
from studio.features.calibrate.around import floor_of, last_board, person_of, pictures_of
from studio.features.calibrate.floor import boards_of, set_floor
from studio.features.calibrate.params import Params
from studio.features.calibrate.result import Inputs
from studio.features.calibrate.step import board_take
from studio.features.calibrate.which import which_of
from studio.registry import Feature
from studio.ui import theme
from studio.ui.choices import Choice
from studio.ui.controls import PathList
from studio.ui.form import Form
from studio.ui.guidance import BoardChooser, CoverageGrid, NextAction, PairGraph
from studio.ui.guidance.floor_setter import FloorSetter, Lying
from studio.ui.guidance.verdict import Decision, Verdict
from studio.ui.step_panel import StepPanel
from studio.ui.studio import Studio
from studio.vision.calibration.guidance import Guidance

SourceKind = Literal["take", "live", "files"]
_FIRST = frozenset({"intrinsics", "world", "floor_at_s"})
_OWN = frozenset({"paths", "board", "found", "points", "drop"})


class Panel(StepPanel):
    """Three faces: before, while the board is shown, and after."""

    def __init__(self, studio: Studio, feature: Feature) -> None:
        self._set_up = QWidget()
        self._watching = QWidget()
        self.verdict, self.decision = Verdict(), Decision()
        self._drop: tuple[str, ...] = ()
        self._anew = False
        super().__init__(studio, feature)
        self.foot.insertWidget(self.foot.indexOf(self.facts) + 1, self.decision)
        studio.live.connect(self._on_live)
        studio.cameras.changed.connect(self._on_cameras)

    # -- before -----------------------------------------------------------------------------------

    def build(self, place: QVBoxLayout) -> None:
        column = QVBoxLayout(self._set_up)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        self.source = Choice("What is looked at", ["take", "live", "files"],
                             ["A take", "Live cameras", "Files"])  # fmt: skip
        self.source_told = QLabel()
        self.source_told.setWordWrap(True)
        self.source_told.setProperty("role", "small")
        self.open_cameras = QPushButton("Open the cameras")
        self.open_cameras.clicked.connect(lambda: self.studio.cameras.open_first())
        self.files = PathList("Videos or picture folders, one a camera")
        self.board = BoardChooser()
        self.which = QPushButton("Look which board it is")
        self.which.setToolTip("Searches a few pictures for any kind of board")
        self.which.clicked.connect(self.look_which)
        hidden = frozenset(Params.model_fields) - _FIRST
        self.form = Form(Params, hidden)
        self._more = Form(Params, _FIRST | _OWN)
        self.more_button = QPushButton("More settings")
        self.more_button.setProperty("role", "link")
        self.more_button.setCheckable(True)
        self.more_button.toggled.connect(self._more.setVisible)
        self._more.hide()
        for widget in (
            _section("What is looked at"), self.source, self.source_told, self.open_cameras,
            self.files, _section("The board"), self.which, self.board,
            _section("Lenses and floor"), self.form, self.more_button, self._more,
        ):  # fmt: skip
            column.addWidget(widget)
        self._build_watching()
        self.decision.accepted.connect(self.accept)
        self.decision.without.connect(self.solve_without)
        self.decision.report.connect(self.show_report)
        self.decision.anew.connect(self.start_over)
        self.decision.floor.connect(self.begin_floor)
        self.floor = FloorSetter(self.studio)
        self.floor.wanted.connect(self.set_floor)
        self.floor.left.connect(self.refresh)
        for face in (self.floor, self.verdict, self._watching, self._set_up):
            place.addWidget(face)
        self.source.changed.connect(self._show_source)
        self.files.changed.connect(self._judge)
        self.board.changed.connect(self._judge)
        self.form.changed.connect(self._judge)
        known = last_board(self.studio.project)
        if known:
            self.board.set_spec(known)
        self.source.set_value("take" if self._take() else "files")
        self._show_source()

    def _build_watching(self) -> None:
        column = QVBoxLayout(self._watching)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        self.next_action = NextAction()
        self.enough = QPushButton("Enough now")
        self.enough.setToolTip("Stop looking, and solve what was seen")
        self.enough.clicked.connect(self.finish)
        self.coverage, self.pairs = CoverageGrid(), PairGraph()
        for widget in (self.next_action, self.enough, self.pairs, self.coverage):
            column.addWidget(widget)
        self._watching.hide()

    def params(self) -> BaseModel:
        assert self.form is not None
        files = [Path(one) for one in self.files.value()] if self._kind == "files" else []
        own = {"paths": files, "board": self.board.spec, "drop": self._drop, "found": ""}
        first = {name: value for name, value in self.form.raw().items() if name in _FIRST}
        more = {n: v for n, v in self._more.raw().items() if n not in _FIRST | _OWN}
        return Params.model_validate({**more, **first, **own})

    def set_params(self, params: BaseModel) -> None:
        assert self.form is not None
        assert isinstance(params, Params)
        self.form.set_value(params)
        self._more.set_value(params)
        self._drop = params.drop
        if params.board:
            self.board.set_spec(params.board)
        if params.paths:
            self.files.set_value([str(path) for path in params.paths])
            self.source.set_value("files")
            self._show_source()

    def run_text(self) -> str:
        return "Calibrate"

    @property
    def _kind(self) -> SourceKind:
        return self.source.value()

    def _take(self) -> TakeItem | None:
        return board_take(self.studio.project, self.studio.selection.ids)

    def _show_source(self) -> None:
        kind = self._kind
        self.files.setVisible(kind == "files")
        self.which.setVisible(kind != "live")
        live = kind == "live"
        self.open_cameras.setVisible(live and not self.studio.cameras.running)
        take = self._take()
        if kind == "take":
            told = f"“{take.name}”, {len(take.clips)} cameras." if take else (
                "There is no take yet: drop the videos of the board on the window."
            )  # fmt: skip
        elif live:
            count = len(self.studio.cameras.sources)
            told = f"{count} cameras are open." if self.studio.cameras.running else (
                "Wave the board while the cameras watch; you are told what to do next."
            )  # fmt: skip
        else:
            told = "One video, or one folder of pictures, a camera."
        self.source_told.setText(told)
        self._judge()

    def _on_cameras(self) -> None:
        if self.loaded:
            self._show_source()

    def _judge(self) -> None:
        super()._judge()
        there = {
            "take": self._take() is not None,
            "files": bool(self.files.value()),
            "live": self.studio.cameras.running,
        }[self._kind] if self.loaded else False  # fmt: skip
        named = bool(self.loaded and self.board.spec)
        self.run_button.setEnabled(self.run_button.isEnabled() and there and named)

    def look_which(self) -> None:
        """Search a few pictures for any kind of board, and fill it in."""
        params, take = self.params(), self._take()
        assert isinstance(params, Params)
        clips = take.clips if take is not None and self._kind == "take" else ()
        paths = params.paths or tuple(Path(clip.path) for clip in clips)

        def filled(found: Any) -> None:
            if found is None:
                self.studio.notices.tell(
                    "No board of any kind was found in a few of the pictures.",
                    "Choose other pictures, or say which board it is.", "look",
                )  # fmt: skip
                return
            self.studio.notices.say(f"The pictures show {found.text}. Measure one square.")
            self.board.suggest(found.spec)
            self.board.side.setFocus()

        self.studio.watch.call(
            self.studio.lanes["io"].submit(which_of, paths),
            filled,
            lambda error, details: self.studio.notices.error(error, "Board", details),
        )

    def run(self) -> None:
        """Start with what the controls say; live cameras are handed over as they are."""
        self._anew = False
        if self._kind != "live":
            super().run()
            return
        try:
            project, assets = self.studio.project, self.studio.assets
            inputs = self.feature.step.inputs(project, self.studio.selection.ids, assets)
            live: Inputs = replace(inputs, sources=(), origin=None, live=self.studio.cameras.hub)
            self.studio.start(self.feature.id, self.params(), inputs=live)
        except Exception as error:
            self.studio.notices.error(error, self.feature.manifest.title)
        self.refresh()

    # -- while the board is shown -----------------------------------------------------------------

    def _on_live(self, feature: str, value: object) -> None:
        if feature != self.feature.id or not isinstance(value, tuple):
            return
        for one in value:
            if isinstance(one, Guidance):
                self.next_action.show_guidance(one)
                self.pairs.show_guidance(one)
                wanted = frozenset({one.camera, *(one.pair or ())} - {""})
                self.coverage.show_guidance(one.cameras, wanted)
                self.enough.setEnabled(one.ready)
                theme.set_role(self.enough, "primary" if one.enough else "")
                self.pairs.setVisible(bool(one.pairs))
            elif isinstance(one, FrameSet):
                for frame in one.frames.values():
                    self.coverage.show_picture(frame.camera, frame.rgb)

    def finish(self) -> None:
        """Enough was seen: solve it."""
        running = self.studio.running(self.feature.id)
        if running is not None:
            running.job.context.finish()
            self.enough.setEnabled(False)
            self.next_action.say("Solving what was seen", 1.0)

    def _finished(self, feature: str, packed: Packed) -> None:
        """Lenses that were calibrated by themselves are given to the next calibration."""
        super()._finished(feature, packed)
        lenses = next((i for i in packed.items if isinstance(i, FileItem)), None)
        if feature != self.feature.id or lenses is None or lenses.data is None:
            return
        stopped = any(fact.verdict == "stop" for fact in packed.facts)
        given = None if stopped else self.studio.assets.path(lenses.data)
        now = self.params().model_copy(update={"lenses_only": False, "intrinsics": given})
        self.fill(now)
        if not stopped:
            self.studio.notices.say("The next calibration is given these lenses.")

    # -- after -----------------------------------------------------------------------------------

    @property
    def newest(self) -> RigItem | None:
        """The newest calibration made here."""
        made = (r for r in reversed(self.studio.project.all(RigItem))
                if r.recipe is not None and r.recipe.feature == self.feature.id)  # fmt: skip
        return next(made, None)

    def refresh(self) -> None:
        super().refresh()
        if not self.loaded:
            return
        running = self.studio.running(self.feature.id) is not None
        rig = None if running or self._anew else self.newest
        if running and not self._watching.isVisible():
            self._anew = False
            self.next_action.say("Looking for the board")
            self.enough.setEnabled(False)
        self._watching.setVisible(running)
        if running:  # the next action and its bar say how far it is
            for widget in (self.bar, self.told, self.pause_button):
                widget.hide()
        self._set_up.setVisible(not running and rig is None)
        self.summary.setVisible(not running and rig is None)
        self.verdict.show_rig(rig)
        self.decision.show_rig(rig)
        self.run_button.setVisible(not running and rig is None)
        last = self.studio.project.items[-1:]
        lenses = [i for i in last if isinstance(i, FileItem) and i.role == "lenses"]
        if rig is None and not (lenses and not running):
            self.facts.show_facts(())
        if rig is None:
            self.floor.close_all()
        elif self.floor.isVisible():
            for widget in (self.verdict, self.decision, self.facts):
                widget.hide()
        if rig is not None and not rig.accepted:
            self._show_next(None)
        self._show_source()

    def start_over(self) -> None:
        """Show the settings again, to calibrate once more."""
        self._anew = True
        self.drop_offers()
        self.refresh()

    def accept(self, reason: str) -> None:
        """Put the newest calibration to use; with a reason where a test failed."""
        rig = self.newest
        if rig is None:
            return
        try:
            label = "Accept on record" if reason else "Accept"
            self.studio.document.edit(
                f"{label} “{rig.name}”",
                lambda project: accept(project, rig.id, reason, self.studio.assets),
            )
            self.drop_offers()
            self.studio.notices.say(f"“{rig.name}” is in use.")
        except StudioError as error:
            self.studio.notices.error(error, self.feature.manifest.title)

    def solve_without(self, camera: str) -> None:
        """Solve what was seen once more, without a camera."""
        rig = self.newest
        if rig is None or rig.recipe is None or rig.views is None:
            return
        before = Params.model_validate(rig.recipe.params)
        params = before.model_copy(
            update={"drop": (*before.drop, camera), "found": rig.views.sha256}
        )
        instead = () if rig.accepted else (rig.id,)
        call = partial(self.studio.start, self.feature.id, params, instead=instead)
        try:
            call()
        except StudioError as error:
            self.studio.notices.error(error, self.feature.manifest.title)
        self.refresh()

    def begin_floor(self) -> None:
        """Offer the ways to set the newest calibration's floor."""
        rig = self.newest
        if rig is not None:
            project, assets, cameras = self.studio.project, self.studio.assets, self.studio.cameras
            seen = assets.arrays(rig.views) if rig.views is not None else {}
            times = (
                dict(zip(*(seen[n].tolist() for n in ("moments", "times_s")), strict=True))
                if seen
                else {}
            )
            pictures = pictures_of(project, rig, cameras.hub if cameras.running else None)
            person = person_of(project, rig, assets) is not None
            self.floor.begin(Lying(rig.rig(), boards_of(seen), times, pictures, person))
            self.refresh()

    def set_floor(self, way: str, value: Any) -> None:
        """Move the newest calibration's world: one step of the history."""
        rig, assets = self.newest, self.studio.assets
        if rig is None:
            return
        try:
            placed = set_floor(rig, floor_of(way, value, self.studio.project, rig, assets), assets)
            self.studio.document.edit(
                "Set the floor" if way != "length" else "Set the scale",
                lambda project: project.with_items([placed]),
            )
        except StudioError as error:
            self.studio.notices.error(error, "Set the floor")
            return
        self.floor.close_all()
        self.studio.page_wanted.emit("viewport")
        self.refresh()

    def show_report(self) -> None:
        """Open the newest calibration's report in the browser."""
        rig = self.newest
        if rig is not None and rig.report is not None:
            path = self.studio.assets.path(rig.report)
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))


def _section(text: str) -> QLabel:
    label = QLabel(text)
    label.setProperty("role", "section")
    return label
