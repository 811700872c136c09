"""The panel of labelling: the pictures, the tools, and a map that saves itself."""

from __future__ import annotations

import time
from pathlib import Path

import cv2
import numpy as np
from pydantic import BaseModel
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QIcon, QImage, QPainter, QPixmap
from PySide6.QtWidgets import (
    QFileDialog,
    QLabel,
    QListView,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
)

from studio.core.errors import StudioError
from studio.core.files import IMAGE_SUFFIXES, VIDEO_SUFFIXES
from studio.core.parts import PART_COLOURS, PART_TITLES
from studio.document.project import TakeItem
from studio.features.label.engine import Inputs
from studio.features.label.params import Params
from studio.media.catalogue import catalogue
from studio.registry import Feature
from studio.training.labels import LabelFolder, MapKind
from studio.ui import theme
from studio.ui.choices import Choice
from studio.ui.controls import PathField, Text
from studio.ui.easel import Ink, Tools
from studio.ui.step_panel import StepPanel
from studio.ui.studio import Studio

THUMB = QSize(84, 60)
_GREY, _RED = (38, 40, 44), (226, 88, 76)
INKS: dict[MapKind, tuple[Ink, ...]] = {
    "parts": tuple(
        Ink(int(part), title, (int(r), int(g), int(b)))
        for (part, title), (r, g, b) in zip(PART_TITLES.items(), PART_COLOURS, strict=True)
    ),
    "mask": (Ink(0, "Background", _GREY), Ink(255, "Person", (76, 140, 214))),
    "occlusion": (Ink(0, "Item is seen", _GREY), Ink(255, "In front of it", _RED)),
}
_WORDS = ("Parts", "Mask", "Item")


