"""A model is brought in, or a thing adjusted: asked about, put right in the picture, and kept."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from studio.core.errors import StudioError
from studio.live.wearing.gripping import Tool
from studio.live.wearing.mannequin import usual_view
from studio.live.wearing.trial import Trial, on_wearer
from studio.live.wearing.worn import Worn
from studio.media.catalogue import catalogue
from studio.media.catalogue.catalogue import CatalogueEntry
from studio.media.catalogue.guess import Question
from studio.ui import theme
from studio.ui.catalogue.figure import Figure, Wish
from studio.ui.catalogue.fitting_view import PICTURE_PX, FittingView
from studio.ui.catalogue.questions import Questions
from studio.ui.catalogue.stock import Ware
from studio.ui.studio import Studio

TOOLS: tuple[tuple[Tool, str, str], ...] = (
    ("move", "ph.arrows-out-cardinal", "Move"), ("turn", "ph.arrow-clockwise", "Turn"),
    ("size", "ph.arrows-out-simple", "Size"),
)  # fmt: skip
ON_ME, ON_FIGURE = "On me", "On a figure"
LOADING = "Bring in a model"


class BringPage(QWidget):
    """``tried(Trial or None)``: this is to be worn meanwhile; ``nudged(matrix)``: a hand moved it;
    ``kept(id, of)``: it lies in the user's catalogue, in place of the thing ``of`` if that is not
    empty; ``closed``: somebody is done here. ``buttons`` is put where it is always seen."""

    tried = Signal(object)
    nudged = Signal(object)
    kept = Signal(str, str)
    closed = Signal()

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self._studio = studio
        self.trial: Trial | None = None
        self._ware: Ware | None = None
        self._open: tuple[Question, ...] = ()
        self._live = False
        self._wanted = 0
        self.figure = Figure((2 * PICTURE_PX[0], 2 * PICTURE_PX[1]))
        self.figure.drawn.connect(self._drawn)
        self.figure.failed.connect(lambda error: self._studio.notices.error(error, LOADING))
        self.destroyed.connect(self.figure.close)
        self.heading = QLabel()
        self.heading.setWordWrap(True)
        self.view = FittingView()
        self.view.led.connect(self._led)
        self.view.looked.connect(lambda _: self._draw())
        self.questions = Questions()
        self.questions.answered.connect(self._answered)
        self.name = QLineEdit()
        self.name.setAccessibleName("What it is called")
        self.told = QLabel()
        self.told.setProperty("role", "small")
        self.told.setWordWrap(True)
        self.wrong = QLabel()
        self.wrong.setWordWrap(True)
        self.wrong.setProperty("verdict", "look")
        self.wrong.hide()
        self.keep_button = QPushButton("Keep it")
        self.keep_button.setProperty("role", "primary")
        self.keep_button.clicked.connect(self.keep)
        self.back_button = QPushButton("Back")
        self.back_button.clicked.connect(self.leave)
        self.reset_button = QToolButton()
        self.reset_button.setToolTip("As it was before it was moved, turned or sized")
        self.reset_button.setAccessibleName("Put it back as it was")
        theme.set_icon(self.reset_button, "ph.arrow-counter-clockwise")
        self.reset_button.clicked.connect(lambda: self.view.set_placing(np.eye(4)))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.heading)
        column.addLayout(self._tools())
        column.addWidget(self.view)
        for widget in (self.told, self.wrong, self.questions):
            column.addWidget(widget)
        row = QHBoxLayout()
        label = QLabel("Name")
        label.setProperty("role", "muted")
        label.setMinimumWidth(112)
        row.addWidget(label)
        row.addWidget(self.name, 1)
        column.addLayout(row)
        self.buttons = QWidget()
        row = QHBoxLayout(self.buttons)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.back_button)
        row.addWidget(self.keep_button, 1)
        self.buttons.hide()

    def _tools(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(4)
        group, sides = QButtonGroup(self), QButtonGroup(self)
        self.tools: dict[Tool, QToolButton] = {}
        for tool, icon, words in TOOLS:
            button = _segment(words, f"{words} it by dragging", group)
            self.tools[tool] = button
            theme.set_icon(button, icon)
            button.clicked.connect(partial(self._take, tool))
            button.setChecked(tool == "move")
            row.addWidget(button)
        row.addWidget(self.reset_button)
        row.addStretch(1)
        self.sides: dict[str, QToolButton] = {}
        for words, tip in ((ON_FIGURE, "Try it on a figure"), (ON_ME, "Try it on yourself, live")):
            button = self.sides[words] = _segment(words, tip, sides)
            button.clicked.connect(lambda _=False, live=words == ON_ME: self._choose(live))
            row.addWidget(button)
        self.sides[ON_FIGURE].setChecked(True)
        return row

    def _take(self, tool: Tool, _: bool = False) -> None:
        self.view.set_tool(tool)

    # -- beginning

    def bring(self, path: Path) -> None:
        """Ask about a model's file."""
        self._ware = None
        self._load(path.name, lambda: Trial.of_model(path))

    def adjust(self, ware: Ware) -> None:
        """Put a thing of a catalogue right, or a loose model or a page's."""
        self._ware = ware
        entry, offer, model = ware.entry, ware.offer, ware.model
        if entry is not None:
            self._load(ware.name, lambda: Trial.of_entry(entry))
        elif offer is not None:
            from studio.ui.catalogue.stock import fetched

            self._load(ware.name, lambda: Trial.of_guess(fetched(ware), ware.name))
        elif model is not None:
            self._load(ware.name, lambda: Trial.of_model(model))

    def _load(self, name: str, make: Callable[[], Trial]) -> None:
        self.trial = None
        self.heading.setText(f"“{name}”")
        self.view.clear("Reading the model…")
        self.questions.hide()
        self.told.clear()
        self.name.clear()
        self.wrong.hide()
        for widget in (self.name, self.keep_button, *self.tools.values(), self.reset_button):
            widget.setEnabled(False)
        self._make(make, first=True)

    def _make(self, make: Callable[[], Trial], first: bool) -> None:
        """Make another trial on a worker; the newest wish counts."""
        self._wanted += 1
        number = self._wanted

        def done(trial: Trial) -> None:
            if number == self._wanted:
                self._begin(trial, first)

        def failed(error: BaseException, details: str) -> None:
            if number != self._wanted:
                return
            if isinstance(error, StudioError):
                self.wrong.setText(f"{error.message} {error.hint}".strip())
                self.wrong.show()
                if first:
                    self.view.clear("")
            else:
                self._studio.notices.error(error, LOADING, details)

        self._studio.watch.call(self._studio.lanes["io"].submit(make), done, failed)

    def _begin(self, trial: Trial, first: bool) -> None:
        self.trial = trial
        self.wrong.hide()
        self.view.message = "" if self.view.fitted is not None else "Setting up the figure…"
        if first or self.view.fitted is None:
            self.view.view = usual_view(trial.item.kind)
            self.name.setText(trial.card.name)
        if first:
            self._open = () if trial.told is None else trial.told.questions
        self.questions.setVisible(trial.told is not None)
        if trial.told is not None:
            self.questions.show_told(trial.told, self._open)
        mine = trial.entry is None or (self._ware is not None and self._ware.mine)
        self.keep_button.setText("Keep it" if mine else "Keep a copy")
        for widget in (self.name, self.keep_button, *self.tools.values(), self.reset_button):
            widget.setEnabled(True)
        self.view.placing, self.view.middle = np.eye(4), trial.middle
        self._tell()
        self.tried.emit(trial)
        self._draw()

    # -- while it is put right

    def _choose(self, live: bool) -> None:
        self._live = live
        if live and self.trial is not None:
            self.view.message = "Waiting for the camera…"
            self.view.update()
        self._draw()

    def show_live(self, worn: Worn | None, mirrored: bool = False) -> None:
        """A live picture in which it is worn, shown as a mirror does or as it is; None: there is no
        camera."""
        self.sides[ON_ME].setEnabled(worn is not None)
        if worn is None and self._live:
            self.sides[ON_FIGURE].click()
        if worn is None or not self._live or self.trial is None:
            return
        size = 2 * PICTURE_PX[0], 2 * PICTURE_PX[1]
        fitted = on_wearer(worn, self.trial.item, size)
        self.view.message = "" if fitted is not None else "Look at the camera."
        if fitted is not None:
            self.view.show_fitted(fitted, mirrored)

    def _draw(self) -> None:
        if self.trial is not None and not self._live:
            self.figure.wish(Wish(self.trial.item, self.view.placing, self.view.view))

    def _drawn(self, fitted: object) -> None:
        if not self._live:
            self.view.message = ""
            self.view.show_fitted(fitted)  # pyright: ignore[reportArgumentType]

    def _led(self, placing: object, ended: bool) -> None:
        self._draw()
        self._tell()
        self.nudged.emit(placing)

    def _tell(self) -> None:
        """How large it is; the numbers follow the hand."""
        if self.trial is None:
            return
        wide, deep, high = self.trial.size_mm(self.view.placing)
        shift = 1e3 * (self.view.placing[:3, :3] @ self.view.middle
                       + self.view.placing[:3, 3] - self.view.middle)  # fmt: skip
        words = f"{wide:.0f} mm wide, {high:.0f} high, {deep:.0f} deep"
        if np.abs(shift).max() >= 0.5:
            words += f" · moved {shift[0]:+.0f}, {shift[1]:+.0f}, {shift[2]:+.0f} mm"
        notes = " ".join(self.trial.item.notes)
        self.told.setText(f"{words}\n{notes}".strip())
        self.told.setToolTip("Moved: to the wearer's left, back, up")

    def _answered(self, question: str, value: Any) -> None:
        trial = self.trial
        if trial is not None and trial.told is not None:
            self._make(lambda: trial.said(**{question: value}), first=False)

    # -- the end

    def keep(self) -> None:
        """Keep it in the user's catalogue."""
        trial, ware = self.trial, self._ware
        if trial is None:
            return
        name = self.name.text().strip() or trial.card.name
        placing = self.view.placing
        self.keep_button.setEnabled(False)

        def work() -> CatalogueEntry:
            done = trial.kept(placing, name)
            own = catalogue.own()
            if done.told is not None:
                offer = ware.offer if ware is not None else None
                if offer is not None:
                    return own.bring_in(done.told, name, offer.licence, offer.author, offer.source)
                return own.bring_in(done.told, name)
            if ware is not None and ware.mine and done.entry is not None:
                return own.change(done.entry.id, done.card.placement, name)
            return own.keep(done.card, done.model, done.item)

        def kept(entry: CatalogueEntry) -> None:
            old = "" if ware is None else ware.id
            self.leave()
            self.kept.emit(entry.id, old)

        def failed(error: BaseException, details: str) -> None:
            self.keep_button.setEnabled(True)
            self._studio.notices.error(error, "Keep it", details)

        self._studio.watch.call(self._studio.lanes["io"].submit(work), kept, failed)

    def leave(self) -> None:
        """Somebody is done here."""
        self._wanted += 1
        self.trial = None
        self.figure.close()
        self.tried.emit(None)
        self.closed.emit()


def _segment(words: str, tip: str, group: QButtonGroup) -> QToolButton:
    button = QToolButton()
    button.setText(words)
    button.setToolTip(tip)
    button.setAccessibleName(tip)
    button.setCheckable(True)
    button.setProperty("role", "segment")
    group.addButton(button)
    return button
