"""How the window looks: tokens become a palette, a style sheet and recoloured icons.

Tokens (``resources/theme/*.toml``) are the only place where a colour is written. Lengths follow
an 8-px grid; there are two text sizes and one for headings, all times the user's font scale.
"""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from PySide6.QtCore import QObject, QSize, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QIcon, QPalette
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QWidget
from qtawesome.iconic_font import IconicFont

from studio.core.resources import resource
from studio.core.settings import Theme

GRID = 8


@dataclass(frozen=True)
class Tokens:
    """The colours of a theme, by what they are for."""

    window: str
    panel: str
    raised: str
    hover: str
    sunken: str
    line: str
    text: str
    muted: str
    disabled: str
    accent: str
    accent_hover: str
    on_accent: str
    selection: str
    good: str
    look: str
    stop: str
    shadow: str


@cache
def tokens(theme: Theme) -> Tokens:
    """The tokens of a theme."""
    return Tokens(**tomllib.loads(resource(f"theme/{theme}.toml").read_text("utf-8")))


class Look(QObject):
    """The look in force. ``changed`` is emitted after it was applied to the whole program."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.theme: Theme = "dark"
        self.scale = 1.0

    @property
    def tokens(self) -> Tokens:
        return tokens(self.theme)

    def px(self, size: float) -> int:
        """A text size in pixels at the user's font scale."""
        return round(size * self.scale)


@cache
def look() -> Look:
    """The program's one look."""
    return Look()


def apply(theme: Theme, scale: float = 1.0) -> None:
    """Put a theme on the running program: font, palette, style sheet, every named icon."""
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    now = look()
    now.theme, now.scale = theme, scale
    app.setStyle("Fusion")
    app.setFont(_font(now.px(13)))
    app.setPalette(_palette(now.tokens))
    app.setStyleSheet(style_sheet(now.tokens, scale))
    _icon.cache_clear()
    for widget in app.allWidgets():
        name, role = widget.property("iconName"), widget.property("iconRole")
        if name:
            _set_icon(widget, str(name), str(role or "text"))
    now.changed.emit()


@cache
def _family() -> str:
    ids = [
        QFontDatabase.addApplicationFont(str(resource(f"fonts/Inter-{weight}.ttf")))
        for weight in ("Regular", "SemiBold")
    ]
    families = QFontDatabase.applicationFontFamilies(ids[0]) if ids[0] >= 0 else []
    return families[0] if families else QFont().family()


def _font(pixels: int) -> QFont:
    font = QFont(_family())
    font.setPixelSize(pixels)
    font.setFeature(QFont.Tag("tnum"), 1)
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    return font


def _palette(t: Tokens) -> QPalette:
    palette = QPalette()
    role = QPalette.ColorRole
    for where, colour in (
        (role.Window, t.window), (role.WindowText, t.text), (role.Base, t.sunken),
        (role.AlternateBase, t.panel), (role.Text, t.text), (role.Button, t.raised),
        (role.ButtonText, t.text), (role.ToolTipBase, t.raised), (role.ToolTipText, t.text),
        (role.Highlight, t.selection), (role.HighlightedText, t.text), (role.Link, t.accent),
        (role.PlaceholderText, t.muted), (role.Mid, t.line), (role.Dark, t.shadow),
        (role.Light, t.hover), (role.Midlight, t.raised), (role.Shadow, t.shadow),
        (role.Accent, t.accent), (role.BrightText, t.stop),
    ):  # fmt: skip
        palette.setColor(where, QColor(colour))
    off = QPalette.ColorGroup.Disabled
    for where in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(off, where, QColor(t.disabled))
    return palette


def style_sheet(t: Tokens, scale: float = 1.0) -> str:
    """The style sheet of a theme at a font scale."""
    sheet = resource("theme/studio.qss").read_text("utf-8")
    sizes = {"small": 12, "body": 13, "heading": 18, "title": 28}
    values = {**vars(t), **{name: f"{round(px * scale)}px" for name, px in sizes.items()}}
    for name in ("caret-down", "caret-right", "check", "x", "caret-up"):
        values[f"icon-{name}"] = _svg(name, t.muted if name != "check" else t.on_accent)
    for name in sorted(values, key=len, reverse=True):
        sheet = sheet.replace(f"@{name}@", values[name])
    return sheet


def _svg(name: str, colour: str) -> str:
    """The path of an icon drawn for the style sheet, in a colour."""
    from studio.ui.drawn import drawn

    return drawn(name, colour).as_posix()


@cache
def _icons() -> IconicFont:
    spec = find_spec("qtawesome")
    assert spec is not None
    assert spec.origin is not None
    fonts = Path(spec.origin).parent / "fonts"
    ttf = next(fonts.glob("phosphor-*.ttf"))
    charmap = next(fonts.glob("phosphor-charmap-*.json"))
    return IconicFont(("ph", ttf.name, charmap.name, str(fonts)))


@cache
def icon_names() -> frozenset[str]:
    """Every icon of the family, as ``ph.name``."""
    spec = find_spec("qtawesome")
    assert spec is not None
    assert spec.origin is not None
    charmap = next((Path(spec.origin).parent / "fonts").glob("phosphor-charmap-*.json"))
    return frozenset(f"ph.{name}" for name in json.loads(charmap.read_text("utf-8")))


def icon(name: str, role: str = "text") -> QIcon:
    """An icon of the one family (Phosphor), coloured by a token; a cube if there is none such."""
    return _icon(name if name in icon_names() else "ph.cube", role)


@cache
def _icon(name: str, role: str) -> QIcon:
    t = look().tokens
    return _icons().icon(
        name, color=getattr(t, role), color_disabled=t.disabled, color_active=getattr(t, role)
    )


def set_icon(widget: QAbstractButton | QLabel, name: str, role: str = "text") -> None:
    """Give a button or a label an icon that follows the theme."""
    widget.setProperty("iconName", name)
    widget.setProperty("iconRole", role)
    _set_icon(widget, name, role)


def set_role(widget: QWidget, role: str) -> None:
    """Dress a widget that is already shown in another role of the style sheet."""
    if (widget.property("role") or "") != role:
        widget.setProperty("role", role)
        widget.style().unpolish(widget)
        widget.style().polish(widget)


def _set_icon(widget: QWidget, name: str, role: str) -> None:
    drawing = icon(name, role)
    if isinstance(widget, QAbstractButton):
        widget.setIcon(drawing)
    elif isinstance(widget, QLabel):
        side = int(widget.property("iconSize") or look().px(16))
        widget.setPixmap(drawing.pixmap(QSize(side, side), widget.devicePixelRatioF()))