class Panel(StepPanel):
    """A folder of pictures beside the tools; the chosen picture lies on the easel."""

    def __init__(self, studio: Studio, feature: Feature) -> None:
        super().__init__(studio, feature)
        self.folder: LabelFolder | None = None
        self.name = ""
        self._kind: MapKind = "parts"
        self._saving = False
        self._waiting: tuple[LabelFolder, str, MapKind, np.ndarray] | None = None
        studio.desk.painted.connect(self._save)

    # -- what the step panel asks for

    def build(self, place: QVBoxLayout) -> None:
        self.where = PathField("Folder of labels", str(Params().place))
        self.where.changed.connect(self._open_folder)
        self.kind = Choice("What is painted", list(INKS), _WORDS)
        self.kind.set_value("parts")
        self.kind.changed.connect(self._kind_chosen)
        self.pictures = QListWidget()
        self.pictures.setAccessibleName("Pictures to label")
        self.pictures.setViewMode(QListView.ViewMode.IconMode)
        self.pictures.setMovement(QListView.Movement.Static)
        self.pictures.setResizeMode(QListView.ResizeMode.Adjust)
        self.pictures.setIconSize(THUMB)
        self.pictures.setUniformItemSizes(True)
        self.pictures.setFixedHeight(2 * THUMB.height() + 64)
        self.pictures.currentItemChanged.connect(self._chosen)
        self.add_button = QPushButton("Add pictures or videos…")
        self.add_button.clicked.connect(self._add)
        shelves = catalogue.starter(), catalogue.own()
        known = [entry for shelf in shelves for entry in shelf.entries()]
        self.item = Choice(
            "What they wear", [*(entry.id for entry in known), ""],
            [*(f"They wear: {entry.name}" for entry in known), "What lies beside: NAME.item.png"],
        )  # fmt: skip
        self.item.setToolTip("Laid on whoever is seen in pictures that you add, unless an item "
                             "lies beside them (NAME.item.png)")  # fmt: skip
        self.item.hide()
        self.tools = Tools(self.studio.desk)
        self.saved = QLabel()
        self.saved.setProperty("role", "small")
        self.saved.setWordWrap(True)
        self.origin = Text("Whose pictures", "Whose they are, and who agreed")
        for part in (self.kind, self.item, self.pictures, self.tools, self.saved, self.where,
                     self.origin, self.add_button):  # fmt: skip
            place.addWidget(part)
        self._open_folder()

    def params(self) -> Params:
        return Params(
            folder=self.where.value(), kind=self._kind, origin=str(self.origin.value() or ""),
            item=str(self.item.value() or "") if self._kind == "occlusion" else "",
        )  # fmt: skip

    def set_params(self, params: BaseModel) -> None:
        if isinstance(params, Params):
            self.where.set_value(str(params.folder or ""))
            self.kind.set_value(params.kind)
            if params.item in self.item.options:
                self.item.set_value(params.item)
            self.item.setVisible(params.kind == "occlusion")
            self._open_folder()

    def run_text(self) -> str:
        return "Add frames of the take"

    def _judge(self) -> None:
        take = (
            self.studio.project.picked(self.studio.selection.ids, TakeItem) if self.loaded else None
        )
        self.run_button.setEnabled(take is not None and self.step is not None)
        self.run_button.setToolTip("" if take else "There is no take in the project")

    def run(self) -> None:
        """Add frames of the take."""
        self._collect(None)

    # -- pictures

    def _add(self) -> None:
        endings = " ".join(f"*{s}" for s in sorted(IMAGE_SUFFIXES | VIDEO_SUFFIXES))
        paths, _ = QFileDialog.getOpenFileNames(
            self, "Add pictures or videos", "", f"Pictures and videos ({endings})"
        )
        if paths:
            self._collect(Inputs(tuple(map(Path, paths))))

    def _collect(self, inputs: Inputs | None) -> None:
        try:
            self.studio.start(
                self.feature.id, self.params(), inputs=inputs, then=lambda _: self._open_folder()
            )
        except Exception as error:
            self.studio.notices.error(error, self.feature.manifest.title)
        self.refresh()

    def _open_folder(self) -> None:
        """List what the folder holds; none yet is no mistake."""
        place = self.params().place
        self.folder = None
        self._tell("Everything you paint is saved at once.")
        if (place / "labels.json").is_file():
            try:
                self.folder = LabelFolder.open(place)
            except StudioError as error:
                self._tell(str(error), "stop")
        elif self.where.value() and place.is_dir() and any(place.iterdir()):
            self._tell("This folder holds no labels yet: pictures are added to it once it is "
                       "empty.", "look")  # fmt: skip
        self._list()

    def _list(self) -> None:
        names = self.folder.names() if self.folder is not None else ()
        keep = self.name if self.name in names else ""
        self.pictures.blockSignals(True)
        self.pictures.clear()
        done = set(self.folder.labelled(self._kind)) if self.folder is not None else set[str]()
        for name in names:
            row = QListWidgetItem(name)
            row.setData(Qt.ItemDataRole.UserRole, name)
            row.setToolTip(name)
            row.setTextAlignment(Qt.AlignmentFlag.AlignHCenter)
            self.pictures.addItem(row)
            self._mark(row, name in done)
        self.pictures.blockSignals(False)
        self.pictures.setVisible(bool(names))
        self.tools.setVisible(bool(names))
        if self.folder is not None and names:
            folder = self.folder
            self.studio.watch.call(
                self.studio.lanes["io"].submit(lambda: [_thumb(folder, n) for n in names]),
                lambda made: self._show_thumbs(folder, made),
            )
            self.pictures.setCurrentRow(names.index(keep) if keep else 0)
        else:
            self.name = ""
            self.studio.desk.clear()

    def _show_thumbs(self, folder: LabelFolder, made: list[np.ndarray | None]) -> None:
        if folder is not self.folder or len(made) != self.pictures.count():
            return
        for number, rgb in enumerate(made):
            if rgb is not None:
                row = self.pictures.item(number)
                row.setData(Qt.ItemDataRole.UserRole + 1, rgb)
                self._mark(row, bool(row.data(Qt.ItemDataRole.UserRole + 2)))

    def _mark(self, row: QListWidgetItem, labelled: bool) -> None:
        """The thumbnail, with a tick once it is labelled."""
        row.setData(Qt.ItemDataRole.UserRole + 2, labelled)
        pixmap = QPixmap(THUMB)
        pixmap.fill(QColor(theme.look().tokens.sunken))
        painter = QPainter(pixmap)
        rgb = row.data(Qt.ItemDataRole.UserRole + 1)
        if rgb is not None:
            height, width = rgb.shape[:2]
            image = QImage(rgb.data, width, height, 3 * width, QImage.Format.Format_RGB888)
            painter.drawImage((THUMB.width() - width) // 2, (THUMB.height() - height) // 2, image)
        if labelled:
            painter.drawPixmap(4, 4, theme.icon("ph.check-circle", "good").pixmap(16, 16))
        painter.end()
        row.setIcon(QIcon(pixmap))
        name = row.data(Qt.ItemDataRole.UserRole)
        row.setData(
            Qt.ItemDataRole.AccessibleTextRole, f"{name}, {'labelled' if labelled else 'open'}"
        )

    def _kind_chosen(self) -> None:
        self._kind = self.kind.value()
        self.item.setVisible(self._kind == "occlusion")
        self._list()

    # -- painting

    def _chosen(self, row: QListWidgetItem | None, _: object = None) -> None:
        if row is None or self.folder is None:
            return
        name = str(row.data(Qt.ItemDataRole.UserRole))
        try:
            rgb = self.folder.picture(name)
            item = self.folder.item(name) if self._kind == "occlusion" else None
            kept = self.folder.map(name, self._kind)
        except StudioError as error:
            self.studio.notices.error(error, name)
            return
        self.name = name
        if self._kind == "occlusion" and item is None:
            self._tell("No item lies over this picture: choose above what they wear, and add it "
                       "again.", "look")  # fmt: skip
        labels = np.zeros(rgb.shape[:2], np.uint8) if kept is None else kept
        self.studio.desk.put(name, rgb, labels, INKS[self._kind], item)
        if self.isVisible():
            self.studio.desk.wanted.emit()

    def _save(self) -> None:
        """Keep the map after each stroke; strokes made meanwhile are kept right after."""
        desk, folder = self.studio.desk, self.folder
        if folder is None or desk.painting is None or desk.title != self.name:
            return
        self._waiting = (folder, self.name, self._kind, desk.painting.labels.copy())
        if not self._saving:
            self._save_next()

    def _save_next(self) -> None:
        waiting, self._waiting = self._waiting, None
        self._saving = waiting is not None
        if waiting is None:
            return
        folder, name, kind, values = waiting

        def saved(_: object) -> None:
            self._tell(f"{name} saved {time.strftime('%H:%M:%S')}")
            self._tick(name, kind)
            self._save_next()

        def failed(error: BaseException, details: str) -> None:
            self.studio.notices.error(error, "Save the labels", details)
            self._save_next()

        work = self.studio.lanes["io"].submit(lambda: folder.save_map(name, kind, values))
        self.studio.watch.call(work, saved, failed)

    def _tick(self, name: str, kind: MapKind) -> None:
        for number in range(self.pictures.count()):
            row = self.pictures.item(number)
            if row.data(Qt.ItemDataRole.UserRole) == name and kind == self._kind:
                self._mark(row, True)

    def _tell(self, text: str, verdict: str = "") -> None:
        self.saved.setText(text)
        self.saved.setProperty("verdict", verdict)
        self.saved.style().unpolish(self.saved)
        self.saved.style().polish(self.saved)


def _thumb(folder: LabelFolder, name: str) -> np.ndarray | None:
    try:
        rgb = folder.picture(name)
    except StudioError:
        return None
    scale = min(THUMB.width() / rgb.shape[1], THUMB.height() / rgb.shape[0])
    size = (max(1, int(rgb.shape[1] * scale)), max(1, int(rgb.shape[0] * scale)))
    return np.ascontiguousarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA))
