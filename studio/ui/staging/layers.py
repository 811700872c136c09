"""The layers of a stage as a list: the front on top, as one sees them."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QCheckBox,
    QColorDialog,
    QFileDialog,
    QGridLayout,
    QMenu,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from studio.document.stage import (
    AnyLayer,
    AvatarLayer,
    CameraLayer,
    ColourLayer,
    PictureLayer,
    Stage,
)
from studio.ui import theme
from studio.ui.controls import CalmSlider

PICTURES = "Pictures (*.png *.jpg *.jpeg *.webp *.bmp *.tif *.tiff)"
BLUR = 0.03


class LayerList(QWidget):
    """Edits a stage's layers; ``changed(stage, gesture)`` comes with every change by the user: one
    gesture, such as a slider's, is one step of the history."""

    changed = Signal(object, str)

    def __init__(self) -> None:
        super().__init__()
        self.stage = Stage()
        self._dragged = 0
        self._rows = QVBoxLayout()
        self._rows.setSpacing(2)
        self.add_button = QPushButton("Add layer")
        theme.set_icon(self.add_button, "ph.plus")
        menu = QMenu(self.add_button)
        for text, icon, call in (
            ("Camera", "ph.video-camera", lambda: self.add(CameraLayer(name="Camera"))),
            ("Camera, blurred", "ph.drop-half",
             lambda: self.add(CameraLayer(name="Camera, blurred", blur=BLUR))),
            ("Person, cut out", "ph.user-focus",
             lambda: self.add(CameraLayer(name="Person", cut_out=True))),
            ("Avatar", "ph.smiley-wink", lambda: self.add(AvatarLayer(name="Avatar"))),
            ("Picture…", "ph.image", self._ask_picture),
            ("Colour…", "ph.palette", self._ask_colour),
        ):  # fmt: skip
            menu.addAction(theme.icon(icon), text).triggered.connect(lambda _=0, c=call: c())
        self.add_button.setMenu(menu)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(self._rows)
        column.addWidget(self.add_button, 0, Qt.AlignmentFlag.AlignLeft)

    def show_stage(self, stage: Stage) -> None:
        """Show a stage's layers."""
        again = [_kind(layer) for layer in stage.layers] != [_kind(x) for x in self.stage.layers]
        self.stage = stage
        if again or self._rows.count() != len(stage.layers):
            self._lay_out()

    def add(self, layer: AnyLayer) -> None:
        """Put a layer in front of all others."""
        self._change(self.stage.model_copy(update={"layers": (*self.stage.layers, layer)}))

    def remove(self, at: int) -> None:
        """Take a layer away."""
        layers = tuple(x for k, x in enumerate(self.stage.layers) if k != at)
        self._change(self.stage.model_copy(update={"layers": layers}))

    def shift(self, at: int, by: int) -> None:
        """Move a layer to the front (1) or the back (-1) by one place."""
        to = min(max(at + by, 0), len(self.stage.layers) - 1)
        self._change(self.stage.moved(at, to))

    def set_layer(self, at: int, **fields: object) -> None:
        """Change what a layer says of itself."""
        layer = self.stage.layers[at].model_copy(update=fields)
        self._dragged = at
        self._change(self.stage.with_layer(at, layer), again=False)

    def _change(self, stage: Stage, again: bool = True) -> None:
        self.stage = stage
        if again:
            self._lay_out()
        self.changed.emit(stage, "" if again else f"layer {self._dragged}")

    def _lay_out(self) -> None:
        while (item := self._rows.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for at in reversed(range(len(self.stage.layers))):
            self._rows.addWidget(self._row(at, self.stage.layers[at]))

    def _row(self, at: int, layer: AnyLayer) -> QWidget:
        row = QWidget()
        grid = QGridLayout(row)
        grid.setContentsMargins(0, 2, 0, 2)
        grid.setHorizontalSpacing(2)
        name = QCheckBox(layer.name)
        name.setMinimumWidth(96)
        name.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        name.setChecked(layer.visible)
        name.setToolTip(f"{layer.name}: whether the layer is seen")
        name.toggled.connect(lambda on: self.set_layer(at, visible=on))
        opacity = CalmSlider(Qt.Orientation.Horizontal)
        opacity.setRange(0, 100)
        opacity.setValue(round(100 * layer.opacity))
        opacity.setAccessibleName(f"{layer.name}: opacity")
        opacity.setToolTip("Opacity")
        opacity.setFixedWidth(44)
        opacity.valueChanged.connect(lambda value: self.set_layer(at, opacity=value / 100))
        grid.addWidget(name, 0, 0)
        grid.addWidget(opacity, 0, 1)
        last = len(self.stage.layers) - 1
        buttons = (
            ("ph.caret-up", "Bring forward", lambda: self.shift(at, 1), at < last),
            ("ph.caret-down", "Send back", lambda: self.shift(at, -1), at > 0),
            ("ph.x", "Remove", lambda: self.remove(at), True),
        )
        for column, (icon, words, call, on) in enumerate(buttons, 2):
            button = QToolButton()
            button.setAutoRaise(True)
            button.setFixedWidth(24)
            button.setToolTip(words)
            button.setAccessibleName(f"{layer.name}: {words.lower()}")
            button.setEnabled(on)
            theme.set_icon(button, icon)
            button.clicked.connect(lambda _=False, c=call: c())
            grid.addWidget(button, 0, column)
        grid.setColumnStretch(0, 1)
        return row

    def _ask_picture(self) -> None:
        path, _ = QFileDialog.getOpenFileName(
            self.window(), "A picture for the stage", "", PICTURES
        )
        if path:
            self.add(PictureLayer(name=Path(path).stem, path=path))

    def _ask_colour(self) -> None:
        colour = QColorDialog.getColor(QColor(58, 61, 66), self.window(), "A colour for the stage")
        if colour.isValid():
            rgb = (colour.red(), colour.green(), colour.blue())
            self.add(ColourLayer(name="Colour", rgb=rgb))


def _kind(layer: AnyLayer) -> tuple[str, str, bool, float]:
    """What a row shows of a layer."""
    return layer.kind, layer.name, layer.visible, layer.opacity
