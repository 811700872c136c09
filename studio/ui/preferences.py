"""Preferences: five pages, every change holds at once, nothing to confirm."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QDoubleSpinBox,
    QFormLayout,
    QLabel,
    QScrollArea,
    QSpacerItem,
    QSpinBox,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from studio.ui import theme
from studio.ui.choices import Choice
from studio.ui.disk_page import DiskPage
from studio.ui.doctor_page import DoctorPage
from studio.ui.models_page import ModelsPage
from studio.ui.studio import Studio

THEMES = ("dark", "light")
SCALES = (("Small", 0.9), ("Normal", 1.0), ("Large", 1.2), ("Larger", 1.5), ("Largest", 2.0))


class Preferences(QDialog):
    """Non-modal: work goes on behind it."""

    def __init__(self, studio: Studio, parent: QWidget) -> None:
        super().__init__(parent)
        self._studio = studio
        self.setWindowTitle("Preferences")
        self.resize(720, 560)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.models = ModelsPage(studio)
        self.doctor = DoctorPage(studio)
        self.disk = DiskPage(studio)
        for title, page in (
            ("General", self._general()),
            ("Computing", self._computing()),
            ("Files", self.disk),
            ("Models", self.models),
            ("This computer", self.doctor),
        ):
            area = QScrollArea()
            area.setWidgetResizable(True)
            area.setWidget(page)
            area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            self.tabs.addTab(area, title)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 8, 0, 0)
        layout.addWidget(self.tabs)
        self.tabs.currentChanged.connect(self._turned)

    def open_page(self, title: str = "") -> None:
        """Show a page by its title."""
        for index in range(self.tabs.count()):
            if self.tabs.tabText(index) == title:
                self.tabs.setCurrentIndex(index)
        self._turned()
        self.show()
        self.raise_()
        self.activateWindow()

    def _turned(self) -> None:
        page = self.tabs.tabText(self.tabs.currentIndex())
        if page == "Models":
            self.models.refresh()
        elif page == "This computer":
            self.doctor.run_once()
        elif page == "Files":
            self.disk.refresh()

    def _general(self) -> QWidget:
        value = self._studio.settings.value
        self.theme = Choice("Theme", THEMES)
        self.theme.set_value(value.theme)
        self.theme.changed.connect(lambda: self._studio.set_theme(self.theme.value()))
        self.scale = Choice("Text size", [s for _, s in SCALES], [w for w, _ in SCALES])
        nearest = min((s for _, s in SCALES), key=lambda s: abs(s - value.font_scale))
        self.scale.set_value(nearest)
        self.scale.changed.connect(lambda: self._scale(self.scale.value()))
        self.autosave = QDoubleSpinBox()
        self.autosave.lineEdit().setTextMargins(6, 0, 6, 0)
        self.autosave.setRange(1, 3600)
        self.autosave.setDecimals(0)
        self.autosave.setSuffix(" s")
        self.autosave.setValue(value.autosave_s)
        self.autosave.valueChanged.connect(lambda s: self._studio.settings.change(autosave_s=s))
        return _page(
            ("Theme", self.theme, ""),
            ("Text size", self.scale, ""),
            ("Autosave after", self.autosave, "Results are saved at once; this is about the rest."),
        )

    def _computing(self) -> QWidget:
        value = self._studio.settings.value
        self.threads = QSpinBox()
        self.threads.lineEdit().setTextMargins(6, 0, 6, 0)
        self.threads.setRange(0, 256)
        self.threads.setSpecialValueText("auto")
        self.threads.setValue(value.threads)
        self.threads.valueChanged.connect(lambda n: self._studio.settings.change(threads=n))
        return _page(
            ("", QWidget(), "All steps of this version run on the processor."),
            ("CPU threads", self.threads, "Auto leaves one core for the window. Holds from the "
             "next start."),
        )  # fmt: skip

    def _scale(self, scale: float) -> None:
        value = self._studio.settings.change(font_scale=scale)
        theme.apply(value.theme, value.font_scale)


def _page(*rows: Sequence[object]) -> QWidget:
    page = QWidget()
    form = QFormLayout(page)
    form.setContentsMargins(24, 24, 24, 24)
    form.setHorizontalSpacing(24)
    form.setVerticalSpacing(8)
    form.setLabelAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    for title, control, note in rows:
        assert isinstance(control, QWidget)
        control.setAccessibleName(str(title))
        form.addRow(str(title), control)
        if isinstance(note, str) and note:
            label = QLabel(note)
            label.setWordWrap(True)
            label.setProperty("role", "muted")
            note = label
        if isinstance(note, QWidget):
            form.addRow("", note)
        form.addItem(_gap())
    return page


def _gap() -> QSpacerItem:
    return QSpacerItem(0, 8)
