"""Some fields of a ``Params`` as rows: name at the left, control at the right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel
from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from studio.ui import theme
from studio.ui.choices import Choice, Toggle
from studio.ui.controls import Control
from studio.ui.form import control_for, title_of

NAMES_PX = 112


class Fields(QWidget):
    """``changed`` follows every edit; a double-click on a name brings its default back.

    ``titles`` names fields in the user's words, ``words`` the options of those with a choice.
    """

    changed = Signal()

    def __init__(
        self, model: type[BaseModel], titles: Mapping[str, str],
        words: Mapping[str, Sequence[tuple[Any, str]]] | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self._model = model
        self.controls: dict[str, Control] = {}
        self._labels: dict[QObject, str] = {}
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(6)
        grid.setColumnMinimumWidth(0, theme.look().px(NAMES_PX))
        grid.setColumnStretch(1, 1)
        for row, (name, title) in enumerate(titles.items()):
            field = model.model_fields[name]
            options = (words or {}).get(name)
            control = control_for(name, field) if options is None else Choice(
                title or title_of(name, field), [o for o, _ in options], [w for _, w in options]
            )  # fmt: skip
            control.changed.connect(self.changed)
            control.setToolTip(field.description or "")
            label = QLabel(title or title_of(name, field))
            label.setProperty("role", "muted")
            label.setToolTip(f"{field.description or ''}\nDouble-click to reset".strip())
            label.installEventFilter(self)
            self._labels[label] = name
            self.controls[name] = control
            grid.addWidget(label, row, 0)
            side = Qt.AlignmentFlag.AlignRight if isinstance(control, Toggle) else None
            grid.addWidget(control, row, 1) if side is None else grid.addWidget(
                control, row, 1, side
            )

    def value(self) -> dict[str, Any]:
        """What the rows say, by the fields' names."""
        return {name: control.value() for name, control in self.controls.items()}

    def set_value(self, params: BaseModel) -> None:
        """Show these."""
        for name, control in self.controls.items():
            control.set_value(getattr(params, name))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.MouseButtonDblClick and watched in self._labels:
            name = self._labels[watched]
            field = self._model.model_fields[name]
            self.controls[name].set_value(field.get_default(call_default_factory=True))
            self.changed.emit()
        return False
