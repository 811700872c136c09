"""The panel of the cameras: the list, the red button, the takes."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from studio.document.project import Project, TakeItem
from studio.features.record.engine import Inputs
from studio.features.record.params import Params
from studio.features.record.step import take_item
from studio.media.recording.recorder import RecordingStats
from studio.media.recording.recover import Recovered, recover
from studio.media.recording.take import TakeRecord, read_take
from studio.registry import Feature
from studio.ui import theme
from studio.ui.controls import PathField
from studio.ui.live_panel import LivePanel
from studio.ui.studio import Studio
from studio.ui.takes_list import TakesList

OTHER_STEPS = (("synchronise", "Synchronise"), ("pose", "Detect people"))


class Panel(LivePanel):
    """Adds, opens and sets up the window's cameras, and records them."""

    run_role = "record"

    def __init__(self, studio: Studio, feature: Feature) -> None:
        super().__init__(studio, feature)
        studio.live.connect(self._on_live)

    # -- what the step panel asks for

    def build(self, place: QVBoxLayout) -> None:
        super().build(place)
        self.warnings = QLabel()
        self.warnings.setWordWrap(True)
        self.warnings.setProperty("verdict", "look")
        self.warnings.hide()
        place.addWidget(self.warnings)
        self.others = self._other_steps()
        place.addWidget(self.others)
        self.takes = TakesList(self.studio)
        self.takes.wanted.connect(self._show_take)
        place.addWidget(self.takes)
        place.addWidget(self._where())
        theme.set_icon(self.run_button, "ph.circle-fill", "stop")
        theme.set_icon(self.stop_button, "ph.stop-fill", "stop")
        self._recover()

    def params(self) -> Params:
        return Params(
            folder=self.folder.value(), name=self.name.text().strip(), seconds=self._seconds
        )

    def set_params(self, params: BaseModel) -> None:
        if isinstance(params, Params):
            self._seconds = params.seconds
            self.folder.set_value(params.folder)
            self.name.setText(params.name)
            if params.sources:
                self.cameras.add_places(list(params.sources))

    def run_text(self) -> str:
        return "Record"

    def stop_text(self) -> str:
        return "Stop recording"

    def run(self) -> None:
        """Begin a take with the cameras that are live."""
        studio = self.studio
        self.begin(Inputs(studio.cameras.hub, studio.project.usable_rig()), self._recorded)

    def refresh(self) -> None:
        super().refresh()
        if not self.loaded:
            return
        running = self.studio.running(self.feature.id) is not None
        self.cameras.lock(running)
        self.name.setEnabled(not running)
        self.folder.setEnabled(not running)
        made = self._takes_of(self.studio.project)
        self.others.setVisible(bool(made) and not running)
        if not running:
            self.warnings.hide()
        self.takes.show_folder(self.params().place, made)

    # -- inside

    _seconds: float | None = None

    def _where(self) -> QWidget:
        self.name = QLineEdit()
        self.name.setPlaceholderText("Numbered by itself")
        self.name.setAccessibleName("Name of the next take")
        self.folder = PathField("Takes in", str(Params().place))
        self.folder.changed.connect(self.refresh)
        more = QPushButton("More")
        more.setProperty("role", "link")
        more.setCheckable(True)
        more.setAccessibleName("More settings of the recording")
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        for words, field in (("Name of the next take", self.name), ("Takes in", self.folder)):
            label = QLabel(words)
            label.setProperty("role", "muted")
            column.addWidget(label)
            column.addWidget(field)

        def unfold(on: bool) -> None:
            inside.setVisible(on)
            theme.set_icon(more, "ph.caret-down" if on else "ph.caret-right", "accent")

        more.toggled.connect(unfold)
        unfold(False)
        whole = QWidget()
        layout = QVBoxLayout(whole)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(more, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addWidget(inside)
        return whole

    def _other_steps(self) -> QWidget:
        """Where a take may go besides the primary next step."""
        place = QWidget()
        row = QHBoxLayout(place)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        said = QLabel("Then:")
        said.setProperty("role", "muted")
        row.addWidget(said)
        for id, words in OTHER_STEPS:
            if id in self.studio.registry.features:
                button = QPushButton(words)
                button.setProperty("role", "link")
                button.clicked.connect(lambda _=False, id=id: self.studio.open_panel(id))
                row.addWidget(button)
        row.addStretch(1)
        place.hide()
        return place

    def _on_live(self, feature: str, value: object) -> None:
        if feature == self.feature.id and isinstance(value, RecordingStats) and self.loaded:
            self.warnings.setText("\n".join(value.warnings))
            self.warnings.setVisible(bool(value.warnings))

    def _recorded(self, packed: object) -> None:
        self.name.clear()
        made = self.studio.project.newest(TakeItem)
        if made is not None:
            self.studio.notices.tell(f"“{made.name}” is recorded.", "", "good")

    def _takes_of(self, project: Project) -> dict[Path, TakeItem]:
        return {
            Path(take.clips[0].path).parent: take for take in project.all(TakeItem) if take.clips
        }

    def _show_take(self, folder: Path, take: TakeRecord) -> None:
        """Show a take of the list; one that the project does not hold is brought in first."""
        studio = self.studio
        known = self._takes_of(studio.project).get(folder)
        if known is None:
            known = take_item(folder, take, studio.project.usable_rig())
            item = known
            studio.document.edit(f"Bring in {take.name}", lambda p: p.with_items([item]))
        studio.selection.set((known.id,))
        studio.page_wanted.emit("canvas")

    def _recover(self) -> None:
        """Mend what a crash left unfinished, and say so in a sentence."""
        studio = self.studio

        def there(found: tuple[Recovered, ...]) -> None:
            for one in found:
                said = " ".join(one.said) or "Nothing of it is lost."
                studio.notices.tell(
                    f"“{one.take.name}” was cut off and has been recovered. {said}", "", "look",
                    ("Show it", lambda one=one: self._show_take(one.folder, read_take(one.folder))),
                )  # fmt: skip
            if found:
                self.refresh()

        studio.watch.call(
            studio.lanes["io"].submit(recover, self.params().place),
            there,
            lambda error, details: studio.notices.error(error, "Takes", details),
        )
