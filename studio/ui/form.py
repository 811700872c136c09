"""A form made from a frozen pydantic ``Params``: its fields, ranges, units and defaults."""

from __future__ import annotations

import math
import re
import types
import typing
from collections.abc import Sequence
from enum import Enum
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from studio.ui import theme
from studio.ui.choices import Choice, Several, Toggle
from studio.ui.controls import (
    Auto,
    Control,
    Json,
    Number,
    PathField,
    PathList,
    Text,
)

FIRST = 7
_LARGE = 1e9

_UNITS: dict[str, str] = {
    "px": "px", "pixels": "px", "mm": "mm", "millimetres": "mm", "cm": "cm", "centimetres": "cm",
    "m": "m", "metres": "m", "s": "s", "seconds": "s", "ms": "ms", "milliseconds": "ms",
    "hz": "Hz", "hertz": "Hz", "fps": "fps", "%": "%", "percent": "%", "°": "°", "degrees": "°",
    "deg": "°", "frames": "frames", "kg": "kg", "mib": "MiB", "gib": "GiB",
    "m/s²": "m/s²", "hz per m/s": "Hz s/m",
}  # fmt: skip
_SHORT_UNITS = {"px", "mm", "cm", "m", "s", "ms", "hz", "fps", "%", "°", "deg", "kg"}


def unit_of(description: str) -> str:
    """The unit that a description names: “(px)”, “[mm]”, “in seconds”, “Metres between …”."""
    inside = re.search(r"[(\[]([^)\]]+)[)\]]", description)
    if inside:
        if inside[1].lower() in _UNITS:
            return _UNITS[inside[1].lower()]
        for word in re.split(r"[\s,;]+", inside[1].lower()):
            if word in _UNITS:
                return _UNITS[word]
    words = re.findall(r"[\w%°]+", description.lower())
    for before, word in pairwise(words):
        if before == "in" and word in _UNITS:
            return _UNITS[word]
    for before, word in zip(["", *words], words, strict=False):
        if word in _UNITS and (word not in _SHORT_UNITS or before == "in"):
            return _UNITS[word]
    tail = description.rsplit(",", 1)[-1].strip().rstrip(".").lower()
    return _UNITS.get(tail, "")


def title_of(name: str, field: FieldInfo) -> str:
    """A field's name in words, without its unit suffix."""
    if field.title:
        return field.title
    words = re.sub(r"_(px|mm|cm|m|s|ms|hz|deg|pct|fps)$", "", name).replace("_", " ")
    return words[:1].upper() + words[1:]


def control_for(name: str, field: FieldInfo) -> Control:
    """The control for one field of a model."""
    title = title_of(name, field)
    return _control(title, field.annotation, field, field.get_default(call_default_factory=True))


def _control(title: str, kind: Any, field: FieldInfo, default: Any) -> Control:
    origin, inner = get_origin(kind), get_args(kind)
    if origin is typing.Annotated:
        return _control(title, inner[0], field, default)
    if origin in (typing.Union, types.UnionType) and type(None) in inner:
        rest = [one for one in inner if one is not type(None)]
        if rest == [Path]:
            return PathField(title, "Chosen by Doppel")
        if len(rest) == 1:
            return Auto(title, _control(title, rest[0], field, default))
        return Auto(title, Json(title))
    if origin is Literal:
        return Choice(title, inner, _words(field))
    if isinstance(kind, type) and issubclass(kind, Enum):
        return Choice(title, list(kind), [str(one.value) for one in kind])
    if kind is bool:
        return Toggle(title)
    if kind in (int, float):
        return _number(title, kind is int, field, default)
    if kind is Path:
        return PathField(title)
    if kind is str:
        return Text(title, _extra(field, "empty"))
    if origin in (tuple, list) and inner and inner[0] is Path:
        return PathList(title)
    if origin in (tuple, list) and inner and get_origin(inner[0]) is Literal:
        return Several(title, get_args(inner[0]))
    return Json(title)


def _words(field: FieldInfo) -> Sequence[str]:
    """What the values of a choice are called, where their names say too little."""
    more = field.json_schema_extra
    told = more.get("words") if isinstance(more, dict) else None
    return [str(word) for word in told] if isinstance(told, list) else ()


def _number(title: str, whole: bool, field: FieldInfo, default: Any) -> Number:
    low, high = -math.inf, math.inf
    tiny = 1 if whole else 1e-6
    for rule in field.metadata:
        if isinstance(rule, Ge):
            low = float(typing.cast(Any, rule.ge))
        elif isinstance(rule, Gt):
            low = float(typing.cast(Any, rule.gt)) + tiny
        elif isinstance(rule, Le):
            high = float(typing.cast(Any, rule.le))
        elif isinstance(rule, Lt):
            high = float(typing.cast(Any, rule.lt)) - tiny
    start = float(default) if isinstance(default, int | float) else max(low, 0.0)
    start = min(max(start, low), high)
    reach = max(abs(start), 10.0 if whole else 1.0)
    soft_low = low if math.isfinite(low) else (0.0 if start >= 0 else start - reach)
    soft_high = high if math.isfinite(high) else max(start + (start - soft_low), soft_low + reach)
    hard = (max(low, -_LARGE), min(high, _LARGE))
    value = int(start) if whole else start
    told = field.description or ""
    return Number(title, whole, value, hard, (soft_low, max(soft_high, soft_low + tiny)),
                  unit_of(told), _nothing(field) if low == 0 else "")  # fmt: skip


