"""How the avatar shall be: its unseen back, whose head, how it stands, how fine it is."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np
from jaxtyping import UInt8
from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtGui import QImage, QShowEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from studio.features.body.params import Params
from studio.synth import closet
from studio.ui import theme
from studio.ui.staging.fields import NAMES_PX, Fields
from studio.ui.thumb import Thumb

ROWS = {
    "back": "Unseen back", "seed": "Other folds", "pose": "Stands in a", "triangles": "Triangles",
    "texture_px": "Texture", "networks": "Networks",
}  # fmt: skip
BACKS = {"paint": "Folds", "plain": "Plain", "mirror": "Mirrored"}
WORDS = {
    "pose": (("T", "T"), ("A", "A")),
    "networks": (("sequence", "In turn"), ("parallel", "At once")),
}
WORN = {"hat": "Hat", "glasses": "Glasses"}
_OWN = "As photographed"
_BACK = (64, 88)
_TIPS = {
    "paint": "Even cloth with folds; another number gives others",
    "plain": "Plain cloth",
    "mirror": "The front, prints and all",
}


class AvatarGroup(QWidget):
    """``changed(values)`` follows every edit, with all values by the params' names."""

    changed = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.backs: dict[str, Thumb] = {}
        backs = QHBoxLayout()
        backs.setSpacing(8)
        for how, word in BACKS.items():
            thumb = Thumb(word, _BACK, "ph.t-shirt")
            thumb.setToolTip(_TIPS[how])
            thumb.setFixedSize(thumb.sizeHint())
            thumb.clicked.connect(partial(self._turn, how))
            backs.addWidget(thumb)
            self.backs[how] = thumb
        backs.addStretch(1)
        told = QLabel(ROWS["back"])
        told.setProperty("role", "muted")
        rows = {name: title for name, title in ROWS.items() if name != "back"}
        self.fields = Fields(Params, rows, WORDS)
        self.fields.changed.connect(lambda: self.changed.emit(self.fields.value()))
        self.head = QComboBox()
        self.head.setToolTip("A head of this project by “Head from photographs” can take the place "
                             "of the photograph's")  # fmt: skip
        self.head.activated.connect(lambda _: self.changed.emit({"head_item": self._chosen()}))
        self.head_row = _row("Head", self.head)
        self.worn = {kind: QComboBox() for kind in WORN}
        for kind, box in self.worn.items():
            box.setToolTip(f"{WORN[kind]} of the wardrobe, worn over what is photographed")
            box.activated.connect(partial(self._wear, kind))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(told)
        column.addLayout(backs)
        column.addWidget(self.fields)
        column.addWidget(self.head_row)
        for kind, box in self.worn.items():
            column.addWidget(_row(WORN[kind], box))
        self._params = Params()
        self.show_heads({})

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        there = closet.catalogue()
        for kind, box in self.worn.items():
            _fill(box, {"": "None", **{one.name: one.title for one in there if one.kind == kind}})
        self._show_chosen()

    def show_params(self, params: Params) -> None:
        """Show these; nothing is told."""
        self._params = params
        with QSignalBlocker(self.fields):
            self.fields.set_value(params)
        for how, thumb in self.backs.items():
            thumb.setChecked(how == params.back)
        self._show_chosen()

    def show_backs(self, pictures: Mapping[str, UInt8[np.ndarray, "tall wide 4"]]) -> None:
        """What the backs look like, as somebody behind sees them."""
        for how, rgba in pictures.items():
            if how in self.backs:
                tall, wide = rgba.shape[:2]
                image = QImage(rgba.data, wide, tall, 4 * wide, QImage.Format.Format_RGBA8888)
                self.backs[how].set_picture(image.copy())

    def _turn(self, how: str, _: bool = False) -> None:
        self.backs[how].setChecked(how == self._params.back)
        self.changed.emit({"back": how})

    def show_heads(self, heads: Mapping[str, str]) -> None:
        """The project's heads: names by their items' ids."""
        _fill(self.head, {"": _OWN, **heads})
        self.head_row.setVisible(bool(heads))
        self._show_chosen()

    def _wear(self, kind: str, _: int) -> None:
        self.changed.emit({kind: str(self.worn[kind].currentData() or "")})

    def _chosen(self) -> str:
        return str(self.head.currentData() or "")

    def _show_chosen(self) -> None:
        _choose(self.head, self._params.head_item)
        for kind, box in self.worn.items():
            _choose(box, getattr(self._params, kind))


def _row(title: str, box: QComboBox) -> QWidget:
    """A choice with its name."""
    box.setAccessibleName(title)
    label = QLabel(title)
    label.setProperty("role", "muted")
    label.setMinimumWidth(theme.look().px(NAMES_PX))
    found = QWidget()
    row = QHBoxLayout(found)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(8)
    row.addWidget(label)
    row.addWidget(box, 1)
    return found


def _fill(box: QComboBox, there: Mapping[str, str]) -> None:
    """Offer these: what they are called by their names."""
    if {box.itemData(k): box.itemText(k) for k in range(box.count())} == there:
        return
    with QSignalBlocker(box):
        box.clear()
        for name, title in there.items():
            box.addItem(title, name)


def _choose(box: QComboBox, name: str) -> None:
    with QSignalBlocker(box):
        box.setCurrentIndex(max(box.findData(name), 0))
