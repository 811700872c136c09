"""The dock of the one panel: the steps of a workspace, and the panel of the chosen step."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QLabel,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)
from superqt import QFlowLayout

from studio.registry import Feature
from studio.ui.step_panel import StepPanel
from studio.ui.studio import Studio


class StepDock(QWidget):
    """Panels are made when they are first shown and then kept: switching loses nothing."""

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self._studio = studio
        self.panels: dict[str, QWidget] = {}
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
        """Show a feature's panel, filled in with ``params`` if there are any."""
        feature = self._studio.registry[id]
        menu = feature.manifest.menu
        if menu != self._menu:
            self._last[menu] = id
            self.show_menu(menu)
        if id not in self.panels:
            self.panels[id] = self._make(feature)
            self._stack.addWidget(self.panels[id])
        panel = self.panels[id]
        self._stack.setCurrentWidget(panel)
        self._last[menu] = id
        for button in self._group.buttons():
            button.setChecked(button.property("feature") == id)
        if params is not None and isinstance(panel, StepPanel):
            panel.fill(params)
        return panel

    def _make(self, feature: Feature) -> QWidget:
        if feature.manifest.panel is None:
            return StepPanel(self._studio, feature)
        try:
            return feature.load("panel")(self._studio, feature)
        except Exception as error:  # a feature's own panel must not take the window down
            self._studio.notices.error(error, feature.manifest.title)
            return StepPanel(self._studio, feature)