def _nothing(field: FieldInfo) -> str:
    """What 0 is called, where it is no number but means something else."""
    told = "not given" if "; 0 if" in (field.description or "") else ""
    return _extra(field, "zero") or told


def _extra(field: FieldInfo, name: str) -> str:
    """A word that a field brings along for its control."""
    more = field.json_schema_extra
    told = more.get(name) if isinstance(more, dict) else None
    return told if isinstance(told, str) else ""


class Form(QWidget):
    """Shows and edits a ``Params`` value. ``changed`` follows every edit.

    The first seven fields are shown, the rest under “More”, together with those that Doppel finds
    by itself unless told (``None`` by default). A double-click on a name brings back
    that field's default. :meth:`value` raises ValidationError while a field holds a value that
    the model refuses; the field is marked and the reason shown.
    """

    changed = Signal()

    def __init__(self, model: type[BaseModel], hidden: frozenset[str] = frozenset()) -> None:
        super().__init__()
        self.model = model
        self.controls: dict[str, Control] = {}
        self._labels: dict[QLabel, str] = {}
        self._base: dict[str, Any] = {}
        self.legal = True
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        self._more = QWidget()
        more = QVBoxLayout(self._more)
        more.setContentsMargins(0, 0, 0, 0)
        more.setSpacing(12)
        shown = [name for name in model.model_fields if name not in hidden]
        first = [name for name in shown if not _found_by_itself(model.model_fields[name])][:FIRST]
        for name in shown:
            place = layout if name in first else more
            place.addWidget(self._row(name, model.model_fields[name]))
        self.more_button = QPushButton("More")
        self.more_button.setProperty("role", "link")
        self.more_button.setCheckable(True)
        self.more_button.setAccessibleName("More settings")
        self.more_button.toggled.connect(self._show_more)
        self._show_more(False)
        if len(shown) > len(first):
            layout.addWidget(self.more_button, 0, Qt.AlignmentFlag.AlignLeft)
            layout.addWidget(self._more)
        self._wrong = QLabel()
        self._wrong.setWordWrap(True)
        self._wrong.setProperty("verdict", "stop")
        self._wrong.hide()
        layout.addWidget(self._wrong)
        self.set_value(model.model_validate({}) if _has_defaults(model) else None)

    def _row(self, name: str, field: FieldInfo) -> QWidget:
        control = control_for(name, field)
        control.changed.connect(self._edited)
        self.controls[name] = control
        label = QLabel(title_of(name, field))
        label.setProperty("role", "muted")
        tip = f"{field.description or ''}\nDouble-click to reset"
        label.setToolTip(tip.strip())
        control.setToolTip(field.description or "")
        label.installEventFilter(self)
        self._labels[label] = name
        row = QWidget()
        box = QHBoxLayout(row) if isinstance(control, Toggle) else QVBoxLayout(row)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(4)
        box.addWidget(label, 1 if isinstance(control, Toggle) else 0)
        box.addWidget(control)
        return row

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.MouseButtonDblClick and watched in self._labels:
            self.reset(self._labels[typing.cast(QLabel, watched)])
        return False

    def reset(self, name: str | None = None) -> None:
        """Bring back the default of one field, or of all."""
        for one in (name,) if name else tuple(self.controls):
            field = self.model.model_fields[one]
            if not field.is_required():
                self.controls[one].set_value(field.get_default(call_default_factory=True))
        self._edited()

    def value(self) -> BaseModel:
        """The params as the form shows them. Raises pydantic's ValidationError."""
        return self.model.model_validate(self.raw())

    def raw(self) -> dict[str, Any]:
        """What the fields hold, before validation."""
        return {**self._base, **{name: c.value() for name, c in self.controls.items()}}

    def set_value(self, value: BaseModel | None) -> None:
        """Show a params value."""
        if value is None:
            return
        plain = value.model_dump(mode="json")
        self._base = {name: plain[name] for name in plain if name not in self.controls}
        for name, control in self.controls.items():
            exact = getattr(value, name)
            control.set_value(exact if isinstance(control, Choice) else plain[name])
        self._edited()

    def valid(self) -> bool:
        """Whether the fields make a legal value; marks the one that does not."""
        wrong: dict[str, str] = {}
        try:
            self.value()
        except ValidationError as error:
            for one in error.errors():
                wrong.setdefault(str(one["loc"][0]) if one["loc"] else "", str(one["msg"]))
        for name, control in self.controls.items():
            control.set_wrong(name in wrong)
        self.legal = not wrong
        self._wrong.setVisible(bool(wrong))
        self._wrong.setText(
            "\n".join(
                f"{title_of(n, self.model.model_fields[n]) if n else 'Settings'}: {m}"
                for n, m in wrong.items()
            )
        )
        return not wrong

    def _edited(self) -> None:
        self.valid()
        self.changed.emit()

    def _show_more(self, on: bool) -> None:
        self._more.setVisible(on)
        theme.set_icon(self.more_button, "ph.caret-down" if on else "ph.caret-right", "accent")


def _found_by_itself(field: FieldInfo) -> bool:
    return field.default is None and field.annotation != Path | None


def _has_defaults(model: type[BaseModel]) -> bool:
    return not any(field.is_required() for field in model.model_fields.values())
