"""Training a network: how long, on what, and its curves and pictures while it learns."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import (
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from studio.core.errors import StudioError
from studio.core.pictures import read_picture
from studio.perception.neural_heads.network import RANK
from studio.training.checkpoint import PICTURE
from studio.training.runs import Run
from studio.ui.choices import Choice, Toggle
from studio.ui.controls import Number, PathField
from studio.ui.networks.run_charts import run_charts
from studio.ui.networks.work import Wish
from studio.ui.plots import Plots
from studio.ui.progress_bar import ProgressBar

PLACES = {
    "usual": "All but the last", "first": "The first", "last": "The last",
    "surface": "The surface's", "colour": "The colour's", "all": "All",
}  # fmt: skip
"""Which layers of a neural head's network are each head's own, and how that is said."""


class TrainingPage(QWidget):
    """The controls at the left, what the run tells at the right."""

    wanted = Signal(object)
    paused = Signal()
    ended = Signal()

    def __init__(self, devices: tuple[str, ...] = ("auto", "cpu")) -> None:
        super().__init__()
        self.minutes = Number("Minutes", False, 20.0, (0.1, 10_000.0), (1.0, 120.0), "min")
        self.device = Choice("Device", devices, [d.upper() if d != "auto" else "Auto"
                                                 for d in devices])  # fmt: skip
        self.device.set_value("auto")
        self.workers = Number("Helpers", True, 1, (0, 64), (0, 8), "")
        self.workers.setToolTip("Processes that make pictures while the network learns")
        self.labels = PathField("Folder of labels", "None: synthetic people only")
        self.samples = PathField("Folder of packed samples", "None: made while it learns")
        self.rank = Number("Rank", True, RANK, (1, 1000), (1, 64), "")
        self.rank.setToolTip(
            "Of how many copies, which all heads share, each head's own layers are mixed"
        )
        self.placement = Choice("Each head's own", [*PLACES], [*PLACES.values()])
        self.placement.set_value("usual")
        self.go_on = Toggle("Go on from the last run")
        self.go_on.set_value(True)
        self.train_button = QPushButton("Train")
        self.train_button.setDefault(True)
        self.train_button.setProperty("role", "primary")
        self.train_button.clicked.connect(self._ask)
        self.pause_button, self.end_button = QPushButton("Pause"), QPushButton("Finish now")
        self.end_button.setToolTip("Ends the run, measures it, and keeps what it has learned")
        self.pause_button.clicked.connect(self.paused)
        self.end_button.clicked.connect(self.ended)
        self.bar = ProgressBar()
        self.bar.setAccessibleName("Progress of the training")
        self.told = QLabel()
        self.told.setProperty("role", "small")
        self.told.setWordWrap(True)
        self.plots = Plots(empty="The loss is drawn here once a run has begun.")
        self.picture = QLabel()
        self.picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.picture.setMinimumSize(200, 96)
        self.picture.setAccessibleName("What the network makes of a few samples")
        self._pixels: np.ndarray | None = None
        self._lay_out()
        self.show_layered(False)
        self.show_running(False)

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setVerticalSpacing(12)
        form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft)
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapAllRows)
        self.form = form
        for words, control in (
            ("For how long", self.minutes),
            ("On", self.device),
            ("Processes that make pictures", self.workers),
            ("Learn from my labels too", self.labels),
            ("Learn from packed samples", self.samples),
            ("Rank of each head's own layers", self.rank),
            ("Which layers are each head's own", self.placement),
            ("Go on from the last run", self.go_on),
        ):  # fmt: skip
            form.addRow(words, control)
        left = QWidget()
        left.setFixedWidth(272)
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addLayout(form)
        column.addStretch(1)
        column.addWidget(self.told)
        column.addWidget(self.bar)
        column.addWidget(self.train_button)
        pair = QHBoxLayout()
        pair.addWidget(self.pause_button)
        pair.addWidget(self.end_button)
        column.addLayout(pair)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.addWidget(self.plots)
        split.addWidget(self.picture)
        split.setStretchFactor(0, 5)
        split.setStretchFactor(1, 4)
        split.setChildrenCollapsible(False)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 16, 16, 16)
        row.setSpacing(16)
        row.addWidget(left)
        row.addWidget(split, 1)

    def _ask(self) -> None:
        labels, samples = self.labels.value(), self.samples.value()
        layers = {"rank": int(self.rank.value()), "placement": self.placement.value()}
        self.wanted.emit(
            Wish(
                float(self.minutes.value()),
                str(self.device.value()),
                int(self.workers.value()),
                Path(labels) if labels else None,
                bool(self.go_on.value()),
                Path(samples) if samples else None,
                layers if self._layered else {},
            )
        )

    def show_layered(self, on: bool) -> None:
        """Whether the network has layers that are each head's own."""
        self._layered = on
        for control in (self.rank, self.placement):
            self.form.setRowVisible(control, on)

    def show_running(self, on: bool, paused: bool = False) -> None:
        """Whether a run of this network is at work."""
        self.train_button.setVisible(not on)
        for widget in (self.bar, self.pause_button, self.end_button):
            widget.setVisible(on)
        for control in (self.minutes, self.device, self.workers, self.labels, self.samples,
                        self.rank, self.placement, self.go_on):  # fmt: skip
            control.setEnabled(not on)
        self.pause_button.setText("Resume" if paused else "Pause")

    def tell(self, fraction: float, text: str) -> None:
        """How far the run is."""
        self.bar.fill(fraction)
        self.told.setText(text)

    def show_run(self, run: Run | None) -> None:
        """Draw a run's curves, and what its network makes of a few samples."""
        self.plots.set_charts(run_charts((run,)) if run is not None else ())
        self._show_picture(None if run is None else run.folder / PICTURE)

    def _show_picture(self, path: Path | None) -> None:
        try:
            self._pixels = read_picture(path) if path is not None and path.is_file() else None
        except StudioError:  # it is being written: the next look will find it
            return
        self._fit()

    def _fit(self) -> None:
        rgb = self._pixels
        self.picture.setVisible(rgb is not None)
        if rgb is None:
            return
        height, width = rgb.shape[:2]
        image = QImage(rgb.data, width, height, 3 * width, QImage.Format.Format_RGB888)
        self.picture.setPixmap(
            QPixmap.fromImage(image).scaled(
                self.picture.size(), Qt.AspectRatioMode.KeepAspectRatio,
                Qt.TransformationMode.SmoothTransformation,
            )
        )  # fmt: skip

    def resizeEvent(self, event: object) -> None:
        self._fit()
