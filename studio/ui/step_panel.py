"""The panel of a step: what is missing, presets, a form, one primary button, three facts.

Any feature with a :class:`studio.document.step.Step` gets this panel. A feature's own ``panel.py``
may derive from it: override :meth:`StepPanel.build` to put its controls in place of the form, and
:meth:`StepPanel.params` to say what they mean.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from pydantic import BaseModel, ValidationError
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from studio.core.percent import percent
from studio.document.step import Missing, Offer, Packed, Step
from studio.registry import Feature
from studio.ui import theme
from studio.ui.facts import Facts
from studio.ui.form import Form
from studio.ui.presets import Presets
from studio.ui.progress_bar import ProgressBar
from studio.ui.studio import Next, Studio
from studio.ui.words import time_left


class StepPanel(QWidget):
    """Drives one feature. Its code is imported on a worker while the panel says “Loading”.

    ``run_role`` dresses the button that starts it.
    """

    run_role = "primary"

    def __init__(self, studio: Studio, feature: Feature) -> None:
        super().__init__()
        self.studio, self.feature = studio, feature
        self.step: Step | None = None
        self.form: Form | None = None
        self._wanted: BaseModel | dict[str, Any] | None = None
        self._loaded = False
        self._needs: tuple[Missing, ...] = ()
        self._running: bool | None = None
        self._next: Next | None = None
        self.setAccessibleName(feature.manifest.title)
        self._lay_out()
        studio.document.changed.connect(self._on_document)
        studio.selection.changed.connect(self.refresh)
        studio.projects.replaced.connect(self._on_replaced)
        studio.watch.told.connect(self._progress)
        studio.watch.changed.connect(self.refresh)
        studio.finished.connect(self._finished)
        studio.load(feature, self._ready)

    # -- what a feature's own panel may override ------------------------------------------------

    def build(self, place: QVBoxLayout) -> None:
        """Put the controls into ``place``. The default is the generated form."""
        self.form = Form(self.feature.params)
        self.form.changed.connect(self._judge)
        place.addWidget(Presets(self.studio.settings, self.feature.id, self.form))
        place.addWidget(self.form)

    def params(self) -> BaseModel:
        """What the controls say. Raises pydantic's ValidationError while they make no sense."""
        return self.form.value() if self.form is not None else self.feature.params()

    def set_params(self, params: BaseModel) -> None:
        """Show these params."""
        if self.form is not None:
            self.form.set_value(params)

    def run_text(self) -> str:
        """What the primary button says."""
        return self.feature.manifest.button or self.feature.manifest.title

    def stop_text(self) -> str:
        """What ends a job that could go on for ever, and keeps its result; empty for jobs that
        end by themselves: those can be paused and cancelled."""
        return ""

    # -- inside -----------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        manifest = self.feature.manifest
        mark, heading = QLabel(), QLabel(manifest.title)
        mark.setProperty("iconSize", 24)
        theme.set_icon(mark, manifest.icon, "accent")
        heading.setProperty("role", "heading")
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(mark)
        top.addWidget(heading, 1)
        self.summary = QLabel(manifest.summary)
        self.summary.setProperty("role", "muted")
        self.summary.setWordWrap(True)
        self._missing = QVBoxLayout()
        self._missing.setSpacing(8)
        self._place = QVBoxLayout()
        self._place.setSpacing(12)
        self._loading = QLabel("Loading…")
        self._loading.setProperty("role", "muted")
        self._place.addWidget(self._loading)
        body = QWidget()
        inside = QVBoxLayout(body)
        inside.setContentsMargins(16, 16, 16, 8)
        inside.setSpacing(12)
        inside.addLayout(top)
        inside.addWidget(self.summary)
        inside.addLayout(self._missing)
        inside.addLayout(self._place)
        self.facts = Facts()
        self.next_button = QPushButton("Next step")
        self.next_button.setProperty("role", "primary")
        self.next_button.hide()
        self.next_button.clicked.connect(self._go_next)
        self._offers = QVBoxLayout()
        self._offers.setSpacing(8)
        inside.addStretch(1)
        self.area = area = QScrollArea()
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(body)
        self.foot = foot = QVBoxLayout()
        foot.setContentsMargins(16, 8, 16, 16)
        foot.setSpacing(8)
        foot.addWidget(self._run_row())
        foot.addWidget(self.facts)
        foot.addLayout(self._offers)
        foot.addWidget(self.next_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(area, 1)
        layout.addLayout(foot)

    def _run_row(self) -> QWidget:
        self.run_button = QPushButton(self.run_text())
        self.run_button.setProperty("role", self.run_role)
        self.run_button.clicked.connect(self.run)
        self.cancel_button = QPushButton("Cancel")
        self.cancel_button.clicked.connect(self._cancel)
        self.pause_button = QPushButton("Pause")
        self.pause_button.clicked.connect(self._pause)
        self.stop_button = QPushButton(self.stop_text() or "Stop, and keep it")
        self.stop_button.setProperty("role", self.run_role)
        self.stop_button.clicked.connect(self.stop)
        self.bar = ProgressBar()
        self.bar.setAccessibleName("Progress")
        self.told = QLabel()
        self.told.setProperty("role", "small")
        self.told.setWordWrap(True)
        row = QWidget()
        box = QVBoxLayout(row)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(8)
        box.addWidget(self.run_button)
        box.addWidget(self.stop_button)
        box.addWidget(self.bar)
        box.addWidget(self.told)
        pair = QHBoxLayout()
        pair.addWidget(self.cancel_button)
        pair.addWidget(self.pause_button)
        box.addLayout(pair)
        self._show_running(False)
        return row

    def _ready(self, step: Step | None) -> None:
        self.step, self._loaded = step, True
        self._loading.hide()
        self.build(self._place)
        stored = self.studio.project.params.get(self.feature.id)
        wanted = stored if self._wanted is None else self._wanted
        if wanted is not None:
            self._restore(wanted)
        self.refresh()

    def _restore(self, stored: BaseModel | dict[str, Any]) -> None:
        try:
            self.set_params(
                stored
                if isinstance(stored, BaseModel)
                else self.feature.params.model_validate(stored)
            )
        except ValidationError:
            self.studio.notices.say("Settings of an older version were replaced by the defaults.")

    def fill(self, params: BaseModel | dict[str, Any]) -> None:
        """Show these params, now or as soon as the panel is loaded."""
        self._wanted = params
        if self._loaded:
            self._restore(params)

    @property
    def loaded(self) -> bool:
        return self._loaded

    def _on_replaced(self) -> None:
        """Another project has its own settings; none are carried over into it."""
        if self._loaded and self.form is not None:
            stored = self.studio.project.params.get(self.feature.id)
            self._restore(self.feature.params() if stored is None else stored)

    def _on_document(self, _: object) -> None:
        self.refresh()

    def refresh(self) -> None:
        """Ask again what is missing, what runs, and what came out."""
        if not self._loaded:
            self.run_button.setEnabled(False)
            return
        self._show_missing()
        running = self.studio.running(self.feature.id)
        self._show_running(running is not None)
        self._judge()
        made = [i for i in self.studio.project.items
                if i.recipe is not None and i.recipe.feature == self.feature.id]  # fmt: skip
        done = bool(made) and running is None
        self.facts.show_facts(made[-1].facts if done else ())
        self._show_next(self.studio.next_of(self.feature.id) if done else None)

    def _judge(self) -> None:
        """The button works once nothing is missing and the controls make sense."""
        legal = self.form is None or self.form.legal
        self.run_button.setEnabled(not self._needs and legal and self.step is not None)

    def _show_missing(self) -> None:
        project, chosen = self.studio.project, self.studio.selection.ids
        needs = self.step.missing(project, chosen) if self.step is not None else ()
        if needs == self._needs:
            return
        self._needs = needs
        _empty(self._missing)
        for need in needs:
            call = partial(self.studio.act, need.action)
            self._missing.addWidget(_card(need.text, need.button, call))

    def _show_next(self, next: Next | None) -> None:
        """One button is the primary one: the next step, once this one is done."""
        self._next = next
        self.next_button.setVisible(next is not None)
        if next is not None:
            self.next_button.setText(next.button)
        role = "" if next is not None and self.run_role == "primary" else self.run_role
        theme.set_role(self.run_button, role)

    def _go_next(self) -> None:
        if self._next is not None:
            try:
                self._next.do()
            except Exception as error:
                self.studio.notices.error(error, self._next.button)

    def _finished(self, feature: str, packed: Packed) -> None:
        """Ways to mend the newest result."""
        if feature != self.feature.id:
            return
        _empty(self._offers)
        replaced = tuple(item.id for item in packed.items)
        for offer in packed.offers:
            call = partial(self._take_up, offer, replaced)
            self._offers.addWidget(_card(offer.text, offer.button, call))

    def drop_offers(self) -> None:
        """Ways to mend a result that is not what counts any more."""
        _empty(self._offers)

    def _take_up(self, offer: Offer, instead: tuple[str, ...]) -> None:
        _empty(self._offers)
        self.fill(offer.params)
        try:
            self.studio.start(self.feature.id, offer.params, instead=instead)
        except Exception as error:
            self.studio.notices.error(error, offer.button)

    def run(self) -> None:
        """Start the step with what the controls say."""
        try:
            self.studio.start(self.feature.id, self.params())
        except Exception as error:
            self.studio.notices.error(error, self.feature.manifest.title)
        self.refresh()

    def _cancel(self) -> None:
        running = self.studio.running(self.feature.id)
        if running is not None:
            running.job.cancel()
            self.cancel_button.setEnabled(False)
            self.told.setText("Stopping")

    def stop(self) -> None:
        """End the running job and keep what it has."""
        running = self.studio.running(self.feature.id)
        if running is not None:
            running.job.context.finish()
            self.stop_button.setEnabled(False)

    def _pause(self) -> None:
        running = self.studio.running(self.feature.id)
        if running is not None:
            context = running.job.context
            context.resume() if context.paused else context.pause()
            self._progress()

    def _show_running(self, on: bool) -> None:
        if on == self._running:
            return
        self._running = on
        self.run_button.setVisible(not on)
        endless = bool(self.stop_text())
        self.stop_button.setVisible(on and endless)
        self.stop_button.setEnabled(True)
        self.told.setVisible(on)
        for widget in (self.cancel_button, self.pause_button, self.bar):
            widget.setVisible(on and not endless)
        if on and self.told.text() != "Stopping":
            self.cancel_button.setEnabled(True)
        if not on:
            self.told.setText("")

    def _progress(self) -> None:
        running = self.studio.running(self.feature.id)
        if running is None or not self.isVisible():
            return
        context = running.job.context
        self.bar.fill(context.fraction)
        if not self.stop_text():
            self.stop_button.setVisible(context.keeps and not context.finishing)
        self.pause_button.setText("Resume" if context.paused else "Pause")
        if self.stop_text():
            self.told.setText(context.text)
        elif not context.cancelled:
            left = time_left(running.job.seconds_left)
            parts = (context.text or running.job.state.capitalize(),
                     percent(context.fraction), left)  # fmt: skip
            self.told.setText(" · ".join(part for part in parts if part))


def _empty(place: QVBoxLayout) -> None:
    while (item := place.takeAt(0)) is not None:
        if (widget := item.widget()) is not None:
            widget.hide()
            widget.deleteLater()


def _card(text: str, button: str, call: Callable[[], object]) -> QFrame:
    """Some words, and the button that acts on them."""
    card = QFrame()
    card.setObjectName("card")
    box = QVBoxLayout(card)
    box.setContentsMargins(12, 12, 12, 12)
    box.setSpacing(8)
    told, push = QLabel(text), QPushButton(button)
    told.setWordWrap(True)
    push.clicked.connect(lambda: call())
    if text:
        box.addWidget(told)
    box.addWidget(push)
    return card
