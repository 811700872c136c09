"""Which avatar, before what, in which layers: the project's stage as controls."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QWidget,
)

from studio.document.project import AvatarItem, StageItem
from studio.document.stage import AvatarLayer, Stage, stage_of
from studio.ui.staging.fold import Fold
from studio.ui.staging.layers import PICTURES, LayerList
from studio.ui.studio import Studio

BACKGROUNDS = {
    "grey": "Grey", "green": "Green screen", "transparent": "Transparent", "camera": "Camera",
    "blur": "Camera, blurred", "face": "Over my face", "picture": "Picture…", "": "My layers",
}  # fmt: skip
AVATARS = "Avatars (*.glb *.gltf *.vrm)"
FILE = "\0file"
SIZES = {"640 x 480": (640, 480), "1280 x 720": (1280, 720), "720 x 1280": (720, 1280)}


class StageBox(QWidget):
    """Chooses avatar and background; ``fold`` holds the layers, to be put where one likes.

    What the user changes is a step of the document's history. ``changed`` tells the stage.
    """

    changed = Signal(object)

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self._studio = studio
        self.stage = stage_of("grey")
        self.avatar, self.background = QComboBox(), QComboBox()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(8)
        for row, (title, box) in enumerate(
            (("Avatar", self.avatar), ("Background", self.background))
        ):
            box.setAccessibleName(title)
            box.setSizeAdjustPolicy(
                QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
            )
            grid.addWidget(QLabel(title), row, 0)
            grid.addWidget(box, row, 1)
        grid.setColumnStretch(1, 1)
        for value, title in BACKGROUNDS.items():
            self.background.addItem(title, value)
        self.background.activated.connect(lambda _: self._choose_background())
        self.avatar.activated.connect(lambda _: self._choose_avatar())
        self.fold = self._layers()

    def _layers(self) -> QWidget:
        fold = Fold("Layers")
        self.layers = LayerList()
        self.layers.changed.connect(self._layers_changed)
        self.size_box = QComboBox()
        self.size_box.setAccessibleName("Size of the stage")
        self.size_box.addItems(list(SIZES))
        self.size_box.activated.connect(lambda _: self._resize_stage())
        self.framing, self.lit = QComboBox(), QCheckBox("Lit like me")
        self.framing.setAccessibleName("How much of the avatar is seen")
        for value, title in (("head", "Head"), ("bust", "Head and shoulders"), ("body", "Whole")):
            self.framing.addItem(title, value)
        self.framing.activated.connect(
            lambda _: self._change_avatar(framing=self.framing.currentData())
        )
        self.lit.setToolTip("Light found in your face falls on the avatar")
        self.lit.clicked.connect(lambda on: self._change_avatar(lit=bool(on)))
        row = QHBoxLayout()
        row.addWidget(self.framing, 1)
        row.addWidget(self.lit)
        fold.inside.addLayout(row)
        fold.inside.addWidget(self.layers)
        fold.inside.addWidget(self.size_box)
        return fold

    def refresh(self) -> None:
        """Show the stage that the project keeps, and the avatars that there are."""
        project = self._studio.project
        item = project.picked(self._studio.selection.ids, StageItem)
        self.stage = stage_of("grey") if item is None else item.stage
        self.layers.show_stage(self.stage)
        figure = self._figure()
        chosen = "" if figure is None else figure.avatar
        names = [("Starter avatar", "")]
        names += [(item.name, item.id) for item in project.all(AvatarItem)]
        if chosen and all(chosen != value for _, value in names):
            names.append((Path(chosen).name, chosen))
        names.append(("Choose a file…", FILE))
        have = [(self.avatar.itemText(k), self.avatar.itemData(k))
                for k in range(self.avatar.count())]  # fmt: skip
        if have != names:
            self.avatar.clear()
            for title, value in names:
                self.avatar.addItem(title, value)
        self.avatar.setCurrentIndex(max(self.avatar.findData(chosen), 0))
        self.avatar.setEnabled(figure is not None)
        self.background.setCurrentIndex(self.background.findData(self._background(chosen)))
        sizes = list(SIZES.values())
        own = self.stage.size_px
        self.size_box.setCurrentIndex(sizes.index(own) if own in sizes else -1)
        for control in (self.framing, self.lit):
            control.setEnabled(figure is not None)
        if figure is not None:
            self.framing.setCurrentIndex(self.framing.findData(figure.framing))
            self.lit.setChecked(figure.lit)

    def _background(self, avatar: str) -> str:
        """Which of the ready backgrounds the stage has; empty if it has layers of its own."""
        kinds = [layer.kind for layer in self.stage.layers]
        if kinds == ["picture", "avatar"]:
            return "picture"
        for name in BACKGROUNDS:
            if name and name != "picture":
                ready = stage_of(name, avatar).layers
                alike = [(x.kind, getattr(x, "place", ""), getattr(x, "rgb", ""),
                          getattr(x, "blur", 0.0)) for x in ready]  # fmt: skip
                own = [(x.kind, getattr(x, "place", ""), getattr(x, "rgb", ""),
                        getattr(x, "blur", 0.0)) for x in self.stage.layers]  # fmt: skip
                if alike == own:
                    return name
        return ""

    @property
    def avatar_name(self) -> str:
        """The first avatar on the stage, by its name there; the starter's is empty."""
        figure = self._figure()
        return "" if figure is None else figure.avatar

    def _figure(self) -> AvatarLayer | None:
        """The first avatar on the stage."""
        return next((x for x in self.stage.layers if isinstance(x, AvatarLayer)), None)

    def _change_avatar(self, **fields: object) -> None:
        for at, layer in enumerate(self.stage.layers):
            if isinstance(layer, AvatarLayer):
                self._keep(self.stage.with_layer(at, layer.model_copy(update=fields)))
                return

    def _choose_avatar(self) -> None:
        value = self.avatar.currentData()
        if value == FILE:
            value, _ = QFileDialog.getOpenFileName(self.window(), "An avatar", "", AVATARS)
            if not value:
                self.refresh()
                return
        self._change_avatar(avatar=value)

    def _choose_background(self) -> None:
        name = self.background.currentData()
        if name == "picture":
            name, _ = QFileDialog.getOpenFileName(self.window(), "A background", "", PICTURES)
        if not name:
            self.refresh()
            return
        figure = self._figure() or AvatarLayer(name="Avatar")
        made = stage_of(name, figure.avatar, self.stage.size_px)
        layers = tuple(
            figure.model_copy(update={"place": x.place}) if isinstance(x, AvatarLayer) else x
            for x in made.layers
        )
        self._keep(made.model_copy(update={"layers": layers}))

    def _resize_stage(self) -> None:
        size = SIZES[self.size_box.currentText()]
        self._keep(self.stage.model_copy(update={"size_px": size}))

    def _layers_changed(self, stage: object, gesture: str) -> None:
        if isinstance(stage, Stage):
            self._keep(stage, gesture or None)

    def _keep(self, stage: Stage, gesture: str | None = None) -> None:
        """The user changed the stage: it is the project's."""
        item = self._studio.project.picked(self._studio.selection.ids, StageItem)
        kept = item or StageItem(name="Stage", stage=stage)
        kept = kept.model_copy(update={"stage": stage})
        self.stage = stage
        self._studio.document.edit(
            "Change the stage", lambda p: p.with_items([kept]), gesture=gesture
        )
        self.changed.emit(stage)
