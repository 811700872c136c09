"""Named settings of a form, kept with the user's preferences."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError
from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QToolButton, QWidget

from studio.core.settings import SettingsFile
from studio.ui import theme
from studio.ui.form import Form

DEFAULT, CUSTOM = "Default settings", "Custom settings"


class Presets(QWidget):
    """A list of presets; saving asks for a name in place, without a dialog."""

    def __init__(self, settings: SettingsFile, feature: str, form: Form) -> None:
        super().__init__()
        self._settings, self._feature, self._form = settings, feature, form
        self.list = QComboBox()
        self.list.setAccessibleName("Preset")
        self.list.setToolTip("Preset")
        self.name = QLineEdit()
        self.name.setPlaceholderText("Name of the preset")
        self.name.setAccessibleName("Name of the preset")
        self.name.hide()
        self.save_button = self._button("ph.floppy-disk", "Save these settings as a preset")
        self.delete_button = self._button("ph.trash", "Delete this preset")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.list, 1)
        layout.addWidget(self.name, 1)
        layout.addWidget(self.save_button)
        layout.addWidget(self.delete_button)
        self.list.activated.connect(self._chosen)
        self.save_button.clicked.connect(self._save_clicked)
        self.delete_button.clicked.connect(self._delete)
        self.name.returnPressed.connect(self._save_clicked)
        form.changed.connect(self._follow)
        self._fill()

    def _button(self, symbol: str, tip: str) -> QToolButton:
        button = QToolButton()
        theme.set_icon(button, symbol, "muted")
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        return button

    def _stored(self) -> dict[str, dict[str, Any]]:
        return dict(self._settings.value.presets.get(self._feature, {}))

    def _store(self, presets: dict[str, dict[str, Any]]) -> None:
        every = dict(self._settings.value.presets)
        self._settings.change(presets={**every, self._feature: presets})

    def _fill(self) -> None:
        with QSignalBlocker(self.list):
            self.list.clear()
            self.list.addItems([DEFAULT, *sorted(self._stored())])
        self._follow()

    def _follow(self) -> None:
        """Show which preset the form equals, if any."""
        try:
            now = self._form.value()
        except ValidationError:
            return
        model = self._form.model
        found = ""
        if not any(field.is_required() for field in model.model_fields.values()):
            found = DEFAULT if now == model() else ""
        for name, raw in self._stored().items():
            if not found and raw == now.model_dump(mode="json"):
                found = name
        with QSignalBlocker(self.list):
            custom = self.list.findText(CUSTOM)
            if found:
                if custom >= 0:
                    self.list.removeItem(custom)
                self.list.setCurrentText(found)
            else:
                if custom < 0:
                    self.list.addItem(CUSTOM)
                self.list.setCurrentText(CUSTOM)
        self.delete_button.setEnabled(found in self._stored())
        self.save_button.setEnabled(not found)

    def _chosen(self) -> None:
        name = self.list.currentText()
        if name == DEFAULT:
            self._form.reset()
        elif name in self._stored():
            try:
                self._form.set_value(self._form.model.model_validate(self._stored()[name]))
            except ValidationError:
                self._form.reset()

    def _save_clicked(self) -> None:
        if self.name.isHidden():
            self.list.hide()
            self.name.show()
            self.name.setFocus()
            return
        name = self.name.text().strip()
        if name and name not in (DEFAULT, CUSTOM):
            self.save(name)
        self.name.clear()
        self.name.hide()
        self.list.show()

    def save(self, name: str) -> None:
        """Keep what the form holds under a name."""
        now = self._form.value().model_dump(mode="json")
        self._store({**self._stored(), name: now})
        self._fill()

    def load(self, name: str) -> None:
        """Show a preset in the form."""
        self.list.setCurrentText(name)
        self._chosen()

    def _delete(self) -> None:
        presets = self._stored()
        presets.pop(self.list.currentText(), None)
        self._store(presets)
        self._fill()
