"""The dock of the one panel: the steps of a workspace, and the panel of the chosen step."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QLabel,
    QProgressBar,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)
from superqt import QFlowLayout

from studio.registry import Feature
from studio.ui.step_panel import StepPanel
from studio.ui.studio import Studio


class GettingReady(QWidget):
    """Stands for a panel whose code is still being imported, so that the window never waits."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self.params: Any = None
        told = QLabel(f"Getting “{title}” ready…")
        told.setProperty("role", "muted")
        told.setWordWrap(True)
        bar = QProgressBar()
        bar.setRange(0, 0)
        bar.setTextVisible(False)
        bar.setAccessibleName(told.text())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(8)
        layout.addWidget(told)
        layout.addWidget(bar)
        layout.addStretch(1)


class StepDock(QWidget):
    """Panels are made when they are first shown and then kept: switching loses nothing."""

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self._studio = studio
        self.panels: dict[str, QWidget] = {}
        self._coming: dict[str, GettingReady] = {}
        self._arrived: set[str] = set()
        self._last: dict[str, str] = {}
        self._menu = ""
        self._bar = QWidget()
        self._flow = QFlowLayout(self._bar)
        self._flow.setContentsMargins(8, 8, 8, 8)
        self._flow.setSpacing(4)
        self._group = QButtonGroup(self)
        self._group.setExclusive(True)
        rule = QFrame()
        rule.setObjectName("rule")
        self._stack = QStackedWidget()
        self._none = QLabel("No steps here yet. They arrive with the features of this workspace.")
        self._none.setProperty("role", "muted")
        self._none.setWordWrap(True)
        self._none.setMargin(16)
        self._none.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._stack.addWidget(self._none)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._bar)
        layout.addWidget(rule)
        layout.addWidget(self._stack, 1)
        self.setMinimumWidth(280)

    @property
    def current(self) -> str:
        """The id of the feature shown."""
        shown = self._stack.currentWidget()
        return next((id for id, panel in self.panels.items() if panel is shown), "")

    def show_menu(self, menu: str) -> None:
        """Offer the steps of a workspace; show the one that was last open there."""
        if menu == self._menu:
            return
        self._menu = menu
        while (item := self._flow.takeAt(0)) is not None:
            button = item.widget()
            if isinstance(button, QToolButton):
                self._group.removeButton(button)
                button.hide()
                button.deleteLater()
        features = [f for f in self._studio.registry.features.values() if f.manifest.menu == menu]
        for feature in features:
            self._flow.addWidget(self._chip(feature))
        self._bar.setVisible(len(features) > 1)
        last = self._last.get(menu)
        if last is None and features:
            last = features[0].id
        if last is not None:
            self.show_feature(last)
        else:
            self._stack.setCurrentWidget(self._none)

    def _chip(self, feature: Feature) -> QToolButton:
        button = QToolButton()
        button.setText(feature.manifest.short or feature.manifest.title)
        button.setProperty("role", "chip")
        button.setCheckable(True)
        button.setProperty("feature", feature.id)
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        button.setToolTip(f"{feature.manifest.title}\n{feature.manifest.summary}")
        button.setAccessibleName(f"Step: {feature.manifest.title}")
        button.clicked.connect(lambda: self.show_feature(feature.id))
        self._group.addButton(button)
        return button

    def show_feature(self, id: str, params: Any = None) -> QWidget:
        """Show a feature's panel, filled in with ``params`` if there are any, or what stands for it
        until its code is imported."""
        feature = self._studio.registry[id]
        menu = feature.manifest.menu
        if menu != self._menu:
            self._last[menu] = id
            self.show_menu(menu)
        panel = self._panel(feature)
        self._stack.setCurrentWidget(panel)
        self._last[menu] = id
        for button in self._group.buttons():
            button.setChecked(button.property("feature") == id)
        if isinstance(panel, GettingReady):
            panel.params = params
        elif params is not None and isinstance(panel, StepPanel):
            panel.fill(params)
        return panel

    def _panel(self, feature: Feature) -> QWidget:
        """The panel of a feature; what stands for it while its code is imported."""
        id = feature.id
        if id in self.panels:
            return self.panels[id]
        if feature.manifest.panel is None or feature.ready("panel") or id in self._arrived:
            self.panels[id] = self._make(feature)
            self._stack.addWidget(self.panels[id])
            return self.panels[id]
        if id not in self._coming:
            self._coming[id] = GettingReady(feature.manifest.title)
            self._stack.addWidget(self._coming[id])
            self._studio.load_panel(feature, lambda: self._arrive(id))
        return self._coming[id]

    def _arrive(self, id: str) -> None:
        """A panel's code is there, or cannot be had: who still waits for it gets what there is."""
        page = self._coming.pop(id)
        self._arrived.add(id)
        if self._stack.currentWidget() is page:
            self.show_feature(id, page.params)
        self._stack.removeWidget(page)
        page.deleteLater()

    def _make(self, feature: Feature) -> QWidget:
        if feature.manifest.panel is None:
            return StepPanel(self._studio, feature)
        try:
            return feature.load("panel")(self._studio, feature)
        except Exception as error:  # a feature's own panel must not take the window down
            self._studio.notices.error(error, feature.manifest.title)
            return StepPanel(self._studio, feature)
